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
        some=-4.3,
        yes=0.38,
        weights={
            "doubts": 0.44,
            "turns": 0.98,
            "names_mistake": 0.33,
            "reminds": 0.92,
            "seems": 0.59,
            "plain_praise": -3.13,
            "praises": -0.92,
            "accepts": -1.94,
            "stock_question": -3.0,
            "asks_thinking": -0.72,
            "starts_warm": -0.44,
            "vague": -2.46,
            "short_doubted": 0.92,
            "short_praised": -1.81,
            "specific_doubt": 0.12,
            "known_numbers": 0.19,
            "overlooked": 0.15,
            "checks": 0.33,
        },
    ),
    "mistake_location": Dimension(
        title="shows where the mistake is",
        some=-1.77,
        yes=-1.1,
        weights={
            "numbers": 0.31,
            "vague": -2.14,
            "short_student": 0.74,
            "known_numbers": 0.16,
            "short_doubted": 1.17,
            "earlier_number": 0.45,
            "student_words": -0.33,
            "stock_question": -3.55,
            "names_nothing": -1.64,
            "no_number": -0.73,
            "plain_praise": -2.78,
            "accepts": -1.44,
            "vague_doubt": -1.08,
            "names_mistake": 0.74,
            "tells_result": 0.24,
            "specific_doubt": 0.14,
            "new_number": 0.33,
            "denies_number": 0.22,
            "reminds": 0.64,
        },
    ),
    "providing_guidance": Dimension(
        title="helps without telling",
        some=-1.19,
        yes=1.33,
        weights={
            "stock_question": -3.15,
            "names_nothing": -2.2,
            "specific_doubt": 0.07,
            "vague": -1.9,
            "history_share": 0.84,
            "numbers": 0.35,
            "named_words": 0.08,
            "vague_doubt": -0.42,
            "history_words": 0.22,
            "known_numbers": 0.03,
            "plain_praise": -2.03,
            "no_number": -0.41,
            "accepts": -1.5,
            "reasons": 0.31,
            "specific_question": 0.12,
            "empty_question": -2.12,
            "yes_no": 0.6,
            "reminds": 0.61,
            "short_reply": -1.11,
            "method": 0.17,
        },
    ),
    "actionability": Dimension(
        title="says what to do next",
        some=0.76,
        yes=3.72,
        weights={
            "gives_answer": -4.53,
            "open_question": 0.61,
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
            "history_words": 0.69,
            "equates": -0.99,
            "new_number": -1.42,
            "yes_no": 0.43,
            "vague": -0.88,
            "names_nothing": -0.8,
            "student_share": 2.36,
            "lets_us": 0.44,
            "reminds": 0.73,
            "checks": 0.16,
            "redo": 1.15,
            "tries": 0.59,
            "ends_warm": -2.2,
            "sets_task": 0.56,
            "plain_praise": -1.99,
            "ends_together": 0.57,
        },
    ),
}
