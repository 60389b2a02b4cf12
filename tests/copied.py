"""Copies of the project's code, in which tests change something."""

from __future__ import annotations

import shutil
from pathlib import Path

ROOT = Path(__file__).parent.parent


def copy_code(folder: Path, *names: str) -> None:
    """Copy folders of code with what Python and numba compiled from them: times are kept, so only changed files are compiled again."""
    for name in names:
        # Other workers may be writing theirs, under a name that is gone a moment later.
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("*.pyc.*", "*.tmp.*"))


def compiled(*names: str) -> list[str]:
    """Return the files in folders of code that Python and numba compiled; they are good for copies that keep the sources' times."""
    found = [path for name in names for path in (ROOT / name).rglob("__pycache__/*") if path.suffix in (".pyc", ".nbi", ".nbc")]
    return [str(path.relative_to(ROOT)) for path in found]
