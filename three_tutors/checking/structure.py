"""The pandera schema of dialogues, scenarios and moments, made from the fields of `schema`, and its verdict over one frame.

Each row is a turn, with the head of its dialogue beside it; the graded replies and the sides of moments have frames of their own.
The `error` of a check is the code of the problem; the row index of a failure leads back to the turn.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

import pandera.polars as pa
import polars as pl
from pandera.errors import SchemaErrors

from three_tutors.checking import schema
from three_tutors.checking.finding import Finding, Path, Source, quoted
from three_tutors.checking.reading import Entry
from three_tutors.checking.shape import refusal
from three_tutors.tutoring.dialogue import SPEAKERS, Dialogue, Lesson, Origin, Turn
from three_tutors.tutoring.fields import LONGEST, Field, fields
from three_tutors.tutoring.moment import Moment
from three_tutors.tutoring.scenario import Scenario, ScriptedTurn


class Layout(NamedTuple):
    """One frame: what its rows are and which fields they have."""

    kind: type[Dialogue | Scenario | Moment]
    rows: str
    """Attribute of the item that holds the rows: turns, replies or sides."""
    head: tuple[Field, ...]
    row: tuple[Field, ...]
    fewest: int = 1
    """Rows of an item; of a pair, of each of its sides."""
    most: int = schema.MOST_TURNS


DIALOGUE = Layout(Dialogue, "turns", schema.DIALOGUE_HEAD, fields(Turn), schema.FEWEST_TURNS)
SCENARIO = Layout(Scenario, "turns", schema.SCENARIO_HEAD, (*fields(ScriptedTurn), *schema.EXPECT))
MOMENT = Layout(Moment, "turns", schema.MOMENT_OR_PAIR_HEAD, fields(Turn))
LAYOUTS = (
    DIALOGUE,
    SCENARIO,
    MOMENT,
    Layout(Moment, "replies", (), schema.REPLY, schema.FEWEST_REPLIES, schema.MOST_REPLIES),
    Layout(Moment, "sides", (), schema.SIDE),
)
FRAME = 20_000
"""Dialogues per frame. Every row repeats the head of its dialogue, so larger frames take more memory and save no time."""

_TYPES = {"text": pl.String(), "whole": pl.Int64(), "texts": pl.List(pl.String())}


def check(entries: Sequence[Entry]) -> Iterator[Finding]:
    """Yield what is wrong with the structure of `entries` (one frame for every 20,000 of a kind)."""
    for layout in LAYOUTS:
        some = [entry for entry in entries if isinstance(entry.item, layout.kind)]
        for start in range(0, len(some), FRAME):
            yield from _check(some[start : start + FRAME], layout)


def frame_schema(layout: Layout) -> pa.DataFrameSchema:
    """Return the pandera schema of a frame: one column a field, and the rules between rows."""
    columns = {field.name: _column(field) for field in (*layout.head, *layout.row)}
    rules = [_rule("E106", pl.len().over("entry", "side").is_between(layout.fewest, layout.most))]
    if layout.head:
        rules.append(_rule("E108", pl.col("stem").is_null() | (pl.col("id") == pl.col("stem"))))
        rules.append(_rule("E109", pl.col("folder").is_null() | (pl.col("subject") == pl.col("folder"))))
    if layout.kind is Dialogue:
        opening = pl.col("opening").fill_null(schema.OPENING.missing)
        rules += [
            _rule("E111", pl.col("speaker") != pl.col("speaker").shift(1).over("entry")),
            _rule("E112", (pl.col("turn") > 0) | ~opening.is_in(SPEAKERS) | (pl.col("speaker") == opening)),
            _rule("E113", (pl.col("turn") < pl.len().over("entry") - 1) | (pl.col("speaker") == "teacher")),
        ]
    return pa.DataFrameSchema(columns, checks=rules)


def frame(entries: Sequence[Entry], layout: Layout) -> pl.DataFrame:
    """Return one row a turn (reply, side), the head of its entry beside it; `entry`, `side` and `turn` count from 0.

    What is missing is null here, so that every check passes over it: `shape` has said so where it must be there.
    """
    items: list[Any] = [entry.item for entry in entries]
    heads: dict[str, list[Any]] = {"entry": list(range(len(items)))}
    heads["stem"] = [_stem(entry.source) for entry in entries]
    heads["folder"] = [entry.folder for entry in entries]
    for field in layout.head:
        holders = entries if field is schema.OPENING else items
        for part, its_fields in (("lesson", fields(Lesson)), ("origin", fields(Origin))):
            holders = [getattr(item, part) for item in items] if field in its_fields else holders
        heads[field.name] = _cells(holders, field.name, field)
    rows = [getattr(item, layout.rows) for item in items]
    said = [one for some in rows for one in some]
    turns: dict[str, list[Any]] = {"entry": [number for number, some in enumerate(rows) for _ in some]}
    turns["turn"] = [index for some in rows for index in range(len(some))]
    turns["side"] = [side for item in items for side in _sides(item, layout.rows)]
    turns["speaker"] = [getattr(one, "speaker", "student") or None for one in said]
    for field in layout.row:
        turns[field.name] = _cells(said, f"expect.{field.name}" if field in schema.EXPECT else field.name, field)
    types = {
        "entry": pl.Int64(),
        "turn": pl.Int64(),
        "side": pl.Int64(),
        "stem": pl.String(),
        "folder": pl.String(),
        "speaker": pl.String(),
    }
    types |= {field.name: _TYPES[field.kind] for field in (*layout.head, *layout.row)}
    left = pl.DataFrame(heads, schema={name: types[name] for name in heads})
    right = pl.DataFrame(turns, schema={name: types[name] for name in turns})
    return left.join(right, on="entry", how="left", maintain_order="left_right")


def _sides(item: Any, rows: str) -> list[int]:  # noqa: ANN401 - what an entry holds
    """Return for each row of `item` the side it stands on."""
    if isinstance(item, Moment) and rows != "sides":
        return [number for number, side in enumerate(item.sides) for _ in getattr(side, rows)]
    return [0] * len(getattr(item, rows))


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


def _check(entries: Sequence[Entry], layout: Layout) -> Iterator[Finding]:
    table = frame(entries, layout)
    try:
        frame_schema(layout).validate(table, lazy=True)
    except SchemaErrors as errors:
        failures = errors.failure_cases.select("column", "check", "index").unique(maintain_order=True).rows()
    else:
        return
    where = table.select("entry", "turn", "speaker", "side").rows()
    sizes = Counter((number, side) for number, _, _, side in where)
    by_name = {field.name: field for field in (*layout.head, *layout.row)}
    seen: set[tuple[Source, str, Path]] = set()
    for column, check_, index in failures:
        number, at, speaker, side = where[index]
        entry = entries[number]
        if at is None and column not in {field.name for field in layout.head}:
            continue  # no rows at all, which was already said
        path = _path(column or check_, entry, at, speaker, layout)
        key = (entry.source, check_, path)
        if key not in seen:
            seen.add(key)
            value = table[index, column] if column else None
            rows = sizes[number, side]
            message = (
                _broken_rule(check_, entry, at, rows, layout) if column is None else refusal(check_, by_name[column], value, str(path[-1]))
            )
            yield Finding(entry.source, check_, message, path)


def _path(column: str, entry: Entry, row: int, speaker: str, layout: Layout) -> Path:
    """Return the way to the value a failure is about; a rule between rows points at the row or at the head."""
    heads = {"E108": "id", "E109": "subject"}
    if column in heads or any(field.name == column for field in layout.head):
        return (heads.get(column, column),)
    here = way(entry.item, layout.rows, row)
    if column == "E106":
        return here[:-1]
    if column == "text" or not any(field.name == column for field in layout.row):
        return (*here, speaker)
    return (*here, "expect", column) if any(field.name == column for field in schema.EXPECT) else (*here, column)


def way(item: Any, rows: str, row: int) -> Path:  # noqa: ANN401 - what an entry holds
    """Return the path of the turn, reply or side number `row` of all that `item` has; in a pair it stands on one of its sides."""
    if not isinstance(item, Moment) or len(item.sides) == 1:
        return () if rows == "sides" else (rows, row)
    if rows == "sides":
        return ("sides", row)
    for number, side in enumerate(item.sides):
        here = len(getattr(side, rows))
        if row < here:
            return ("sides", number, rows, row)
        row -= here
    return ()


def _broken_rule(code: str, entry: Entry, turn: int, rows: int, layout: Layout) -> str:
    item: Any = entry.item
    if code == "E106":
        return f"number of {layout.rows} is {rows}, at least {layout.fewest} and at most {layout.most} are allowed"
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
