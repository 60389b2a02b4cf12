"""Quotations: find the words of a reply that decided its scores, so that a page can mark them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from three_tutors.scoring.score import Score

_QUOTED = re.compile(r"“([^”]+)”")


@dataclass(frozen=True)
class Stretch:
    """A stretch of a reply; `scores` names the scores that it decided, and is empty for the rest of the text."""

    text: str
    scores: tuple[str, ...] = ()


def quoted(reason: str) -> list[str]:
    """Return what stands between typographic quotation marks in a reason: there the scorers cite the reply."""
    return _QUOTED.findall(reason)


def pieces(reply: str, scores: Mapping[str, Score]) -> list[Stretch]:
    """Cut `reply` into pieces at the words that its scores cite; joined together they are the reply again."""
    deciding: list[tuple[str, ...]] = [()] * len(reply)
    for name, score in scores.items():
        for start, end in _places(reply, quoted(score.reason)):
            for index in range(start, end):
                if name not in deciding[index]:
                    deciding[index] = (*deciding[index], name)
    cut: list[Stretch] = []
    start = 0
    for index in range(1, len(reply) + 1):
        if index == len(reply) or deciding[index] != deciding[start]:
            cut.append(Stretch(reply[start:index], deciding[start]))
            start = index
    return cut


def _places(reply: str, citations: Iterable[str]) -> list[tuple[int, int]]:
    """Return where the citations stand, whatever their case; at the ends of words where they begin or end with one."""
    found = []
    for citation in citations:
        words = citation.strip()
        if not words:
            continue
        before, after = (r"(?<!\w)" if words[0].isalnum() else ""), (r"(?!\w)" if words[-1].isalnum() else "")
        found += [match.span() for match in re.finditer(before + re.escape(words) + after, reply, re.IGNORECASE)]
    return found
