"""How the tutors sound: how their replies begin, how many of them are the same, and replies to judge by oneself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from three_tutors.reporting.evidence import Evidence
from three_tutors.reporting.quoted_replies import Quoted
from three_tutors.tutoring.methods import REFERENCE, TUTORS
from three_tutors.tutoring.words import words

OPENING = 3
"""Words of an opening."""
SHOWN = 5


@dataclass(frozen=True)
class Voice:
    """What one tutor's replies have in common."""

    tutor: str
    replies: int
    distinct: int
    """Replies that differ in their words."""
    median_words: float
    openings: Sequence[tuple[str, int]]
    """The commonest first words with how many replies begin so; only those that begin more than one reply."""
    quoted: Sequence[Quoted]


def voices(evidence: Evidence, quotations: Mapping[str, Sequence[Quoted]]) -> list[Voice]:
    """Return how everybody sounds, the teachers last; whoever said nothing is left out."""
    found = []
    for tutor in (*TUTORS, REFERENCE):
        said = [one.reply for one in evidence.answers.get(tutor, {}).values() if one.reply.strip()]
        if said:
            spoken = [" ".join(reply.split()) for reply in said]
            openings = Counter(" ".join(reply.split()[:OPENING]).strip(".,:;!?").lower() for reply in spoken)
            common = sorted(((text, number) for text, number in openings.items() if number > 1), key=lambda one: (-one[1], one[0]))
            lengths = median(len(words(reply)) for reply in spoken)
            found.append(
                Voice(tutor, len(said), len({reply.lower() for reply in spoken}), lengths, common[:SHOWN], quotations.get(tutor, ()))
            )
    return found
