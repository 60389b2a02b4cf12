"""Length and reading level of a reply."""

from __future__ import annotations

import re

from three_tutors.scoring.measure import Measure
from three_tutors.scoring.score import Score
from three_tutors.tutoring.words import sentences, words

_VOWELS = re.compile(r"[aeiouyáéíóúü]+")


def syllables(word: str) -> int:
    """Return about how many syllables an English word has: its groups of vowels, a silent final e not counted."""
    groups = len(_VOWELS.findall(word))
    if word.endswith("e") and not word.endswith(("le", "ee")) and groups > 1:
        groups -= 1
    return max(1, groups)


def reading_level(reply: str) -> Score:
    """Return the school grade that can read `reply` (Flesch–Kincaid: Kincaid et al. 1975), no lower than 0.

    It agrees with people's ratings of tutoring at ρ ≤ .15: it describes, it does not judge.
    """
    said = [word for word in words(reply) if word[0].isalpha()]
    parts = len(sentences(reply))
    if not said:
        return Score.unscored("has no words")
    grade = 0.39 * len(said) / parts + 11.8 * sum(map(syllables, said)) / len(said) - 15.59
    return Score(max(0.0, grade), f"{len(said) / parts:.1f} words a sentence")


def length(reply: str) -> Score:
    """Return how many words `reply` has."""
    count = len(words(reply))
    return Score(float(count), f"{count} words")


LENGTH = Measure(
    name="length",
    label="Words",
    question="How many words does it have?",
    happens="Replies are",
    how=("longer", "shorter"),
    of=lambda one: length(one.reply),
    about="form",
    better="neither",
    digits=0,
)
READING_LEVEL = Measure(
    name="reading_level",
    label="Reading level",
    question="Which school grade can read it?",
    happens="The language is",
    how=("harder", "easier"),
    of=lambda one: reading_level(one.reply),
    about="form",
    better="neither",
    digits=1,
)
