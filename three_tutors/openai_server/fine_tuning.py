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
from three_tutors.openai_server.job import JOBS
from three_tutors.openai_server.job_store import forget_model, model_folder
from three_tutors.openai_server.jobs import Jobs
from three_tutors.openai_server.store import Store, private_file, private_folder
from three_tutors.openai_server.supervisor import Supervisor
from three_tutors.openai_server.training_file import FEWEST
from three_tutors.pipeline.diagnostics import TutorError
from three_tutors.pipeline.records import Record

JOB_MODULE = "three_tutors.openai_server.training"
ADAPTER = "adapter_config.json"


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
        self._lock = open(root / "lock", "w", opener=private_file)  # noqa: SIM115 - Path.open takes no opener; held while the server runs
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.close()
            raise TutorError(f"Another server works in {root}; stop it or choose another folder.") from None
        self.store = Store(root.resolve())
        private_folder(self.store.root / JOBS)
        self._bases = bases
        self._supervisor = Supervisor(self.store, self._start, module, fewest)
        self._files = Files(self.store)
        self._jobs = Jobs(self.store, self.base, self.under, self._supervisor.wake)

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
            sentence = f"The model `{model}` does not exist; this server trains {', '.join(self._bases)}."
            raise ApiError(404, sentence, param="model", code="model_not_found")
        return files

    def model(self, name: str) -> ModelFiles | None:
        """Return where a tuned model or checkpoint lies; None where there is none of this name.

        Raises:
            ApiError: it is an adapter, and the model under it is not there.

        """
        row, folder = self.store.get("model", name), self.folder(name)
        if row is None or folder is None:
            return None
        if not (folder / ADAPTER).exists():
            return ModelFiles(folder)
        under = self.under(name)
        files = self._bases.get(under)
        weights = files.weights if files is not None else self.folder(under)
        if weights is None:
            sentence = f"The model `{name}` is an adapter over `{under}`, which this server does not have."
            raise ApiError(404, sentence, param="model", code="model_not_found")
        return ModelFiles(weights, folder)

    def under(self, name: str) -> str:
        """Return the name of the model under an adapter; empty for whole weights, and where there is no such model."""
        files, row, folder = self._bases.get(name), self.store.get("model", name), self.folder(name)
        if files is not None:
            return name if files.adapter is not None else ""
        return str(row.private["base"]) if row is not None and folder is not None and (folder / ADAPTER).exists() else ""

    def folder(self, name: str) -> Path | None:
        """Return the folder of a tuned model's weights or adapter."""
        return model_folder(self.store, name)

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
        with self.store.transaction():
            checkpoints = self.store.all("checkpoint", row.private["job"]) if row.private else []
            gone = {name: "", **{one.document["fine_tuned_model_checkpoint"]: one.id for one in checkpoints}}
            folders = [folder for model, checkpoint in gone.items() for folder in forget_model(self.store, model, checkpoint)]
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
        return list(gone)

    def _start(self, name: str) -> ModelFiles | None:
        """Return the model that a job starts from; None where it, or what lies under it, is not there any more."""
        try:
            return self._bases.get(name) or self.model(name)
        except ApiError:
            return None
