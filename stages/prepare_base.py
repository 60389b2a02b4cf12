"""Put the base model on disk as safetensors with our chat template."""

from __future__ import annotations

if __name__ == "__main__":
    from three_tutors.pipeline.starting import start

    start("stages.prepare_base")

from pathlib import Path
from typing import Any

from three_tutors.language_model import base
from three_tutors.pipeline.params import params, read
from three_tutors.pipeline.records import replacing

BASE = Path("models/base")


@params
class Params:
    """The model that the openai and lora tutors are made from, and that answers as the baseline."""

    source: str
    """`embedded` (SmolLM2-135M-Instruct, installed with the project), a folder, a GGUF file, or a name on the Hugging Face hub."""
    revision: str | None
    """Commit, tag or branch of a hub model; pin it. Null for the embedded one, folders and files."""


def prepare_base(settings: Params, folder: Path) -> dict[str, Any]:
    """Write the base model into the new `folder`; return its description."""
    return base.prepare(settings.source, settings.revision, folder)


def main() -> None:
    """Read params, write models/base, say what it is."""
    settings = read("base_model", Params)
    with replacing(BASE) as folder:
        description = prepare_base(settings, folder)
    print(f"{BASE}: {description['model']} from {description['source']}, digest {description['digest']}")
