"""Whether a teacher turn ignores what the student said.

The gate reports only replies that take up nothing at all; how well a reply takes up the student is scored by `uptake`.
"""

from __future__ import annotations

import itertools
import re

from three_tutors.tutoring.dialogue import Dialogue
from three_tutors.tutoring.words import STOP_WORDS, stem, stems, tokens

ENOUGH_TO_TAKE_UP = 4
"""Content words that both turns need before a reply counts as ignoring the student."""
_POINTS_BACK = re.compile(
    r"\W*(?:(?:ok|okay|well|so|but|and|yes|no|hmm|ah|oh|right|not\ quite)\b\W*)*"
    r"(?:your?|you've|you're|that|this|it|its|it's|that's|both|they|he|she|those|these)\b",
    re.IGNORECASE,
)
_LESSON_TALK = frozenset(
    stem(word)
    for word in """
    again answer approach ask attempt better break bring calculate calculation check clear closer confused confusing correct correctly
    detail different done equation error exactly example excellent explain fantastic figure find fix focus gave given good great happen
    help idea important information instead job learn little method mistake nice number operation original originally part perfect place
    please point problem question re read reread reason reasoning recalculate recheck remember result review revisit rule sentence slight
    solution solve sorry sort specific start step strategy sure term text try understand work working workings write wrong yes
    """.split()  # noqa: SIM905 - a word list reads as text
)


def ignores(dialogue: Dialogue, index: int) -> bool:
    """Return whether the teacher turn at `index` takes up no word of the student, of the talk so far, or of the lesson.

    A reply that says little ("What makes you think so?") or begins by pointing back ("That works…") does not count. This flags
    19 of 3,100 replies of MathDial's teachers, and 44 % of replies that were swapped for one from another lesson.
    """
    turns = dialogue.turns
    said_last, reply = turns[index - 1].text, turns[index].text
    if _POINTS_BACK.match(reply) or not STOP_WORDS.issuperset(set(tokens(said_last)).intersection(tokens(reply))):
        return False
    taken_up = _content(reply) - _LESSON_TALK
    if len(taken_up) < ENOUGH_TO_TAKE_UP or len(_content(said_last)) < ENOUGH_TO_TAKE_UP or _pairs(said_last) & _pairs(reply):
        return False
    lesson = dialogue.lesson
    known = [*(turn.text for turn in turns[:index]), lesson.topic, lesson.objective, lesson.misconception]
    return all(taken_up.isdisjoint(stems(text)) for text in known)


def _content(text: str) -> set[str]:
    return {stem(word) for word in set(tokens(text)) - STOP_WORDS if len(word) > 1 or word.isdigit()}


def _pairs(text: str) -> set[tuple[str, str]]:
    return set(itertools.pairwise(tokens(text)))
