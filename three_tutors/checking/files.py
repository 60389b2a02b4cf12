"""Find the files of a data set and read their bytes, without following a link out of the tree or into a device."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from three_tutors.checking.characters import describe, first_forbidden
from three_tutors.checking.finding import Finding, Source, printable
from three_tutors.checking.yaml_source import SourceError
from three_tutors.pipeline.text import UnreadableError
from three_tutors.pipeline.text import decode as text_of_bytes
from three_tutors.scale.blocks import Block

LARGEST = 256 * 1024
"""Bytes of one dialogue: a YAML file or one line of JSON Lines."""

Holds = Literal["dialogues", "scenarios", "moments", ""]
"""What a file holds, told by its folder; empty where only its keys can tell."""
FOLDERS: tuple[Literal["dialogues"], Literal["scenarios"], Literal["moments"]] = ("dialogues", "scenarios", "moments")


IMPORT_REPORT = "import-report.json"
"""What an import leaves beside its dialogues."""


@dataclass(frozen=True)
class DataFile:
    """One file to read."""

    path: Path
    shown: str
    """Path for people: relative to the working folder where it lies inside, safe to print."""
    holds: Holds

    @property
    def is_jsonl(self) -> bool:
        """Whether it has one dialogue a line."""
        return self.path.suffix == ".jsonl"


def find(paths: Sequence[Path]) -> tuple[list[DataFile], list[Finding]]:
    """Return the data files at and under `paths`, sorted, and what cannot be one."""
    files: dict[str, DataFile] = {}
    findings: list[Finding] = []
    working = os.getcwd()  # noqa: PTH109 - a key of the cache
    for path in paths:
        root = path if path.is_dir() else path.parent
        candidates, inside = list(_candidates(path)), root.resolve()
        if not candidates:
            findings.append(Finding(Source(shown(path)), "E009", "the folder holds no .yaml or .jsonl file", place=(1, 1)))
        for candidate in candidates:
            problem = _refusal(candidate, inside)
            file = DataFile(candidate, shown(candidate), _holds(candidate.parent, working))
            if problem:
                findings.append(Finding(Source(file.shown), *problem, place=(1, 1)))
            else:
                files[file.shown] = file
    return [files[name] for name in sorted(files)], findings


def shown(path: Path) -> str:
    """Return `path` for people, relative to the working folder where it lies inside it."""
    if path.name in {"", ".."}:
        return printable(path.as_posix())
    return f"{_shown_folder(path.parent, os.getcwd())}{printable(path.name)}"  # noqa: PTH109 - a Path for every file takes longer


@lru_cache(maxsize=1024)
def _shown_folder(folder: Path, working: str) -> str:
    absolute = Path(os.path.abspath(folder))  # noqa: PTH100 - `resolve` would follow links
    with_root = absolute.relative_to(working) if absolute.is_relative_to(working) else folder
    return "" if with_root == Path() else printable(with_root.as_posix()).rstrip("/") + "/"


def contents(path: Path) -> bytes:
    """Return the bytes of a file that is one dialogue.

    Raises:
        SourceError: longer than `LARGEST`, empty, or not readable.

    """
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise SourceError("E001", f"cannot be read: {error.strerror}", (1, 1)) from None
    if len(data) > LARGEST:
        line = data.count(b"\n") + 1
        raise SourceError("E008", f"longer than {LARGEST // 1024} KiB", (line, len(data) - data.rfind(b"\n") - 1))
    return data


def whole(path: Path) -> Block:
    """Return all of a JSON Lines file as one block."""
    return Block(path, 0, path.stat().st_size)


def lines(block: Block) -> Iterator[tuple[int, int, bytes]]:
    """Yield number, offset and bytes of every line of `block` that is not blank; of one that is too long, only its beginning.

    Numbers and offsets begin with 1 and 0 at the block: what stands before it is not read.
    """
    offset, number = 0, 0
    with block.path.open("rb") as file:
        file.seek(block.start)
        while offset < block.size and (line := file.readline(LARGEST + 2)):
            number += 1
            start, offset = offset, offset + len(line)
            last = line
            while not last.endswith(b"\n") and (last := file.readline(LARGEST)):
                offset += len(last)
            if line.strip():
                yield number, start, line.rstrip(b"\r\n")


def decode(data: bytes, line: int = 1) -> str:
    """Return `data`, which begins in line `line`, as text.

    Raises:
        SourceError: too long, not UTF-8, or with a character that has no place in a dialogue.

    """
    if len(data) > LARGEST:
        raise SourceError("E008", f"longer than {LARGEST // 1024} KiB", (line, LARGEST + 1))
    try:
        text = text_of_bytes(data)
    except UnreadableError as error:
        raise SourceError("E002", error.message, (line + error.line - 1, error.column)) from None
    match = first_forbidden(text)
    if match:
        at = match.start()
        place = (line + text.count("\n", 0, at), at - text.rfind("\n", 0, at))
        raise SourceError("E003", f"contains {describe(match.group())}", place)
    return text


def _candidates(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    parts = [path / name for name in FOLDERS if (path / name).is_dir()]
    if parts:  # a data folder: what lies beside them (prices, schemas, template) is something else
        for part in parts:
            yield from _candidates(part)
        return
    unreadable: list[OSError] = []
    for folder, folders, names in os.walk(path, onerror=unreadable.append):
        folders.sort()
        for name in [*folders, *names]:
            entry = Path(folder, name)
            named_like_data = entry.suffix.lower() in {".yaml", ".yml", ".json", ".jsonl"} and name != IMPORT_REPORT
            if named_like_data or (name in folders and entry.is_symlink()):
                yield entry
    yield from (Path(error.filename) for error in unreadable)  # `_refusal` then says that it cannot be read


def _refusal(path: Path, root: Path) -> tuple[str, str] | None:
    """Return code and sentence where `path` is no data file."""
    try:
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            real = path.resolve(strict=True)
            if not real.is_relative_to(root):
                return "E001", "is a link that leads out of the folder"
            mode = real.stat().st_mode
    except (OSError, RuntimeError) as error:
        return "E001", f"cannot be read: {getattr(error, 'strerror', None) or 'the link leads in a circle'}"
    if stat.S_ISDIR(mode):
        return "E001", "is a folder, not a file" if path.suffix else "is a folder that cannot be opened"
    if not stat.S_ISREG(mode):
        return "E001", "is not a regular file"
    if path.suffix not in {".yaml", ".jsonl"}:
        return "E010", f'ends in "{printable(path.suffix)}"'
    return None


@lru_cache(maxsize=1024)
def _holds(folder: Path, working: str) -> Holds:
    absolute = Path(working, folder)
    for parent in (absolute, *absolute.parents):
        for name in FOLDERS:
            if parent.name == name:
                return name
    return ""
