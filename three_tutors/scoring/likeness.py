"""Likeness: how close the wording is to the teacher's own reply."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from three_tutors.scoring.measure import HIGHER, Measure
from three_tutors.scoring.score import Score

if TYPE_CHECKING:
    from sacrebleu.metrics.chrf import CHRF


@cache
def _chrf() -> CHRF:
    from sacrebleu.metrics.chrf import CHRF  # noqa: PLC0415 - only `evaluate` pays for it

    return CHRF()


def chrf(reply: str, reference: str | None) -> Score:
    """Return chrF of `reply` to `reference`, 0–1 (Popović 2015). Unscored where there is no reference.

    Against expert replies it agrees with people at .33 a reply and .76 over systems.
    """
    if reference is None:
        return Score.unscored("no teacher replied here")
    return Score(_chrf().sentence_score(reply, [reference]).score / 100, "likeness of letters to the teacher's reply")


LIKENESS = Measure(
    name="chrf",
    label="Likeness to the teacher",
    question="How like the teacher's reply is its wording (chrF)?",
    happens="Likeness to the teachers' wording is",
    how=HIGHER,
    of=lambda one: chrf(one.reply, one.reference.text if one.reference else None),
    about="the teacher's words",
    holds_against_teacher=True,
    in_metrics=True,
)
