"""The notebooks of the course, made from one source a session.

    python -m course.notebooks            writes course/session_*.ipynb (with gaps) and course/solutions/session_*.ipynb

A source is a Python file in percent format: `# %% [markdown]` and `# %%` begin a cell. What stands between `# solution` and `# gap`
is the solution; from there to `# end` stands, behind `#: `, what the student finds in its place. So the source itself runs as the
solution, and gap and solution cannot drift apart.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from three_tutors.pipeline.records import write_text

COURSE = Path(__file__).parent
SESSIONS = range(1, 7)
SOLUTION, GAP, END, HIDDEN = "# solution", "# gap", "# end", "#:"


@dataclass(frozen=True)
class Cell:
    """One cell of a notebook."""

    kind: Literal["markdown", "code"]
    text: str


def source(session: int) -> Path:
    """Return where the source of a session is."""
    return COURSE / f"source/session_{session}.py"


def notebook(session: int, *, solved: bool) -> Path:
    """Return where the notebook of a session is, with gaps or `solved`."""
    return COURSE / ("solutions" if solved else "") / f"session_{session}.ipynb"


def cells(text: str, *, solved: bool) -> list[Cell]:
    """Return the cells of a source.

    Raises:
        ValueError: a gap is not closed, or stands in no order.

    """
    found: list[Cell] = []
    for block in ("\n" + text).split("\n# %%")[1:]:
        head, _, body = block.partition("\n")
        if "[markdown]" in head:
            lines = [line.removeprefix("#").removeprefix(" ") for line in body.strip().splitlines()]
            found.append(Cell("markdown", "\n".join(lines)))
        else:
            found.append(Cell("code", _chosen(body, solved=solved).strip("\n")))
    return found


def _chosen(body: str, *, solved: bool) -> str:
    """Return the lines of a code cell with its solutions, or with its gaps."""
    kept, state = [], ""
    for line in body.splitlines():
        mark = line.strip()
        if mark in (SOLUTION, GAP, END):
            if {SOLUTION: "", GAP: SOLUTION, END: GAP}[mark] != state:
                raise ValueError(f"`{mark}` does not follow `{state or END}`.")
            state = "" if mark == END else mark
        elif state == GAP and not solved:
            kept.append(line.replace(f"{HIDDEN} ", "", 1).replace(HIDDEN, "", 1) if mark.startswith(HIDDEN) else line)
        elif state != GAP and (solved or not state):
            kept.append(line)
    if state:
        raise ValueError(f"`{state}` has no `{END}`.")
    return "\n".join(kept)


def rendered(made: list[Cell]) -> str:
    """Return a notebook of `made` as JSON (nbformat 4.5)."""
    written = []
    for number, cell in enumerate(made, start=1):
        one: dict[str, Any] = {"cell_type": cell.kind, "id": f"cell-{number}", "metadata": {}}
        if cell.kind == "code":
            one |= {"execution_count": None, "outputs": []}
        written.append(one | {"source": cell.text.splitlines(keepends=True)})
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    whole = {"cells": written, "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def read(path: Path) -> list[Cell]:
    """Return the cells of a notebook on disk, whatever wrote it."""
    loaded = json.loads(path.read_text(encoding="utf-8"))
    return [Cell(one["cell_type"], "".join(one["source"])) for one in loaded["cells"] if one["cell_type"] in ("markdown", "code")]


def main() -> None:
    """Write every notebook."""
    for session in SESSIONS:
        text = source(session).read_text(encoding="utf-8")
        for solved in (False, True):
            write_text(notebook(session, solved=solved), rendered(cells(text, solved=solved)))
    print(f"course: {len(SESSIONS)} sessions, each with gaps and solved")


if __name__ == "__main__":
    main()
