"""Keep the code dependencies in dvc.yaml equal to what each stage imports; DVC follows no imports itself.

`python -m tests.closure` says what differs and exits 1; `python -m tests.closure --fix` rewrites dvc.yaml.
"""

from __future__ import annotations

import ast
import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

DVC_YAML = Path("dvc.yaml")


def closure(module: str, root: Path = Path()) -> list[str]:
    """Return the files below stages/ that `module` loads, itself first, then the rest by name.

    Imports inside functions count, those under `if TYPE_CHECKING` do not. `__init__.py` files hold a docstring and
    nothing else (a test says so) and are left out.
    """
    found: dict[str, None] = {}
    waiting = [module]
    while waiting:
        path = _file(waiting.pop(), root)
        if path is None or path in found:
            continue
        found[path] = None
        waiting += imported(ast.parse((root / path).read_text(encoding="utf-8")))
    own, *others = found
    return [own, *sorted(others)]


def imported(tree: ast.Module) -> Iterator[str]:
    """Yield every module name that `tree` may import from stages/, including `from package import module`."""
    skipped = {id(inner) for node in ast.walk(tree) if _is_type_checking(node) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("stages"))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("stages"):
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def with_closures(text: str, root: Path = Path()) -> str:
    """Return the text of dvc.yaml with the code dependencies of every stage as they should be, the rest as it was."""
    yaml = YAML()
    yaml.width = 10_000
    yaml.indent(mapping=2, sequence=4, offset=2)
    tree = yaml.load(text)
    for stage in tree["stages"].values():
        body = stage.get("do", stage)
        module = str(body["cmd"]).split("python -m ")[1].split()[0]
        wanted = closure(module, root)
        kept = [dep for dep in body["deps"] if not _is_code(dep)]
        if [dep for dep in body["deps"] if _is_code(dep)] != wanted:
            body["deps"][:] = [*wanted, *kept]
    out = io.StringIO()
    yaml.dump(tree, out)
    return out.getvalue()


def main() -> None:
    """Compare dvc.yaml with the imports; mend it with `--fix`."""
    before = DVC_YAML.read_text(encoding="utf-8")
    after = with_closures(before)
    if before == after:
        return
    if "--fix" not in sys.argv:
        old, new = set(before.splitlines()), set(after.splitlines())
        print("\n".join([*sorted(f"- {line.strip()}" for line in old - new), *sorted(f"+ {line.strip()}" for line in new - old)]))
        sys.exit("dvc.yaml does not list what the stages import; mend it with `python -m tests.closure --fix`.")
    DVC_YAML.write_text(after, encoding="utf-8")
    print("dvc.yaml now lists what the stages import.")


def _file(module: str, root: Path) -> str | None:
    path = f"{module.replace('.', '/')}.py"
    if (root / path).is_file():
        return path
    package = f"{module.replace('.', '/')}/__main__.py"
    return package if (root / package).is_file() and module.count(".") else None


def _is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def _is_code(dep: Any) -> bool:
    return isinstance(dep, str) and dep.startswith("stages/") and dep.endswith(".py")


if __name__ == "__main__":
    main()
