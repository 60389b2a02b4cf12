"""Uptake: does the reply take up what the student just said?

Demszky et al. (2021), "Measuring Conversational Uptake". The weights were fitted once to the ratings of 1,061 exchanges in
371 transcripts (ddemszky/conversational-uptake@67fb30c, MIT) by ridge regression, transcripts held out: ρ = .56.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Mapping, Sequence

from three_tutors.scoring.measure import EXCHANGES, UNSEEN, Checked, Measure
from three_tutors.scoring.questioning import asked
from three_tutors.scoring.replied import Replied
from three_tutors.scoring.score import Score
from three_tutors.tutoring.dialogue import Turn
from three_tutors.tutoring.quantities import quantities
from three_tutors.tutoring.words import content_words, words

# A reply that says little beyond the student's own words repeats them; it does not build on them.
_PARROT_SHARE = 0.7
_PARROT_WORDS = 4
_ADDED_WORDS = 2
_LONGEST = 40
"""Words beyond which a reply gains nothing by its length."""
_EARLY = 10
_NODS = re.compile(
    r"""^(?:yeah|yes|ok(?:ay)?|uh[-\s]?huh|mm[-\s]?hmm|mhm|um|right|all\s?right|alright|good|very\s+good|great|nice|excellent|perfect|sure|no
    |thank\s+you|thanks|shh+)\b\W*""",
    re.IGNORECASE | re.VERBOSE,
)
_THINKING = re.compile(
    r"""\b(?:why|how|explain|what\s+do\s+you\s+mean|so\s+you|you're\s+saying|you\s+said|you\s+mean|what\s+if|do\s+you\s+agree|because
    |tell\s+(?:us|me)\s+more|what\s+do\s+you\s+think)\b""",
    re.IGNORECASE | re.VERBOSE,
)
_INTERCEPT = -0.865
_WEIGHTS: Mapping[str, float] = {
    "shared_words": 0.173,
    "shared_content": 0.051,
    "shared_pairs": 0.117,
    "shared_number": 0.093,
    "beyond_a_nod": 0.094,
    "asks": 0.174,
    "asks_thinking": 0.149,
    "takes_last_word": 0.211,
    "takes_up_early": 0.171,
}
_LOWEST, _HIGHEST = -0.865, 1.0
"""Ratings (z-scores) that count as 0 and 1."""


def uptake(one: Replied) -> Score:
    """Return how far a reply takes up the last student turn, 0–1. Unscored where the student said nothing to take up."""
    reply, said = one.reply, last_student_turn(one.turns)
    if not words(said):
        return Score.unscored("the student said nothing to take up")
    if one.finding(parroted).value:
        return Score(0.0, "repeats the student and adds nothing")
    found = signs(reply, said)
    rating = _INTERCEPT + sum(weight * found[name] for name, weight in _WEIGHTS.items())
    shared = _shared(reply, said)
    return Score(
        min(1.0, max(0.0, (rating - _LOWEST) / (_HIGHEST - _LOWEST))),
        f"takes up “{'”, “'.join(shared[:4])}”" if shared else "takes up no word of the student",
    )


def signs(reply: str, said: str) -> dict[str, float]:
    """Return what uptake is told by: words of the student's turn `said` that `reply` shares, and what it does with them."""
    reply, said = reply.replace("’", "'"), said.replace("’", "'")
    replied, student = words(reply), words(said)
    content, student_content = content_words(reply), content_words(said)
    beyond = reply
    while (rest := _NODS.sub("", beyond, count=1)) != beyond:
        beyond = rest
    pairs = set(itertools.pairwise(replied)) & set(itertools.pairwise(student))
    return {
        "shared_words": math.log1p(len(set(replied) & set(student))),
        "shared_content": float(bool(set(content) & set(student_content))),
        "shared_pairs": math.log1p(len(pairs)),
        "shared_number": float(bool({one.value for one in quantities(reply)} & {one.value for one in quantities(said)})),
        "beyond_a_nod": math.log1p(min(len(words(beyond)), _LONGEST)),
        "asks": float(bool(asked(reply))),
        "asks_thinking": float(bool(_THINKING.search(reply))),
        "takes_last_word": float(bool(student_content) and student_content[-1] in content),
        "takes_up_early": float(bool(set(content_words(" ".join(replied[:_EARLY]))) & set(student_content))),
    }


def taken_up(one: Replied) -> Score:
    """Return the share of three content words of the last student turn that a reply uses while adding words of its own.

    This is what the rubric asks for; `uptake` is what people were asked.
    """
    said = last_student_words(one.turns)
    if not said:
        return Score.unscored("the student said nothing to take up")
    if one.finding(parroted).value:
        return Score(0.0, "repeats the student and adds nothing")
    replied = dict.fromkeys(content_words(one.reply))
    shared, added = [word for word in replied if word in said], [word for word in replied if word not in said]
    if len(added) < _ADDED_WORDS and len(shared) > len(added):
        return Score(0.25, f"echoes {', '.join(shared)} and adds little")
    return Score(
        min(1.0, len(shared) / min(3, len(said))), f"takes up {', '.join(shared)}" if shared else "takes up nothing the student said"
    )


def last_student_turn(turns: Sequence[Turn]) -> str:
    """Return what the student said last, empty where nothing was said."""
    return next((turn.text for turn in reversed(turns) if turn.speaker == "student"), "")


def last_student_words(turns: Sequence[Turn]) -> frozenset[str]:
    """Return the content words of the last student turn."""
    return frozenset(content_words(last_student_turn(turns)))


def parroted(one: Replied) -> Score:
    """Return 1 where a reply is mostly an earlier turn again, else 0."""
    return Score(1.0, "repeats an earlier turn") if parrots(one.reply, one.turns) else Score(0.0, "in its own words")


def parrots(reply: str, turns: Sequence[Turn]) -> bool:
    """Return whether `reply` is mostly a run of words of one earlier turn."""
    replied = words(reply)
    if len(replied) < _PARROT_WORDS:
        return False
    needed = max(_PARROT_WORDS, math.ceil(_PARROT_SHARE * len(replied)))
    runs = {tuple(replied[start : start + needed]) for start in range(len(replied) - needed + 1)}
    for turn in turns:
        earlier = words(turn.text)
        if any(tuple(earlier[start : start + needed]) in runs for start in range(len(earlier) - needed + 1)):
            return True
    return False


def _shared(reply: str, said: str) -> list[str]:
    """Return the reply's own words that the student used, those that carry the subject."""
    student = set(content_words(said))
    return [word for word in dict.fromkeys(words(reply)) if set(content_words(word)) & student]


UPTAKE = Measure(
    name="uptake",
    label="Takes up the student",
    question="Does it build on what was said?",
    happens="The student's words are taken up",
    how=("more", "less"),
    of=uptake,
    about="the turn",
    checked=Checked("Spearman's ρ", 0.57, None, None, 937, EXCHANGES, UNSEEN, seen=0.56, by_length=0.36),
    in_metrics=True,
    above_teachers="it counts the student's own words; repeating many of them scores higher than using few",
)
PARROTS = Measure(
    name="parrots",
    label="Parrots",
    question="Does it repeat an earlier turn?",
    happens="Earlier turns are repeated",
    of=parroted,
    about="the text",
    better="lower",
)
