"""`python -m three_tutors.chat`, as a person starts it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

PARAMS = """\
chat:
  port: 0
  tutors: [baseline, dspy, openai, lora]
  max_tokens: 120
  temperature: 0.0
  window: {window}
  patience: 120
  keep_days: 30
"""


@pytest.fixture
def project(tmp_path: Path, root: Path) -> Path:
    """Return a project in which no tutor was made yet."""
    (tmp_path / "data/raw").mkdir(parents=True)
    shutil.copy(root / "data/raw/prices.yaml", tmp_path / "data/raw")
    (tmp_path / "params.yaml").write_text(PARAMS.format(window=2048), encoding="utf-8")
    return tmp_path


def started(project: Path, root: Path, *words: str) -> subprocess.Popen[Any]:
    """Start the chat in `project`."""
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    environment = {**os.environ, "PYTHONPATH": str(root)}
    return subprocess.Popen([sys.executable, "-m", "three_tutors.chat", *words], cwd=project, env=environment, **pipes)


def test_the_link_opens_the_page_and_ctrl_c_ends_it(project: Path, root: Path) -> None:
    """Without any tutor the page is there and says how each is made; it ends without a traceback."""
    with started(project, root, "--no-browser") as running:
        assert running.stdout
        link = re.search(r"http://127\.0\.0\.1:\d+/\?token=\S+", running.stdout.readline())
        assert link
        with httpx.Client(follow_redirects=True, timeout=60) as client:
            assert "Talk with the tutors" in client.get(link[0]).text
        running.send_signal(signal.SIGINT)
        out, errors = running.communicate(timeout=60)
    assert (0, "", True) == (running.returncode, errors, out.endswith("The conversations are saved.\n"))
    assert ["chat.sqlite", "lock"] == sorted(path.name for path in (project / ".cache/chat").iterdir() if "-" not in path.name)


def test_the_terminal_needs_no_browser(project: Path, root: Path) -> None:
    """The same program talks where it was started."""
    with started(project, root, "--terminal") as running:
        out, errors = running.communicate("Is it 5/6?\n/quit\n", timeout=120)
    assert (0, "") == (running.returncode, errors)
    assert "baseline: \n  [No reply. models/base is missing: the tutor baseline was not made yet" in out


def test_a_window_too_small_is_said_at_once(project: Path, root: Path) -> None:
    """Params that cannot work end with a sentence."""
    (project / "params.yaml").write_text(PARAMS.format(window=256).replace("max_tokens: 120", "max_tokens: 256"), encoding="utf-8")
    with started(project, root, "--no-browser") as running:
        _, errors = running.communicate(timeout=60)
    assert (1, True) == (running.returncode, "chat.max_tokens leaves no room for a prompt in chat.window" in errors)
