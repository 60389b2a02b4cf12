"""Input is never a path: the one place where a name from a file, a request or a params value becomes the name of a file."""

from __future__ import annotations

import re
from pathlib import Path

from three_tutors.pipeline.diagnostics import DataError

LONGEST = 200
"""Bytes; file systems take 255, and a file is written beside its place under a longer name first."""
_SHOWN = 60
# Letters, digits and signs that no file system obeys; no leading dot or dash, no dot or space at the end.
_SAFE = re.compile(r"[^\W_](?:[\w .+=@~,()-]*[\w+=@~)-])?|_(?:[\w .+=@~,()-]*[\w+=@~)-])?")
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)


def is_file_name(name: object) -> bool:
    """Return whether `name` can be the name of one file or folder on any machine, and nothing else."""
    return (
        isinstance(name, str)
        and _SAFE.fullmatch(name) is not None
        and len(name.encode("utf-8", "surrogatepass")) <= LONGEST
        and not _RESERVED.fullmatch(name)
    )


def inside(folder: Path, name: str, what: str, suffix: str = "") -> Path:
    """Return the path of `name` directly inside `folder`; `what` says in the error which value it was, and where.

    Raises:
        DataError: `name` is a path (`../x`, `/x`, `C:x`), empty, too long, or holds what a file system obeys.

    """
    if not is_file_name(name):
        shown = ascii(name if len(name) <= _SHOWN else f"{name[:_SHOWN]}…")
        raise DataError(
            f"{what} is {shown}, which cannot name a file here: take letters, digits, - and _, and no folder, drive or dot first."
        )
    return folder / f"{name}{suffix}"
