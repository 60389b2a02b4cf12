"""What comes in by forms and addresses, read strictly: texts, numbers, the lesson that a person described."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from starlette.exceptions import HTTPException
from starlette.requests import Request

from three_tutors.chat.roster import EMPTY
from three_tutors.pipeline.diagnostics import TutorError
from three_tutors.tutoring.dialogue import Lesson
from three_tutors.tutoring.fields import LONGEST, Field, fields

MOST_BYTES = 256 * 2**10
"""Of a form; a turn has at most 4,000 characters."""
MOST_FIELDS = 40
MOST_DIGITS = 15
"""Digits of a whole number that SQLite holds in any case."""

Form = dict[str, list[str]]


async def read_form(request: Request) -> Form:
    """Return the fields of a form; one that is too large, or no form, is refused."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise HTTPException(413, f"A form may have {MOST_BYTES // 2**10} KiB.")
    try:
        return parse_qs(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError:
        raise HTTPException(400, "That is not a form of this page.") from None


def one(form: Form, name: str) -> str:
    """Return the first value of a field; empty where it is not there."""
    return form.get(name, [""])[0]


def number(text: str | None) -> int | None:
    """Return a whole number; None where the text is none."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS else None


def decimal(text: str) -> float | None:
    """Return a number such as 0.7; None where nothing was said.

    Raises:
        HTTPException: it is no number.

    """
    if not text:
        return None
    whole, _, part = text.partition(".")
    if number(whole) is None or (part and number(part) is None):
        raise HTTPException(400, "That is not a form of this page.")
    return float(text)


def lesson(form: Form) -> Lesson:
    """Return the lesson that a person described; what was left open is that of an empty page."""
    return Lesson(**{field.name: _value(form, field) or getattr(EMPTY, field.name) for field in fields(Lesson)})


def _value(form: Form, field: Field) -> Any:  # noqa: ANN401 - a field holds anything
    """Return what was typed for `field`; empty where nothing was.

    Raises:
        TutorError: it does not fit; the page shows why, and nothing is cut or replaced.

    """
    text = " ".join(one(form, field.name).split())
    if not text:
        return field.missing
    if field.kind == "texts":
        return _several(text, field)
    if field.kind == "whole":
        typed = number(text)
        if typed is None or not field.least <= typed <= field.most:
            raise TutorError(f"The {field.name} is a whole number from {field.least} to {field.most}.")
        return typed
    if field.name == "subject":
        text = "_".join("".join(letter if letter.isascii() and letter.isalpha() else " " for letter in text.lower()).split())
        if not text:
            raise TutorError("Write the subject in the letters a to z.")
    if len(text) > field.most:
        raise TutorError(f"The {field.name} may have {field.most} characters; this has {len(text)}.")
    return text


def _several(text: str, field: Field) -> tuple[str, ...]:
    """Return the parts of a text between semicolons."""
    parts = tuple(dict.fromkeys(part.strip() for part in text.split(";") if part.strip()))
    if len(parts) > field.most:
        raise TutorError(f"The {field.name} may be written in {field.most} ways; these are {len(parts)}.")
    if too_long := [part for part in parts if len(part) > LONGEST]:
        raise TutorError(f"The {field.name} may have {LONGEST} characters; this has {len(too_long[0])}.")
    return parts
