"""The house rules that a machine can hold against the code."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests import closure

ROOT = Path(__file__).parent.parent
STAGES = sorted(path.stem for path in (ROOT / "stages").glob("*.py") if path.stem != "__init__")
PACKAGES = sorted(path.name for path in (ROOT / "stages").iterdir() if (path / "__init__.py").exists())
SOURCES = sorted((ROOT / "stages").rglob("*.py"))

# Who may import whom: only what stands to the left of it, and itself.
ORDER = ["tutoring", "prompting language_model reporting", "local_openai", "serving", "chat"]

# The same inside tutoring: its own modules, the packages in it, then the modules that are run as commands.
INNER_ORDER = ["words", "scoring pricing jobs", "checking", "commands"]
COMMANDS = {"agreement", "difference", "importing", "judge"}


def pipeline() -> dict[str, Any]:
    """Return the stages of dvc.yaml by name, the bodies of `foreach` stages in their place."""
    tree = YAML(typ="safe").load(ROOT / "dvc.yaml")
    return {name: stage.get("do", stage) for name, stage in tree["stages"].items()}


def level(package: str) -> int:
    """Return the place of a package in `ORDER`."""
    return next(index for index, names in enumerate(ORDER) if package in names.split())


def test_modules_are_the_stages() -> None:
    """`ls stages/` is the pipeline: each DVC stage is one module of the same name, and there is no other module."""
    assert sorted(pipeline()) == STAGES


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_is_described_by_its_first_line(name: str) -> None:
    """The `desc` in dvc.yaml is the first line of the module's docstring, and the command is the module."""
    stage = pipeline()[name]
    docstring = ast.get_docstring(ast.parse((ROOT / f"stages/{name}.py").read_text(encoding="utf-8"))) or ""
    assert stage["desc"] == docstring.splitlines()[0]
    assert re.fullmatch(rf"python -m stages\.{name}( \$\{{\w+\}})?", stage["cmd"])


def test_code_dependencies_are_the_import_closure() -> None:
    """dvc.yaml lists exactly the files below stages/ that each stage imports; mend it with `make fix`."""
    text = (ROOT / "dvc.yaml").read_text(encoding="utf-8")
    assert text == closure.with_closures(text, ROOT)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_one_way(path: Path) -> None:
    """Packages import only what stands before them; no stage imports a stage."""
    inside = path.relative_to(ROOT / "stages").parts
    own = inside[0] if len(inside) > 1 else None
    for module in closure.imported(ast.parse(path.read_text(encoding="utf-8"))):
        parts = module.split(".")
        if len(parts) < 2 or parts[1] == own:
            continue
        assert parts[1] in PACKAGES, f"{path.name} imports the stage {module}"
        if own is not None:
            assert level(parts[1]) < level(own), f"{own} may not import {parts[1]}"


def inner_level(parts: Sequence[str]) -> int:
    """Return the place in `INNER_ORDER` of a module of tutoring, given as its path below tutoring."""
    group = parts[0] if len(parts) > 1 else "commands" if parts[0] in COMMANDS else "words"
    return next(index for index, names in enumerate(INNER_ORDER) if group in names.split())


@pytest.mark.parametrize("path", sorted((ROOT / "stages/tutoring").rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_inside_tutoring_point_one_way(path: Path) -> None:
    """The words of the field know no package, packages know what stands before them, commands know them all."""
    inside = path.relative_to(ROOT / "stages/tutoring").with_suffix("").parts
    for module in closure.imported(ast.parse(path.read_text(encoding="utf-8"))):
        target = ROOT / f"{module.replace('.', '/')}.py"
        if target.is_file() and (parts := module.split(".")[2:])[:-1] != list(inside[:-1]):
            assert inner_level(parts) < inner_level(inside), f"{'/'.join(inside)} may not import {module}"


@pytest.mark.parametrize("path", sorted((ROOT / "stages").rglob("__init__.py")), ids=lambda path: path.parent.name)
def test_package_files_hold_a_docstring_and_nothing_else(path: Path) -> None:
    """An `__init__.py` with code would be a dependency that no closure lists."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    assert [type(node) for node in body] == [ast.Expr]


@pytest.mark.parametrize("stage", ["validate", "split", "render", "estimate_costs", "evaluate"])
def test_a_light_stage_loads_no_heavy_library(stage: str) -> None:
    """A stage pays only for what it uses: these load no torch, dspy or transformers."""
    code = f"import sys, stages.{stage}; print(*(sorted({{'torch', 'dspy', 'transformers'}} & set(sys.modules))))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert answer.stdout.strip() == ""


def test_the_pipeline_stays_small_enough_to_see() -> None:
    """At most twenty stages, so that `dvc dag` fits a screen and first runs stay fast."""
    tree = YAML(typ="safe").load(ROOT / "dvc.yaml")
    assert sum(len(stage.get("foreach", [None])) for stage in tree["stages"].values()) <= 20


def test_params_and_stages_agree() -> None:
    """Every section of params.yaml is read by a stage, and every stage's section exists."""
    sections = set(YAML(typ="safe").load(ROOT / "params.yaml"))
    read = {name.split(".")[0] for stage in pipeline().values() for name in stage.get("params", [])}
    assert read <= sections
    assert sections - read <= {"chat", "judge"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_dangerous_and_no_broad_handler(path: Path) -> None:
    """No pickle, no eval, no code from a hub, no handler that swallows whatever happens."""
    text = path.read_text(encoding="utf-8")
    assert re.findall(r"except Exception|except:|\bpickle\b\.|trust_remote_code=True|shell=True|(?<![.\w])eval\(|yaml\.load\(", text) == []
