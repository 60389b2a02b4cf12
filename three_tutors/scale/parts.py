"""Write dialogues as parts of some megabytes with a manifest, for loaders and object stores that read many files at once.

    python -m three_tutors.scale.parts data/processed/dialogues.jsonl --to parts
    python -m three_tutors.scale.parts data/processed/splits/train.jsonl --to parquet --format parquet

The pipeline's own files stay single ones in JSON Lines: their bytes are the same for ever, while those of Parquet change with
the version of whoever writes it.
"""

from __future__ import annotations

if __name__ == "__main__":
    from three_tutors.pipeline.starting import start

    start("three_tutors.scale.parts", own_arguments=True)

import argparse
import hashlib
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.records import Record, replacing, write_chunks, write_json
from three_tutors.scale.blocks import Block, chunks, cut, read
from three_tutors.scale.engine import Engine, chosen, mapped
from three_tutors.tutoring.dialogue import Dialogue, Lesson, Origin, Turn
from three_tutors.tutoring.fields import fields

Format = Literal["jsonl", "parquet"]


def write_parts(path: Path, folder: Path, form: Format, how: Engine) -> list[Record]:
    """Write the dialogues of `path` as parts into `folder`; return what its manifest says of each.

    Raises:
        DataError: the folder holds something else.

    """
    if folder.exists() and not (folder / "manifest.json").exists() and any(folder.iterdir()):
        raise DataError(f"{folder} holds something else; name a new folder.")
    planned = list(cut(path))
    tasks = [(block, folder / f"part-{number:05}.{form}") for number, block in enumerate(planned)]
    made = list(mapped(partial(_write, form=form), tasks, how.worth(sum(block.size for block in planned))))
    kept = {one["file"] for one in made}
    for old in folder.glob("part-*.*"):
        if old.name not in kept:
            old.unlink()
    write_json(folder / "manifest.json", {"source": path.as_posix(), "parts": made})
    return made


def _write(task: tuple[Block, Path], form: Format) -> Record:
    """Write one part; return its line of the manifest."""
    block, path = task
    if form == "jsonl":
        write_chunks(path, chunks(block))
        rows = path.read_bytes().count(b"\n")
    else:
        import polars as pl  # noqa: PLC0415 - takes half a second

        table = pl.DataFrame(read(block), schema=columns())
        with replacing(path) as temporary:
            table.write_parquet(temporary)
        rows = table.height
    return {"file": path.name, "dialogues": rows, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def columns() -> dict[str, Any]:
    """Return the columns of a table of dialogues: the declared fields, and the turns as a list."""
    import polars as pl  # noqa: PLC0415 - see above

    types = {"text": pl.String(), "whole": pl.Int64(), "texts": pl.List(pl.String())}
    head = {field.name: types[field.kind] for kind in (Dialogue, Lesson, Origin) for field in fields(kind)}
    turn = {"speaker": pl.String(), **{field.name: types[field.kind] for field in fields(Turn)}}
    return {**head, "turns": pl.List(pl.Struct(turn)), "source": pl.String()}


def main(words: Sequence[str] | None = None) -> None:
    """Read the command line, write the parts and say where they are."""
    parser = argparse.ArgumentParser(prog="python -m three_tutors.scale.parts", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("path", type=Path, metavar="FILE", help="dialogues as validate or split wrote them")
    parser.add_argument("--to", type=Path, required=True, metavar="FOLDER", help="a new folder, or one that this command wrote")
    parser.add_argument("--format", choices=("jsonl", "parquet"), default="jsonl", help="of the parts (default %(default)s)")
    arguments = parser.parse_args(sys.argv[1:] if words is None else words)
    made = write_parts(arguments.path, arguments.to, arguments.format, chosen())
    print(f"parts: {sum(one['dialogues'] for one in made)} dialogues in {len(made)} parts and a manifest, in {arguments.to}")
