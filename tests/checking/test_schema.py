from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import ROOT
from tests.written import DIALOGUE, LIMITS, MOMENT, PAIR, SCENARIO, moment, pair, write
from three_tutors.checking import structure
from three_tutors.checking.gate import check
from three_tutors.checking.schema import FileKind, json_schema
from three_tutors.pipeline.diagnostics import Problem
from three_tutors.tutoring.dialogue import Dialogue
from three_tutors.tutoring.moment import Moment
from three_tutors.tutoring.scenario import Scenario

# What only the gate can see: it compares turns, files and words.
STRUCTURE = {"E003", "E101", "E102", "E103", "E104", "E105", "E106", "E107"}

EXAMPLES = {"dialogue": DIALOGUE, "scenario": SCENARIO, "moment": MOMENT, "pair": PAIR}


@pytest.mark.parametrize("kind", get_args(FileKind))
def test_the_schemas_in_the_data_folder_are_generated(kind: Any) -> None:
    """Editors get what the gate checks: the committed JSON Schema is the one these fields make."""
    written = json.loads((ROOT / f"data/raw/{kind}.schema.json").read_text(encoding="utf-8"))
    assert written == json_schema(kind)


@pytest.mark.parametrize("kind", get_args(FileKind))
def test_the_json_schemas_are_draft_07_and_describe_every_key(kind: Any) -> None:
    """Each is valid draft-07, and an editor has a description to show for each key."""
    made = json_schema(kind)
    jsonschema.Draft7Validator.check_schema(made)

    def properties(part: Any) -> list[dict[str, Any]]:
        if isinstance(part, dict):
            own = list(part.get("properties", {}).values()) if isinstance(part.get("properties"), dict) else []
            return own + [found for value in part.values() for found in properties(value)]
        return [found for value in part for found in properties(value)] if isinstance(part, list) else []

    assert [one for one in properties(made) if not one.get("description")] == []


@pytest.mark.parametrize(
    ("item", "kinds"),
    [(Dialogue, ["dialogue"]), (Scenario, ["scenario"]), (Moment, ["moment", "pair"])],
    ids=["dialogue", "scenario", "moment"],
)
def test_pandera_and_the_json_schema_have_the_same_fields(item: type, kinds: list[Any]) -> None:
    """Every key of the JSON Schemas is a column of the pandera schemas and the other way round (who speaks is a key there)."""
    keys = {key for kind in kinds for key in re.findall(r'"([a-z_]+)": \{"description"', json.dumps(json_schema(kind)))} - {"items"}
    columns = {name for layout in structure.LAYOUTS if layout.kind is item for name in structure.frame_schema(layout).columns}
    assert keys - {"turns", "expect", "student", "teacher", "replies", "sides"} == columns - {"text"}


def test_every_file_names_its_schema_in_the_first_line() -> None:
    """The path in the first line leads from each dialogue, scenario, moment and pair to its schema."""
    for part in ("dialogues", "scenarios", "moments"):
        for path in sorted((ROOT / "data/raw" / part).rglob("*.yaml")):
            text = path.read_text(encoding="utf-8")
            kind = part.removesuffix("s") if part != "moments" or "\nsides:\n" not in text else "pair"
            named = path.parent / text.splitlines()[0].removeprefix("# yaml-language-server: $schema=")
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


def nested(value: Any) -> list[dict[str, Any]]:
    """Return the mappings inside `value`: turns, expectations, replies, sides and what is in them."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [found for one in inner for found in (*([one] if isinstance(one, dict) else []), *nested(one))]


@st.composite
def mutated(draw: st.DrawFn, whole: dict[str, Any]) -> dict[str, Any]:
    """Return the file with one to three of its values removed, replaced by something odd, or joined by a strange key."""
    changed = copy.deepcopy(whole)
    for _ in range(draw(st.integers(0, 3))):
        part = draw(st.sampled_from([changed, *nested(changed)]))
        key = draw(st.sampled_from([*part, "strange", "pair", "theme", "fits"]))
        if draw(st.booleans()):
            part.pop(key, None)
        elif isinstance(part.get(key), list) and draw(st.booleans()):
            part[key] = part[key] * draw(st.sampled_from([0, 2, 11, 60]))
        else:
            part[key] = copy.deepcopy(draw(odd))  # "just" hands out one and the same mapping, which a later change would spoil
    return changed


def structural(written: dict[str, Any], folder: Path, holds: str) -> list[Problem]:
    """Return what the gate says about the structure of one line of JSON Lines in the folder named `holds`."""
    part = folder / holds
    part.mkdir(exist_ok=True)
    file = part / "one.jsonl"
    file.write_text(json.dumps(written) + "\n", encoding="utf-8")
    return [problem for problem in check([file], LIMITS).problems if problem.code in STRUCTURE]


def agree(written: dict[str, Any], kind: Any, folder: Path) -> None:
    """Hold the verdict of the gate about a file of one kind against that of an editor."""
    underlined = [error.message for error in jsonschema.Draft7Validator(json_schema(kind)).iter_errors(written)]
    refused = structural(written, folder, "moments" if kind == "pair" else f"{kind}s")
    assert bool(refused) == bool(underlined), (refused, underlined)


@given(st.sampled_from(list(EXAMPLES)).flatmap(lambda kind: st.tuples(st.just(kind), mutated(EXAMPLES[kind]))))
def test_the_gate_and_the_json_schema_agree(tmp_path_factory: pytest.TempPathFactory, file: tuple[str, dict[str, Any]]) -> None:
    """What an editor underlines is what the gate refuses: both find a file whole, or both do not."""
    kind, written = file
    agree(written, kind, tmp_path_factory.mktemp("data"))


REPLIES = MOMENT["replies"]


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("moment", moment(theme="privacy")),
        ("moment", moment(theme="")),
        ("moment", moment(fits="accept")),
        ("moment", moment(replies=REPLIES[:1])),
        ("moment", moment(replies=REPLIES * 7)),
        ("moment", moment(turns=[])),
        ("moment", moment(turns=...)),
        ("moment", moment(opening="student")),
        ("pair", pair(theme="privacy")),
        ("pair", pair(pair=...)),
        ("pair", pair(pair="no kind")),
        ("pair", pair(sides=PAIR["sides"][:1])),
        ("pair", pair(sides=PAIR["sides"][:1], pair=...)),
        ("pair", pair(sides=PAIR["sides"] * 2)),
        ("pair", pair({"replies": REPLIES[:1]})),
        ("pair", pair({}, {"replies": REPLIES * 7})),
        ("pair", pair({"replies": REPLIES * 5}, {"replies": REPLIES * 5})),
        ("pair", pair({"theme": "privacy"})),
        ("pair", pair({"says": ["x" * 301]})),
        ("pair", pair({"fits": "nothing"})),
    ],
)
def test_the_gate_and_the_json_schema_agree_on_moments(kind: str, written: dict[str, Any], tmp_path: Path) -> None:
    """A theme belongs to a moment, what fits to a side, and a pair has two sides with enough replies each."""
    agree(written, kind, tmp_path)


@pytest.mark.parametrize(
    ("template", "folder"),
    [
        ("template.yaml", "dialogues/mathematics"),
        ("template-moment.yaml", "moments"),
        ("template-pair.yaml", "moments"),
    ],
)
def test_the_templates_pass_the_gate(template: str, folder: str, tmp_path: Path) -> None:
    """Who copies a template starts from a file without a single finding, whose first line names its schema."""
    text = (ROOT / "data/raw" / template).read_text(encoding="utf-8")
    place = tmp_path / "data/raw" / folder
    place.mkdir(parents=True)
    (place / template).write_text(text, encoding="utf-8")
    assert check([tmp_path / "data/raw"], LIMITS).problems == []
    named = (place / text.splitlines()[0].removeprefix("# yaml-language-server: $schema=")).resolve()
    kind = template.removesuffix(".yaml").removeprefix("template").removeprefix("-") or "dialogue"
    assert named == tmp_path / f"data/raw/{kind}.schema.json"


def test_the_written_examples_pass_the_gate(tmp_path: Path) -> None:
    """The files that other tests spoil are without a finding themselves."""
    for one in EXAMPLES.values():
        write(tmp_path, one)
    assert check([tmp_path], LIMITS).problems == []
