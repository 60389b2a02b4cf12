from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.scoring.scores import MEASURES
from three_tutors.trust.agreement import agreement, table
from three_tutors.trust.rated_replies import read_rated_replies

RATED = Path(__file__).parents[3] / "shared/human"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["role", "content", "uptake"]) | st.text(), inner, max_size=3)
    ),
    max_leaves=6,
)
ROW: dict[str, Any] = {
    "id": "1",
    "group": "a",
    "tutor": "Expert",
    "history": [{"role": "student", "content": "I added 3 and 4 and got 8."}],
    "reply": "Not quite: adding 4 to 3 does not reach 8. What do you get when you count on from 3?",
    "answer": ["7"],
    "labels": {"mistake_identification": "Yes", "actionability": "Yes", "revealing_of_the_answer": "No", "tutor_tone": "Neutral"},
}


def written(path: Path, *rows: dict[str, Any]) -> Path:
    """Write rated replies as JSON Lines."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_scores_stand_beside_labels(tmp_path: Path) -> None:
    """A row counts for each of its labels, and a gold answer that is missing leaves `leak` unscored."""
    rows = read_rated_replies(written(tmp_path / "rated.jsonl", ROW, {**ROW, "group": "b", "answer": []}))
    found = agreement(rows)
    assert (2, 2, ["actionability", "leak", "mistake_identification", "praise"]) == (found["rows"], found["groups"], list(found["scores"]))
    assert (1, 1) == (found["scores"]["leak"]["rows"], found["scores"]["leak"]["unscored"])
    assert 1.0 == found["scores"]["mistake_identification"]["macro_f1"]["value"]


def test_labels_are_not_looked_at(tmp_path: Path) -> None:
    """Turning every label round changes what people said, not what the scorers say."""
    turned = {**ROW, "labels": {name: "No" if value == "Yes" else value for name, value in ROW["labels"].items()}}
    found = [agreement(read_rated_replies(written(tmp_path / "rated.jsonl", row))) for row in (ROW, turned)]
    assert {"Expert": 0.0} == found[0]["scores"]["mistake_identification"]["bias_by_tutor"]
    assert {"Expert": 1.0} == found[1]["scores"]["mistake_identification"]["bias_by_tutor"]


def test_the_command_prints_json_and_a_table(tmp_path: Path, root: Path) -> None:
    """Both forms hold the same rows."""
    path = written(tmp_path / "rated.jsonl", ROW)
    command = [sys.executable, "-m", "three_tutors.trust.agreement", str(path)]
    shown = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout
    told = subprocess.run([*command, "--json"], cwd=root, check=True, capture_output=True, text=True).stdout
    assert ("1 replies in 1 conversations", 1) == (shown[:28], json.loads(told)["rows"])
    figure = json.loads(told)["scores"]["mistake_identification"]["macro_f1"]
    assert {"value": 1.0, "low": None, "high": None} == figure
    assert "1.000  interval not computable" in shown


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"labels": ["Yes"]}, "labels is no JSON object"),
        ({"labels": {"actionability": ["Yes"]}}, "actionability must be a word or a number, not ['Yes']"),
        ({"history": [{"role": "robot", "content": "hi"}]}, "role 'robot' is neither"),
        ({"history": [{"role": ["user"], "content": "hi"}]}, "role ['user'] is neither"),
        ({"history": [{"role": "system", "content": "hi"}]}, "role 'system' is neither"),
        ({"history": ["hi"]}, "role 'hi' is neither"),
        ({"history": "hi"}, "history is no JSON list"),
        ({"history": [{"role": "user", "content": [{"type": "image_url"}]}]}, "content must be text, or a list of text parts"),
        ({"reply": 7}, "reply must be text, or a list of text parts, not 7"),
        ({"tutor": {"name": "A"}}, "tutor must be a word or a number"),
        ({"group": ["a"]}, "group must be a word or a number"),
        ({"answer": [["7"]]}, "answer must be a word or a number"),
        ({"tutor": "half \ud83d"}, "half of a surrogate pair"),
        ({"answer": 10**400}, "has 401 digits"),
    ],
)
def test_a_row_that_cannot_be_read_is_named(tmp_path: Path, change: dict[str, Any], expected: str) -> None:
    """The line and what is wrong with it are told, together with every other such line."""
    path = written(tmp_path / "rated.jsonl", ROW, ROW | change, ROW | change)
    with pytest.raises(DataError) as caught:
        read_rated_replies(path)
    assert [2, 3] == [problem.line for problem in caught.value.problems]
    assert expected in caught.value.problems[0].message


def test_a_label_that_cannot_be_read_is_counted_and_left_out(tmp_path: Path) -> None:
    """A word nobody knows counts for nothing and is told; empty labels are no labels; case does not matter."""
    odd = {**ROW, "labels": {"actionability": "Perhaps", "mistake_identification": "yes", "uptake": "NaN", "tutor_tone": None}}
    found = agreement(read_rated_replies(written(tmp_path / "rated.jsonl", odd, {**ROW, "labels": None})))
    assert ({"actionability": 1}, ["mistake_identification"]) == (found["not_read"], list(found["scores"]))
    assert "left out: actionability 1" in table(found)


@pytest.mark.parametrize("change", [{"reply": ""}, {"reply": None}, {"reply": "…"}])
def test_an_empty_reply_is_unscored_and_counted(tmp_path: Path, change: dict[str, Any]) -> None:
    """Nothing said is no zero, whatever people wrote beside it."""
    found = agreement(read_rated_replies(written(tmp_path / "rated.jsonl", ROW, ROW | change)))["scores"]["actionability"]
    assert (1, 1) == (found["rows"], found["unscored"])


@pytest.mark.parametrize("change", [{"history": []}, {"history": None}, {"answer": None}, {"answer": "7"}, {"tutor": "nobody knows"}])
def test_rows_of_another_make_are_scored(tmp_path: Path, change: dict[str, Any]) -> None:
    """No history, no answer, an answer as plain text or a writer never seen are no reason to stop; blank lines neither."""
    path = written(tmp_path / "rated.jsonl", ROW, ROW | change)
    path.write_text(path.read_text(encoding="utf-8").replace("\n", "\n\n"), encoding="utf-8")
    assert 2 == agreement(read_rated_replies(path))["scores"]["actionability"]["rows"]


def test_rows_are_read_as_at_the_other_entrances(tmp_path: Path) -> None:
    """A byte order mark, other tools' names for the two who talk, text parts and U+2028 inside a text are no reason to stop."""
    parts = [{"type": "text", "text": "I added 3 and 4"}, {"type": "text", "text": " and got 8.\u2028Right?"}]
    history = [{"role": "Assistant", "content": "Go on."}, {"role": "user", "content": parts}, {"role": "gpt", "content": None}]
    row = json.dumps({**ROW, "history": history, "reply": parts[:1], "answer": 7}, ensure_ascii=False)
    path = tmp_path / "rated.jsonl"
    path.write_text("\ufeff" + row, encoding="utf-8")
    (found,) = read_rated_replies(path)
    assert [("teacher", "Go on."), ("student", "I added 3 and 4 and got 8.\u2028Right?"), ("teacher", "")] == [
        (turn.speaker, turn.text) for turn in found.turns
    ]
    assert ("I added 3 and 4", ("7",)) == (found.reply, found.answer)


def test_bytes_that_are_no_text_end_in_a_sentence(tmp_path: Path) -> None:
    """The line and the column of the byte are told; a folder and a file that is not there as well."""
    path = written(tmp_path / "rated.jsonl", ROW)
    path.write_bytes(path.read_bytes() + b'{"group": "\xff"}\n')
    with pytest.raises(DataError) as caught:
        read_rated_replies(path)
    assert [(2, "0xFF")] == [(problem.line, "0xFF") for problem in caught.value.problems if "0xFF" in problem.message]
    for nothing in (tmp_path, tmp_path / "none.jsonl"):
        with pytest.raises(DataError, match="there is no such file"):
            read_rated_replies(nothing)


def test_labels_that_nothing_measures_are_told(tmp_path: Path) -> None:
    """People rated something that no score here claims to measure: it is left out by name."""
    found = agreement(read_rated_replies(written(tmp_path / "rated.jsonl", {**ROW, "labels": {"humanness": "Yes"}})))
    assert {"humanness": 1} == found["not_measured"]
    assert "no score here measures, left out: humanness 1" in table(found)


def test_keys_that_nothing_reads_are_told(tmp_path: Path) -> None:
    """More about a row, a second set of labels, a call and a weight in its history: each is left out by name, once a row."""
    said = {"role": "student", "content": "x", "tool_calls": [], "weight": 0, "refusal": None}
    rows = [{**ROW, "comment": "odd", "history": [said, said]}, {**ROW, "labels2": None, "history": [{**said, "tool_calls": ["f"]}]}]
    found = agreement(read_rated_replies(written(tmp_path / "rated.jsonl", *rows)))
    assert {"comment": 1, "history.tool_calls": 1, "history.weight": 2, "labels2": 1} == found["left_out"]
    assert "Keys that nothing here reads, left out: comment 1, history.tool_calls 1" in table(found)


@given(JSON, st.sampled_from(["group", "tutor", "history", "reply", "answer", "labels"]))
def test_any_value_is_read_or_ends_in_a_sentence(value: object, key: str) -> None:
    """Whatever JSON stands under a key, the row is read or a sentence names its line."""
    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder) / "rated.jsonl", ROW, ROW | {key: value})
        try:
            table(agreement(read_rated_replies(path)))
        except DataError as error:
            assert [2] == [problem.line for problem in error.problems]  # noqa: PT017 - both ends are right


def test_an_answer_given_as_text_is_one_answer(tmp_path: Path) -> None:
    """`"17"` is the number seventeen and not the digits 1 and 7."""
    (row,) = read_rated_replies(written(tmp_path / "rated.jsonl", {**ROW, "answer": "17"}))
    assert ("17",) == row.answer


@pytest.mark.slow
@pytest.mark.skipif(not RATED.exists(), reason="the rated replies are not part of the project")
def test_the_scores_agree_with_people_as_the_project_says() -> None:
    """On the sample at hand the shipped scorers reach what is told of them."""
    scores = agreement(read_rated_replies(RATED / "mrbench.jsonl"))["scores"]
    rho = agreement(read_rated_replies(RATED / "uptake.jsonl"))["scores"]["uptake"]["spearman"]["value"]
    judges = {"mistake_identification": 0.534, "mistake_location": 0.478, "providing_guidance": 0.45, "actionability": 0.41}
    told = {score.name: score.checked.value for score in MEASURES.values() if score.checked and score.checked.figure == "macro-F1"}
    assert told.keys() == judges.keys()
    assert all(scores[name]["macro_f1"]["value"] > judge for name, judge in judges.items())
    assert all(scores[name]["macro_f1"]["value"] >= value - 0.005 for name, value in told.items())
    assert (True, True) == (scores["leak"]["f1"]["value"] >= 0.75, rho >= 0.55)
