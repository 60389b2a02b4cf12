"""Broken text: a reply that repeats itself, speaks for the student, shows machinery or stops in the middle."""

from __future__ import annotations

from three_tutors.scoring.measure import Measure
from three_tutors.scoring.replied import Replied
from three_tutors.scoring.score import Score
from three_tutors.tutoring.finished_turn import CUT_OFF, ends, fault


def broken_words(one: Replied) -> Score:
    """Return 1 where a reply is no finished turn of a teacher by its words alone, which is all that the rubric sees, else 0."""
    found = fault(one.reply)
    return Score(1.0, found) if found else Score(0.0, "is a finished turn")


def broken(one: Replied) -> Score:
    """Return 1 where a reply is no finished turn of a teacher, else 0: a short one that ran out of tokens is none either."""
    found = one.finding(broken_words)
    if not found.value and one.finish_reason == "length" and not ends(one.reply):
        return Score(1.0, CUT_OFF)
    return found


BROKEN = Measure(
    name="broken",
    label="Broken text",
    question="Does it repeat itself or break off?",
    happens="Broken or repeated text is written",
    of=broken,
    about="the text",
    better="lower",
    in_metrics=True,
    failure="Broken or repeated text",
)
