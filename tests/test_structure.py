"""The house rules that a machine can hold against the code."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests import imports
from three_tutors.pipeline.contents import entries

ROOT = Path(__file__).parent.parent
STAGES = sorted(path.stem for path in (ROOT / "stages").glob("*.py") if path.stem != "__init__")
FOLDERS = [ROOT / "stages", ROOT / "three_tutors"]
SOURCES = sorted(path for folder in FOLDERS for path in folder.rglob("*.py"))

# Who may import whom: a room knows what stands in an earlier line, and itself. Stages know every room, and no room a stage.
ORDER = """
    pipeline
    tutoring
    scale
    scoring pricing openai_client
    checking
    authoring prompting language_model
    trust openai_server
    tutors
    studies
    reporting
    chat
    rating
    command
"""


def pipeline() -> dict[str, Any]:
    """Return the stages of dvc.yaml by name, the bodies of `foreach` stages in their place."""
    tree = YAML(typ="safe").load(ROOT / "dvc.yaml")
    return {name: stage.get("do", stage) for name, stage in tree["stages"].items()}


def level(room: str) -> int:
    """Return the line of `ORDER` that a room stands in."""
    return next(index for index, line in enumerate(ORDER.split("\n")) if room in line.split())


def test_modules_are_the_stages() -> None:
    """`ls stages/` is the pipeline: each DVC stage is one module of the same name, and nothing else is there."""
    assert sorted(pipeline()) == STAGES
    assert [path.name for path in (ROOT / "stages").iterdir() if path.is_dir() and path.name != "__pycache__"] == []


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_is_described_by_its_first_line(name: str) -> None:
    """The `desc` in dvc.yaml is the first line of the module's docstring, and the command is the module."""
    stage = pipeline()[name]
    docstring = ast.get_docstring(ast.parse((ROOT / f"stages/{name}.py").read_text(encoding="utf-8"))) or ""
    assert stage["desc"] == docstring.splitlines()[0]
    assert re.fullmatch(rf"python -m stages\.{name}( \$\{{\w+\}})?", stage["cmd"])


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_lists_the_rooms_that_it_uses(name: str) -> None:
    """What a stage imports, directly or through others, lies in the rooms that dvc.yaml lists, and it uses each of them."""
    listed = [dep for dep in pipeline()[name]["deps"] if dep.startswith(("stages/", "three_tutors/"))]
    rooms = sorted({imports.room(module) for module in imports.closure(f"stages.{name}")})
    assert listed == [f"stages/{name}.py", *rooms]


@pytest.mark.parametrize("module", sorted(imports.graph()))
def test_imports_point_one_way(module: str) -> None:
    """Rooms import only what stands before them; no stage imports a stage, and no room does."""
    own = module.split(".")[:2]
    for imported in imports.graph()[module]:
        folder, room = imported.split(".")[:2]
        assert folder == "three_tutors", f"{module} imports the stage {imported}"
        if own[0] == "three_tutors" and room != own[1]:
            assert level(room) < level(own[1]), f"{module} may not import {imported}"


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Who reads one module of a circle has to read them all; imports for types alone count."""
    assert imports.circles() == []


def test_no_room_holds_more_than_a_sixth_of_the_code() -> None:
    """A room that outgrows the others has become a drawer. The engine is a room of its own inside `language_model`."""
    lines: dict[str, int] = {}
    for name, path in imports.modules().items():
        parts = name.split(".")
        room = "stages" if parts[0] == "stages" else "llama" if "llama" in parts else parts[1]
        lines[room] = lines.get(room, 0) + len(path.read_text(encoding="utf-8").splitlines())
    assert {room for room, count in lines.items() if count * 6 > sum(lines.values())} == set()


def test_the_table_of_contents_stays_short() -> None:
    """dvc.yaml is read in a minute: four screens of 65 lines."""
    assert len((ROOT / "dvc.yaml").read_text(encoding="utf-8").splitlines()) < 260


@pytest.mark.parametrize(
    "path", sorted(path for folder in FOLDERS for path in folder.rglob("__init__.py")), ids=lambda path: path.parent.name
)
def test_package_files_hold_a_docstring_and_nothing_else(path: Path) -> None:
    """The docstring says in at most ten lines what stands where; code there would run whenever anything of the room is imported."""
    text = path.read_text(encoding="utf-8")
    assert [type(node) for node in ast.parse(text).body] == [ast.Expr]
    assert len(text.splitlines()) <= 10


@pytest.mark.parametrize("stage", ["validate", "split", "render", "estimate_costs", "evaluate"])
def test_a_light_stage_loads_no_heavy_library(stage: str) -> None:
    """A stage pays only for what it uses: these load no torch, dspy or transformers."""
    code = f"import sys, stages.{stage}; print(*(sorted({{'torch', 'dspy', 'transformers'}} & set(sys.modules))))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert answer.stdout.strip() == ""


def test_the_pipeline_stays_small_enough_to_see() -> None:
    """At most twenty stages, so that `dvc dag` fits a screen and first runs stay fast."""
    assert 0 < len(entries(ROOT / "dvc.yaml")) <= 20


def test_params_and_stages_agree() -> None:
    """Every section of params.yaml is read by a stage, and every stage's section exists."""
    sections = set(YAML(typ="safe").load(ROOT / "params.yaml"))
    read = {name.split(".")[0] for stage in pipeline().values() for name in stage.get("params", [])}
    assert read <= sections
    assert sections - read <= {"chat", "judge", "scale", "studies"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_dangerous_and_no_broad_handler(path: Path) -> None:
    """No pickle, no eval, no code from a hub, no handler that swallows whatever happens."""
    text = path.read_text(encoding="utf-8")
    assert re.findall(r"except Exception|except:|\bpickle\b\.|trust_remote_code=True|shell=True|(?<![.\w])eval\(|yaml\.load\(", text) == []
