"""Sense: does a reply make sense here, as far as that can be told without a language model?

A weighted sum of signs that a person can check in the reply: broken or looping text, words in no English order, a frame that fits
anything, the student's words pasted, wrong sums, quotations of what nobody said. It knows no facts and follows no thought, so fluent
nonsense about the right matter passes; `sense_weights` says how far it can be believed.
"""

from __future__ import annotations

import itertools
import math
import operator
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction

from three_tutors.scoring.broken import broken_words
from three_tutors.scoring.dimension_cues import GENERAL
from three_tutors.scoring.measure import HIGHER, Measure
from three_tutors.scoring.neighbours import order
from three_tutors.scoring.questioning import asked, task
from three_tutors.scoring.replied import Replied
from three_tutors.scoring.score import Score
from three_tutors.scoring.sense_weights import INTERCEPT, OPENINGS, STOCK, WEIGHTS
from three_tutors.scoring.uptake import last_student_turn, parroted
from three_tutors.tutoring.finished_turn import repeated_share
from three_tutors.tutoring.quantities import Quantity, quantities
from three_tutors.tutoring.words import content, content_words, words

_QUOTATION = re.compile(r"\"([^\"\n]+)\"|“([^”\n]+)”|(?<!\w)['‘]([^'’\n]+(?:['’]\w[^'’\n]*)*)['’](?!\w)")
_SAID = re.compile(
    r"\byou(?:'ve)?\s+(?:just\s+)?(?:said|wrote|told\s+me|typed|claimed)\b(?:[^\w\"“'‘]+(?:that|the|it|was|is|a)\b)*\W*$", re.IGNORECASE
)
"""What stands right before a quotation of the student."""
_SIGN = re.compile(r"\s*([+\-−–*×·/÷:])\s*")
_EQUALS = re.compile(r"\s*(?:=|is|makes|gives|equals)\s*", re.IGNORECASE)
_SIGNS: Mapping[str, Callable[[Fraction, Fraction], Fraction]] = {
    "+": operator.add, "-": operator.sub, "−": operator.sub, "–": operator.sub, "*": operator.mul, "×": operator.mul, "·": operator.mul,
    "/": operator.truediv, "÷": operator.truediv, ":": operator.truediv,
}  # fmt: skip
_FIRST_PERSON = frozenset(("i", "i'm", "i'd", "i've", "i'll", "my", "me", "mine"))
_MOST = 4
"""From this many on, a word that comes again or a question more says nothing new."""
_RUN = 3
"""Words in a row that are taken from the student and not met by chance."""
_SHORTEST_QUOTATION = 2
_DECIDING = 3
_AGAINST: Mapping[str, str] = {
    "broken": "is broken text",
    "loops": "says the same words again",
    "again": "turns round one word",
    "order": "is in no English order",
    "parrots": "repeats an earlier turn",
    "pasted": "is made of the student's words",
    "stock": "uses words that fit anything",
    "opening": "begins as templates do",
    "near": "speaks of the student's matter",
    "foreign": "brings words from elsewhere",
    "wrong_sum": "has a wrong sum",
    "misquotes": "quotes what the student did not say",
    "as_student": "speaks of itself",
    "questions": "asks much at once",
    "long": "is long",
}


def signs(one: Replied) -> dict[str, float]:
    """Return every sign of one reply by its name: 0 or 1, a share, or a small number."""
    reply, said = one.reply.replace("’", "'"), last_student_turn(one.turns).replace("’", "'")
    spoken, stems = words(reply), content_words(reply)
    student = content([said])
    lesson = content([one.lesson.topic, one.lesson.objective, one.lesson.misconception, *one.lesson.answer])
    before = content([turn.text for turn in one.turns])
    foreign = {stem for stem in stems if stem not in lesson | before and stem not in GENERAL}
    counted = Counter(stem for stem in stems if not stem[0].isdigit())
    return {
        "broken": one.finding(broken_words).value or 0.0,
        "loops": repeated_share(reply, 2),
        "again": min(max(counted.values(), default=1) - 1, _MOST) / _MOST,
        "order": max(-1.0, min(order(reply), 2.0)),
        "parrots": one.finding(parroted).value or 0.0,
        "pasted": _pasted(spoken, words(said)),
        "stock": _mean([STOCK[part] for part in unsaid(one) if part in STOCK]),
        "opening": OPENINGS.get(" ".join(spoken[:2]), OPENINGS.get(" ".join(spoken[:1]), 0.0)),
        "near": len(set(stems) & student) / max(1, len(set(stems))),
        "foreign": len(foreign) / max(1, len(set(stems))),
        "wrong_sum": float(any(wrong for _, wrong in sums(reply) if wrong)),
        "misquotes": float(bool(misquoted(one))),
        "as_student": sum(word in _FIRST_PERSON for word in spoken) / max(1, len(spoken)),
        "questions": min(max(len(asked(reply)) - 1, 0), _MOST) / _MOST,
        "sets_task": float(task(reply) is not None),
        "long": math.log1p(len(spoken)) / 4,
    }


def unsaid(one: Replied) -> set[str]:
    """Return the words and pairs of words of a reply that nobody said before."""
    spoken = words(one.reply)
    before = {word for turn in one.turns for word in words(turn.text)}
    pairs = {f"{one} {other}" for one, other in itertools.pairwise(spoken) if one not in before or other not in before}
    return {word for word in spoken if word not in before} | pairs


def sums(text: str) -> Iterator[tuple[str, bool]]:
    """Yield every sum of two numbers with its result as `text` has it, and whether it is wrong."""
    found = quantities(text)
    for one, two, three in zip(found, found[1:], found[2:], strict=False):
        sign = _SIGN.fullmatch(text[one.end : two.start])
        if sign and _EQUALS.fullmatch(text[two.end : three.start]) and not _goes_on(text, one, three):
            if (sign[1] in "/÷:" and not two.value) or one.percent or two.percent or three.percent:
                continue
            result = _SIGNS[sign[1]](one.value, two.value)
            rounded = bool(three.decimals) and round(result, three.decimals) == three.value
            yield text[one.start : three.end], three.value != result and not rounded


def misquoted(one: Replied) -> str:
    """Return a quotation of some words that nobody said or wrote before, empty where there is none."""
    said = " " + " ".join(word for turn in one.turns for word in words(turn.text)) + " "
    lesson = " ".join(words(" ".join([one.lesson.topic, one.lesson.objective, *one.lesson.answer])))
    reply = one.reply.replace("’", "'")
    for found in _QUOTATION.finditer(reply):
        if not _SAID.search(reply[: found.start()]):
            continue
        quoted = " ".join(words(next(part for part in found.groups() if part)))
        if len(quoted.split()) >= _SHORTEST_QUOTATION and f" {quoted} " not in said and quoted not in lesson:
            return quoted
    return ""


def sense(one: Replied) -> Score:
    """Return how likely a reply makes sense here, 0–1, with the signs that decided it."""
    found = signs(one)
    parts = {name: weight * found[name] for name, weight in WEIGHTS.items() if found[name]}
    value = 1 / (1 + math.exp(-INTERCEPT - sum(parts.values())))
    against = sorted((name for name in parts if parts[name] < 0 and name in _AGAINST), key=lambda name: parts[name])[:_DECIDING]
    return Score(value, ", ".join(_AGAINST[name] for name in against) or "nothing speaks against it")


def _pasted(spoken: list[str], said: list[str]) -> float:
    """Return the share of `spoken` that stands in runs of `said`."""
    runs = {tuple(said[at : at + _RUN]) for at in range(len(said) - _RUN + 1)}
    copied = {at + offset for at in range(len(spoken) - _RUN + 1) if tuple(spoken[at : at + _RUN]) in runs for offset in range(_RUN)}
    return len(copied) / max(1, len(spoken))


def _goes_on(text: str, first: Quantity, last: Quantity) -> bool:
    """Return whether a sum is part of a longer one, or its numbers have units or powers that change them."""
    return bool(re.search(r"[+\-−–*×·/÷:^=(]\s*$", text[: first.start]) or re.match(r"\s*[+\-−–*×·/÷:^√%]|\s*\w", text[last.end :]))


def _mean(values: list[float]) -> float:
    return math.fsum(values) / len(values) if values else 0.0  # the same in whatever order a set gives them


SENSE = Measure(
    name="sense",
    label="Makes sense",
    question="Does it make sense here, as far as its wording tells?",
    happens="Sense in what is said is",
    how=HIGHER,
    of=sense,
    about="the text",
)
