"""The part of the server that trains: files, jobs and the models that come out of them, all in one folder."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Mapping
from pathlib import Path

from starlette.routing import Route

from three_tutors.openai_server.engine import ModelFiles
from three_tutors.openai_server.errors import ApiError
from three_tutors.openai_server.files import Files
from three_tutors.openai_server.job_store import forget_checkpoint
from three_tutors.openai_server.jobs import Jobs
from three_tutors.openai_server.store import Row, Store
from three_tutors.openai_server.supervisor import Supervisor
from three_tutors.openai_server.training_file import FEWEST
from three_tutors.pipeline.diagnostics import TutorError
from three_tutors.pipeline.records import Record

JOB_MODULE = "three_tutors.openai_server.job"


class FineTuning:
    """Everything that lives in one root folder; one server at a time may have it."""

    def __init__(self, root: Path, bases: Mapping[str, ModelFiles], module: str = JOB_MODULE, fewest: int = FEWEST) -> None:
        """Open the folder, made where it is missing.

        Args:
            root: the folder.
            bases: the models that jobs may start from, beside those that came out of jobs.
            module: what runs a job in a process of its own.
            fewest: examples that a training file must have.

        Raises:
            TutorError: another server has the folder.

        """
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = (root / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.close()
            raise TutorError(f"Another server works in {root}; stop it or choose another folder.") from None
        self.store = Store(root.resolve())
        self._bases = bases
        self._supervisor = Supervisor(self.store, lambda model: self.base(model).weights, module, fewest)
        self._files = Files(self.store)
        self._jobs = Jobs(self.store, self.base, self._supervisor.wake)

    def routes(self) -> list[Route]:
        """Return the routes that the server gains."""
        return [*self._files.routes(), *self._jobs.routes()]

    def start(self) -> None:
        """Go on with unfinished jobs."""
        self._supervisor.start()

    def stop(self) -> None:
        """Put unfinished jobs aside and let another server have the folder."""
        self._supervisor.stop()
        self.store.close()
        self._lock.close()

    def base(self, model: str) -> ModelFiles:
        """Return the model that a job starts from; 404 where there is none."""
        files = self._bases.get(model) or self.model(model)
        if files is None:
            raise ApiError(
                404,
                f"The model `{model}` does not exist; this server trains {', '.join(self._bases)}.",
                param="model",
                code="model_not_found",
            )
        return files

    def model(self, name: str) -> ModelFiles | None:
        """Return where a tuned model or checkpoint lies; None where there is none of this name."""
        row, folder = self.store.get("model", name), self.folder(name)
        if row is None or folder is None:
            return None
        if not (folder / "adapter_config.json").exists():
            return ModelFiles(folder)
        return ModelFiles(self.base(str(row.private["base"])).weights, folder)

    def folder(self, name: str) -> Path | None:
        """Return the folder of a tuned model's weights or adapter."""
        row = self.store.get("model", name)
        return None if row is None else self.store.root / str(row.private["folder"])

    def models(self) -> list[Record]:
        """Return the tuned models, as clients see them; checkpoints are found by their job."""
        return [row.document for row in self.store.all("model")]

    def description(self, name: str) -> Record | None:
        """Return one tuned model or checkpoint as clients see it."""
        row = self.store.get("model", name)
        return None if row is None else row.document

    def delete_model(self, name: str) -> list[str]:
        """Delete a tuned model with its checkpoints; return the names that are gone."""
        row = self.store.get("model", name)
        if row is None or row.parent:
            raise ApiError(404, f"The model `{name}` does not exist, or is no tuned model.", param="model", code="model_not_found")
        gone = [name]
        folders = [self.store.root / str(row.private["folder"])]
        with self.store.transaction():
            self.store.delete("model", name)
            for checkpoint in self._checkpoints(row):
                gone.append(str(checkpoint.document["fine_tuned_model_checkpoint"]))
                folders.append(forget_checkpoint(self.store, checkpoint))
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
        return gone

    def _checkpoints(self, model: Row) -> list[Row]:
        return self.store.all("checkpoint", str(model.private["job"]))
