"""What optimisation maximises, in the three shapes that DSPy's optimisers call.

A reply is worth what it says of what the teacher brought in (`scoring.substance`), and nothing where it gives the answer away, praises
a mistake, repeats the student or is broken. The rubric was the metric once: it paid templates that read nothing more than teachers,
and an optimiser finds such a hole by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import dspy

from three_tutors.prompting.adapter import history_messages
from three_tutors.prompting.meter import Meter
from three_tutors.scoring.broken import broken_words
from three_tutors.scoring.leak import LEAK
from three_tutors.scoring.praise import false_praise
from three_tutors.scoring.replied import Replied
from three_tutors.scoring.substance import substance
from three_tutors.scoring.uptake import parroted
from three_tutors.tutoring.dialogue import Lesson, Turn
from three_tutors.tutoring.fields import values

Metric = Callable[..., Any]

PASS = 0.2
"""Worth from which a reply that the tutor wrote itself may be shown as an example. No bot reaches it on average, nor by far."""


@dataclass(frozen=True)
class Worth:
    """What a reply is worth, and why."""

    value: float
    """0–1; the teacher's own reply has 1."""
    feedback: str
    """What to do better, as sentences; empty where nothing is missing."""

    @property
    def passed(self) -> bool:
        """Whether the reply may be shown as an example."""
        return self.value >= PASS


def judge(example: dspy.Example, reply: str) -> Worth:
    """Return what `reply` to the student turn of `example` is worth."""
    one = Replied(lesson_of(example), turns_of(example), reply, reference=Turn("teacher", example.reply))
    faults = [found.reason for find in (LEAK.of, false_praise, broken_words, parroted) if (found := one.finding(find)).value]
    if faults:
        return Worth(0.0, " ".join(f"A fault: {fault}." for fault in faults))
    shared = one.finding(substance)
    if reply.strip() == example.reply.strip():
        return Worth(1.0, "")
    if shared.value is None:  # the teacher brings in nothing, so no other reply can earn anything here
        return Worth(0.0, "")
    return Worth(shared.value, "" if shared.value >= PASS else f"It {shared.reason}.")


def lesson_of(example: dspy.Example) -> Lesson:
    """Return the lesson of an example."""
    return Lesson(**values(Lesson, example.toDict()))


def turns_of(example: dspy.Example) -> tuple[Turn, ...]:
    """Return the conversation up to and including the student turn that is answered."""
    before = [Turn(_speaker(message["role"]), message["content"]) for message in history_messages(example.history)]
    return (*before, Turn("student", example.said, understanding=example.understanding))


def worth_metric(meter: Meter) -> Metric:
    """Return the metric for evaluating (a float from 0 to 1) and for bootstrapping (whether the reply may be an example).

    DSPy hands a trace over while it bootstraps, and only then. A failure in the metric stops the run: DSPy would count
    it as a zero.
    """

    def metric(example: dspy.Example, prediction: dspy.Prediction, trace: object = None) -> float | bool:
        with meter.stopping():
            verdict = judge(example, prediction.reply)
        return verdict.value if trace is None else verdict.passed

    return metric


def feedback_metric(meter: Meter) -> Metric:
    """Return the metric for GEPA: a score, with what is missing in the reply."""

    def metric(
        gold: dspy.Example, pred: dspy.Prediction, trace: object = None, pred_name: str | None = None, pred_trace: object = None
    ) -> dspy.Prediction:
        del trace, pred_name, pred_trace
        with meter.stopping():
            verdict = judge(gold, pred.reply)
            feedback = f"{verdict.feedback} The teacher of this lesson said: {gold.reply}"
        return dspy.Prediction(score=verdict.value, feedback=feedback.strip())

    return metric


def _speaker(role: str) -> Literal["student", "teacher"]:
    return "student" if role == "user" else "teacher"
