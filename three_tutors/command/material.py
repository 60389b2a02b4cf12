"""The files that a workspace begins with.

The wheel holds all of them in the folder `workspace` beside this module. In a checkout only those lie there that the repository
itself does not use; the others are where it does use them, and pyproject.toml says where: the table by which the wheel is built.
"""

from __future__ import annotations

import hashlib
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Any

LIBRARY = Path(__file__).parent.parent
BUNDLED = Path(__file__).parent / "workspace"
CHECKOUT = LIBRARY.parent
NAME = "three-tutors"

ROOMS = ".tutors/library"
"""In a workspace: a file for each room of the library with its digest. Stages depend on these instead of the rooms themselves."""
EXAMPLES = "data/raw/dialogues/"
"""Dialogues are there to be replaced: an upgrade leaves them alone."""

_IN_THE_REPOSITORY = "the rooms of three_tutors/ that it uses; a test holds them against the imports."
_IN_A_WORKSPACE = f"the rooms of the library that it uses, by their digests in {ROOMS}."


def is_installed() -> bool:
    """Return whether this is an installed library and not a checkout of the repository."""
    return (BUNDLED / "dvc.yaml").exists()


def root() -> Path:
    """Return the folder that holds `stages`, dvc.yaml and params.yaml as the library has them."""
    return BUNDLED if is_installed() else CHECKOUT


def library_version() -> str:
    """Return the version of the library: of the installed package, or of the checkout."""
    return version(NAME) if is_installed() else str(_project()["project"]["version"])


def files() -> dict[str, str]:
    """Return the text of each file of a new workspace by its path there."""
    found = {_name(path, BUNDLED): path for path in _files_below(BUNDLED)}
    if not is_installed():
        for source, bundled in _project()["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"].items():
            target = (CHECKOUT / bundled).relative_to(BUNDLED).as_posix()
            for path in _files_below(CHECKOUT / source):
                found[target if path == CHECKOUT / source else f"{target}/{_name(path, CHECKOUT / source)}"] = path
    texts = {name: path.read_text(encoding="utf-8") for name, path in sorted(found.items())}
    texts["dvc.yaml"] = texts["dvc.yaml"].replace(_IN_THE_REPOSITORY, _IN_A_WORKSPACE).replace("- three_tutors/", f"- {ROOMS}/")
    return texts


def rooms() -> dict[str, str]:
    """Return the digest of each room of the library: SHA-256 over the names and bytes of its files, this room's left out."""
    found = {}
    for path in sorted(LIBRARY.glob("*/__init__.py")):
        if path.parent == Path(__file__).parent:
            continue
        digest = hashlib.sha256()
        for file in _files_below(path.parent):
            data = file.read_bytes()
            digest.update(f"{file.relative_to(path.parent).as_posix()}\0{len(data)}\0".encode() + data)
        found[path.parent.name] = digest.hexdigest()
    return found


def _project() -> dict[str, Any]:
    return tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))


def _files_below(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return sorted(one for one in path.rglob("*") if one.is_file() and "__pycache__" not in one.parts)


def _name(path: Path, folder: Path) -> str:
    """Return the path below `folder`; Git would obey a file named .gitignore where it is only kept."""
    name = path.relative_to(folder).as_posix()
    return ".gitignore" if name == "gitignore" else name
