"""Weights: how the cues add up to the four dimensions, and where the levels begin.

Fitted once on MRBench (1,282 replies by 9 tutors in 155 conversations; kaushal0494/UnifyingAITutorEvaluation@bbef521,
CC BY-SA 4.0) by ridge regression of the level (0, 1, 2) on the cues. Half of each tutor's mean was taken out first, so that the
weights learn replies and not writers; a weight whose sign disagrees with the mean correlation inside the tutors is left out; the
two thresholds maximise macro-F1. Settings were compared with the tutor and the conversation held out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Dimension:
    """One dimension of MRBench as a weighted sum of cues with two thresholds."""

    title: str
    """What it asks, as a noun phrase."""
    some: float
    """Above this sum the level is "to some extent"."""
    yes: float
    """Above this sum the level is "yes"."""
    weights: Mapping[str, float]
    """By the name of a cue in `dimension_cues`."""


DIMENSIONS: Mapping[str, Dimension] = {
    "mistake_identification": Dimension(
        title="shows that there is a mistake",
        some=-4.37,
        yes=0.4,
        weights={
            "doubts": 0.45,
            "turns": 0.97,
            "names_mistake": 0.32,
            "reminds": 0.91,
            "seems": 0.59,
            "plain_praise": -3.12,
            "praises": -1.03,
            "accepts": -1.94,
            "stock_question": -2.97,
            "asks_thinking": -0.77,
            "starts_warm": -0.43,
            "vague": -2.46,
            "short_doubted": 0.93,
            "short_praised": -1.79,
            "specific_doubt": 0.12,
            "known_numbers": 0.2,
            "overlooked": 0.14,
            "checks": 0.32,
        },
    ),
    "mistake_location": Dimension(
        title="shows where the mistake is",
        some=-1.75,
        yes=-1.17,
        weights={
            "numbers": 0.32,
            "vague": -2.14,
            "short_student": 0.75,
            "known_numbers": 0.17,
            "short_doubted": 1.19,
            "earlier_number": 0.42,
            "student_words": -0.32,
            "stock_question": -3.56,
            "names_nothing": -1.65,
            "no_number": -0.74,
            "plain_praise": -2.79,
            "accepts": -1.45,
            "vague_doubt": -1.08,
            "names_mistake": 0.75,
            "tells_result": 0.24,
            "specific_doubt": 0.14,
            "new_number": 0.27,
            "denies_number": 0.22,
            "reminds": 0.59,
        },
    ),
    "providing_guidance": Dimension(
        title="helps without telling",
        some=-1.19,
        yes=1.24,
        weights={
            "stock_question": -3.15,
            "names_nothing": -2.21,
            "specific_doubt": 0.07,
            "vague": -1.91,
            "history_share": 0.84,
            "numbers": 0.35,
            "named_words": 0.08,
            "vague_doubt": -0.42,
            "history_words": 0.22,
            "known_numbers": 0.03,
            "plain_praise": -2.03,
            "no_number": -0.41,
            "accepts": -1.49,
            "reasons": 0.31,
            "specific_question": 0.11,
            "empty_question": -2.13,
            "yes_no": 0.63,
            "reminds": 0.6,
            "short_reply": -1.11,
            "method": 0.16,
        },
    ),
    "actionability": Dimension(
        title="says what to do next",
        some=1.33,
        yes=3.81,
        weights={
            "gives_answer": -4.42,
            "open_question": 0.6,
            "asks_amount": 0.6,
            "tells_result": -1.27,
            "asks_last": 1.11,
            "can_you": 0.94,
            "question_on_history": 0.66,
            "asks": 1.14,
            "asks_thinking": 1.23,
            "specific_question": 0.04,
            "question_with_number": 0.65,
            "step": 1.18,
            "history_words": 0.68,
            "equates": -0.99,
            "new_number": -1.42,
            "yes_no": 0.42,
            "vague": -0.88,
            "names_nothing": -0.8,
            "student_share": 2.32,
            "lets_us": 0.44,
            "reminds": 0.73,
            "checks": 0.17,
            "redo": 1.16,
            "tries": 0.58,
            "ends_warm": -2.21,
            "sets_task": 0.58,
            "plain_praise": -1.99,
            "ends_together": 0.57,
        },
    ),
}
