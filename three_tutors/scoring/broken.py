"""Broken text: a reply that repeats itself, speaks for the student, shows machinery or stops in the middle."""

from __future__ import annotations

from three_tutors.scoring.score import Score
from three_tutors.tutoring.finished_turn import fault


def broken(reply: str, finish_reason: str = "stop") -> Score:
    """Return 1 where `reply` is no finished turn of a teacher, else 0."""
    found = fault(reply, finish_reason)
    return Score(1.0, found) if found else Score(0.0, "is a finished turn")
