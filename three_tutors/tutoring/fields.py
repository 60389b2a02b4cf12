"""The fields of a lesson, turn or scenario: declared once, in the class that holds them, and read from there by everybody.

    topic: Annotated[str, Field("What the lesson is about, in a few words.", prose=True)]
    answer: Annotated[tuple[str, ...], Field("What must not be given away.", least=0, most=20)] = ()

Python says the rest: a default makes a field optional and is what stands there when a file leaves it out; a Literal is a closed
list. The gate, the JSON schemas, the importer, the difference, the data card and Croissant work from what `fields` returns.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from operator import attrgetter
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.records import Record, read_jsonl

T = TypeVar("T")
Kind = Literal["text", "whole", "texts"]

LONGEST = 300
"""Characters of a text in the head of a lesson, and of an item of a list."""


@dataclass(frozen=True)
class Field:
    """What is declared about one field."""

    description: str
    """What to write there, as a sentence."""
    least: int = 1
    """Of a text: characters; of a whole number: value; of a list: items."""
    most: int = LONGEST
    pattern: str = ""
    """Regular expression of the whole text."""
    wanted: str = ""
    """The pattern in words."""
    prose: bool = False
    """Sentences for people, which the gate searches for personal data."""
    speaker: str = ""
    """Whose turns carry it; empty where both may."""

    # What follows is Python's own and is filled in by `fields`.
    name: str = ""
    kind: Kind = "text"
    required: bool = True
    missing: Any = ""
    """What stands there where a file leaves it out."""
    allowed: tuple[str | int, ...] = ()
    """The closed list of values (of a list: of its items); empty where any value may be written."""


@cache
def fields(kind: type) -> tuple[Field, ...]:
    """Return the declared fields of the dataclass `kind`, in order."""
    hints = get_type_hints(kind, include_extras=True)
    found = []
    for one in dataclasses.fields(kind):
        if get_origin(hints[one.name]) is not Annotated:
            continue
        hint, declared = get_args(hints[one.name])
        required = one.default is dataclasses.MISSING
        found.append(replace(declared, name=one.name, required=required, **_typed(hint, None if required else one.default)))
    return tuple(found)


def record(value: Any) -> dict[str, Any]:  # noqa: ANN401 - any dataclass with fields
    """Return the fields of `value` by name, lists as lists."""
    names, get = _getter(value.__class__)
    return {name: list(one) if isinstance(one, tuple) else one for name, one in zip(names, get(value), strict=True)}


@cache
def _getter(kind: type) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:
    """Return the names of the declared fields, and what gets all of their values at once."""
    names = tuple(field.name for field in fields(kind))
    if len(names) == 1:
        return names, lambda value: (getattr(value, names[0]),)
    return names, attrgetter(*names)


def values(kind: type, written: dict[str, Any]) -> dict[str, Any]:
    """Return the values of the fields of `kind` in `written`, which `record` made; what is missing there is missing.

    Raises:
        KeyError: a required field is missing.

    """
    read = {}
    for field in fields(kind):
        value = written[field.name] if field.required else written.get(field.name, field.missing)
        read[field.name] = tuple(value) if field.kind == "texts" else value
    return read


def read_all(path: Path, from_record: Callable[[Record], T]) -> list[T]:
    """Return what `from_record` makes of each line of a file that `validate` gathered.

    Raises:
        DataError: a line is no such record; says which.

    """
    read = []
    for line, written in enumerate(read_jsonl(path), start=1):
        try:
            read.append(from_record(written))
        except (KeyError, TypeError) as error:
            raise DataError(f"{path}:{line}: not a record that `validate` wrote ({error}); run `dvc repro validate`.") from None
    return read


def _typed(hint: Any, default: Any) -> dict[str, Any]:  # noqa: ANN401 - a type
    is_list = get_origin(hint) is tuple
    item = get_args(hint)[0] if is_list else hint
    allowed = tuple(value for value in get_args(item) if value != "") if get_origin(item) is Literal else ()
    whole = item is int or any(isinstance(value, int) for value in allowed)
    kind: Kind = "texts" if is_list else "whole" if whole else "text"
    empty = {"text": "", "whole": 0, "texts": ()}[kind]
    return {"kind": kind, "allowed": allowed, "missing": empty if default is None else default}
