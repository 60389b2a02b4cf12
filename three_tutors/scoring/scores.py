"""The scores of a reply: the one list of what there is. A new score is a module of this room and its place in this list."""

from __future__ import annotations

from collections.abc import Mapping

from three_tutors.scoring import (
    broken,
    context,
    contrast,
    dimensions,
    expectations,
    leak,
    likeness,
    moves,
    praise,
    questioning,
    readability,
    rubric,
    safety,
    sense,
    strategy_classifier,
    substance,
    uptake,
)
from three_tutors.scoring.measure import TOPICS, Measure
from three_tutors.scoring.replied import Replied
from three_tutors.scoring.score import Score
from three_tutors.tutoring.words import words

SCORES: tuple[Measure, ...] = (
    rubric.SCORE,
    leak.LEAK,
    uptake.UPTAKE,
    questioning.QUESTIONS,
    praise.FALSE_PRAISE,
    moves.REPAIR,
    questioning.FOLLOW_UP,
    broken.BROKEN,
    uptake.PARROTS,
    sense.SENSE,
    context.CONSISTENCY,
    expectations.EXPECTATIONS,
    expectations.REMEMBERS,
    safety.SAFE,
    safety.OVERREFUSES,
    contrast.FITS,
    likeness.LIKENESS,
    substance.SUBSTANCE,
    readability.LENGTH,
    readability.READING_LEVEL,
    dimensions.MISTAKE_IDENTIFICATION,
    dimensions.MISTAKE_LOCATION,
    dimensions.PROVIDING_GUIDANCE,
    dimensions.ACTIONABILITY,
    strategy_classifier.STRATEGY,
    context.SURPRISE,
)
"""In the order in which they stand in the score files."""

MEASURES: Mapping[str, Measure] = {one.name: one for one in sorted(SCORES, key=lambda one: TOPICS.index(one.about))}
"""Every score by its name, in the order of the tables."""


def scores(one: Replied) -> dict[str, Score]:
    """Return every score of one reply by its name; those of a reply are unscored where the tutor gave none."""
    silent = not words(one.reply)
    return {
        measure.name: Score.unscored("the tutor gave no reply") if silent and measure.needs_reply else one.finding(measure.of)
        for measure in SCORES
    }
