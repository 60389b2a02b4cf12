"""What optimisation maximises cannot be had without saying something of what the teacher says."""

from __future__ import annotations

from collections.abc import Callable

import dspy
import pytest

from tests.held_out import held_out
from tests.prompting.conftest import taught
from three_tutors.pipeline.records import Record
from three_tutors.prompting import metric
from three_tutors.prompting.examples import example
from three_tutors.prompting.meter import Meter, Stop
from three_tutors.scoring.replied import Replied
from three_tutors.scoring.substance import substance
from three_tutors.trust.bots import bots
from three_tutors.tutoring import formats
from three_tutors.tutoring.dialogue import Dialogue, Turn
from three_tutors.tutoring.questions import questions


def test_a_reply_without_a_fault_is_worth_its_substance(
    corpus: list[Dialogue], rows: list[Record], new_meter: Callable[..., Meter]
) -> None:
    """The number, the yes or no and the feedback are one and the same score of one and the same conversation."""
    dialogue, turn, reply, meter = corpus[0], example(rows[1]), taught(rows[1]["said"]), new_meter()
    worth = substance(Replied(dialogue.lesson, dialogue.turns[:3], reply, reference=dialogue.turns[3])).value
    prediction = dspy.Prediction(reply=reply)
    assert worth is not None
    assert worth >= metric.PASS
    assert metric.judge(turn, reply).value == worth
    assert metric.worth_metric(meter)(turn, prediction) == worth
    assert metric.worth_metric(meter)(turn, prediction, trace=[]) is True
    assert metric.feedback_metric(meter)(turn, prediction, None, "turn", None).score == worth
    assert metric.judge(turn, turn.reply) == metric.Worth(1.0, "")


def test_no_bot_gets_a_quarter_of_what_the_teachers_get() -> None:
    """Over held-out turns of all dialogues; the shuffled teachers' turns are mostly no sentences."""
    asked = questions(held_out())[::4]
    rows = {(row["dialogue"], row["turn"]): example(row) for dialogue in held_out() for row in formats.dspy_rows(dialogue)}
    turns = [rows[one.dialogue, one.turn + 1] for one in asked]
    teachers = sum(metric.judge(turn, turn.reply).value for turn in turns)
    got = {
        name: sum(metric.judge(turn, bot(one)).value for turn, one in zip(turns, asked, strict=True))
        for name, bot in bots({one.id: one.turns for one in held_out()}, held_out()).items()
    }
    assert teachers > 0.9 * len(turns)
    assert {name: worth / teachers for name, worth in got.items() if worth > teachers / 4} == {}


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        ("Great job! What happens to each piece if you cut a bar?", "Great job"),
        ("What happens to each piece? What happens to each piece? What happens to each piece?", "A fault"),
        ("I think halves are bigger when the bottom number is bigger.", "A fault"),
        ("Each piece is smaller than a penny. What happens if you cut one bar?", "penny"),
        ("", "says nothing"),
    ],
    ids=["praise after a mistake", "going round in circles", "repeating the student", "the answer", "silence"],
)
def test_a_fault_makes_it_nothing_whatever_else_is_said(
    rows: list[Record], new_meter: Callable[..., Meter], fault: str, named: str
) -> None:
    """However much of the teacher's words is in it; GEPA's reflection reads which fault it was, and what the teacher said instead."""
    turn = example(rows[0] | {"answer": ["smaller than a penny"]})
    feedback = metric.feedback_metric(new_meter())(turn, dspy.Prediction(reply=fault), None, None, None)
    assert feedback.score == 0
    assert not metric.judge(turn, fault).passed
    assert named in feedback.feedback
    assert rows[0]["reply"] in feedback.feedback


def test_feedback_says_that_nothing_of_the_teachers_was_brought_in(rows: list[Record], new_meter: Callable[..., Meter]) -> None:
    """A template is no fault and worth nothing; the reply that says enough is told only what the teacher said."""
    told = metric.feedback_metric(new_meter())
    template, good = (
        told(example(rows[0]), dspy.Prediction(reply=reply)) for reply in ("What makes you think so?", taught(rows[0]["said"]))
    )
    assert (template.score, template.feedback.partition(" The teacher")[0]) == (0, "It brings in nothing that the teacher does.")
    assert good.feedback == f"The teacher of this lesson said: {rows[0]['reply']}"


def test_where_the_teacher_brings_in_nothing_only_the_teachers_reply_is_worth_anything(rows: list[Record]) -> None:
    """No other reply can be compared there, so it neither earns nor is it shown."""
    turn = example(rows[0] | {"reply": "Are halves bigger?"})
    assert metric.judge(turn, "Cut one bar into halves.") == metric.Worth(0.0, "")
    assert metric.judge(turn, "Are halves bigger?").passed


def test_an_examples_conversation_is_the_dialogues(corpus: list[Dialogue], rows: list[Record]) -> None:
    """Faults are looked for in the whole conversation, with what the student's last turn shows."""
    before = tuple(Turn(turn.speaker, turn.text) for turn in corpus[0].turns[:2])
    assert metric.turns_of(example(rows[1])) == (*before, corpus[0].turns[2])
    assert metric.lesson_of(example(rows[1])) == corpus[0].lesson


def test_a_failure_in_the_metric_stops_the_run(
    rows: list[Record], new_meter: Callable[..., Meter], monkeypatch: pytest.MonkeyPatch
) -> None:
    """DSPy would score it as a zero and go on; here it is raised as it was."""

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(metric, "substance", broken)
    meter = new_meter()
    with pytest.raises(Stop):
        metric.worth_metric(meter)(example(rows[0]), dspy.Prediction(reply="Cut one bar."))
    with pytest.raises(ZeroDivisionError):
        meter.forgive()
