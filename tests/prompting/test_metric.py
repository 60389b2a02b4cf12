from __future__ import annotations

from collections.abc import Callable

import dspy
import pytest

from three_tutors.pipeline.records import Record
from three_tutors.prompting import metric
from three_tutors.prompting.examples import example
from three_tutors.prompting.meter import Meter, Stop
from three_tutors.scoring.rubric import score
from three_tutors.tutoring.dialogue import Dialogue

PRAISE = "Great job! That is right."


def test_the_metric_is_the_evaluations_rubric(corpus: list[Dialogue], rows: list[Record], new_meter: Callable[..., Meter]) -> None:
    """The number, the yes or no and the feedback are one and the same score of one and the same conversation."""
    dialogue, turn = corpus[0], example(rows[1])
    verdict = score(PRAISE, lesson=dialogue.lesson, turns=dialogue.turns[:3], reference=dialogue.turns[3].text)
    prediction, meter = dspy.Prediction(reply=PRAISE), new_meter()
    assert metric.judge(turn, PRAISE) == verdict
    assert metric.rubric_metric(meter)(turn, prediction) == verdict.value
    assert metric.rubric_metric(meter)(turn, prediction, trace=[]) is verdict.passed
    feedback = metric.feedback_metric(meter)(turn, prediction, None, "turn", None)
    assert feedback.score == verdict.value
    assert verdict.feedback in feedback.feedback


def test_feedback_names_what_failed(rows: list[Record], new_meter: Callable[..., Meter]) -> None:
    """GEPA's reflection reads which criterion a reply did not meet, and what the teacher said instead."""
    feedback = metric.feedback_metric(new_meter())(example(rows[0]), dspy.Prediction(reply=PRAISE), None, None, None).feedback
    assert "false_praise" in feedback
    assert rows[0]["reply"] in feedback


def test_a_failure_in_the_rubric_stops_the_run(
    rows: list[Record], new_meter: Callable[..., Meter], monkeypatch: pytest.MonkeyPatch
) -> None:
    """DSPy would score it as a zero and go on; here it is raised as it was."""

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(metric, "score", broken)
    meter = new_meter()
    with pytest.raises(Stop):
        metric.rubric_metric(meter)(example(rows[0]), dspy.Prediction(reply=PRAISE))
    with pytest.raises(ZeroDivisionError):
        meter.forgive()
