"""The four dimensions of MRBench in three levels: does a reply notice the mistake, locate it, guide, and say what to do next?

Maurya et al. (2025), "Unifying AI Tutor Evaluation". The levels are a weighted sum of cues, read off the reply and what was
said before; `agreement` says how far they agree with people.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from stages.tutoring.dialogue import Lesson, Turn, Understanding
from stages.tutoring.scoring.dimension_cues import GENERAL, WORDING, Exchange, cues
from stages.tutoring.scoring.dimension_weights import DIMENSIONS, Dimension
from stages.tutoring.scoring.repetition import loops
from stages.tutoring.scoring.score import Score
from stages.tutoring.words import content_words

NO, SOME, YES = 0.0, 0.5, 1.0
_APPLIES: Mapping[str, tuple[Understanding, ...]] = {
    "mistake_identification": ("wrong", "partial"),
    "mistake_location": ("wrong", "partial"),
    "providing_guidance": ("wrong", "partial", "confused"),
    "actionability": ("wrong", "partial", "confused"),
}
_MACHINERY = re.compile(
    r"\#\#\#|^\s*(?:tutor\s+response|user|assistant|instruction)\b|[(\[](?:note|instruction)\b|^---|\*\*instruction",
    re.IGNORECASE | re.MULTILINE,
)
_ADDRESSES = re.compile(r"\b(?:you'(?:ve|re)|your|you\s+(?:did|added|got|said|have))\b", re.IGNORECASE)
_DOUBTS = ("names_mistake", "turns", "nearly", "checks", "overlooked")
# A reply shares its subject with what was said before where enough was said and enough of its own words come back.
_ENOUGH_SAID, _ENOUGH_WORDS, _SHARED, _NUMBERS = 20, 3, 0.34, 2
_DECIDING = 3


def dimensions(reply: str, turns: Sequence[Turn], lesson: Lesson) -> dict[str, Score]:
    """Return the level of `reply` in each dimension: 0 no, 0.5 to some extent, 1 yes.

    Unscored after a student turn labelled so that the question does not arise: there is no mistake to notice in a right one.
    """
    understanding = turns[-1].understanding if turns else None
    exchange = Exchange(reply, turns, lesson.answer)
    off, found = unrelated(exchange), cues(exchange)
    scores = {}
    for name, dimension in DIMENSIONS.items():
        if understanding is not None and understanding not in _APPLIES[name]:
            scores[name] = Score.unscored(f"does not arise after a turn that is {understanding.replace('_', ' ')}")
        elif off:
            scores[name] = Score(NO, off)
        else:
            scores[name] = _level(dimension, found, exchange.reply)
    return scores


def unrelated(exchange: Exchange) -> str | None:
    """Return why a reply cannot be about this student's work at all, or None: machinery, a loop, or another matter."""
    reply = exchange.reply.replace("’", "'")
    if found := _MACHINERY.search(reply):
        return f"shows machinery: “{found.group().strip()}”"
    if loops(reply):
        return "repeats itself"
    content = [word for word in dict.fromkeys(content_words(reply)) if word not in GENERAL and not word[0].isdigit()]
    foreign = (
        len(exchange.history_words) >= _ENOUGH_SAID
        and len(content) >= _ENOUGH_WORDS
        and exchange.named(reply) / len(content) <= _SHARED
        and exchange.numbers(reply) <= _NUMBERS
    )
    speaks_to_student = _ADDRESSES.search(reply) or any(WORDING[name].search(reply) for name in _DOUBTS)
    return "is about something else" if foreign and not speaks_to_student else None


def _level(dimension: Dimension, found: Mapping[str, float], reply: str) -> Score:
    parts = {name: weight * found[name] for name, weight in dimension.weights.items() if found[name]}
    total = sum(parts.values())
    value = YES if total > dimension.yes else SOME if total > dimension.some else NO
    # The cues that pulled towards the level it got, the strongest first.
    pull = sorted(parts, key=lambda name: (-parts[name] if value else parts[name], name))
    deciding = [_told(name, reply) for name in pull[:_DECIDING] if (parts[name] > 0) == bool(value)]
    return Score(value, ", ".join(deciding) or f"nothing {dimension.title}")


def _told(cue: str, reply: str) -> str:
    """Return a cue in words, with the reply's own words where it matched some."""
    match = WORDING[cue].search(reply.replace("’", "'")) if cue in WORDING else None
    return f"{cue.replace('_', ' ')}" + (f" “{match.group().strip()}”" if match else "")
