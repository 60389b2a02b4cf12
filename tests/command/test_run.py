"""`dvc repro` in a pipe and in a terminal."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "three_tutors.command.run"]
STAGES = """
stages:
  first: {cmd: "echo said by the first; touch one", outs: [one]}
  second: {cmd: "echo step 1 of 9; sleep 60", deps: [one], outs: [two]}
"""


def test_in_a_pipe_the_output_is_dvcs_own(tmp_path: Path) -> None:
    """Where no terminal is, DVC is called as it is, and its failure is the command's."""
    done = subprocess.run(COMMAND, capture_output=True, text=True, check=False, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)})
    assert done.returncode != 0
    assert "you are not inside of a DVC repository" in done.stderr
    assert "of 18" not in done.stdout


def in_terminal(folder: Path, stages: str, stop_at: str = "\0") -> tuple[str, int]:
    """Return what a terminal of 80 columns shows while the stages run, without colours, and the status; Ctrl-C at `stop_at`."""
    (folder / "dvc.yaml").write_text(stages, encoding="utf-8")
    (folder / ".gitignore").write_text("/one\n/two\n", encoding="utf-8")
    for command in (["git", "init", "-q"], [sys.executable, "-m", "dvc", "init", "-q"]):
        subprocess.run(command, cwd=folder, check=True)
    child, terminal = pty.fork()
    if not child:
        os.chdir(folder)
        os.environ.update(PYTHONPATH=str(ROOT), TERM="xterm", COLUMNS="80", PATH=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
        os.environ.pop("CI", None)
        os.execv(COMMAND[0], COMMAND)  # noqa: S606
    shown, stopped = b"", False
    while True:
        try:
            piece = os.read(terminal, 1 << 16)
        except OSError:  # the end of a terminal
            piece = b""
        shown += piece
        if not stopped and stop_at.encode() in shown:
            os.write(terminal, b"\x03")
            stopped = True
        if not piece:
            break
    _, status = os.waitpid(child, 0)
    return re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", shown.decode()), os.waitstatus_to_exitcode(status)


@pytest.mark.slow
def test_a_terminal_shows_something_at_once_and_ctrl_c_is_no_failure(tmp_path: Path) -> None:
    """While DVC starts, it says that it looks; after Ctrl-C one line says that nothing is lost, and the log is not printed."""
    text, status = in_terminal(tmp_path, STAGES, "step 1 of 9")
    assert text.index("looking what changed") < text.index("1 of 2 · first")
    assert status == 130
    assert "Stopping; the next run goes on from here." in text
    assert "The run stopped" not in text
    assert "said by the first" not in text


@pytest.mark.slow
def test_a_failure_shows_what_its_own_stage_printed(tmp_path: Path) -> None:
    """What the stages before it said is in the log."""
    text, status = in_terminal(tmp_path, STAGES.replace("sleep 60", "echo it breaks; false"))
    assert status == 255
    assert "it breaks" in text
    assert "said by the first" not in text
    assert "said by the first" in (tmp_path / ".cache/repro.log").read_text(encoding="utf-8")
