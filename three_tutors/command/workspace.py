"""A workspace: a folder where the pipeline runs. `tutors init` makes one; the repository of this library is one, too.

What `.tutors` holds belongs in Git:

    version      the library that the workspace was made with, or upgraded to
    library/     a digest for each of its rooms, on which the stages depend
    as_made/     the files as the library had them, so that an upgrade can tell its changes from the user's
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from three_tutors.command import material
from three_tutors.pipeline.diagnostics import TutorError
from three_tutors.pipeline.records import write_text

RECORD = Path(".tutors")
VERSION = RECORD / "version"
AS_MADE = RECORD / "as_made"
NO_WORKSPACE = "There is no workspace here (no dvc.yaml with a folder stages/). Go to its folder, or make one: tutors init DIR"


def is_workspace(folder: Path = Path()) -> bool:
    """Return whether the pipeline can run in `folder`."""
    return (folder / "dvc.yaml").exists() and (folder / "stages").is_dir()


def record(folder: Path, made: Mapping[str, str]) -> None:
    """Write down in `folder` which library its stages depend on, and the files `made` as that library has them."""
    _fill(folder / AS_MADE, {name: text for name, text in made.items() if not name.startswith(material.EXAMPLES)})
    _fill(folder / material.ROOMS, {room: f"{digest}\n" for room, digest in material.rooms().items()})
    write_text(folder / VERSION, f"{material.library_version()}\n")


def check_library(folder: Path = Path()) -> None:
    """Hold the installed library against the one that the workspace depends on; the library's own repository depends on its files.

    Raises:
        TutorError: they differ.

    """
    if not (folder / VERSION).exists():
        return
    recorded = {path.name: path.read_text(encoding="utf-8").strip() for path in (folder / material.ROOMS).glob("*")}
    if recorded != material.rooms():
        version = (folder / VERSION).read_text(encoding="utf-8").strip()
        raise TutorError(
            f"This workspace depends on another library (it says {version}, installed is {material.library_version()}). "
            "`tutors upgrade` shows what the installed one changes, `tutors upgrade --write` takes it over."
        )


def init(folder: Path) -> list[str]:
    """Make a workspace in `folder` and return the names of its files; Git and DVC are set up where they are not.

    Raises:
        TutorError: `folder` has a file that would be written, or Git or DVC failed; nothing is written over.

    """
    made = material.files()
    taken = [name for name in made if (folder / name).exists()]
    if taken:
        raise TutorError(f"{folder} has {_some(taken)} already, and nothing is written over. Name a new folder.")
    for name, text in made.items():
        write_text(folder / name, text)
    record(folder, made)
    _set_up(folder)
    return list(made)


def _fill(folder: Path, texts: Mapping[str, str]) -> None:
    """Write `texts` by their names in `folder`, and remove other files from it."""
    for name, text in texts.items():
        write_text(folder / name, text)
    for path in folder.rglob("*"):
        if path.is_file() and path.relative_to(folder).as_posix() not in texts:
            path.unlink()


def _set_up(folder: Path) -> None:
    with_git = shutil.which("git") is not None
    if with_git and not _answer(folder, "git", "rev-parse", "--show-toplevel"):
        _run(folder, "git", "init", "--quiet")
    if (folder / ".dvc").exists():
        return
    # A workspace may lie inside a larger repository.
    top = _answer(folder, "git", "rev-parse", "--show-toplevel") if with_git else ""
    options = ["--no-scm"] if not with_git else ["--subdir"] if Path(top).resolve() != folder.resolve() else []
    _run(folder, sys.executable, "-m", "dvc", "init", "--quiet", *options)
    write_text(folder / ".dvc/config", "[core]\n    analytics = false\n    check_update = false\n" + "    no_scm = true\n" * (not with_git))


def _answer(folder: Path, *words: str) -> str:
    return _done(folder, *words).stdout.strip()


def _done(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 - Git and DVC


def _run(folder: Path, *words: str) -> None:
    done = _done(folder, *words)
    if done.returncode:
        told = (done.stderr or done.stdout).strip()
        raise TutorError(f"`{' '.join(words)}` failed in {folder}: {told}")


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} other files" if len(names) > 3 else "")  # noqa: PLR2004 - three are read
