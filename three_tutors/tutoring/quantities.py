"""Numbers in text as values: digits, decimals, fractions, percentages and English number words."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from three_tutors.pipeline.json_values import MOST_DIGITS

_SMALL = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11,
    "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
_SCALES = {"hundred": 100, "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
_PARTS = {
    "half": 2, "halves": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
    "tenth": 10, "eleventh": 11, "twelfth": 12, "hundredth": 100,
}  # fmt: skip
_ONES = "|".join([*_SMALL, *_TENS])
_WORDS = rf"(?:{_ONES})(?:(?:[\s-]+|\s+and\s+)(?:{_ONES}|{'|'.join(_SCALES)}))*"
_VULGAR = "½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞"
_DIGITS = r"\d{1,3}(?:[, ]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+"
_QUANTITY = re.compile(
    rf"""(?<![\w.:])(?P<minus>(?<!\))[-−–](?=[\d.{_VULGAR}])|(?:minus|negative)\s+)?(?:
        (?:(?P<whole>\d+)\s+)?(?P<top>\d+)\s*[/⁄]\s*(?P<bottom>[1-9]\d*)(?![\d/])
      | (?P<mixed>\d+)?\s?(?P<vulgar>[{_VULGAR}])
      | (?P<digits>{_DIGITS})(?!\d|[.,:]\d)
      | (?:(?P<count>an?|{_ONES})[\s-]+)?(?P<part>half|(?:{"|".join(part for part in _PARTS if part not in ("half", "halves"))})s?|halves)\b
      | (?P<words>{_WORDS})\b
    )(?P<percent>\s?%|\s+per\s?cent\b)?""",
    re.VERBOSE | re.IGNORECASE,
)
_ORDINAL = re.compile(r"(?:st|nd|rd|th)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Quantity:
    """A number as it stands in a text."""

    value: Fraction
    percent: bool
    decimals: int
    """Digits after the point; 0 for whole numbers, fractions and words."""
    start: int
    end: int
    """Where it stands in the text."""
    text: str

    def equals(self, other: Quantity) -> bool:
        """Return whether both name one number: 5/6, five sixths and 0.83; 50% and 0.5 (both ways)."""
        if self.value == other.value:
            return True
        if self.percent != other.percent and _hundredfold(self) == _hundredfold(other):
            return True
        rounded, exact = (self, other) if self.decimals else (other, self)
        return rounded.decimals >= 2 and exact.decimals != rounded.decimals and round(exact.value, rounded.decimals) == rounded.value  # noqa: PLR2004


def quantities(text: str) -> list[Quantity]:
    """Return every number in `text`, in order. Ordinals such as `18th` are names, not numbers."""
    return list(_quantities(text))


@lru_cache(maxsize=1 << 14)
def _quantities(text: str) -> tuple[Quantity, ...]:
    text = unicodedata.normalize("NFC", text)
    found = []
    for match in _QUANTITY.finditer(text):
        if match["digits"] and _ORDINAL.match(text, match.end()):
            continue
        if len(match.group()) > MOST_DIGITS and not match["words"]:
            continue  # a key held down, or a model that repeats itself: no number, and more digits than Python converts
        # "The third step" is an ordinal; only a counted part ("two thirds", "a half") or a plain half is a fraction.
        if match["part"] and not match["count"] and match["part"].lower() != "half":
            continue
        value = _value(match)
        if match["minus"]:
            value = -value
        decimals = len(match["digits"].partition(".")[2]) if match["digits"] else 0
        found.append(Quantity(value, bool(match["percent"]), decimals, match.start(), match.end(), match.group().strip()))
    return tuple(found)


def _value(match: re.Match[str]) -> Fraction:
    if match["top"]:
        return Fraction(int(match["whole"] or 0)) + Fraction(int(match["top"]), int(match["bottom"]))
    if match["vulgar"]:
        return Fraction(int(match["mixed"] or 0)) + Fraction(unicodedata.numeric(match["vulgar"])).limit_denominator(10)
    if match["digits"]:
        return Fraction(re.sub(r"[, ]", "", match["digits"]))
    if match["part"]:
        count = (match["count"] or "a").lower()
        part = match["part"].lower()
        bottom = _PARTS.get(part) or _PARTS[part.removesuffix("s")]
        return Fraction(1 if count in ("a", "an") else _SMALL.get(count, _TENS.get(count, 1)), bottom)
    return Fraction(_spelled(match["words"].lower()))


def _spelled(text: str) -> int:
    total, group = 0, 0
    for word in re.split(r"[\s-]+", text):
        if word in _SMALL or word in _TENS:
            group += _SMALL.get(word, _TENS.get(word, 0))
        elif word == "hundred":
            group = max(group, 1) * 100
        elif word in _SCALES:
            total, group = total + max(group, 1) * _SCALES[word], 0
    return total + group


def _hundredfold(quantity: Quantity) -> Fraction:
    return quantity.value if quantity.percent else quantity.value * 100
