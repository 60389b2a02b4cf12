"""Run jobs one after the other, each in a process of its own, through pauses, cancellations, crashes and restarts."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import logging
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from three_tutors.openai_server import job_store
from three_tutors.openai_server.engine import ModelFiles
from three_tutors.openai_server.job import job_folder, read_files
from three_tutors.openai_server.store import Row, Store, private_file, private_folder
from three_tutors.openai_server.training_file import TrainingFileError
from three_tutors.pipeline.diagnostics import TutorError

logger = logging.getLogger(__name__)

GRACE_SECONDS = 30.0
"""Time in which a process may save its state before it is killed."""
MOST_KILLS = 3
"""A job fails when its process was killed this often without reaching another checkpoint, for lack of memory perhaps."""
AGAIN_SECONDS = 5.0
EXHAUSTED = {errno.ENOSPC, errno.EDQUOT, errno.ENOMEM, errno.EAGAIN, errno.EMFILE, errno.ENFILE}
"""Errors that are no job's fault: the machine lacks something for a while."""
PROJECT = Path(__file__).parents[2]


class Supervisor:
    """A thread that takes the oldest unfinished job, starts its process and waits for it."""

    def __init__(self, store: Store, model_files: Callable[[str], ModelFiles | None], module: str, fewest: int) -> None:
        """Find a job's model with `model_files`; run jobs of at least `fewest` examples with the Python module `module`."""
        self._fewest = fewest
        self._module = module
        self._store = store
        self._model_files = model_files
        self._news = threading.Event()
        self._stopping = False
        self._left_alone: set[str] = set()
        """Jobs that could not even be failed; they rest until the next server starts."""
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

    def _work(self) -> None:
        while not self._stopping:
            try:
                self._validate_new()
                row = self._next()
                if row is not None:
                    self._alone(row, self._mind)
                    continue
            except (OSError, sqlite3.Error):
                logger.exception("Jobs wait: the server's folder cannot be used. Make room; they go on by themselves.")
                self._news.wait(AGAIN_SECONDS)
            else:
                self._news.wait()
            self._news.clear()

    def _alone(self, row: Row, act: Callable[[Row], None]) -> None:
        """Do something for one job in a thread of its own: whatever breaks there fails that job and stops no other.

        Raises:
            OSError: the disk is full, or the machine lacks something else that every job needs.

        """
        ended: list[OSError | sqlite3.OperationalError | None] = []

        def task() -> None:
            try:
                act(row)
                ended.append(None)
            except TrainingFileError as problem:
                self._fail(row, problem.message, problem.code, problem.param)
                ended.append(None)
            except TutorError as error:
                self._fail(row, str(error))
                ended.append(None)
            except (OSError, sqlite3.OperationalError) as error:
                ended.append(error)

        thread = threading.Thread(target=task, name=row.id, daemon=True)
        thread.start()
        thread.join()
        error = ended[0] if ended else None
        if isinstance(error, sqlite3.OperationalError) or (error is not None and error.errno in EXHAUSTED):
            raise error
        if error is not None:
            self._fail(row, f"The server cannot use this job's files: {error.strerror or error}.")
        elif not ended:
            self._fail(row, "The server failed while it ran this job; its log says why.")

    def _fail(self, row: Row, message: str, code: str = "server_error", param: str | None = None) -> None:
        """End a job with an error; one whose record cannot take it is left alone, so that the others go on."""
        try:
            job_store.fail(self._store, row.id, code, message, param)
        except (LookupError, TypeError, ValueError):  # pydantic's errors and those of text are ValueErrors
            self._left_alone.add(row.id)
            logger.exception("Job %s is left alone until the server starts again: its error cannot be written.", row.id)

    def _validate_new(self) -> None:
        """Check the files of new jobs, while another may be training."""
        for row in self._with_status("validating_files"):
            self._alone(row, self._validate)

    def _validate(self, row: Row) -> None:
        rows, _ = read_files(self._store, row, self._fewest)
        job_store.resolve(self._store, row.id, len(rows))

    def _next(self) -> Row | None:
        rows = [*self._with_status("running"), *self._with_status("queued")]
        return next((row for row in rows if row.private["wish"] == "run"), None)

    def _with_status(self, status: str) -> list[Row]:
        """Return jobs, oldest first, without those whose record is damaged: clients see them as failed."""
        rows = self._store.all("job", having={"status": status})
        return [row for row in rows if row.document["status"] == status and row.id not in self._left_alone]

    def _mind(self, row: Row) -> None:
        """Run one job until its process ends or it is not wanted any more."""
        files = self._model_files(row.document["model"])
        if files is None:
            sentence = f"The model {row.document['model']} is no longer there; create the job again with another."
            job_store.fail(self._store, row.id, "model_not_found", sentence, "model")
            return
        checkpoints = len(self._store.all("checkpoint", row.id))
        folder = private_folder(job_folder(self._store, row.id))
        with open(folder / "log.txt", "wb", opener=private_file) as log:
            folders = [str(part.resolve()) for part in (files.weights, files.adapter) if part is not None]
            process = _begin([sys.executable, "-m", self._module, str(self._store.root), row.id, *folders], log)
            try:
                while not self._ended(process):
                    if self._stopping or not self._wanted(row.id):
                        _end(process, gently=not self._over(row.id))
                    self._validate_new()
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


def _begin(command: list[str], log: BinaryIO) -> subprocess.Popen[bytes]:
    """Start a process that ends when this one does, in whatever way: its standard input is a pipe that closes then.

    On Linux the system itself ends it, also while it imports torch and runs no Python; elsewhere `job.end_with_server` does.
    """
    # Huge pages where glibc can (2.35 and later): training a whole model is a sixth faster with fewer page faults.
    environment = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1", **os.environ}
    read, write = os.pipe()
    with contextlib.ExitStack() as undo, open(read, "rb", closefd=True) as theirs:  # noqa: PTH123 - a descriptor
        ours = undo.enter_context(open(write, "wb", closefd=True))  # noqa: PTH123 - as above; later closed by `_end`
        # A session of its own: Ctrl-C in the terminal is for the server, which ends its jobs gently.
        process = subprocess.Popen(command, stdin=theirs, stdout=log, stderr=log, cwd=PROJECT, env=environment, start_new_session=True)  # noqa: S603 - our own module
        process.stdin = ours
        if sys.platform == "linux":
            fcntl.fcntl(read, fcntl.F_SETOWN, process.pid)  # whoever owns a pipe with O_ASYNC gets SIGIO when it closes, and ends
            fcntl.fcntl(read, fcntl.F_SETFL, fcntl.fcntl(read, fcntl.F_GETFL) | os.O_ASYNC)
        undo.pop_all()
    return process


def _end(process: subprocess.Popen[bytes], *, gently: bool) -> None:
    """End a process; `gently` lets it save its state first."""
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
