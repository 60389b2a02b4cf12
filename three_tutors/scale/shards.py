"""What one task made, kept on disk under the digest of what it was made from: made once, whole or not at all.

A shard is a folder with files and a marker that holds their SHA-256. It is written under a temporary name, synced to the disk
and renamed, so that whoever dies leaves nothing that looks finished; two that make the same shard make the same bytes, and one of
them keeps it. A shard whose bytes are not those of its marker is made again. Shards lie in .cache/, because DVC deletes the
outputs of a stage before it runs: after a crash, or with one line more, only what is missing is made.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

CACHE = Path(".cache/shards")
MARKER = "shard.json"
LIBRARY = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Shard:
    """One finished shard."""

    folder: Path
    summary: Any
    """What has to be known of it beside other shards, as JSON."""


def key(*parts: object) -> str:
    """Return the digest of everything that a shard is made from."""
    return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()


@cache
def code(*rooms: str) -> str:
    """Return the digest of the library's `rooms`, and of Python's version: what a shard made by other code is told by."""
    found = hashlib.sha256(repr(sys.version_info[:2]).encode())
    for room in rooms:
        for path in sorted(path for path in (LIBRARY / room).rglob("*") if path.is_file() and "__pycache__" not in path.parts):
            found.update(path.relative_to(LIBRARY).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()


def made(under: Path, name: str, write: Callable[[Path], Any]) -> Shard:
    """Return the shard `name` in the folder `under`; where it is not there whole, `write` makes it.

    Args:
        under: where the shards of a stage lie.
        name: its `key`.
        write: gets an empty folder, writes its files there and returns the summary.

    """
    folder = under / name
    if kept := _whole(folder):
        return kept
    under.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{name[:16]}.", dir=under))
    try:
        summary = write(temporary)
        marker = {"summary": summary, "files": {path.name: _synced(path) for path in sorted(temporary.iterdir())}}
        (temporary / MARKER).write_text(json.dumps(marker), encoding="utf-8")
        _synced(temporary / MARKER)
        _sync_folder(temporary)
        _put(temporary, folder)
        _sync_folder(under)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return Shard(folder, json.loads(json.dumps(summary)))


def prune(under: Path, kept: Collection[Path]) -> None:
    """Delete every shard in `under` that is not `kept`, and what killed processes left half written."""
    with suppress(FileNotFoundError):
        for folder in under.iterdir():
            if folder not in kept:
                shutil.rmtree(folder, ignore_errors=True)


def _put(temporary: Path, folder: Path) -> None:
    """Rename a finished shard to its name, unless another process has put the same there; one that is damaged makes room.

    Raises:
        OSError: the name is taken and cannot be freed, or the disk refuses.

    """
    for last in (False, False, True):
        try:
            temporary.rename(folder)
        except OSError:
            if last:
                raise
            if _whole(folder):
                return
            shutil.rmtree(folder, ignore_errors=True)
        else:
            return


def _whole(folder: Path) -> Shard | None:
    """Return the shard in `folder` where all its files are there as they were written."""
    try:
        marker = json.loads((folder / MARKER).read_bytes())
        if all(_digest(folder / name) == digest for name, digest in marker["files"].items()):
            return Shard(folder, marker["summary"])
    except (OSError, ValueError, KeyError):
        pass
    return None


def _synced(path: Path) -> str:
    """Put a file on the disk; return its SHA-256."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync_folder(folder: Path) -> None:
    with suppress(OSError):  # Windows opens no folder
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
