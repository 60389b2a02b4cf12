"""Every session runs as its solution, and every gap of it says what is missing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from course.notebooks import cells, source
from tests.language_model.conftest import embedded, tiny  # noqa: F401 - fixtures

GAPS = {1: 4, 2: 3, 3: 5, 4: 4, 5: 5, 6: 5}


@pytest.mark.slow(15)
@pytest.mark.parametrize("session", GAPS)
def test_a_solution_runs_and_each_gap_says_what_is_missing(
    session: int,
    tiny: Path,  # noqa: F811 - the fixture
    tmp_path: Path,
    root: Path,
) -> None:
    """In one pass, on a tiny model: the student's version of a gap ends in the check below it, then the solution goes on."""
    own = {
        "COURSE_QUICK": "1",
        "COURSE_WORK": str(tmp_path),
        "COURSE_BASE": str(tiny),
        "OMP_NUM_THREADS": "1",
    }
    command = [sys.executable, "-m", "tests.course.gapped", str(session)]
    done = subprocess.run(command, env={**os.environ, **own}, cwd=root, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    assert done.stdout.splitlines()[-1] == f"{GAPS[session]} gaps"


@pytest.mark.parametrize("session", GAPS)
def test_a_gap_is_named_in_the_text(session: int) -> None:
    """Each has a heading that a teacher can point at, and a check."""
    made = cells(source(session).read_text(encoding="utf-8"), solved=True)
    headings = [line for cell in made if cell.kind == "markdown" for line in cell.text.splitlines() if line.startswith("## Gap ")]
    checks = [cell.text.splitlines()[0] for cell in made if cell.text.startswith("# check:")]
    assert [line.split()[2].rstrip(":") for line in headings] == [line.split()[2] for line in checks]
