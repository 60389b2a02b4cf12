"""One fine-tuning job in a process of its own; what trains is handed in (see `training`).

The server holds the other end of its standard input: when the server dies, the job ends at once, and the next server
starts it again from its last complete checkpoint. What the job acknowledges it writes to the store.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from three_tutors.openai_server import file_store, job_store
from three_tutors.openai_server.hyperparameters import Hyperparameters
from three_tutors.openai_server.store import Row, Store
from three_tutors.openai_server.training_file import TrainingFileError, read_training_file
from three_tutors.pipeline.diagnostics import DataError, TutorError
from three_tutors.pipeline.file_names import inside
from three_tutors.pipeline.records import Record, csv_text, replacing

JOBS = "jobs"
Save = Callable[[Path], None]

COLUMNS = {
    "step": "step",
    "train_loss": "train_loss",
    "train_accuracy": "train_mean_token_accuracy",
    "valid_loss": "valid_loss",
    "valid_mean_token_accuracy": "valid_mean_token_accuracy",
}
"""The result file's columns, and the metrics that stand in them."""
PAIRS = {**COLUMNS, "train_accuracy": "train_reward_accuracy"}
"""The same for preferences: the share of pairs whose preferred reply has gained on the other; tokens are not counted."""


@dataclass(frozen=True)
class Plan:
    """What is to be trained."""

    base: Path
    rows: list[Record]
    validation: list[Record]
    hyperparameters: Hyperparameters
    seed: int
    work: Path
    """The training's own folder, where it finds its last complete state again."""
    stop: Callable[[], bool] = lambda: False
    """Whether training is to write down its state and end early."""
    start: Path | None = None
    """An adapter of the base that training goes on with; None begins with the base itself."""


@dataclass(frozen=True)
class Trained:
    """What came out of a training that reached its end."""

    tokens: int
    """Tokens of the examples times epochs."""
    model: Path
    """The folder of the final model."""


class Listener(Protocol):
    """Who hears how training goes; what is told again changes nothing."""

    def before(self, metrics: Record) -> None:
        """Hear the validation of the model before its first step."""

    def step(self, total: int, metrics: Record) -> None:
        """Hear the metrics of one step."""

    def epoch(self, metrics: Record, save: Save) -> None:
        """Hear that an epoch is complete; `save` writes the model as it is now into a new folder."""


Train = Callable[[Plan, Listener], Trained | None]
"""Trains; goes on from what it left in `work`. None where it was stopped before the end."""


@dataclass
class Recorder:
    """Writes what training says into the store."""

    store: Store
    job: str

    def before(self, metrics: Record) -> None:
        """Record the validation before training."""
        job_store.add_beginning(self.store, self.job, metrics)

    def step(self, total: int, metrics: Record) -> None:
        """Record a step."""
        job_store.add_step(self.store, self.job, total, metrics)

    def epoch(self, metrics: Record, save: Save) -> None:
        """Keep the model of this epoch as a checkpoint; its folder appears when it is complete."""
        folder = job_folder(self.store, self.job) / "checkpoints" / f"step-{metrics['step']}"
        if not folder.is_dir():
            with replacing(folder) as temporary:
                save(temporary)
        for old in job_store.add_checkpoint(self.store, self.job, metrics, folder):
            shutil.rmtree(old, ignore_errors=True)


def run_job(store: Store, job: str, base: Path, train: Train, stop: Callable[[], bool], *, start: Path | None = None) -> None:
    """Train a job that stands in the queue: to its end, until `stop`, or to an error that is written down."""
    row = job_store.begin(store, job)
    if row is None:
        return
    try:
        rows, validation = read_files(store, row)
        hyperparameters = Hyperparameters(**row.private["hyperparameters"])
        plan = Plan(base, rows, validation, hyperparameters, int(row.document["seed"]), job_folder(store, job) / "work", stop, start)
        trained = train(plan, Recorder(store, job))
        if trained is not None:
            finish(store, job, trained)
    except TrainingFileError as problem:
        job_store.fail(store, job, problem.code, problem.message, problem.param)
    except DataError as error:
        job_store.fail(store, job, "invalid_training_file", str(error), "training_file")
    except (TutorError, OSError, MemoryError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        job_store.fail(store, job, "server_error", f"Training failed: {reason or type(error).__name__}.")


def read_files(store: Store, row: Row, fewest: int = 1) -> tuple[list[Record], list[Record]]:
    """Return the training and validation examples of a job; `fewest` was held against it before it was queued.

    Raises:
        TrainingFileError: they cannot be trained on.

    """
    method = row.private["hyperparameters"].get("method", "supervised")
    rows = read_training_file(stored_file(store, row.document["training_file"]), fewest=fewest, method=method)
    name = row.document["validation_file"]
    if not name:
        return rows, []
    return rows, read_training_file(stored_file(store, name, "validation"), purpose="validation", fewest=1, method=method)


def stored_file(store: Store, id_: str, purpose: str = "training") -> Path:
    """Return where the bytes of a file lie."""
    row = store.get("file", id_)
    path = None if row is None else file_store.file_path(store, row)
    if path is None:
        reason = "was deleted before the job could read it" if row is None else "cannot be found: the server's record of it is damaged"
        raise TrainingFileError(f"invalid_{purpose}_file", f"The file {id_} {reason}. Upload it again.")
    return path


def job_folder(store: Store, job: str) -> Path:
    """Return the folder of a job.

    Raises:
        DataError: its id is no name of a folder, so the database is damaged.

    """
    return inside(store.root / JOBS, job, "A job's id")


def finish(store: Store, job: str, trained: Trained) -> None:
    """Put the model in its place, write the result file and end the job."""
    folder = job_folder(store, job) / "model"
    if not folder.is_dir():
        with replacing(folder) as temporary:
            shutil.copytree(trained.model, temporary, copy_function=os.link)
    result = add_result_file(store, job)
    job_store.succeed(store, job, trained.tokens, folder, result)
    shutil.rmtree(job_folder(store, job) / "work", ignore_errors=True)


def add_result_file(store: Store, job: str) -> Row:
    """Write the metrics of every step as the protocol's CSV; return its file object."""
    steps = job_store.curve(store, job)
    columns = PAIRS if any(PAIRS["train_accuracy"] in metrics for metrics in steps) else COLUMNS
    data = csv_text(columns, ([metrics.get(name) for name in columns.values()] for metrics in steps)).encode()
    with store.transaction():
        id_ = store.issue("file-", "fine-tune-results", job)
        with replacing(store.root / file_store.FOLDER / id_) as temporary:
            temporary.write_bytes(data)
        return file_store.add_file(store, id_, len(data), "step_metrics.csv", purpose="fine-tune-results")


def end_with_server() -> None:
    """End this process when the server's end of standard input closes, where the system does not see to that (see `supervisor`)."""

    def wait() -> None:
        # Not through `sys.stdin`: a lock held there would abort the interpreter when the job ends by itself.
        while os.read(0, 1):
            pass
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()


def work(train: Train, arguments: Sequence[str]) -> None:
    """Run the job that a command line names: `ROOT JOB BASE_MODEL_FOLDER [ADAPTER_FOLDER]`, after an earlier process of it is gone."""
    end_with_server()
    os.umask(0o077)  # what is trained on what students wrote is nobody else's to read
    root, job, base, *adapter = arguments
    asked = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked.set())
    store = Store(Path(root))
    job_folder(store, job).mkdir(exist_ok=True)
    with (job_folder(store, job) / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        run_job(store, job, Path(base), train, asked.is_set, start=Path(adapter[0]) if adapter else None)
