"""Measures: what each score is called in the reports, which way is better, and how a difference in it is said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from stages.reporting.pages import plain


@dataclass(frozen=True)
class Measure:
    """One score as a reader meets it."""

    name: str
    """Its key in the score files."""
    label: str
    """Head of its column."""
    question: str
    """What it asks of a reply."""
    happens: str
    """What is said of it: `The answer is given away` …"""
    more: str
    """… where the value is higher."""
    less: str
    """… where the value is lower."""
    better: Literal["higher", "lower"] = "higher"
    share: bool = True
    """Whether the value is a share or a level from 0 to 1, told in per cent."""


MEASURES: dict[str, Measure] = {
    measure.name: measure
    for measure in (
        Measure(
            "score",
            "Rubric score",
            "Is it a reply a teacher could have given? (sums up the others)",
            "Rubric scores are",
            "higher",
            "lower",
        ),
        Measure(
            "leak",
            "Answer given away",
            "Does it give the lesson's answer away?",
            "The answer is given away",
            "more often",
            "less often",
            "lower",
        ),
        Measure(
            "uptake", "Takes up the student", "Does it build on what the student said?", "The student's words are taken up", "more", "less"
        ),
        Measure(
            "questions",
            "One good question",
            "Does it ask one question that is on the topic and can be answered?",
            "One clear question is asked",
            "more often",
            "less often",
        ),
        Measure(
            "false_praise",
            "Praises a mistake",
            "Does it praise a turn that is wrong?",
            "Wrong turns are praised",
            "more often",
            "less often",
            "lower",
        ),
        Measure(
            "repair",
            "Repairs a mistake",
            "Does it take up the mistake that was made?",
            "Stated mistakes are taken up",
            "more often",
            "less often",
        ),
        Measure(
            "follow_up",
            "Checks understanding",
            "Does it check whether a right answer is understood?",
            "Understanding is checked",
            "more often",
            "less often",
        ),
        Measure(
            "mistake_identification",
            "Notices the mistake",
            "Does it show that there is a mistake?",
            "Mistakes are noticed",
            "more clearly",
            "less clearly",
        ),
        Measure(
            "mistake_location",
            "Locates the mistake",
            "Does it show where the mistake is?",
            "Mistakes are located",
            "more clearly",
            "less clearly",
        ),
        Measure("providing_guidance", "Guides", "Does it help without telling?", "Guidance is given", "more clearly", "less clearly"),
        Measure(
            "actionability", "Next step", "Is it clear what the student does next?", "A next step is set", "more clearly", "less clearly"
        ),
        Measure(
            "strategy",
            "Strategy as intended",
            "Does it make the move that the teacher made?",
            "The teacher's strategy is met",
            "more often",
            "less often",
        ),
        Measure(
            "expectations",
            "Meets the scenario",
            "Does it do what a good tutor does in this scripted situation?",
            "Expectations in the scenarios are met",
            "more often",
            "less often",
        ),
        Measure(
            "broken",
            "Broken text",
            "Does it repeat itself or break off?",
            "Broken or repeated text is written",
            "more often",
            "less often",
            "lower",
        ),
        Measure("parrots", "Parrots", "Does it repeat an earlier turn?", "Earlier turns are repeated", "more often", "less often", "lower"),
        Measure(
            "chrf",
            "Likeness to the teacher",
            "How like the teacher's own reply is its wording (chrF)?",
            "The wording is",
            "closer to the teachers'",
            "further from the teachers'",
        ),
        Measure("length", "Words", "How many words has it?", "Replies are", "longer", "shorter", share=False),
        Measure(
            "reading_level", "Reading level", "Which school grade can read it?", "The language is", "harder", "easier", "lower", share=False
        ),
        Measure(
            "nll",
            "Surprise at the teacher",
            "How surprised is the model by the teacher's own reply (nats a token)?",
            "Surprise at the teachers' own turns is",
            "higher",
            "lower",
            "lower",
            share=False,
        ),
    )
}


def measure(name: str) -> Measure:
    """Return how the score `name` is told; a name that is not listed is told by its own words, higher being better."""
    label = plain(name).capitalize()
    return MEASURES.get(name, Measure(name, label, f"{label}, from 0 to 1.", f"{label} is", "higher", "lower"))
