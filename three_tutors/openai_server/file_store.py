"""Files in the store: uploads and the result files of jobs. No path is ever made of a name that a client gave."""

from __future__ import annotations

import time
from pathlib import Path

from three_tutors.openai_server.objects import File, FilePlace, Purpose
from three_tutors.openai_server.store import Row, Store

FOLDER = "files"


def add_file(store: Store, id_: str, size: int, name: str, *, purpose: Purpose = "fine-tune", sha256: str = "") -> Row:
    """Record a file whose `size` bytes lie under its id in the store's folder of files."""
    shown = File(id=id_, bytes=size, created_at=int(time.time()), filename=name, purpose=purpose)
    return store.insert("file", id_, shown, private=FilePlace(path=f"{FOLDER}/{id_}", sha256=sha256))


def file_path(store: Store, file: Row) -> Path | None:
    """Return where the bytes of a file lie; None where its record is damaged."""
    return store.root / file.private["path"] if file.private else None
