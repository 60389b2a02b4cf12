"""Write a difference between two revisions of the dialogues for a terminal and for a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from three_tutors.authoring.changes import Change, Difference, TurnChange
from three_tutors.checking.finding import printable
from three_tutors.tutoring.dialogue import Dialogue

MICRO = 1_000_000
LONGEST = 160
"""Characters of a turn that are shown."""


def as_text(found: Difference) -> str:
    """Return the difference for a terminal, a line for each thing that changed."""
    lines = [_summary(found)]
    for sign, dialogues in (("+", found.added), ("-", found.removed)):
        lines += [f"{sign} {_named(dialogue)}" for dialogue in dialogues]
    for change in found.changed:
        lines += [f"~ {_named(change.new)}", *(f"    {line}" for line in _details(change))]
    table = _costs(found)
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    lines += ["", *("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in table), *_broken(found)]
    return "\n".join(lines) + "\n"


def as_markdown(found: Difference) -> str:
    """Return the difference for a pull request; words of dialogues cannot become markup there."""
    lines = [f"### Dialogues: {_escaped(_summary(found))}", ""]
    for title, dialogues in (("Added", found.added), ("Removed", found.removed)):
        if dialogues:
            lines += [f"**{title}**", "", *(f"- {_code(dialogue.id)} ({_kind(dialogue)})" for dialogue in dialogues), ""]
    for change in found.changed:
        details = [f"- {_escaped(line)}" for line in _details(change)]
        count = f"{len(details)} change{'' if len(details) == 1 else 's'}"
        lines += ["<details>", f"<summary>{_code(change.new.id)}: {count}</summary>", "", *details, "", "</details>", ""]
    head, *rows = _costs(found)
    lines += [
        f"| {' | '.join(head)} |",
        f"|---{'|---:' * (len(head) - 1)}|",
        *(f"| {' | '.join(row)} |" for row in rows),
        "",
        *map(_escaped, _broken(found)),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _summary(found: Difference) -> str:
    turns = [turn for change in found.changed for turn in change.turns]
    moved = sum(len(dialogue.turns) for dialogue in (*found.added, *found.removed))
    labels = sum(turn.label is not None for turn in turns)
    counted = f"{len(found.added)} added, {len(found.removed)} removed, {len(found.changed)} changed"
    return f"{counted} ({moved + len(turns)} turns, {labels} labels) from {found.before.name} to {found.after.name}"


def _named(dialogue: Dialogue) -> str:
    return f"{dialogue.id} ({_kind(dialogue)})"


def _kind(dialogue: Dialogue) -> str:
    return f"{dialogue.lesson.subject}, grade {dialogue.lesson.grade}, {len(dialogue.turns)} turns"


def _details(change: Change) -> Iterator[str]:
    for key, old, new in change.head:
        yield f"{key}: {_short(old)} → {_short(new)}"
    for turn in change.turns:
        yield _turn(turn)


def _turn(turn: TurnChange) -> str:
    old, new = turn.text or ("", "")
    if turn.new is None:
        return f"turn {turn.old} ({turn.speaker}) removed: {_short(old)}"
    if turn.old is None:
        return f"turn {turn.new} ({turn.speaker}) added: {_short(new)}"
    parts = [f"{_short(old)} → {_short(new)}"] if turn.text else []
    parts += [f"label {turn.label[0]} → {turn.label[1]}"] if turn.label else []
    return f"turn {turn.new} ({turn.speaker}): {'; '.join(parts)}"


def _costs(found: Difference) -> list[list[str]]:
    """Return the table of tokens and money, its head first."""
    before, after = found.making
    rows = [["to make with", "tokens", "change", "USD", "change"]]
    for method in after or before or {}:
        sides = [side.get(method) if side else None for side in (before, after)]
        rows.append([method, *_cells([side.tokens if side else None for side in sides], 1, ",.0f")])
        rows[-1] += _cells([side.cost if side else None for side in sides], MICRO, ",.4f")
    if len(rows) == 1:
        rows.append(["nothing: too few dialogues for three splits, or none is learned", "", "", "", ""])
    return rows


def _cells(values: Sequence[int | None], unit: int, how: str) -> list[str]:
    before, after = values
    now = "—" if after is None else format(after / unit, how)
    if before is None or after is None:
        return [now, "—"]
    return [now, "0" if after == before else format((after - before) / unit, f"+{how}")]


def _broken(found: Difference) -> list[str]:
    return [
        f"Not readable in {side.name}, so left out: {', '.join(side.unreadable)}."
        for side in (found.before, found.after)
        if side.unreadable
    ]


def _short(text: str) -> str:
    plain = " ".join(printable(text.replace("\n", " ")).split())
    return f"“{plain if len(plain) <= LONGEST else plain[: LONGEST - 1] + '…'}”"


def _escaped(text: str) -> str:
    """Return `text` with what Markdown or HTML would obey made harmless."""
    return re.sub(r"[\\`*_{}\[\]<>#|~@&]", lambda match: f"&#{ord(match.group())};", text)


def _code(text: str) -> str:
    return f"<code>{_escaped(text)}</code>"
