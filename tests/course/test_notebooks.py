"""Notebooks with gaps and solved ones come from one source."""

from __future__ import annotations

import pytest

from course.notebooks import SESSIONS, Cell, cells, notebook, read, rendered, source

SOURCE = """
# %% [markdown]
# # A title
#
# Text.

# %%
import math

# solution
def area(r):
    return math.pi * r**2
# gap
#: def area(r):
#:     return ...
#:
#: # try it
# end

print(area)
"""


@pytest.mark.parametrize("session", SESSIONS)
@pytest.mark.parametrize("solved", [False, True])
def test_the_notebooks_are_what_their_source_makes(session: int, solved: bool) -> None:
    """A change of a source or of a notebook alone is noticed; `python -m course.notebooks` writes them again."""
    made = rendered(cells(source(session).read_text(encoding="utf-8"), solved=solved))
    assert notebook(session, solved=solved).read_text(encoding="utf-8") == made


def test_a_source_holds_solution_and_gap() -> None:
    """What is marked as solution and as gap stand in each other's place."""
    gapped, solved = cells(SOURCE, solved=False), cells(SOURCE, solved=True)
    assert gapped[0] == solved[0] == Cell("markdown", "# A title\n\nText.")
    assert solved[1].text == "import math\n\ndef area(r):\n    return math.pi * r**2\n\nprint(area)"
    assert gapped[1].text == "import math\n\ndef area(r):\n    return ...\n\n# try it\n\nprint(area)"


@pytest.mark.parametrize("wrong", ["# solution\nx = 1\n", "# gap\n#: x = ...\n# end\n", "# solution\nx = 1\n# end\n"])
def test_a_gap_that_is_not_closed_is_refused(wrong: str) -> None:
    """A missing mark would put the solution into the students' notebook."""
    with pytest.raises(ValueError, match=r"does not follow|has no"):
        cells(f"# %%\n{wrong}", solved=False)


@pytest.mark.parametrize("session", SESSIONS)
def test_a_solution_is_not_in_the_notebook_with_gaps(session: int) -> None:
    """Students see that something is to be filled in, and no mark of ours."""
    given = read(notebook(session, solved=False))
    assert given != read(notebook(session, solved=True))
    assert not any(mark in cell.text for cell in given for mark in ("# solution", "# gap", "#:"))
