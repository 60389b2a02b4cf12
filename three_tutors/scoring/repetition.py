"""Broken output: a reply that repeats itself, speaks for the student, shows machinery or stops in the middle."""

from __future__ import annotations

import re

from three_tutors.scoring.score import Score
from three_tutors.tutoring.words import sentences, words

_MACHINERY = re.compile(
    r"""<\|\w+\|>|\[\[\s*\#\#|\#\#\#|^\s*(?:user|assistant|system|student|teacher|tutor)\s*:|\b(?:as\san\sai|language\smodel|tutor\sresponse)\b
    |\bthe\sstudent(?:'s\s(?:answer|response|question|work)|\s(?:is|has|should|can|said|says|answered|seems))\b""",
    re.IGNORECASE | re.MULTILINE | re.VERBOSE,
)
_ENDS = tuple(".!?…)\"'”’:`»*}]")


_REPEATED = 0.15
"""Share of repeated runs of three words; the teachers here stay under it."""
_LONG_ENOUGH = 12
"""Words from which a reply without a full stop is one that was cut."""


def repeated_share(reply: str, size: int = 3) -> float:
    """Return the share of runs of `size` words that stood in `reply` before, 0 where there is none (rep-n of Welleck et al. 2020)."""
    said = words(reply)
    runs = [tuple(said[index : index + size]) for index in range(len(said) - size + 1)]
    return 1 - len(set(runs)) / len(runs) if runs else 0.0


def loops(reply: str) -> bool:
    """Return whether `reply` says a sentence twice or goes round in the same words."""
    said = [sentence.lower() for sentence in sentences(reply)]
    return len(set(said)) < len(said) or repeated_share(reply) > _REPEATED


def broken(reply: str, finish_reason: str = "stop") -> Score:
    """Return 1 where `reply` is no finished turn of a teacher, else 0."""
    if not words(reply):
        return Score(1.0, "says nothing")
    if found := _MACHINERY.search(reply):
        return Score(1.0, f"shows machinery: “{found.group().strip()}”")
    if loops(reply):
        return Score(1.0, "repeats itself")
    if not reply.rstrip().endswith(_ENDS) and (finish_reason == "length" or len(words(reply)) >= _LONG_ENOUGH):
        return Score(1.0, "stops in the middle of a sentence")
    return Score(0.0, "is a finished turn")
