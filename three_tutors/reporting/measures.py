"""Measures: what each score is called in the reports, which way is better, and how a difference in it is said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from three_tutors.reporting.pages import number, percent, plain

OFTEN, CLEARLY, HIGHER = ("more often", "less often"), ("more clearly", "less clearly"), ("higher", "lower")


@dataclass(frozen=True)
class Measure:
    """One score as a reader meets it."""

    name: str
    """Its key in the score files."""
    label: str
    """Head of its row."""
    question: str
    """What it asks of a reply."""
    happens: str
    """How a sentence about it begins: `The answer is given away` …"""
    how: tuple[str, str] = OFTEN
    """… and goes on where the value is higher, and where it is lower."""
    better: Literal["higher", "lower", "neither"] = "higher"
    """`neither` describes a reply and does not judge it."""
    digits: int | None = None
    """Decimals of a plain number; None for a share or a level from 0 to 1, told in per cent."""

    def told(self, value: float | None) -> str:
        """Return a value as it is printed."""
        return percent(value) if self.digits is None else number(value, self.digits)

    @property
    def arrow(self) -> str:
        """Which way is better."""
        return {"higher": "↑", "lower": "↓", "neither": ""}[self.better]


_LISTED = (
    Measure("score", "Rubric score", "Is it a reply a teacher could have given? Sums up several others.", "Rubric scores are", HIGHER),
    Measure("leak", "Answer given away", "Does it give the lesson's answer away?", "The answer is given away", better="lower"),
    Measure("mistake_identification", "Notices the mistake", "Does it show that there is one?", "Mistakes are noticed", CLEARLY),
    Measure("mistake_location", "Locates the mistake", "Does it show where the mistake is?", "Mistakes are located", CLEARLY),
    Measure("providing_guidance", "Guides", "Does it help without telling?", "Guidance is given", CLEARLY),
    Measure("actionability", "Next step", "Is it clear what the student does next?", "A next step is set", CLEARLY),
    Measure("uptake", "Takes up the student", "Does it build on what was said?", "The student's words are taken up", ("more", "less")),
    Measure("questions", "One good question", "Is there one, on the topic, that can be answered?", "One clear question is asked"),
    Measure("false_praise", "Praises a mistake", "Does it praise a turn that is wrong?", "Wrong turns are praised", better="lower"),
    Measure("repair", "Repairs a mistake", "Does it take up the mistake that was made?", "Stated mistakes are taken up"),
    Measure("follow_up", "Checks understanding", "Is a right answer checked for understanding?", "Understanding is checked"),
    Measure("strategy", "Strategy as intended", "Does it make the move that the teacher made?", "The teacher's strategy is met"),
    Measure("expectations", "Meets the scenario", "Does it do what this scripted student needs?", "Expectations in the scenarios are met"),
    Measure("remembers", "Remembers", "Does it hold a fact that the student gave early?", "Facts from early turns are remembered"),
    Measure("consistency", "Consistent", "Does it stand by what it said itself?", "What was said before is stood by"),
    Measure(
        "context", "Uses the history", "Nats a token gained by the true history.", "The gain from the true history is", HIGHER, digits=2
    ),
    Measure("broken", "Broken text", "Does it repeat itself or break off?", "Broken or repeated text is written", better="lower"),
    Measure("parrots", "Parrots", "Does it repeat an earlier turn?", "Earlier turns are repeated", better="lower"),
    Measure(
        "chrf",
        "Likeness to the teacher",
        "How like the teacher's reply is its wording (chrF)?",
        "Likeness to the teachers' wording is",
        HIGHER,
    ),
    Measure(
        "nll", "Surprise at the teacher", "Nats a token of the teacher's reply.", "Surprise at the teachers' turns is", HIGHER, "lower", 2
    ),
    Measure("length", "Words", "How many words has it?", "Replies are", ("longer", "shorter"), "neither", 0),
    Measure("reading_level", "Reading level", "Which school grade can read it?", "The language is", ("harder", "easier"), "neither", 1),
)

MEASURES = {measure.name: measure for measure in _LISTED}
"""Every score that the reports know, in the order of their tables."""


def measure(name: str) -> Measure:
    """Return how the score `name` is told; one that is not listed is told by its own words, more being better."""
    label = plain(name).capitalize()
    return MEASURES.get(name, Measure(name, label, f"{label}, from 0 to 1.", f"{label} is", HIGHER))
