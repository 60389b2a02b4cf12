"""`dvc repro` as it is, in a pipe."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_in_a_pipe_the_output_is_dvcs_own(tmp_path: Path) -> None:
    """Where no terminal is, DVC is called as it is, and its failure is the command's."""
    done = subprocess.run(
        [sys.executable, "-m", "three_tutors.command.run"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
    )
    assert done.returncode != 0
    assert "you are not inside of a DVC repository" in done.stderr
    assert "of 18" not in done.stdout
