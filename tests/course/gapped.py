"""Run a session as its solution, and before each gap is solved, try what the student finds there: `python -m tests.course.gapped 3`.

A gap has to end in the check below it, with a sentence of its own and not with an error of Python.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from course.check import CHECK
from course.lab import stop
from course.notebooks import Cell, cells, source

SHORTEST = 30
"""Characters of a message that says what is missing."""


def open_gaps(session: int) -> int:
    """Return how many gaps there are; each was tried open, then solved.

    Raises:
        AssertionError: a gap passes its check, or fails without saying what is missing.

    """
    text = source(session).read_text(encoding="utf-8")
    solved, gapped = cells(text, solved=True), cells(text, solved=False)
    space: dict[str, object] = {"__name__": "__main__"}
    count = 0
    for at, (one, other) in enumerate(zip(solved, gapped, strict=True)):
        if one.kind == "markdown":
            continue
        if one != other:
            count += 1
            said = _failure(gapped[at:], dict(space))
            print(f"  gap {count}: {said}", flush=True)
        _run(one, space)
    return count


def _failure(rest: Sequence[Cell], space: dict[str, object]) -> str:
    for cell in rest:
        if cell.kind == "markdown":
            continue
        if not cell.text.startswith(CHECK):
            _run(cell, space)
            continue
        try:
            _run(cell, space)
        except AssertionError as error:
            said = str(error)
        else:
            raise AssertionError(f"An open gap passes: {cell.text.splitlines()[0]}")
        assert len(said) >= SHORTEST, f"“{said}” does not say what is missing ({cell.text.splitlines()[0]})"
        return said
    raise AssertionError("No check follows a gap.")


def _run(cell: Cell, space: dict[str, object]) -> None:
    exec(compile(cell.text, "<cell>", "exec", dont_inherit=True), space)  # noqa: S102 - our own notebooks


if __name__ == "__main__":
    found = open_gaps(int(sys.argv[1]))
    stop()
    print(f"{found} gaps")
