"""Uptake: does the reply take up what the student just said?

Demszky et al. (2021), "Measuring Conversational Uptake": teachers who build on a student's words teach better.
"""

from __future__ import annotations

from collections.abc import Sequence

from stages.tutoring.dialogue import Turn
from stages.tutoring.score import Score
from stages.tutoring.words import content_words, words

# A reply that says little beyond the student's own words repeats them; it does not build on them.
_PARROT_SHARE = 0.7
_PARROT_WORDS = 4
_ADDED_WORDS = 2


def uptake(reply: str, turns: Sequence[Turn]) -> Score:
    """Return how far `reply` takes up the last student turn, 0–1. Unscored where the student said nothing to take up."""
    said = last_student_words(turns)
    if not said:
        return Score.unscored("the student said nothing to take up")
    replied = content_words(reply)
    shared = [word for word in dict.fromkeys(replied) if word in said]
    if parrots(reply, turns):
        return Score(0.0, "repeats the student and adds nothing")
    added = [word for word in dict.fromkeys(replied) if word not in said]
    if len(added) < _ADDED_WORDS and len(shared) > len(added):
        return Score(0.25, f"echoes {', '.join(shared)} and adds little")
    value = min(1.0, len(shared) / min(3, len(said)))
    return Score(value, f"takes up {', '.join(shared)}" if shared else "takes up nothing the student said")


def last_student_words(turns: Sequence[Turn]) -> frozenset[str]:
    """Return the content words of the last student turn."""
    last = next((turn.text for turn in reversed(turns) if turn.speaker == "student"), "")
    return frozenset(content_words(last))


def parrots(reply: str, turns: Sequence[Turn]) -> bool:
    """Return whether `reply` is mostly a run of the student's own words, or repeats any earlier turn."""
    replied = words(reply)
    if len(replied) < _PARROT_WORDS:
        return False
    for turn in turns:
        earlier = words(turn.text)
        copied = _longest_common_run(replied, earlier)
        if copied >= _PARROT_WORDS and copied >= _PARROT_SHARE * len(replied):
            return True
    return False


def _longest_common_run(one: list[str], other: list[str]) -> int:
    """Return the length of the longest run of words that stands in both."""
    best, previous = 0, [0] * (len(other) + 1)
    for word in one:
        current = [0] * (len(other) + 1)
        for index, candidate in enumerate(other, start=1):
            if word == candidate:
                current[index] = previous[index - 1] + 1
                best = max(best, current[index])
        previous = current
    return best
