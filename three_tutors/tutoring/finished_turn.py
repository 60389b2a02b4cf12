"""What a finished turn of a teacher is: it speaks as itself, says nothing twice and does not stop in the middle."""

from __future__ import annotations

import re

from three_tutors.tutoring.words import sentences, words

_MACHINERY = re.compile(
    r"""<\|\w+\|>|\[\[\s*\#\#|\#\#\#|^\s*(?:user|assistant|system|student|teacher|tutor)\s*:|\b(?:as\san\sai|language\smodel|tutor\sresponse)\b
    |\bthe\sstudent(?:'s\s(?:answer|response|question|work)|\s(?:is|has|should|can|said|says|answered|seems))\b""",
    re.IGNORECASE | re.MULTILINE | re.VERBOSE,
)
_ENDS = tuple(".!?…)\"'”’:`»*}]")
CUT_OFF = "stops in the middle of a sentence"
_REPEATED = 0.15
"""Largest share of repeated runs of three words that is no loop; our teachers stay below it."""
_LONG_ENOUGH = 12
"""From this many words on, a reply that ends without a full stop was cut off."""


def fault(reply: str) -> str | None:
    """Return why `reply`, by its words alone, is not a finished turn of a teacher, or None where it is one."""
    if not words(reply):
        return "says nothing"
    if found := _MACHINERY.search(reply):
        return f"shows machinery: “{found.group().strip()}”"
    if loops(reply):
        return "repeats itself"
    if len(words(reply)) >= _LONG_ENOUGH and not ends(reply):
        return CUT_OFF
    return None


def ends(reply: str) -> bool:
    """Return whether `reply` stops where a sentence, a quotation or a piece of code may."""
    return reply.rstrip().endswith(_ENDS)


def loops(reply: str) -> bool:
    """Return whether `reply` says a sentence twice or goes round in the same words."""
    said = [sentence.lower() for sentence in sentences(reply)]
    return len(set(said)) < len(said) or repeated_share(reply) > _REPEATED


def repeated_share(reply: str, size: int = 3) -> float:
    """Return the share of runs of `size` words that occurred in `reply` before (rep-n of Welleck et al. 2020)."""
    said = words(reply)
    runs = [tuple(said[index : index + size]) for index in range(len(said) - size + 1)]
    return 1 - len(set(runs)) / len(runs) if runs else 0.0
