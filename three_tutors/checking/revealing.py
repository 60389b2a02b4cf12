"""Whether the teacher of a dialogue gives the answer away before the student has it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from three_tutors.checking.finding import Note, quoted
from three_tutors.scoring.leak import mention
from three_tutors.tutoring.dialogue import Dialogue
from three_tutors.tutoring.words import tokens

NUMBERS = frozenset(
    """
    eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety
    hundred thousand million half halves third thirds quarter quarters fourth fourths fifth fifths sixth sixths seventh sevenths eighth
    eighths ninth ninths tenth tenths twelfth twelfths hundredth hundredths
    """.split()  # noqa: SIM905 - a word list reads as text
)
"""A number of two digits or a fraction that is spelled out contains one of these words."""
MAY_TELL = frozenset({"direct_explanation", "worked_example"})
TRIES_BEFORE_TELLING = 2
"""Student turns after which a teacher may explain and say the answer."""


def reveal(dialogue: Dialogue) -> Note | None:
    """Return the first teacher turn that says the answer before the student does.

    An explanation or a worked example may, once the student has tried twice.
    """
    answers = dialogue.lesson.answer
    students: list[str] = []
    for index, turn in enumerate(dialogue.turns):
        if turn.speaker == "student":
            students.append(turn.text)
        elif turn.strategy not in MAY_TELL or len(students) < TRIES_BEFORE_TELLING:
            for answer in answers:
                span = _told(turn.text, answer)
                if not span:
                    continue
                if any(said(text, form) or mention(text, form) for text in students for form in answers):
                    return None
                words_around = quoted(around(turn.text, span))
                message = f"gives the answer {quoted(answer)} away before the student has it: {words_around}"
                return "E201", message, ("turns", index, "teacher")
    return None


def _told(text: str, answer: str) -> tuple[int, int] | None:
    """Return where `text` says `answer`: as it is written, or as another way to write the number ("five sixths", "2,000")."""
    form = _form(answer)
    if form.longest in text.lower():
        for match in _answer(answer).finditer(text):
            is_operand = form.is_number and _OPERAND.match(text, match.end())
            if not is_operand and (not form.is_digit or _RESULT.search(text, 0, match.start())):
                return match.span()
        return None
    if form.is_number and not form.is_digit and not NUMBERS.isdisjoint(tokens(text)) and (found := mention(text, answer)):
        at = text.find(found)
        return (at, at + len(found)) if at >= 0 else (0, len(text))
    return None


@dataclass(frozen=True)
class _Form:
    """What is known about one way to write an answer."""

    longest: str
    """Its longest word; a text without it does not say the answer as written."""
    is_digit: bool
    """A single digit occurs in many harmless places, so it counts only as a result (`is 5`, `= 5`)."""
    is_number: bool


@lru_cache(maxsize=4096)
def _form(answer: str) -> _Form:
    longest = max(re.findall(r"\d{3}(?=\b)|\w+", re.sub(r"(?<=\d)(?=(?:\d{3})+\b)", " ", answer.lower())), key=len, default="")
    return _Form(longest, bool(re.fullmatch(r"\d", answer)), bool(re.fullmatch(r"[-−–$£€]?[\d.,/]+%?", answer)))


_OPERAND = re.compile(r"\s*[-−–+*×÷]\s*[$£€]?\d[^=]*=")
"""What follows the first number of a sum: "10 - 1 = 9" does not give 10 away."""
_RESULT = re.compile(
    r"(?:[=→:]|\b(?:is|are|was|were|be|makes?|gives?|gets?|got|equals?|answer|total|leaves?|left|it's|that's|there's|so))[\s$£€]*(?:\w+\s+){0,2}[$£€]?$",
    re.IGNORECASE,
)


def said(text: str, answer: str) -> tuple[int, int] | None:
    """Return where `text` says `answer` as a whole word or number: 5 is not said by 15, 0.5, 5/6, -5 or 5%."""
    match = _answer(answer).search(text)
    return match.span() if match else None


@lru_cache(maxsize=4096)
def _answer(answer: str) -> re.Pattern[str]:
    parts = [_part(part) for part in re.findall(r"\w+|[^\w\s]", answer)]
    body = r"\s*".join(parts)
    if re.match(r"\w", answer):
        body = r"(?<!\w)(?<!\d[.,/:^])" + (r"(?<![\s(=][-−–])(?<!^[-−–])" if answer[0].isdigit() else "") + body
    if re.search(r"\w$", answer):
        body += r"(?!\w)(?!['’]\w)" + (r"(?![.,/:^]\d)(?!\s?[%°])" if answer[-1].isdigit() else "")
    return re.compile(body, re.IGNORECASE)


def _part(part: str) -> str:
    """Return the pattern of a word, a sign, or a number, whose thousands may be set apart."""
    if re.fullmatch(r"\d{4,}", part):
        return "[,\\s]?".join(re.findall(r"\d{1,3}(?=(?:\d{3})*$)", part))
    return re.escape(part).replace("\\-", "[-−–]")


def around(text: str, span: tuple[int, int], reach: int = 24) -> str:
    """Return the words of `text` around `span`."""
    start = text.rfind(" ", 0, max(0, span[0] - reach)) + 1 if span[0] > reach else 0
    end = text.find(" ", span[1] + reach)
    cut = text[start : end if end >= 0 else len(text)]
    return ("…" if start else "") + " ".join(cut.split()) + ("…" if end >= 0 else "")
