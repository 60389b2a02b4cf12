from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import ROOT
from tests.written import DIALOGUE, LIMITS, SCENARIO, write
from three_tutors.checking import schema, structure
from three_tutors.checking.gate import check
from three_tutors.checking.schema import json_schema
from three_tutors.pipeline.diagnostics import Problem

# What only the gate can see: it compares turns, files and words.
STRUCTURE = {"E003", "E101", "E102", "E103", "E104", "E105", "E106", "E107"}


@pytest.mark.parametrize("kind", ["dialogue", "scenario"])
def test_the_schemas_in_the_data_folder_are_generated(kind: Any) -> None:
    """Editors get what the gate checks: the committed JSON Schema is the one these fields make."""
    written = json.loads((ROOT / f"data/raw/{kind}.schema.json").read_text(encoding="utf-8"))
    assert written == json_schema(kind)


@pytest.mark.parametrize("kind", ["dialogue", "scenario"])
def test_the_json_schemas_are_draft_07_and_describe_every_key(kind: Any) -> None:
    """Both are valid draft-07, and an editor has a description to show for each key."""
    made = json_schema(kind)
    jsonschema.Draft7Validator.check_schema(made)

    def properties(part: Any) -> list[dict[str, Any]]:
        if isinstance(part, dict):
            own = list(part.get("properties", {}).values()) if isinstance(part.get("properties"), dict) else []
            return own + [found for value in part.values() for found in properties(value)]
        return [found for value in part for found in properties(value)] if isinstance(part, list) else []

    assert [one for one in properties(made) if not one.get("description")] == []


@pytest.mark.parametrize(
    ("head", "turn"),
    [(schema.DIALOGUE_HEAD, structure.DIALOGUE_TURN), (schema.SCENARIO_HEAD, structure.SCENARIO_TURN)],
    ids=["dialogue", "scenario"],
)
def test_pandera_and_the_json_schema_have_the_same_fields(head: Any, turn: Any) -> None:
    """Every key of the JSON Schema is a column of the pandera schema and the other way round (who speaks is a key there)."""
    made = json_schema("dialogue" if turn is structure.DIALOGUE_TURN else "scenario")
    keys = set(re.findall(r'"([a-z_]+)": \{"description"', json.dumps(made))) - {"items"}
    columns = set(structure.frame_schema(head, turn).columns)
    assert keys - {"turns", "expect", "student", "teacher"} == columns - {"text"}


def test_every_file_names_its_schema_in_the_first_line() -> None:
    """The path in the first line leads from each dialogue and scenario to its schema."""
    for part, kind in (("dialogues", "dialogue"), ("scenarios", "scenario")):
        for path in sorted((ROOT / "data/raw" / part).rglob("*.yaml")):
            first = path.read_text(encoding="utf-8").splitlines()[0]
            named = path.parent / first.removeprefix("# yaml-language-server: $schema=")
            assert (path.name, named.resolve()) == (path.name, ROOT / f"data/raw/{kind}.schema.json")


odd = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 20),
    st.sampled_from(["", " ", "x", "Wrong Case", "socratic", "wrong", "x" * 81, "x" * 301, "x" * 4001, "a-b_c"]),
    st.lists(st.sampled_from(["", "x", "praise", "x" * 301]), max_size=2),
    st.just({}),
    st.just({"x": "y"}),
)


@st.composite
def mutated(draw: st.DrawFn, whole: dict[str, Any]) -> dict[str, Any]:
    """Return the file with one to three of its values removed, replaced by something odd, or joined by a strange key."""
    changed = copy.deepcopy(whole)
    for _ in range(draw(st.integers(0, 3))):
        turns = [turn for turn in changed.get("turns") or [] if isinstance(turn, dict)] if isinstance(changed.get("turns"), list) else []
        nested = [turn["expect"] for turn in turns if isinstance(turn.get("expect"), dict)]
        part = draw(st.sampled_from([changed, *turns, *nested]))
        key = draw(st.sampled_from([*part, "strange"]))
        if draw(st.booleans()):
            part.pop(key, None)
        else:
            part[key] = copy.deepcopy(draw(odd))  # "just" hands out one and the same mapping, which a later change would spoil
    return changed


def structural(written: dict[str, Any], folder: Path) -> list[Problem]:
    """Return what the gate says about the structure of one line of JSON Lines."""
    part = folder / ("scenarios" if "expect" in json.dumps(written) else "dialogues")
    part.mkdir(exist_ok=True)
    file = part / "one.jsonl"
    file.write_text(json.dumps(written) + "\n", encoding="utf-8")
    return [problem for problem in check([file], LIMITS).problems if problem.code in STRUCTURE]


@given(st.sampled_from([DIALOGUE, SCENARIO]).flatmap(mutated))
def test_the_gate_and_the_json_schema_agree(tmp_path_factory: pytest.TempPathFactory, written: dict[str, Any]) -> None:
    """What an editor underlines is what the gate refuses: both find a file whole, or both do not."""
    kind: Any = "scenario" if "expect" in json.dumps(written) else "dialogue"
    underlined = [error.message for error in jsonschema.Draft7Validator(json_schema(kind)).iter_errors(written)]
    refused = structural(written, tmp_path_factory.mktemp("data"))
    assert bool(refused) == bool(underlined), (refused, underlined)


def test_the_template_passes_the_gate(tmp_path: Path) -> None:
    """Who copies the template starts from a dialogue without a single finding."""
    folder = tmp_path / "dialogues" / "mathematics"
    folder.mkdir(parents=True)
    (folder / "template.yaml").write_text((ROOT / "data/raw/template.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    assert check([tmp_path], LIMITS).problems == []


def test_the_written_examples_pass_the_gate(tmp_path: Path) -> None:
    """The dialogue and the scenario that other tests spoil are without a finding themselves."""
    write(tmp_path, DIALOGUE)
    write(tmp_path, SCENARIO)
    assert check([tmp_path], LIMITS).problems == []
