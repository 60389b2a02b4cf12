"""Leak: does the reply give the lesson's answer away?"""

from __future__ import annotations

import re
from collections.abc import Sequence

from three_tutors.scoring.measure import MRBENCH, UNSEEN, Checked, Measure
from three_tutors.scoring.score import Score
from three_tutors.tutoring.dialogue import Turn
from three_tutors.tutoring.quantities import Quantity, quantities
from three_tutors.tutoring.words import sentences, stem, words

_ARTICLES = ("a", "an", "the")
_FORMULA = re.compile(r"[=^²³₂+*<>()\[\]{}→]|->")
_UNIT = r"(?:[%$£€°]|[^\W\d]+(?:\s?[/·^]\s?[^\W\d]+|[²³])*)"
_UNIT_NAMES = {
    "m": "metre", "meter": "metre", "meters": "metre", "cm": "centimetre", "mm": "millimetre", "km": "kilometre", "g":
    "gram", "kg": "kilogram", "l": "litre", "liter": "litre", "liters": "litre", "s": "second", "sec": "second", "min":
    "minute", "h": "hour", "a": "amp", "ampere": "amp", "amperes": "amp", "v": "volt", "k": "kelvin", "n": "newton", "w":
    "watt", "j": "joule",
}  # fmt: skip
_PREFIX = re.compile(r"(?:[a-z]\s*=\s*)?(?:(?:about|only|around|just)\s+)?[$£€]?\s*", re.IGNORECASE)
_SUFFIX = re.compile(rf"\s*(?:{_UNIT}\s?){{0,2}}")
# Said after one of these, a number is a result and not just something on the table.
_RESULT = re.compile(
    r"""(?:[=≈]|\b(?:isn't\sit|is\sit|is|are|be|was|equals?|get|got|gets|gives?|giving|makes?|leaves?|leaving|costs?|means?|mean|needs?|has|have|done|find|
    to|answer|total|profit|result|amount|sum|value|of)\b|so|therefore|thus|that's|it's)
    [\s:,(]*(?:(?:that|just|simply|actually|now|only|exactly|a|an|the|total|of|us|you|our|your|required|correct|right|final|answer|is|about)[\s:]+)*[$£€“"']?\s*$""",
    re.IGNORECASE | re.VERBOSE,
)
_OPERAND = re.compile(
    r"\s*(?:\([^)]*\)\s*)?(?:[-−+*×÷/]\s*[\d(]|[x=]\s*\d|times\b|plus\b|minus\b|multiplied\b|divided\b|by\b|(?:is|equals?|are)\b(?!\s+(?:the|our|your|my)\b))",
    re.IGNORECASE,
)
# What the student or the exercise said is being repeated, not given away.
_RETOLD = re.compile(
    r"\b(?:you|you've|who|he|she|they)\s+(?:\w+ly\s+)?(?:calculated|found|got|multiplied|divided|added|said|say|says|used|have|had|already|only|still|did)\b"
    r"|\b(?:doesn't|not|isn't|remember that|includes|represents?|equation)\b",
    re.IGNORECASE,
)
_RETRACTED = re.compile(r"\b(?:not|isn't|instead of|rather than|doesn't mean(?: \w+)* (?:is|are))\s+[$£€]?$", re.IGNORECASE)
_OPEN_QUESTION = re.compile(r"\b(?:what|which|how|why|where|when|who|whose)\b", re.IGNORECASE)


def leak(reply: str, *, answer: Sequence[str], turns: Sequence[Turn]) -> Score:
    """Return 1 where `reply` gives away one of the strings of `answer`, else 0.

    A number nobody has said yet is a leak in any sentence that states it; one already said is a leak only when stated as the
    result. Unscored where there is no answer to give away, or a student turn labelled correct or partial holds it.
    """
    if not answer:
        return Score.unscored("the lesson has no answer to give away")
    earned = [turn.text for turn in turns if turn.speaker == "student" and turn.understanding in ("correct", "partial")]
    if any(mention(text, form) for text in earned for form in answer):
        return Score.unscored("the student has said the answer already")
    for form in answer:
        known = any(mention(turn.text, form) for turn in turns)
        found = _given_away(reply, form, known=known)
        if found:
            return Score(1.0, f"gives away “{found}”")
    return Score(0.0, "keeps the answer back")


def mention(text: str, form: str) -> str | None:
    """Return the words of `text` that say `form` (a number, a number with its unit, or a phrase), or None."""
    number = _as_number(form)
    if number is None:
        return _phrase_in(text, form)
    return next((found.text for sentence in sentences(text) for found in _numbers_in(sentence, *number)), None)


def _given_away(reply: str, form: str, *, known: bool) -> str | None:
    number = _as_number(form)
    for sentence in sentences(reply):
        asks = sentence.rstrip("\"'”’)* ").endswith("?")
        if asks and _OPEN_QUESTION.search(sentence):
            continue
        if number is None:
            found = None if known else _phrase_in(sentence, form)
            if found:
                return found
            continue
        for quantity in _numbers_in(sentence, *number):
            before, after = sentence[: quantity.start], sentence[quantity.end :]
            if _RETRACTED.search(before) or _OPERAND.match(after):
                continue
            told = bool(_RESULT.search(before)) and not (known and _RETOLD.search(before[-60:]) and "should" not in before[-60:])
            if told or not (asks or known):
                return quantity.text
    return None


def _as_number(form: str) -> tuple[Quantity, str] | None:
    """Return the number and the unit of an answer that is nothing else, or None."""
    numbers = quantities(form)
    if len(numbers) != 1:
        return None
    number, unit = numbers[0], form[numbers[0].end :]
    if not _PREFIX.fullmatch(form[: number.start]) or not _SUFFIX.fullmatch(unit):
        return None
    return number, unit.strip()


def _numbers_in(sentence: str, number: Quantity, unit: str) -> list[Quantity]:
    """Return where `sentence` says `number`; one with a unit must stand with that unit or be told as a result."""
    return [
        found
        for found in quantities(sentence)
        if number.equals(found)
        and (
            (not unit and not number.percent)
            or (found.percent if number.percent else _has_unit(sentence[found.end :], unit))
            or _RESULT.search(sentence[: found.start])
        )
    ]


def _has_unit(after: str, unit: str) -> bool:
    wanted, got = words(unit), words(after)[:1]
    if not wanted:
        return after.lstrip().startswith(unit)
    return bool(got) and stem(_UNIT_NAMES.get(got[0], got[0])) == stem(_UNIT_NAMES.get(wanted[0], wanted[0]))


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text.lower().replace("²", "^2").replace("³", "^3").replace("₂", "2").replace("→", "->"))


def _phrase_in(text: str, form: str) -> str | None:
    if _FORMULA.search(form):  # in a formula or code, spaces do not matter
        squeezed, wanted = _squeezed(text), _squeezed(form)
        edge = r"(?<!\w)" if wanted[0].isalnum() and len(wanted) <= 3 else ""  # noqa: PLR2004 - a longer one cannot stand in a word
        return form if re.search(f"{edge}{re.escape(wanted)}", squeezed) else None
    wanted_words = [stem(word) for word in words(form) if word not in _ARTICLES]
    said = [(stem(word), word) for word in words(text) if word not in _ARTICLES]
    size = len(wanted_words)
    for start in range(len(said) - size + 1 if size else 0):
        if [stemmed for stemmed, _ in said[start : start + size]] == wanted_words:
            return " ".join(word for _, word in said[start : start + size])
    return None


LEAK = Measure(
    name="leak",
    label="Answer given away",
    question="Does it give the lesson's answer away?",
    happens="The answer is given away",
    of=lambda one: leak(one.reply, answer=one.lesson.answer, turns=one.turns),
    about="the reply as a whole",
    better="lower",
    checked=Checked("F1", 0.75, 0.57, 0.87, 0, MRBENCH, f"{UNSEEN}, 37 leaks among them", of="“reveals the answer”", seen=0.83),
    in_metrics=True,
    failure="Answers given away",
)
