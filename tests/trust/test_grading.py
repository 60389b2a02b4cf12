"""Graded replies say which faults a score sees."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import small_run
from three_tutors.pipeline.records import write_jsonl
from three_tutors.scoring.measure import Measure
from three_tutors.scoring.replied import Replied
from three_tutors.scoring.score import Score
from three_tutors.scoring.scores import MEASURES
from three_tutors.trust.faults import grading
from three_tutors.trust.following import following
from three_tutors.trust.graded import Graded
from three_tutors.trust.grading import table
from three_tutors.tutoring.dialogue import Lesson, Turn
from three_tutors.tutoring.moment import GradedReply, Moment, Side

LESSON = Lesson("mathematics", 5, "fractions", "adds them")


def valued(one: Replied) -> Score:
    """Give a reply the number that it consists of, and none to a word."""
    return Score(float(one.reply), "") if one.reply.replace(".", "").isdigit() else Score.unscored("is no number")


def measured(better: str = "higher") -> dict[str, Measure]:
    """Return one score that is whatever number the reply says."""
    return {"valued": replace(MEASURES["score"], name="valued", of=valued, better=better)}  # type: ignore[arg-type]


def row(moment: str, kind: str, reply: float | str, *, group: str = "") -> Graded:
    """Return a reply of one kind to one moment."""
    one = Replied(LESSON, (Turn("student", moment),), str(reply))
    return Graded(moment, group or moment, "", one, kind)


def test_pairs_within_a_moment_are_the_main_figure() -> None:
    """Moment a scores low and b high: within each the ideal reply wins or ties, over both it often loses."""
    rows = [row("a", "ideal", 1), row("a", "leak", 0), row("b", "ideal", 9), row("b", "leak", 9), row("b", "leak", 8)]
    found = grading(rows, measured()).sees["valued"]["leak"]
    assert (found.within and found.within.value, found.pairs) == (pytest.approx(2.5 / 3), 3)
    assert (found.anywhere, found.replies) == (pytest.approx(3.5 / 6), 3)


def test_lower_may_be_better() -> None:
    """A score of faults is turned round, so that every figure reads the same way."""
    rows = [row("a", "ideal", 0), row("a", "leak", 1)]
    assert [grading(rows, measured(better)).sees["valued"]["leak"].anywhere for better in ("higher", "lower")] == [0.0, 1.0]


def test_a_score_that_describes_is_not_graded() -> None:
    """Length is neither good nor bad, and what compares with the teacher's words judges no reply by itself."""
    rows = [row("a", "ideal", "Which is bigger, a half or a third?"), row("a", "leak", "It is 5/6, so write that down.")]
    found = grading(rows)
    assert {"words", "reading_level", "chrf", "nll"}.isdisjoint(found.sees)
    assert "score" in found.sees


def test_an_unscored_reply_is_in_no_pair() -> None:
    """A value that is missing is no zero; a kind that no pair is left of has no figure within moments."""
    rows = [row("a", "ideal", "none"), row("a", "leak", 1), row("b", "ideal", 2), row("b", "leak", "none")]
    found = grading(rows, measured())
    assert (found.sees["valued"]["leak"].within, found.sees["valued"]["leak"].anywhere) == (None, 1.0)
    assert (found.seen, found.unseen, found.pairs("leak")) == ([], [], 0)


@pytest.mark.parametrize(("reply", "seen"), [(0, ["leak"]), (1, [])])
def test_a_kind_is_seen_where_some_score_tells_it(reply: float, seen: list[str]) -> None:
    """A tie with the ideal reply is chance; a kind that nothing tells is named."""
    found = grading([row("a", "ideal", 1), row("a", "leak", reply)], measured())
    assert (found.seen, found.unseen) == (seen, [] if seen else ["leak"])


def test_intervals_draw_groups() -> None:
    """Two moments of one group are one draw: there is no interval; of two groups there is one."""
    one_group, two_groups = (
        [row("a", "ideal", 1), row("a", "leak", 0), row("b", "ideal", 1, group=name), row("b", "leak", 2, group=name)]
        for name in ("a", "b")
    )
    ends = [grading(rows, measured()).sees["valued"]["leak"].within for rows in (one_group, two_groups)]
    assert [(one.low, one.high) if one else None for one in ends] == [(None, None), (0.0, 1.0)]


REPLIES = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from(["ideal", "leak", "harmful", "of their own", ""]), st.integers(0, 4)), max_size=12
)


@given(REPLIES)
def test_turning_the_score_round_turns_every_figure(replies: Sequence[tuple[str, str, int]]) -> None:
    """An AUC of the reversed score is one less the AUC, ties and all."""
    rows = [row(*one) for one in replies]
    higher, lower = (grading(rows, measured(better)).sees.get("valued", {}) for better in ("higher", "lower"))
    assert higher.keys() == lower.keys()
    for kind in higher:
        assert higher[kind].anywhere + lower[kind].anywhere == pytest.approx(1)
        one, other = higher[kind].within, lower[kind].within
        assert (one is None) == (other is None)
        assert one is None or other is None or one.value + other.value == pytest.approx(1)


def moments() -> list[Moment]:
    """Return two moments, each with a good and a bad reply."""
    turns = (Turn("student", "I got 2/5 for 1/2 + 1/3.", understanding="wrong"),)
    good, bad = "Which is bigger, 2/5 or 1/2? Does your sum fit that?", "It is 5/6. It is 5/6. It is 5/6. It is 5/6."
    sides = (Side(turns, (GradedReply(good, "ideal", "tests it"), GradedReply(bad, "leak", "tells it"))),)
    lesson = small_run.dialogues(1)[0].lesson
    return [Moment(f"halves-{number}", lesson, sides) for number in (1, 2)]


def test_the_command_grades_a_file_or_the_exam(tmp_path: Path) -> None:
    """Without a file it takes the project's own test half; a person and a program read the same figures."""
    write_jsonl(tmp_path / "data/processed/moments/test.jsonl", (one.to_record() for one in moments()))
    history = [{"role": "student", "content": "I got 2/5."}]
    rated = {"group": "a", "history": history, "reply": "Which is bigger, 2/5 or 1/2?", "tutor": "lora"}
    write_jsonl(tmp_path / "rated.jsonl", [{**rated, "labels": {"sense": 5}}, {**rated, "reply": "It it it it it", "labels": {"sense": 1}}])
    command = [sys.executable, "-m", "three_tutors.trust.grading"]
    environment = {"PYTHONPATH": str(Path(__file__).parents[2])}
    shown, read, of_file = (
        subprocess.run([*command, *words], capture_output=True, text=True, check=True, cwd=tmp_path, env=environment).stdout
        for words in ([], ["--json"], ["rated.jsonl"])
    )
    assert json.loads(read)["sees"]["broken"]["leak"]["within"]["value"] == 1.0
    assert "  leak                  1.00 [1.00, 1.00] of 2 pairs; over all moments 1.00 of 2 replies" in shown
    assert "  ρ with sense          1.00 of 2 replies (lora 1.00)" in of_file


def test_the_command_says_what_is_missing(tmp_path: Path) -> None:
    """Without moments there is nothing to grade by: a sentence, no traceback."""
    environment = {"PYTHONPATH": str(Path(__file__).parents[2])}
    for rows, expected in ((None, "moments/test.jsonl is missing"), ([], "holds no graded reply")):
        if rows is not None:
            write_jsonl(tmp_path / "data/processed/moments/test.jsonl", rows)
        command = [sys.executable, "-m", "three_tutors.trust.grading"]
        answer = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment)
        assert (answer.returncode, "Traceback" in answer.stderr) == (1, False)
        assert expected in answer.stderr


def test_nothing_to_hold_a_score_against_is_said() -> None:
    """Replies that nobody graded or rated give no figure, and the table says so."""
    rows = [row("a", "", 1)]
    assert "No row has a kind" in table(grading(rows, measured()), following(rows, measured()))
