"""Write a tutor's adapter and its base as one model that transformers, vLLM and others load.

python -m three_tutors.language_model.export --merge DIR [--base models/base] [--adapter models/lora] [--gguf FILE]
"""

from __future__ import annotations

if __name__ == "__main__":
    from three_tutors.pipeline.starting import start

    start("three_tutors.language_model.export")

import argparse
from pathlib import Path

from three_tutors.language_model import adapters, base, gguf_writer
from three_tutors.language_model.weights import explaining, read_tensors, write_tensors
from three_tutors.pipeline.diagnostics import TutorError
from three_tutors.pipeline.records import replacing

LORA = Path("models/lora")


def merge(model: Path, adapter: Path, folder: Path) -> None:
    """Write the model in `model` with `adapter` added to its weights into the new `folder`.

    Raises:
        TutorError: the adapter was trained on another base.

    """
    adapters.check(adapter, model)
    folder.mkdir(parents=True)
    if adapters.is_plain(adapter) and (model / base.WEIGHTS).exists():
        write_tensors(folder / base.WEIGHTS, adapters.merged(read_tensors(model / base.WEIGHTS), adapter))
        base.copy_beside_weights(model, folder)
        return
    with explaining(folder):
        adapters.merged_model(base.load_model(model), adapter).save_pretrained(folder, max_shard_size="1000GB")
    base.load_tokenizer(model).save_pretrained(folder)
    base.name_as_transformers_4(folder)


def main() -> None:
    """Merge, and convert to GGUF where that was asked for."""
    parser = argparse.ArgumentParser(prog="python -m three_tutors.language_model.export", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--merge", type=Path, required=True, metavar="DIR", help="new folder for the merged model")
    parser.add_argument("--base", type=Path, default=base.BASE, help="folder of the base model (default: %(default)s)")
    parser.add_argument("--adapter", type=Path, default=LORA, help="folder of the adapter (default: %(default)s)")
    parser.add_argument("--gguf", type=Path, metavar="FILE", help="also write the merged model as GGUF (bf16) for llama.cpp")
    arguments = parser.parse_args()
    if arguments.merge.exists():
        raise TutorError(f"{arguments.merge} exists; name a new folder.")
    with replacing(arguments.merge) as folder:
        merge(arguments.base, arguments.adapter, folder)
    print(f"{arguments.merge}: {arguments.base} with {arguments.adapter}")
    if arguments.gguf:
        with replacing(arguments.gguf) as file:
            gguf_writer.write(arguments.merge, file)
        print(f"{arguments.gguf}: the same for llama.cpp")
