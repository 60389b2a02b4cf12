"""Read the dialogues and the ledger of splits as they were in a Git revision, without checking it out."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from three_tutors.checking.files import DataFile, find
from three_tutors.checking.finding import Source, printable
from three_tutors.checking.reading import Entry, read, read_line, read_yaml
from three_tutors.pipeline.diagnostics import TutorError
from three_tutors.tutoring.dialogue import Dialogue
from three_tutors.tutoring.splits import Split, parse_ledger, read_ledger

DIALOGUES = "data/raw/dialogues"
LEDGER = "data/raw/splits.csv"


@dataclass(frozen=True)
class Revision:
    """The data set at one point of its history."""

    name: str
    dialogues: Mapping[str, Dialogue]
    """By id."""
    ledger: Mapping[str, Split]
    unreadable: tuple[str, ...]
    """Files and lines that are no dialogue, and so are missing."""


def revision(name: str, root: Path) -> Revision:
    """Return the data set of the project in `root` as of Git revision `name`.

    Raises:
        TutorError: `root` is in no repository, or has no such revision.

    """
    commit = _git(root, "rev-parse", "--verify", "--end-of-options", f"{name}^{{commit}}").strip().decode()
    listed = _git(root, "ls-tree", "-r", "-z", "--name-only", commit, "--", DIALOGUES, LEDGER).decode("utf-8", "surrogateescape")
    paths = [path for path in listed.split("\0") if path]
    contents = _contents(root, commit, paths)
    entries = [entry for path in paths if path != LEDGER for entry in _entries(path, contents[path])]
    return _revision(name, entries, parse_ledger(contents[LEDGER], Path(LEDGER)) if LEDGER in contents else {})


def working_tree(root: Path) -> Revision:
    """Return the data set as it lies in `root` now."""
    files, _ = find([root / DIALOGUES])
    return _revision("the working tree", [entry for file in files for entry in read(file)], read_ledger(root / LEDGER))


def _revision(name: str, entries: list[Entry], ledger: Mapping[str, Split]) -> Revision:
    whole = {entry.name: entry.item for entry in entries if isinstance(entry.item, Dialogue) and _is_whole(entry.item)}
    broken = [str(entry.source) for entry in entries if entry.item is None or whole.get(entry.name) is not entry.item]
    return Revision(name, whole, ledger, tuple(broken))


def _is_whole(dialogue: Dialogue) -> bool:
    """Return whether the gate's structure holds as far as comparing needs it."""
    lesson = dialogue.lesson
    return bool(dialogue.id and lesson.subject and lesson.grade and dialogue.turns) and all(turn.text for turn in dialogue.turns)


def _entries(path: str, data: bytes) -> list[Entry]:
    parts = PurePosixPath(path)
    file = DataFile(Path(path), printable(path), "dialogues")
    if parts.suffix == ".yaml":
        return [read_yaml(file, data)]
    if parts.suffix == ".jsonl":
        lines = enumerate(data.split(b"\n"), start=1)
        return [read_line(file, Source(file.shown, number, length=len(line)), line) for number, line in lines if line.strip()]
    return []


def _contents(root: Path, commit: str, paths: list[str]) -> dict[str, bytes]:
    """Return the bytes of each file, asked for in one go."""
    wanted = "".join(f"{commit}:./{path}\n" for path in paths if "\n" not in path)
    out = _git(root, "cat-file", "--batch", feed=wanted.encode("utf-8", "surrogateescape"))
    contents, at = {}, 0
    for path in paths:
        if "\n" in path:
            contents[path] = b""
            continue
        end = out.index(b"\n", at)
        size = int(out[at:end].split()[2])
        contents[path] = out[end + 1 : end + 1 + size]
        at = end + size + 2
    return contents


def _git(root: Path, *arguments: str, feed: bytes | None = None) -> bytes:
    try:
        done = subprocess.run(["git", *arguments], cwd=root, input=feed, capture_output=True, check=False)  # noqa: S603, S607 - our own words
    except FileNotFoundError:
        raise TutorError("git is not installed, so there is no history to compare with.") from None
    if done.returncode:
        reason = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise TutorError(
            f"git {arguments[0]}: {reason[-1] if reason else 'failed'}. Name a revision of this repository, such as HEAD~1 or main."
        )
    return done.stdout
