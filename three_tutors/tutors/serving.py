"""Print the commands that serve the models of models/ with vLLM, each under the name that `answer.base_url` asks for.

python -m three_tutors.tutors.serving [TUTOR ...]    all tutors that were made, where none is named

A name is a digest of weights, so that no reply is ever taken for another model's; whatever serves the model has to give it that name.
"""

from __future__ import annotations

if __name__ == "__main__":
    from three_tutors.pipeline.starting import start

    start("three_tutors.tutors.serving")

import argparse
import shlex
from collections.abc import Sequence
from pathlib import Path

from three_tutors.openai_server.engine import ModelFiles
from three_tutors.pipeline.diagnostics import ParamsError
from three_tutors.pipeline.records import read_json
from three_tutors.tutoring.methods import TUTORS
from three_tutors.tutors.opening import MODELS, model_files, model_id

RANKS = (8, 16, 32, 64, 128, 256, 512)
"""Largest ranks of adapters that vLLM can be told to expect."""


def commands(names: Sequence[str], models: Path = MODELS) -> list[str]:
    """Return one command for each folder of weights, with all adapters over it; none for tutors that answer at a service.

    Raises:
        DataError: a tutor was not made yet.

    """
    adapters: dict[Path, list[Path]] = {}
    for name in names:
        files = model_files(name, models)
        if files is not None:
            over = adapters.setdefault(files.weights, [])
            over += [files.adapter] if files.adapter and files.adapter not in over else []
    return [_command(weights, over) for weights, over in adapters.items()]


def _command(weights: Path, adapters: Sequence[Path]) -> str:
    words = ["vllm", "serve", str(weights), "--served-model-name", model_id(ModelFiles(weights))]
    if adapters:
        rank = max(int(read_json(one / "adapter_config.json")["r"]) for one in adapters)
        words += ["--enable-lora", "--max-lora-rank", str(next(most for most in RANKS if most >= rank)), "--lora-modules"]
        words += [f"{model_id(ModelFiles(weights, one))}={one}" for one in adapters]
    return shlex.join(words)


def main() -> None:
    """Print the commands."""
    parser = argparse.ArgumentParser(prog="python -m three_tutors.tutors.serving", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("tutor", nargs="*", metavar="TUTOR", help="whose models to serve; all that were made if none is named")
    named = parser.parse_args().tutor
    if unknown := [name for name in named if name not in TUTORS]:
        raise ParamsError(f"There is no tutor {unknown[0]!r}; the tutors are {', '.join(TUTORS)}.")
    print(*commands(named or [name for name, method in TUTORS.items() if (MODELS / method.folder).is_dir()]), sep="\n")
