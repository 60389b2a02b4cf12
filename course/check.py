"""Run a notebook from top to bottom without Jupyter, and say which of its checks hold.

    python -m course.check 3                    course/session_3.ipynb
    python -m course.check 3 --solution         course/solutions/session_3.ipynb
    python -m course.check ana/session_3.ipynb  a student's

A cell that begins with `# check: …` looks at what was filled in. The run ends at the first that does not hold, and says what is missing.
Exit status 1 then. It runs the student's own code: mark on a machine that may do so.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import linecache
import os
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course.lab import ROOT, stop
from course.notebooks import Cell, notebook, read

CHECK = "# check:"


@dataclass(frozen=True)
class Result:
    """How far a notebook runs."""

    held: list[str]
    """Checks that hold, in their order."""
    of: int
    failed: str
    """The check or the heading where it ended; empty where all checks hold."""
    why: str


def run(made: Sequence[Cell], name: str) -> Result:
    """Run the cells of a notebook called `name` in one namespace, and print what they print."""
    names = [label for cell in made if cell.kind == "code" and (label := _label(cell))]
    held: list[str] = []
    space: dict[str, Any] = {"__name__": "__main__"}
    heading = ""
    for number, cell in enumerate(made, start=1):
        if cell.kind == "markdown":
            heading = next((line.lstrip("# ") for line in reversed(cell.text.splitlines()) if line.startswith("#")), heading)
            continue
        place = f"<{name}, cell {number}>"
        linecache.cache[place] = (len(cell.text), None, [f"{line}\n" for line in cell.text.splitlines()], place)
        try:
            exec(compile(cell.text, place, "exec", dont_inherit=True), space)  # noqa: S102 - running the student's cells is what this is for
        except AssertionError as error:
            return Result(held, len(names), _label(cell) or heading, str(error) or traceback.format_exc(limit=-1))
        except Exception:  # noqa: BLE001 - whatever the student's code raises is told, with its lines
            told = traceback.format_exc().split(f'File "{place}"', 1)
            return Result(held, len(names), _label(cell) or heading, f'File "{place}"{told[-1]}' if told[1:] else told[0])
        if label := _label(cell):
            held.append(label)
            print(f"✓ {label}")
    return Result(held, len(names), "", "")


def _label(cell: Cell) -> str:
    first = cell.text.partition("\n")[0]
    return first.removeprefix(CHECK).strip() if first.startswith(CHECK) else ""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one notebook and say how far it got."""
    parser = argparse.ArgumentParser(prog="python -m course.check", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("session", help="number of a session, 1 to 6, or a notebook's file")
    parser.add_argument("--solution", action="store_true", help="run the solved notebook instead of the one with gaps")
    parser.add_argument("--quiet", action="store_true", help="print the result and not what the cells print")
    given = parser.parse_args(arguments)
    path = notebook(int(given.session), solved=given.solution) if given.session.isdecimal() else Path(given.session).resolve()
    if not path.exists():
        sys.exit(f"There is no notebook {path}; name a session from 1 to 6, or a file.")
    os.chdir(ROOT)
    with contextlib.redirect_stdout(io.StringIO()) if given.quiet else contextlib.nullcontext():
        result = run(read(path), path.stem)
        stop()  # while Python still has threads to do it with
    print(f"{path.stem}: {len(result.held)} of {result.of} checks hold.")
    if result.failed:
        sys.exit(f"It stops at “{result.failed}”:\n{result.why}")


if __name__ == "__main__":
    main()
