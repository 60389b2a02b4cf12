"""Which of the teachers' turns a tutor is shown as examples before it replies."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from three_tutors.tutoring.words import content_words

Matching = Literal["fixed", "matched"]
"""`fixed`: the same demonstrations for every conversation; `matched`: those nearest to the conversation at hand."""

SAME_SUBJECT = 1.0
SAME_GRADE = 0.5
"""Falls to zero six school years away."""
SAME_PHASE = 0.5
"""For the first turn of a conversation as for the later ones: opening moves differ from following ones."""
GRADES_APART = 6


def choose(demos: Sequence[Any], matching: Matching, shown: int, inputs: Mapping[str, Any]) -> list[Any]:
    """Return the demonstrations to show, the most fitting one last, next to the conversation.

    Args:
        demos: All that the program holds.
        matching: How they are chosen.
        shown: How many, at most.
        inputs: The program's inputs: `frame`, `history`, `said`, `subject`, `grade`.

    A demonstration out of the same lesson is never shown: it would hand over the teacher's own reply.

    """
    others = [demo for demo in demos if demo.get("frame") != inputs["frame"]]
    if matching == "fixed":
        return others[:shown]
    rarity = _rarity(others)
    ranked = sorted(enumerate(others), key=lambda pair: (-_fit(pair[1], inputs, rarity), pair[0]))
    chosen: list[Any] = []
    lessons: set[str] = set()
    for _, demo in ranked:
        if len(chosen) == shown:
            break
        if demo["frame"] not in lessons:
            lessons.add(demo["frame"])
            chosen.append(demo)
    return chosen[::-1]


def _fit(demo: Any, inputs: Mapping[str, Any], rarity: Mapping[str, float]) -> float:  # noqa: ANN401 - a DSPy example
    """Return how near `demo` is to the conversation: overlap of rare words, subject, grade and phase."""
    ours, theirs = _terms(inputs["said"]), _terms(demo["said"])
    mass = sum(rarity.get(term, 0.0) for term in ours) or 1.0
    overlap = sum(rarity.get(term, 0.0) for term in ours & theirs) / mass
    subject = SAME_SUBJECT * (demo.get("subject") == inputs.get("subject"))
    apart = abs((demo.get("grade") or 0) - (inputs.get("grade") or 0))
    grade = SAME_GRADE * max(0.0, 1 - apart / GRADES_APART)
    phase = SAME_PHASE * (_opening(demo["history"]) == _opening(inputs["history"]))
    return overlap + subject + grade + phase


def _rarity(demos: Sequence[Any]) -> dict[str, float]:
    """Return the inverse document frequency of every term of the demonstrations."""
    counts = Counter(term for demo in demos for term in _terms(demo["said"]))
    return {term: math.log(len(demos) / count) for term, count in counts.items()}


def _terms(text: str) -> set[str]:
    return set(content_words(text))


def _opening(history: Any) -> bool:  # noqa: ANN401 - dspy.History, what its JSON holds, or a transcript
    return not (history if isinstance(history, str) else history["messages"] if isinstance(history, Mapping) else history.messages)
