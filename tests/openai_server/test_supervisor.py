from __future__ import annotations

import errno
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openai
import pytest

from tests.openai_server.conftest import STORY, create, examples, messages_of, script, wait_for
from three_tutors.openai_server import job_store, supervisor
from three_tutors.openai_server.objects import Event
from three_tutors.openai_server.store import Row, Store
from three_tutors.openai_server.supervisor import Supervisor


@pytest.mark.parametrize(
    ("misfortune", "told"),
    [
        ("4 crash", "Training crashed: ZeroDivisionError: a bug in training"),
        ("4 full", "Training failed: No space left on device."),
        ("4 dead", "killed 3 times without reaching another checkpoint"),
    ],
)
def test_a_failure_in_training_fails_that_job_alone(start: Callable[..., Any], misfortune: str, told: str) -> None:
    """The error says what happened, and the next job trains."""
    with start() as running:
        script(running.root, misfortune)
        job = wait_for(running.client, create(running.client).id)
        assert (job.status, job.error.code) == ("failed", "server_error")
        assert told in job.error.message
        script(running.root)
        assert wait_for(running.client, create(running.client, seed=2).id).status == "succeeded"


def test_a_killed_job_goes_on_from_its_last_checkpoint(start: Callable[..., Any]) -> None:
    """No step is told twice and the result is that of an unbroken job."""
    with start() as running:
        script(running.root, "2 gone", "5 gone")
        job = wait_for(running.client, create(running.client).id)
        assert job.status == "succeeded"
        told = messages_of(running.client, job.id)
        assert [one for one in told if one.startswith(("Step", "Checkpoint"))] == STORY[2:]
        assert (running.root / "jobs" / job.id / "model" / "model.safetensors").read_text() == "1 2"


def test_a_closed_server_goes_on_when_it_opens_again(start: Callable[..., Any]) -> None:
    """Jobs, files and ids are as they were."""
    with start() as running:
        script(running.root, "5 sleep")
        job = create(running.client)
        wait_for(running.client, job.id, "running")
    script(running.root)
    with start() as again:
        done = wait_for(again.client, job.id)
        assert done.status == "succeeded"
        assert done.created_at == job.created_at


def test_jobs_wait_while_nothing_can_be_written(start: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk under the database stops no job for good."""
    monkeypatch.setattr("three_tutors.openai_server.supervisor.AGAIN_SECONDS", 0.05)
    real = Supervisor._validate_new
    faults = [sqlite3.OperationalError("database or disk is full")] * 2

    def failing(self: Supervisor) -> None:
        if faults:
            raise faults.pop()
        real(self)

    monkeypatch.setattr(Supervisor, "_validate_new", failing)
    with start() as running:
        assert wait_for(running.client, create(running.client).id).status == "succeeded"


def test_a_job_whose_error_cannot_be_written_stops_no_other(start: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a character in a sentence is repaired; a record that takes no error at all is left alone, and the next job trains."""
    real, refused = Supervisor._validate, []

    def failing(self: Supervisor, row: Row) -> None:
        if row.document["seed"] in (5, 6):
            raise OSError(errno.EACCES, "no \ud83d here")
        real(self, row)

    def fail(store: Store, job: str, *more: Any) -> None:
        if len(refused) < 1:
            refused.append(job)
            Event.model_validate({})
        written(store, job, *more)

    written = job_store.fail
    monkeypatch.setattr(Supervisor, "_validate", failing)
    with start() as running:
        job = wait_for(running.client, create(running.client, seed=5).id)
        assert "no \ufffd here" in job.error.message
        monkeypatch.setattr(job_store, "fail", fail)
        create(running.client, seed=6)
        assert wait_for(running.client, create(running.client, seed=7).id).status == "succeeded"
        assert len(refused) == 1


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="no list of open descriptors")
def test_a_process_that_cannot_start_leaves_no_descriptor(tmp_path: Path) -> None:
    """A server that tries again and again must not run out of them."""
    with (tmp_path / "log.txt").open("wb") as log:
        before = len(list(Path("/proc/self/fd").iterdir()))
        with pytest.raises(FileNotFoundError):
            supervisor._begin([str(tmp_path / "none")], log)
        assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a thread of the job notices, as soon as Python runs")
def test_a_job_that_is_still_importing_ends_with_its_server(tmp_path: Path) -> None:
    """Kill -9 of the server: nothing of it stays behind, though the job runs no Python yet."""
    command = [sys.executable, "-m", "tests.openai_server.fake_server", str(tmp_path), "tests.openai_server.importing_job"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        base_url, api_key = (process.stdout.readline().strip() for _ in range(2))
        with openai.OpenAI(base_url=base_url, api_key=api_key) as client:
            create(client)
        told = tmp_path / "pid.txt"
        while not told.exists() or not told.read_text().endswith("\n"):
            time.sleep(0.01)
        assert process.poll() is None
        os.kill(process.pid, signal.SIGKILL)
    deadline = time.monotonic() + 2
    while running_process(int(told.read_text())):
        assert time.monotonic() < deadline, "the job outlives its server"
        time.sleep(0.01)


def running_process(pid: int) -> bool:
    """Return whether a process runs; one that ended and that nobody asked about yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("step", [1, 3, 4])
def test_a_killed_server_loses_nothing_and_goes_on(tmp_path: Path, start: Callable[..., Any], step: int) -> None:
    """Kill -9 of the server while it trains: its job dies with it, and the next server finishes the job."""
    root = tmp_path / "root"
    root.mkdir()
    script(root, f"{step} sleep")
    command = [sys.executable, "-m", "tests.openai_server.fake_server", str(root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        base_url, api_key = (process.stdout.readline().strip() for _ in range(2))
        with openai.OpenAI(base_url=base_url, api_key=api_key) as client:
            job = create(client)
            wait_for(client, job.id, "running")
            while len(messages_of(client, job.id)) < 3 + step:
                time.sleep(0.02)
            uploaded = [client.files.create(file=(f"{index}.jsonl", examples()), purpose="fine-tune").id for index in range(3)]
        os.kill(process.pid, signal.SIGKILL)
    script(root)
    with start() as again:
        assert wait_for(again.client, job.id).status == "succeeded"
        assert [one for one in messages_of(again.client, job.id) if one.startswith(("Step", "Checkpoint"))] == STORY[2:]
        assert {file.id for file in again.client.files.list(purpose="fine-tune")} >= set(uploaded)
        assert again.client.files.content(uploaded[1]).read() == examples()
