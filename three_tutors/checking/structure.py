"""The pandera schema of dialogues and scenarios, made from the fields of `schema`, and its verdict over one frame.

Each row is a turn, with the head of its dialogue beside it. The `error` of a check is the code of the problem; the row index of
a failure leads back to the turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from typing import Any

import pandera.polars as pa
import polars as pl
from pandera.errors import SchemaErrors

from three_tutors.checking import schema
from three_tutors.checking.finding import Finding, Path, Source, quoted
from three_tutors.checking.reading import Entry
from three_tutors.checking.shape import refusal
from three_tutors.tutoring.dialogue import SPEAKERS, Dialogue, Lesson, Scenario, ScriptedTurn, Turn
from three_tutors.tutoring.fields import LONGEST, Field, fields

DIALOGUE_TURN = fields(Turn)
SCENARIO_TURN = (*fields(ScriptedTurn), *schema.EXPECT)
FRAME = 20_000
"""Dialogues per frame. Every row repeats the head of its dialogue, so larger frames take more memory and save no time."""

_TYPES = {"text": pl.String(), "whole": pl.Int64(), "texts": pl.List(pl.String())}


def check(entries: Sequence[Entry]) -> Iterator[Finding]:
    """Yield what is wrong with the structure of `entries` (one frame for every 20,000 of a kind)."""
    for kind, head, turn in ((Dialogue, schema.DIALOGUE_HEAD, DIALOGUE_TURN), (Scenario, schema.SCENARIO_HEAD, SCENARIO_TURN)):
        some = [entry for entry in entries if isinstance(entry.item, kind)]
        for start in range(0, len(some), FRAME):
            yield from _check(some[start : start + FRAME], head, turn)


def frame_schema(head: tuple[Field, ...], turn: tuple[Field, ...]) -> pa.DataFrameSchema:
    """Return the pandera schema of a frame of turns: one column a field, and the rules between rows."""
    columns = {field.name: _column(field) for field in (*head, *turn)}
    is_dialogue = turn is DIALOGUE_TURN
    fewest = schema.FEWEST_TURNS if is_dialogue else 1
    rules = [
        _rule("E108", pl.col("stem").is_null() | (pl.col("id") == pl.col("stem"))),
        _rule("E109", pl.col("folder").is_null() | (pl.col("subject") == pl.col("folder"))),
        _rule("E106", pl.len().over("entry").is_between(fewest, schema.MOST_TURNS)),
    ]
    if is_dialogue:
        opening = pl.col("opening").fill_null(schema.OPENING.missing)
        rules += [
            _rule("E111", pl.col("speaker") != pl.col("speaker").shift(1).over("entry")),
            _rule("E112", (pl.col("turn") > 0) | ~opening.is_in(SPEAKERS) | (pl.col("speaker") == opening)),
            _rule("E113", (pl.col("turn") < pl.len().over("entry") - 1) | (pl.col("speaker") == "teacher")),
        ]
    return pa.DataFrameSchema(columns, checks=rules)


def frame(entries: Sequence[Entry], head: tuple[Field, ...], turn: tuple[Field, ...]) -> pl.DataFrame:
    """Return one row a turn, the head of its entry beside it; `entry` and `turn` count from 0.

    What is missing is null here, so that every check passes over it: `shape` has said so where it must be there.
    """
    items: list[Any] = [entry.item for entry in entries]
    heads: dict[str, list[Any]] = {"entry": list(range(len(items)))}
    heads["stem"] = [_stem(entry.source) for entry in entries]
    heads["folder"] = [entry.folder for entry in entries]
    for field in head:
        holders = entries if field is schema.OPENING else [item.lesson for item in items] if field in fields(Lesson) else items
        heads[field.name] = _cells(holders, field.name, field)
    said = [one for item in items for one in item.turns]
    turns: dict[str, list[Any]] = {"entry": [number for number, item in enumerate(items) for _ in item.turns]}
    turns["turn"] = [index for item in items for index in range(len(item.turns))]
    turns["speaker"] = [getattr(one, "speaker", "student") or None for one in said]
    for field in turn:
        turns[field.name] = _cells(said, f"expect.{field.name}" if field in schema.EXPECT else field.name, field)
    types = {"entry": pl.Int64(), "turn": pl.Int64(), "stem": pl.String(), "folder": pl.String(), "speaker": pl.String()}
    types |= {field.name: _TYPES[field.kind] for field in (*head, *turn)}
    left = pl.DataFrame(heads, schema={name: types[name] for name in heads})
    right = pl.DataFrame(turns, schema={name: types[name] for name in turns})
    return left.join(right, on="entry", how="left", maintain_order="left_right")


def _cells(holders: Sequence[Any], name: str, field: Field) -> list[Any]:
    return [None if value == field.missing else value for value in map(attrgetter(name), holders)]


def _column(field: Field) -> pa.Column:
    checks = []
    if field.kind == "text":
        checks.append(
            pa.Check.isin(field.allowed, error="E104") if field.allowed else pa.Check.str_length(field.least, field.most, error="E106")
        )
        if field.pattern:
            checks.append(pa.Check.str_matches(f"^(?:{field.pattern})$", error="E107"))
    elif field.kind == "whole":
        checks.append(
            pa.Check.isin(field.allowed, error="E104") if field.allowed else pa.Check.in_range(field.least, field.most, error="E105")
        )
    else:
        checks.append(_items(field.name, "E106", lambda name: pl.col(name).list.len().is_between(field.least, field.most)))
        item = pl.element().is_in(field.allowed) if field.allowed else pl.element().str.len_chars().is_between(1, LONGEST)
        checks.append(_items(field.name, "E104" if field.allowed else "E106", lambda name: pl.col(name).list.eval(item).list.all()))
    return pa.Column(_TYPES[field.kind], checks, nullable=True)


def _items(name: str, code: str, expression: Callable[[str], pl.Expr]) -> pa.Check:
    """Return a check of a list column; a missing list passes."""
    return pa.Check(lambda data: data.lazyframe.select(expression(name).fill_null(value=True)), error=code)


def _rule(code: str, holds: pl.Expr) -> pa.Check:
    """Return a check over rows; a row with a missing value passes, because `shape` has reported it."""
    return pa.Check(lambda data: data.lazyframe.select(holds.fill_null(value=True)), error=code)


def _check(entries: Sequence[Entry], head: tuple[Field, ...], turn: tuple[Field, ...]) -> Iterator[Finding]:
    table = frame(entries, head, turn)
    try:
        frame_schema(head, turn).validate(table, lazy=True)
    except SchemaErrors as errors:
        failures = errors.failure_cases.select("column", "check", "index").unique(maintain_order=True).rows()
    else:
        return
    where = table.select("entry", "turn", "speaker").rows()
    by_name = {field.name: field for field in (*head, *turn)}
    seen: set[tuple[Source, str, Path]] = set()
    for column, check_, index in failures:
        number, at, speaker = where[index]
        entry = entries[number]
        if at is None and column not in {field.name for field in head}:
            continue  # no turns at all, which was already said
        path = _path(column or check_, at, speaker, head, turn)
        key = (entry.source, check_, path)
        if key not in seen:
            seen.add(key)
            value = table[index, column] if column else None
            message = _broken_rule(check_, entry, at) if column is None else refusal(check_, by_name[column], value, str(path[-1]))
            yield Finding(entry.source, check_, message, path)


def _path(column: str, turn: int, speaker: str, head: tuple[Field, ...], of_turn: tuple[Field, ...]) -> Path:
    """Return the way to the value a failure is about; a rule between rows points at the turn or at the head."""
    heads = {"E108": ("id",), "E109": ("subject",), "E106": ("turns",)}
    if column in heads:
        return heads[column]
    if any(field.name == column for field in head):
        return (column,)
    if column == "text" or not any(field.name == column for field in of_turn):
        return ("turns", turn, speaker)
    return ("turns", turn, "expect", column) if any(field.name == column for field in schema.EXPECT) else ("turns", turn, column)


def _broken_rule(code: str, entry: Entry, turn: int) -> str:
    item: Any = entry.item
    if code == "E106":
        return f"number of turns is {len(item.turns)}, at least {schema.FEWEST_TURNS} and at most {schema.MOST_TURNS} are allowed"
    if code == "E108":
        return f"id {quoted(str(item.id))} is not the file's name {quoted(_stem(entry.source) or '')}"
    if code == "E109":
        return f"subject {quoted(str(item.lesson.subject))} is not the folder's name {quoted(entry.folder or '')}"
    speaker = item.turns[turn].speaker
    if code == "E112":
        return f"the {speaker} opens"
    return f"the {speaker} speaks twice in a row" if code == "E111" else "the last word is the student's"


def _stem(source: Source) -> str | None:
    return source.file.rsplit("/", 1)[-1].removesuffix(".yaml") if source.length < 0 else None
