"""Substance: what a reply brings in that the teacher's own reply brought in, beyond what the student and the lesson had said already.

F1 over content words and over pairs of neighbouring words (ROUGE-1 and ROUGE-2, Lin 2004, on stems), of which the pairs count double.
Words of the conversation and of the lesson's head do not count, so nothing is gained by handing them back in a template. A constant
sentence hits the teacher's words by chance alone, and the right words in a random order lose the pairs. On held-out turns the best
bot gets .03, the teachers' own words in random order .4, the teachers 1.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TypeVar

from three_tutors.scoring.measure import HIGHER, Measure
from three_tutors.scoring.replied import Replied
from three_tutors.scoring.score import Score
from three_tutors.tutoring.words import STOP_WORDS, stem, words

Word = TypeVar("Word")


def substance(one: Replied) -> Score:
    """Return the substance that a reply shares with the teacher's own, 0–1.

    Unscored where no teacher replied, or where the teacher brought in nothing that was not said before.
    """
    if one.reference is None:
        return Score.unscored("no teacher replied here")
    lesson = one.lesson
    known = {stem(word) for text in (lesson.topic, lesson.objective, *(turn.text for turn in one.turns)) for word in words(text)}
    own, said = _stems(one.reference.text), _stems(one.reply)
    wanted = Counter(word for word in own if word not in known and word not in _STOP)
    if not wanted:
        return Score.unscored("the teacher brings in no word of their own here")
    found = Counter(word for word in said if word not in known and word not in _STOP)
    # A pair counts where at least one of its words is new: "the table" and "of the" are everybody's.
    pairs, said_pairs = (Counter(pair for pair in pairwise(some) if not known | _STOP >= set(pair)) for some in (own, said))
    value = (_f1(wanted, found) + 2 * _f1(pairs, said_pairs)) / 3 if pairs else _f1(wanted, found)  # a single word has no neighbour
    shared = list(dict.fromkeys(word for word in words(one.reply) if stem(word) in wanted))
    return Score(value, f"brings in, as the teacher does: {', '.join(shared)}" if shared else "brings in nothing that the teacher does")


_STOP = frozenset(map(stem, STOP_WORDS))


def _stems(text: str) -> list[str]:
    return [stem(word) for word in words(text)]


def _f1(wanted: Counter[Word], found: Counter[Word]) -> float:
    common = (wanted & found).total()
    return 2 * common / (wanted.total() + found.total()) if common else 0.0


SUBSTANCE = Measure(
    name="substance",
    label="Says what the teacher says",
    question="How much of what the teacher's reply brings in does it say?",
    happens="What the teachers bring in is said",
    of=substance,
    how=HIGHER,
    about="the teacher's words",
    holds_against_teacher=True,
    in_metrics=True,
)
