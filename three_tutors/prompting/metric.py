"""What optimisation maximises: the evaluation's own rubric, in the three shapes that DSPy's optimisers call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import dspy

from three_tutors.prompting.adapter import history_messages
from three_tutors.prompting.meter import Meter
from three_tutors.scoring.rubric import RubricScore, score
from three_tutors.tutoring.dialogue import Lesson, Turn
from three_tutors.tutoring.fields import values

Metric = Callable[..., Any]


def judge(example: dspy.Example, reply: str) -> RubricScore:
    """Return the rubric's score of `reply` to the student turn of `example`."""
    return score(reply, lesson=lesson_of(example), turns=turns_of(example), reference=example.reply)


def lesson_of(example: dspy.Example) -> Lesson:
    """Return the lesson of an example."""
    return Lesson(**values(Lesson, example.toDict()))


def turns_of(example: dspy.Example) -> tuple[Turn, ...]:
    """Return the conversation up to and including the student turn that is answered."""
    before = [Turn(_speaker(message["role"]), message["content"]) for message in history_messages(example.history)]
    return (*before, Turn("student", example.said, understanding=example.understanding))


def rubric_metric(meter: Meter) -> Metric:
    """Return the metric for evaluating (a float from 0 to 1) and for bootstrapping (whether every criterion is met).

    DSPy hands a trace over while it bootstraps, and only then. A failure in the rubric stops the run: DSPy would count
    it as a zero.
    """

    def metric(example: dspy.Example, prediction: dspy.Prediction, trace: object = None) -> float | bool:
        with meter.stopping():
            verdict = judge(example, prediction.reply)
        return verdict.value if trace is None else verdict.passed

    return metric


def feedback_metric(meter: Meter) -> Metric:
    """Return the metric for GEPA: a score, with what the rubric says about the reply."""

    def metric(
        gold: dspy.Example, pred: dspy.Prediction, trace: object = None, pred_name: str | None = None, pred_trace: object = None
    ) -> dspy.Prediction:
        del trace, pred_name, pred_trace
        with meter.stopping():
            verdict = judge(gold, pred.reply)
            feedback = f"{verdict.feedback} The teacher of this lesson said: {gold.reply}"
        return dspy.Prediction(score=verdict.value, feedback=feedback)

    return metric


def _speaker(role: str) -> Literal["student", "teacher"]:
    return "student" if role == "user" else "teacher"
