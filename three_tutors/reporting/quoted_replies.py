"""Replies that a reader can judge alone: one best, one median and one worst of each tutor."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from three_tutors.reporting.evidence import Evidence
from three_tutors.reporting.exam import FITS
from three_tutors.reporting.findings import Findings
from three_tutors.scoring.scores import MEASURES
from three_tutors.tutoring.questions import asked_moments, questions


@dataclass(frozen=True)
class Quoted:
    """One reply with what it answers."""

    rank: str
    """`best`, `median` or `worst`; `drawn` where nothing orders the replies."""
    student: str
    reply: str
    item: str


def quotations(evidence: Evidence, findings: Findings, tutor: str) -> list[Quoted]:
    """Return one best, one median and one worst reply of a tutor by what tells teaching from tricks, or three by a fixed draw.

    The same draw orders replies of equal merit.
    """
    said = {one.item: one.turns[-1].text for one in questions(evidence.test)}
    said |= {item: side.turns[-1].text for item, _, side in asked_moments(evidence.moments)}
    scores, answers = evidence.scores.get(tutor, {}), evidence.answers.get(tutor, {})
    telling = [FITS, *(name for name in findings.telling() if name != FITS)]

    def merit(item: str) -> float | None:
        values = [
            _merit(name, value) for name in telling if name in scores.get(item, {}) and (value := scores[item][name].value) is not None
        ]
        return sum(values) / len(values) if values else None

    merits = {item: merit(item) for item in said if item in answers}
    ordered = {item: value for item, value in merits.items() if value is not None}
    if len(set(ordered.values())) > 1:
        ranked = sorted(ordered, key=lambda item: (-ordered[item], _draw(item)))
        chosen = {"best": ranked[0], "median": ranked[len(ranked) // 2], "worst": ranked[-1]}
    else:
        chosen = {f"drawn {place}": item for place, item in enumerate(sorted(merits, key=_draw)[:3], start=1)}
    return [Quoted(rank.split()[0], said[item], answers[item].reply, item) for rank, item in chosen.items()]


def alike(quoted: Mapping[str, Sequence[Quoted]]) -> dict[str, str]:
    """Return for each tutor whose quoted replies are those of an earlier one, to the same students, that one's name."""
    found: dict[tuple[Quoted, ...], str] = {}
    return {tutor: first for tutor, some in quoted.items() if some and (first := found.setdefault(tuple(some), tutor)) != tutor}


def _merit(name: str, value: float) -> float:
    return 1 - value if name in MEASURES and MEASURES[name].better == "lower" else value


def _draw(item: str) -> bytes:
    return hashlib.sha256(item.encode()).digest()
