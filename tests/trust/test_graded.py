"""Graded and rated replies are read as they are written, or refused with their line."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import small_run
from three_tutors.pipeline.diagnostics import DataError
from three_tutors.trust.faults import grading
from three_tutors.trust.following import following
from three_tutors.trust.graded import by_moment, of_moments, read_graded
from three_tutors.tutoring.dialogue import Turn
from three_tutors.tutoring.moment import GradedReply, Moment, Side

ROW: dict[str, Any] = {
    "id": "halves#0/1",
    "group": "halves",
    "kind": "ideal",
    "grade": 3,
    "subject": "mathematics",
    "school_grade": 5,
    "topic": "fractions",
    "answer": ["5/6"],
    "understanding": "wrong",
    "history": [{"role": "student", "content": "I got 2/5."}],
    "reply": "Which is bigger, 2/5 or 1/2?",
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["role", "content", "sense"]) | st.text(), inner, max_size=3)
    ),
    max_leaves=6,
)
MESSAGES = st.lists(
    st.fixed_dictionaries({"role": st.sampled_from(["student", "user", "teacher", "assistant"]), "content": st.text()}), max_size=3
)


def written(path: Path, *rows: object) -> Path:
    """Write rows as JSON Lines."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_a_graded_row_is_read_with_its_lesson(tmp_path: Path) -> None:
    """The scorers get what the student turn shows and which answer must not be given away."""
    (one,) = read_graded(written(tmp_path / "graded.jsonl", ROW))
    assert (one.kind, one.grade, one.group, one.writer, one.labels) == ("ideal", 3.0, "halves", "", {})
    assert (one.replied.lesson.answer, one.replied.lesson.grade, one.replied.turns[-1].understanding) == (("5/6",), 5, "wrong")


def test_a_rated_row_is_read_with_its_writer(tmp_path: Path) -> None:
    """A label that is null was not given."""
    row = {key: ROW[key] for key in ("group", "history", "reply")} | {"tutor": "lora", "labels": {"sense": 2, "teaching": None}}
    (one,) = read_graded(written(tmp_path / "rated.jsonl", row))
    assert (one.writer, one.kind, one.grade, one.labels) == ("lora", "", None, {"sense": 2.0})


def test_an_understanding_is_of_the_student_turn_answered(tmp_path: Path) -> None:
    """After a teacher's turn, or with a word that is not ours, no turn shows anything."""
    ends = [{"role": "student", "content": "2/5"}, {"role": "teacher", "content": "Why?"}]
    rows = read_graded(written(tmp_path / "graded.jsonl", {**ROW, "history": ends}, {**ROW, "understanding": "dazed"}))
    assert {turn.understanding for row in rows for turn in row.replied.turns} == {""}


def test_replies_to_one_student_turn_are_one_moment(tmp_path: Path) -> None:
    """Rows belong together by what was said before and what is taught, not by where they stand."""
    other = {**ROW, "history": [{"role": "student", "content": "I got 3/5."}]}
    rows = read_graded(written(tmp_path / "graded.jsonl", ROW, other, {**ROW, "kind": "leak", "grade": 0}, {**ROW, "topic": "sums"}))
    assert [[row.kind for row in some] for some in by_moment(rows)] == [["ideal", "leak"], ["ideal"], ["ideal"]]


def test_the_moments_of_the_project_are_graded_replies() -> None:
    """Each reply to each side of a pair is a row; the sides are two moments of one group."""
    replies = (GradedReply("Why?", "ideal", "asks"), GradedReply("5/6.", "leak", "tells"))
    sides = tuple(Side((Turn("student", text),), replies, fits) for text, fits in (("I got 2/5.", "doubt"), ("I got 5/6.", "accept")))
    rows = of_moments([Moment("halves", small_run.dialogues(1)[0].lesson, sides, pair="right_or_wrong")])
    assert [(row.item, row.group, row.kind, row.grade) for row in rows] == [
        ("halves/1", "halves", "ideal", 3.0),
        ("halves/1", "halves", "leak", 0.0),
        ("halves/2", "halves", "ideal", 3.0),
        ("halves/2", "halves", "leak", 0.0),
    ]
    assert [(row.pair, row.replied.pair, row.replied.about) for row in rows] == [("halves", "halves", "right_or_wrong")] * 4
    assert [row.replied.side.fits for row in rows if row.replied.side] == ["doubt", "doubt", "accept", "accept"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"grade": 4}, "grade must be a number from 0 to 3, not 4"),
        ({"grade": True}, "grade must be a number from 0 to 3, not True"),
        ({"grade": "3"}, "grade must be a number from 0 to 3, not '3'"),
        ({"labels": ["sense"]}, "labels is no JSON object"),
        ({"labels": False}, "labels is no JSON object"),
        ({"labels": {"sense": "5"}}, "the label sense must be a number, not '5'"),
        ({"history": "hi"}, "history is no JSON list"),
        ({"history": [{"role": "robot", "content": "hi"}]}, "role 'robot' is neither student nor teacher"),
        ({"history": ["hi"]}, "is neither student nor teacher"),
        ({"reply": 5}, "reply "),
        ({"answer": [{}]}, "answer must be a word or a number, not {}"),
        ({"group": ["a"]}, "group must be a word or a number, not ['a']"),
    ],
)
def test_a_wrong_row_is_refused_with_its_line(tmp_path: Path, change: dict[str, Any], expected: str) -> None:
    """The line, what is wrong and what a row has; rows that are right do not hide it, and blank lines count."""
    path = tmp_path / "graded.jsonl"
    path.write_text(f"{json.dumps(ROW)}\n\n{json.dumps({**ROW, **change})}\n", encoding="utf-8")
    with pytest.raises(DataError, match=re.escape(f"{path}: 1 rows cannot be read")) as caught:
        read_graded(path)
    (problem,) = caught.value.problems
    assert (problem.line, problem.hint) == (3, "a row has group, history, reply, and kind with grade, or labels")
    assert problem.message.startswith("not a graded reply: ")
    assert expected in problem.message


def test_every_wrong_line_is_told(tmp_path: Path) -> None:
    """Half a line has its column; a row without its keys names them."""
    path = tmp_path / "graded.jsonl"
    path.write_text(f'{{"group": "a", \n[]\n{json.dumps({"group": "a"})}\n', encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_graded(path)
    assert [problem.line for problem in caught.value.problems] == [1, 2, 3]
    assert caught.value.problems[0].column > 1
    assert [problem.message.partition(": ")[2] for problem in caught.value.problems[1:]] == [
        "the line holds no JSON object",
        "history, reply missing",
    ]


def test_a_file_without_rows_is_refused(tmp_path: Path) -> None:
    """Missing, a folder or empty: one sentence."""
    (tmp_path / "empty.jsonl").write_text("\n", encoding="utf-8")
    for name, expected in (("none.jsonl", "there is no such file"), ("", "there is no such file"), ("empty.jsonl", "is empty")):
        with pytest.raises(DataError, match=expected):
            read_graded(tmp_path / name)


@given(st.sampled_from([*ROW, "tutor", "pair", "labels"]), JSON)
def test_whatever_a_field_holds_a_row_is_read_or_refused(name: str, value: object) -> None:
    """Odd input ends in rows that every scorer takes, or in a problem with its line; never in a traceback."""
    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder) / "graded.jsonl", {**ROW, name: value}, ROW)
        try:
            rows = read_graded(path)
        except DataError as error:
            rows, refused = [], [problem.line for problem in error.problems]
        else:
            refused = []
    assert (len(rows), refused) in ((2, []), (0, [1]))
    assert all(row.grade is None or 0 <= row.grade <= 3 for row in rows)
    grading(rows)
    following(rows)


@given(MESSAGES, st.text(), st.sampled_from(["wrong", "correct", None]), st.sampled_from(["ideal", "leak", ""]))
def test_any_conversation_can_be_graded(history: list[dict[str, str]], reply: str, understanding: str | None, kind: str) -> None:
    """Silence, a single sign, two teachers' turns in a row: the scorers give a value or none."""
    with tempfile.TemporaryDirectory() as folder:
        changed = {**ROW, "history": history, "reply": reply, "understanding": understanding, "kind": kind, "grade": None}
        rows = read_graded(written(Path(folder) / "graded.jsonl", changed, ROW))
    found = grading(rows)
    following(rows)
    assert (found.rows, found.groups) == (2, 1)
