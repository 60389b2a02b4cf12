"""Ray starts the processes that train; what they learn is what processes of torchrun learn."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from stages import train_lora
from tests.language_model.conftest import PROJECT, contents, embedded, tiny
from tests.test_train_lora import PARAMS, project
from three_tutors.language_model.checkpoints import COMPLETE
from three_tutors.language_model.ray_processes import KEPT, cores_each
from three_tutors.pipeline.diagnostics import ParamsError, TutorError

__all__ = ["embedded", "project", "tiny"]  # fixtures

WITH_RAY = pytest.mark.skipif(find_spec("ray") is None, reason="Ray comes with the extra `scale`")


@pytest.mark.parametrize(
    ("cores", "count", "each"), [([2], 2, 1), ([8, 8], 4, 4), ([3, 1], 2, 1), ([4, 8], 3, 4), ([16], 1, 16), ([1], 4, 1), ([], 2, 1)]
)
def test_cores_are_shared_evenly_on_whatever_machines(cores: list[float], count: int, each: int) -> None:
    """A process lies on one machine; where there are too few cores each gets one, and Ray waits for more machines."""
    assert cores_each(cores, count) == each


@pytest.mark.skipif(find_spec("ray") is not None, reason="Ray is installed")
def test_without_ray_a_sentence_says_what_to_install(project: Path) -> None:
    """Nothing is trained."""
    set_launcher(project, "ray")
    with pytest.raises(ParamsError, match="install the extra `scale`"):
        train_lora.main()


def set_launcher(folder: Path, name: str, params: str = PARAMS) -> None:
    """Let two processes of a launcher train."""
    text = params.replace("launcher: null", f"launcher: {name}").replace("processes: 1", "processes: 2")
    (folder / "params.yaml").write_text(text, encoding="utf-8")


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let processes find the project's code, and no cluster but their own."""
    monkeypatch.setenv("PYTHONPATH", str(PROJECT))
    monkeypatch.setenv("RAY_ADDRESS", "local")


@WITH_RAY
@pytest.mark.slow
@pytest.mark.usefixtures("found")
def test_ray_learns_what_torchrun_learns(project: Path) -> None:
    """Two processes of either leave the same bytes: every loss, and the adapter. Nothing of Ray stays behind."""
    left = []
    for launcher in ("torchrun", "ray"):
        set_launcher(project, launcher)
        train_lora.main()
        left.append({**contents(project / train_lora.OUT), "curve": (project / train_lora.CURVE).read_bytes()})
        shutil.rmtree(project / train_lora.OUT)
    assert left[0] == left[1]
    assert list((project / KEPT).iterdir()) == []


@WITH_RAY
@pytest.mark.slow
@pytest.mark.usefixtures("found")
def test_a_failure_with_a_sentence_is_not_tried_again(project: Path) -> None:
    """A dialogue that is too long is too long four times."""
    set_launcher(project, "ray", PARAMS.replace("max_length: 200", "max_length: 16"))
    with pytest.raises(TutorError, match="tokens"):
        train_lora.main()
    assert not (project / train_lora.OUT).exists()


LONGER = PARAMS.replace("epochs: 2", "epochs: 30").replace("patience: 1", "patience: 0")


@WITH_RAY
@pytest.mark.slow
@pytest.mark.usefixtures("found")
def test_a_process_that_is_killed_is_started_again(project: Path) -> None:
    """Training goes on from its last state and ends with the bytes of an unbroken run."""
    set_launcher(project, "torchrun", LONGER)
    train_lora.main()
    unbroken = contents(project / train_lora.OUT)
    shutil.rmtree(project / train_lora.OUT)
    status, said, met = stage_hit(project, lambda _, both: os.kill(both[0], signal.SIGKILL))
    assert (status, len(met)) == (0, 2), said
    assert [line.split(":")[0] for line in said.splitlines() if "step 90 of 90" in line] == ["  step 90 of 90"]
    assert contents(project / train_lora.OUT) == unbroken


@WITH_RAY
@pytest.mark.slow
@pytest.mark.usefixtures("found")
def test_ctrl_c_ends_all_of_them(project: Path) -> None:
    """The stage says that it was stopped, and no process works on; the state is there for the next run."""
    status, said, met = stage_hit(project, lambda stage, _: stage.send_signal(signal.SIGINT))
    assert (status, len(met), "Stopped by Ctrl-C." in said) == (130, 2, True), said
    end = time.monotonic() + 60
    while workers(project) and time.monotonic() < end:
        time.sleep(0.1)
    assert workers(project) == []
    assert list((project / train_lora.SCRATCH).glob(f"*/{COMPLETE}"))
    assert not (project / train_lora.OUT).exists()


def stage_hit(folder: Path, hit: Callable[[subprocess.Popen[str], list[int]], object]) -> tuple[int, str, list[int]]:
    """Run the stage under Ray and `hit` it once it has written a state; return its status, its words and the processes there were."""
    set_launcher(folder, "ray", LONGER)
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with subprocess.Popen([sys.executable, "-m", "stages.train_lora"], cwd=folder, text=True, **streams) as stage:  # type: ignore[call-overload]
        while not list((folder / train_lora.SCRATCH).glob(f"*/{COMPLETE}")) and stage.poll() is None:
            time.sleep(0.01)
        met = workers(folder)
        if met:
            hit(stage, met)
        said = stage.communicate()[0]
    return stage.returncode, said, met


def workers(folder: Path) -> list[int]:
    """Return the processes in which Ray Train works on the project in `folder`."""
    some = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if b"TrainWorker" in (process / "cmdline").read_bytes() and (process / "cwd").resolve() == folder.resolve():
                some.append(int(process.name))
    return some
