"""The import graph of `stages/` and `three_tutors/`, read from the source: what the structure tests compare with dvc.yaml."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
LIBRARY = "three_tutors"


def modules(root: Path = ROOT) -> dict[str, Path]:
    """Return every module of both folders of code by its dotted name; packages themselves hold a docstring and are left out."""
    paths = sorted(path for folder in ("stages", LIBRARY) for path in (root / folder).rglob("*.py") if path.stem != "__init__")
    return {".".join(path.relative_to(root).with_suffix("").parts): path for path in paths}


@cache
def graph(root: Path = ROOT) -> dict[str, frozenset[str]]:
    """Return for each module the modules that it imports: inside functions and under `if TYPE_CHECKING` too."""
    known = modules(root)
    return {name: frozenset(_imported(path, known)) - {name} for name, path in known.items()}


def closure(module: str, root: Path = ROOT) -> set[str]:
    """Return the modules of the library that `module` loads, directly or through others."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        new = graph(root)[waiting.pop()] - found
        found |= new
        waiting += new
    return {name for name in found if name.startswith(LIBRARY)}


def room(module: str) -> str:
    """Return the room that a module of the library stands in, as dvc.yaml writes it: `three_tutors/scoring`."""
    return "/".join(module.split(".")[:2])


def circles(root: Path = ROOT) -> list[list[str]]:
    """Return the groups of modules that import each other in a circle (strongly connected components of two or more)."""
    reach = {name: closure(name, root) for name in graph(root)}
    together = {name: sorted({name} | {other for other in reach[name] if name in reach.get(other, ())}) for name in reach}
    return sorted({tuple(group): group for group in together.values() if len(group) > 1}.values())


def _imported(path: Path, known: dict[str, Path]) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        found |= {name for name in names if name in known}
    return found
