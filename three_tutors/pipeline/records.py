"""Read and write the pipeline's files: JSON Lines, JSON and text, whole or not at all."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import IO, Any

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.json_values import parse
from three_tutors.pipeline.text import UnreadableError, decode

Record = dict[str, Any]
AGAIN = "make the file again with `dvc repro`, or restore it from Git"


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
    with _writing(path) as file:
        file.write(text)


def write_json(path: Path, value: object) -> None:
    """Write `value` as indented JSON with sorted keys, so that the same value gives the same bytes."""
    write_text(path, _dumps(path, value, indent=2, sort_keys=True) + "\n")


def write_jsonl(path: Path, records: Iterable[Record]) -> int:
    """Write one compact JSON object a line; return how many."""
    import jsonlines  # noqa: PLC0415 - `make overview` needs this module before anything is installed

    count = 0
    with _writing(path) as file:
        writer = jsonlines.Writer(file, dumps=partial(_dumps, path, separators=(",", ":")))
        for record in records:
            writer.write(record)
            count += 1
    return count


def write_chunks(path: Path, chunks: Iterable[bytes]) -> None:
    """Write bytes one after the other, whole or not at all."""
    with replacing(path) as temporary, temporary.open("wb") as file:
        file.writelines(chunks)
        file.flush()
        os.fsync(file.fileno())


def csv_text(header: Iterable[object], rows: Iterable[Iterable[object]]) -> str:
    """Return a table as CSV; None is an empty cell."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue()


def read_json(path: Path) -> Any:  # noqa: ANN401 - JSON holds anything
    """Return the value in `path`; a file that is not JSON is a `DataError` with its place."""
    try:
        return parse(path.read_bytes())
    except UnreadableError as error:
        raise DataError(f"{path}:{error.line}:{error.column}: {error}; {AGAIN}.") from None


def read_jsonl(path: Path) -> list[Record]:
    """Return every line of `path` as an object; a line that is none is a `DataError` with its number."""
    return [record for _, record in read_numbered_jsonl(path)]


def read_numbered_jsonl(path: Path) -> list[tuple[int, Record]]:
    """Return what `read_jsonl` does, each object with its line; blank lines count."""
    import jsonlines  # noqa: PLC0415 - see `write_jsonl`

    try:
        # Cut here and not by the file object or `str.splitlines`: only a line feed ends a line.
        lines = decode(path.read_bytes()).split("\n")
        with jsonlines.Reader(lines, loads=parse) as reader:
            records = reader.iter(type=dict, skip_empty=True)
            return list(zip((number for number, line in enumerate(lines, start=1) if line.rstrip()), records, strict=True))
    except UnreadableError as error:
        raise DataError(f"{path}:{error.line}:{error.column}: {error}; {AGAIN}.") from None
    except jsonlines.InvalidLineError as error:
        reason = error.__cause__
        column, why = (f":{reason.column}", f": {reason}") if isinstance(reason, UnreadableError) else ("", "")
        raise DataError(f"{path}:{error.lineno}{column}: not a JSON object{why}; {AGAIN}.") from None


def read_csv(path: Path) -> list[dict[str, str]]:
    """Return the rows of a table by the columns that its first line names; a row of another width is a `DataError` with its line."""
    try:
        rows = csv.reader(io.StringIO(decode(path.read_bytes()), newline=""), strict=True)
        names, *found = [(rows.line_num, row) for row in rows if row] or [(1, [])]
    except UnreadableError as error:
        raise DataError(f"{path}:{error.line}:{error.column}: {error}, or {AGAIN}.") from None
    except csv.Error as error:
        raise DataError(f"{path}:{rows.line_num}: not a table: {error}; {AGAIN}.") from None
    for line, row in found:
        if len(row) != len(names[1]):
            raise DataError(f"{path}:{line}: {len(row)} cells for {len(names[1])} columns; {AGAIN}.")
    return [dict(zip(names[1], row, strict=True)) for _, row in found]


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[IO[str]]:
    """Yield a file that becomes `path` when it is whole and on the disk."""
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
        try:
            yield file
        except UnicodeEncodeError as error:
            half = error.object[error.start]
            raise DataError(f"{path} was not written: it would hold U+{ord(half):04X}, half of a surrogate pair.") from None
        file.flush()
        os.fsync(file.fileno())


def _dumps(path: Path, value: object, **how: Any) -> str:  # noqa: ANN401 - what `json.dumps` takes
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, **how)
    except ValueError:
        raise DataError(f"{path} was not written: it would hold a number that is not finite.") from None
