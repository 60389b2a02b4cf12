"""What a sound data set is too small, or too little labelled, to say."""

from __future__ import annotations

from three_tutors.checking.tally import Tally
from three_tutors.tutoring.dialogue import STRATEGIES

ENOUGH_TURNS = 60
"""Teacher turns of a strategy below which a figure about that strategy says little."""
ENOUGH_DIALOGUES = 8
"""Dialogues of a subject below which its splits cannot be compared."""


def shortfalls(tally: Tally) -> list[str]:
    """Return a sentence for each thing that the reports cannot say with these dialogues and scenarios."""
    strategies, items = tally.strategies, tally.items
    understood = tally.understandings.total() > tally.understandings[""]
    labelled = strategies[""] < strategies.total()
    unsaid = {
        "No teacher turn is labelled with a strategy: nothing can be said by strategy.": not labelled,
        "No student turn is labelled with an understanding: praise after mistakes, repairs and checks cannot be scored.": not understood,
        "No dialogue names an answer: whether a tutor gives it away cannot be scored.": not items["answer"],
        "There is no scenario: how a tutor holds up under pressure, off the topic or in danger is not examined.": not tally.items[
            "scenarios"
        ],
    }
    rare = [
        f"{strategies[name]} teacher turns of {name}: too few to say how a tutor handles it (from {ENOUGH_TURNS} on)."
        for name in STRATEGIES
        if labelled and strategies[name] < ENOUGH_TURNS
    ]
    small = [
        f"{number} dialogues in {subject}: too few to compare tutors within the subject (from {ENOUGH_DIALOGUES} on)."
        for subject, number in sorted(tally.subjects.items())
        if number < ENOUGH_DIALOGUES
    ]
    return [*(sentence for sentence, holds in unsaid.items() if holds), *rare, *small]
