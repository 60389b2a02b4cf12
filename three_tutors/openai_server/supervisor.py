"""Run jobs one after the other, each in a process of its own, and mind them: pause, cancel, crash, restart."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from three_tutors.openai_server import job_store
from three_tutors.openai_server.job import job_folder, read_files
from three_tutors.openai_server.store import Row, Store
from three_tutors.openai_server.training_file import TrainingFileError

logger = logging.getLogger(__name__)

GRACE_SECONDS = 30.0
"""In which a process may write down its state before it is killed."""
MOST_KILLS = 3
"""A process that is killed this often without reaching another checkpoint (out of memory, say) fails its job."""
AGAIN_SECONDS = 5.0
PROJECT = Path(__file__).parents[2]


class Supervisor:
    """A thread that takes the oldest unfinished job, starts its process and waits for it."""

    def __init__(self, store: Store, base: Callable[[str], Path], module: str, fewest: int) -> None:
        """Find the weights of a job's model with `base`; run jobs of at least `fewest` examples with the Python module `module`."""
        self._fewest = fewest
        self._module = module
        self._store = store
        self._base = base
        self._news = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._work, name="jobs", daemon=True)

    def start(self) -> None:
        """Begin with what an earlier server left unfinished."""
        self._thread.start()

    def wake(self) -> None:
        """Say that a job was created, cancelled, paused or resumed."""
        self._news.set()

    def stop(self) -> None:
        """End the running process; its job goes on when the next server starts."""
        self._stopping = True
        self._news.set()
        self._thread.join()

    def command(self, row: Row) -> list[str]:
        """Return what starts a job's process."""
        base = self._base(row.document["model"])
        return [sys.executable, "-m", self._module, str(self._store.root.resolve()), row.id, str(base.resolve())]

    def _work(self) -> None:
        while not self._stopping:
            try:
                self._validate()
                row = self._next()
                if row is not None:
                    self._mind(row)
                    continue
            except (OSError, sqlite3.OperationalError):
                # A full disk, most likely: nothing can be written down, so all waits until there is room again.
                logger.exception("Jobs wait: the server's folder cannot be used. Make room; they go on by themselves.")
                self._news.wait(AGAIN_SECONDS)
                self._news.clear()
                continue
            self._news.wait()
            self._news.clear()

    def _validate(self) -> None:
        """Check the files of new jobs, while another may be training."""
        waiting, _ = self._store.page("job", limit=100, ascending=True, having={"status": "validating_files"})
        for row in waiting:
            try:
                rows, _ = read_files(self._store, row, self._fewest)
            except TrainingFileError as problem:
                param = "validation_file" if "validation" in problem.code else "training_file"
                job_store.fail(self._store, row.id, problem.code, problem.message, param)
            except OSError as error:
                job_store.fail(self._store, row.id, "server_error", f"A file cannot be read: {error.strerror}.")
            else:
                job_store.resolve(self._store, row.id, len(rows))

    def _next(self) -> Row | None:
        for status in ("running", "queued"):
            found, _ = self._store.page("job", limit=1000, ascending=True, having={"status": status})
            for row in found:
                if row.private["wish"] == "run":
                    return row
        return None

    def _mind(self, row: Row) -> None:
        """Run one job until its process ends or it is not wanted any more."""
        try:
            command = self.command(row)
        except KeyError:
            job_store.fail(self._store, row.id, "server_error", f"The model {row.document['model']} is no longer there.", "model")
            return
        checkpoints = len(self._store.all("checkpoint", row.id))
        folder = job_folder(self._store, row.id)
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "log.txt").open("wb") as log:
            # Huge pages where glibc can (2.35 and later): training a whole model is a sixth faster with fewer page faults.
            environment = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1", **os.environ}
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=PROJECT, env=environment)  # noqa: S603 - our own module
            try:
                while not self._ended(process):
                    if self._stopping or not self._wanted(row.id):
                        _end(process, gently=not self._over(row.id))
                    self._validate()
            finally:
                _end(process, gently=False)
        self._judge(row.id, process.returncode, checkpoints, folder / "log.txt")

    def _ended(self, process: subprocess.Popen[bytes]) -> bool:
        self._news.wait(0.1)
        self._news.clear()
        return process.poll() is not None

    def _wanted(self, job: str) -> bool:
        row = self._store.get("job", job)
        return row is not None and row.document["status"] not in job_store.FINAL and row.private["wish"] == "run"

    def _over(self, job: str) -> bool:
        row = self._store.get("job", job)
        return row is None or row.document["status"] in job_store.FINAL

    def _judge(self, job: str, returncode: int, checkpoints: int, log: Path) -> None:
        """See to a job whose process is gone."""
        row = self._store.get("job", job)
        if row is None or self._stopping or not self._wanted(job):
            if row is not None and row.document["status"] in job_store.FINAL:
                shutil.rmtree(job_folder(self._store, job) / "work", ignore_errors=True)
            return
        if returncode > 0:
            job_store.fail(self._store, job, "server_error", f"Training crashed: {_last_line(log)}")
            return
        kills = 1 if len(self._store.all("checkpoint", job)) > checkpoints else row.private["kills"] + 1
        self._store.change("job", job, lambda _, private: private.update(kills=kills))
        if kills >= MOST_KILLS:
            sentence = f"Training was killed {kills} times without reaching another checkpoint; perhaps memory ran out."
            job_store.fail(self._store, job, "server_error", sentence)
        else:
            job_store.add_event(self._store, job, "Training was interrupted and goes on from its last checkpoint", level="warn")


def _end(process: subprocess.Popen[bytes], *, gently: bool) -> None:
    """End a process; `gently` lets it write down its state first."""
    if process.poll() is None and gently:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_SECONDS)
    if process.poll() is None:
        process.kill()
        process.wait()
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1][:300] if lines else "no reason given"
