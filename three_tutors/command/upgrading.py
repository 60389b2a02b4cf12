"""What the installed library changes in a workspace that was made with another version of it.

Three texts are compared for each file: as the library had it when the workspace was made (or upgraded last), as it is in the
workspace, and as the library has it now.
"""

from __future__ import annotations

import difflib
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from three_tutors.command import material, workspace
from three_tutors.pipeline.diagnostics import TutorError
from three_tutors.pipeline.records import write_text

What = Literal["new", "changed", "merged", "conflict", "removed here", "no longer in the library"]

MEANING: Mapping[What, str] = {
    "new": "the library has it now",
    "changed": "the library changed it, you did not",
    "merged": "the library changed it and so did you; both fit together",
    "conflict": "the library changed it and so did you, in the same lines; the library's is written beside yours, as .new",
    "removed here": "the library changed it, you removed it; it stays removed",
    "no longer in the library": "it stays as it is",
}
NEW = ".new"
UNREADABLE = "\N{REPLACEMENT CHARACTER}"
"""Stands for bytes that are not UTF-8: a text with it is not what the file holds, so it is not written back."""


@dataclass(frozen=True)
class Change:
    """One file of the workspace that the library has otherwise than when the workspace was made."""

    path: str
    what: What
    difference: str
    """What the library changed, as a unified diff."""
    text: str
    """What an upgrade writes: to the file, or beside it if there is a conflict; empty where it writes nothing."""


def changes(folder: Path = Path()) -> list[Change]:
    """Return what the installed library changes in the workspace `folder`, sorted by path.

    Raises:
        TutorError: it was not made by `tutors init`.

    """
    before = folder / workspace.AS_MADE
    if not before.is_dir():
        if workspace.is_workspace(folder):
            raise TutorError(f"{folder / workspace.AS_MADE} is missing, so there is nothing to compare with: `tutors init` makes it.")
        raise TutorError(workspace.NO_WORKSPACE)
    now = {name: text for name, text in material.files().items() if not name.startswith(material.EXAMPLES)}
    names = {path.relative_to(before).as_posix() for path in before.rglob("*") if path.is_file()}
    found = [_change(name, _text(before / name), _text(folder / name), now.get(name)) for name in sorted(names | now.keys())]
    return [change for change in found if change is not None]


def write(found: list[Change], folder: Path = Path()) -> None:
    """Write what `changes` found, and make the workspace depend on the installed library."""
    for change in found:
        if change.what in ("new", "changed", "merged"):
            write_text(folder / change.path, change.text)
        elif change.what == "conflict":
            write_text(folder / (change.path + NEW), change.text)
    workspace.record(folder, material.files())


def _change(name: str, before: str | None, here: str | None, now: str | None) -> Change | None:
    if now in (before, here):
        return None
    difference = _difference(name, before or "", now or "")
    if now is None:
        return Change(name, "no longer in the library", difference, "")
    if here is None:
        return Change(name, "new", difference, now) if before is None else Change(name, "removed here", difference, "")
    if here == before:
        return Change(name, "changed", difference, now)
    merged = None if before is None or UNREADABLE in here else _merged(before, here, now)
    return Change(name, "conflict", difference, now) if merged is None else Change(name, "merged", difference, merged)


def _merged(before: str, here: str, now: str) -> str | None:
    """Return both changes in one text; None where they touch the same lines, or nobody can merge them because Git is missing."""
    with tempfile.TemporaryDirectory() as scratch:
        sides = [Path(scratch, name) for name in ("here", "before", "now")]
        for side, text in zip(sides, (here, before, now), strict=True):
            side.write_text(text, encoding="utf-8", newline="")
        try:
            merge = ["git", "merge-file", "-p", "--", *map(str, sides)]
            done = subprocess.run(merge, capture_output=True, check=False)  # noqa: S603 - Git, wherever it is installed
        except FileNotFoundError:
            return None
    return done.stdout.decode() if done.returncode == 0 else None


def _text(path: Path) -> str | None:
    return path.read_bytes().decode("utf-8", "replace") if path.is_file() else None


def _difference(name: str, before: str, now: str) -> str:
    lines = difflib.unified_diff(before.splitlines(keepends=True), now.splitlines(keepends=True), f"a/{name}", f"b/{name}")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
