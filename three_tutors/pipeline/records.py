"""Read and write the pipeline's files: JSON Lines and JSON, whole or not at all."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from three_tutors.pipeline.diagnostics import DataError

Record = dict[str, Any]


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; it becomes `path` only when the block ends without an error.

    A kill or a full disk leaves the old file as it was. Works for a file or a folder, whichever the block makes.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
        temporary = Path(folder) / path.name
        yield temporary
        if temporary.is_dir() and path.is_dir():
            shutil.rmtree(path)
        temporary.replace(path)


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8, whole or not at all."""
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def write_json(path: Path, value: object) -> None:
    """Write `value` as indented JSON with sorted keys, so that the same value gives the same bytes."""
    write_text(path, json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n")


def write_jsonl(path: Path, records: Iterable[Record]) -> int:
    """Write one compact JSON object a line; return how many."""
    import jsonlines  # noqa: PLC0415 - the renderer needs this module's words and runs before anything is installed

    count = 0
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
        writer = jsonlines.Writer(file, compact=True, dumps=_dumps)
        for record in records:
            writer.write(record)
            count += 1
        file.flush()
        os.fsync(file.fileno())
    return count


def read_json(path: Path) -> Any:  # noqa: ANN401 - JSON holds anything
    """Return the value in `path`; a file that is not JSON is a `DataError` with its place."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise DataError(f"{path}:{error.lineno}:{error.colno}: not valid JSON: {error.msg}; make it again with `dvc repro`.") from None


def read_jsonl(path: Path) -> list[Record]:
    """Return every line of `path` as an object; a line that is none is a `DataError` with its number."""
    import jsonlines  # noqa: PLC0415 - see `write_jsonl`

    try:
        with jsonlines.open(path) as reader:
            return list(reader.iter(type=dict))
    except jsonlines.InvalidLineError as error:
        raise DataError(f"{path}:{error.lineno}: not a JSON object; make the file again with `dvc repro`.") from None


def _dumps(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
