"""Whether the teacher of a dialogue gives the answer away before the student has it."""

from __future__ import annotations

import re
from functools import lru_cache

from stages.tutoring.dialogue import Dialogue
from stages.tutoring.finding import Note, quoted
from stages.tutoring.leak import mention

MAY_TELL = frozenset({"direct_explanation", "worked_example"})
TRIES_BEFORE_TELLING = 2
"""Student turns after which a teacher may explain with the answer."""


def reveal(dialogue: Dialogue) -> Note | None:
    """Return the first teacher turn that says the answer before the student does.

    An explanation or a worked example may, once the student has tried twice.
    """
    answers = [(answer, max(re.findall(r"\w+", answer.lower()), key=len, default="")) for answer in dialogue.lesson.answer or ()]
    students: list[str] = []
    for index, turn in enumerate(dialogue.turns):
        if turn.speaker == "student":
            students.append(turn.text)
        elif turn.strategy not in MAY_TELL or len(students) < TRIES_BEFORE_TELLING:
            lower = turn.text.lower()
            for answer, longest in answers:
                span = said(turn.text, answer) if longest in lower else None
                if not span or (_DIGIT.fullmatch(answer) and not _RESULT.search(turn.text, 0, span[0])):
                    continue
                if any(said(text, form) or mention(text, form) for text in students for form, _ in answers):
                    return None
                words_around = quoted(around(turn.text, span))
                return (
                    "E201",
                    f"gives the answer {quoted(answer)} away before the student has it: {words_around}",
                    ("turns", index, "teacher"),
                )
    return None


_DIGIT = re.compile(r"\d")
"""A lone digit stands in many innocent places, so it has to be said as a result."""
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
    parts = [re.escape(part).replace("\\-", "[-−–]") for part in re.findall(r"\w+|[^\w\s]", answer)]
    body = r"\s*".join(parts)
    if re.match(r"\w", answer):
        body = r"(?<!\w)(?<!\d[.,/:^])" + (r"(?<![\s(=][-−–])(?<!^[-−–])" if answer[0].isdigit() else "") + body
    if re.search(r"\w$", answer):
        body += r"(?!\w)(?!['’]\w)" + (r"(?![.,/:^]\d)(?!\s?[%°])" if answer[-1].isdigit() else "")
    return re.compile(body, re.IGNORECASE)


def around(text: str, span: tuple[int, int], reach: int = 24) -> str:
    """Return the words of `text` around `span`."""
    start = text.rfind(" ", 0, max(0, span[0] - reach)) + 1 if span[0] > reach else 0
    end = text.find(" ", span[1] + reach)
    cut = text[start : end if end >= 0 else len(text)]
    return ("…" if start else "") + " ".join(cut.split()) + ("…" if end >= 0 else "")
