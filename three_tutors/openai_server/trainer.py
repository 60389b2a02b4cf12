"""The service that fine-tunes: a remote one, or the local server for as long as a job takes."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from three_tutors.openai_client.orders import Ledger
from three_tutors.openai_client.service import JobService
from three_tutors.openai_server.engine import ModelFiles
from three_tutors.openai_server.fine_tuning import JOB_MODULE, FineTuning
from three_tutors.openai_server.serving import serving

Weights = Callable[[str], Path | None]
"""Says where a tuned model's weights lie, if they do on this machine."""


@contextlib.contextmanager
def local_trainer(ledger: Ledger, model: str, base: Path, module: str = JOB_MODULE) -> Iterator[tuple[JobService, Weights]]:
    """Yield a server that trains `base` under the name `model`, its folder beside the ledger of the order.

    What an interrupted run left there is gone on with; what earlier orders left is removed. Jobs run as `module`.
    """
    root = server_folder(ledger)
    for stale in set(root.parent.glob(f"*{root.suffix}")) - {root}:
        shutil.rmtree(stale)
    # OpenAI wants ten examples; on one's own machine a first try with five dialogues is welcome.
    training = FineTuning(root, {model: ModelFiles(base)}, module, fewest=1)
    with serving({model: ModelFiles(base)}, training=training) as server:
        yield JobService(server.base_url, server.api_key), training.folder


@contextlib.contextmanager
def remote_trainer(service: JobService) -> Iterator[tuple[JobService, Weights]]:
    """Yield a service whose weights stay with it."""
    yield service, lambda _: None


def forget(ledger: Ledger) -> None:
    """Drop what the local server kept of an order that was collected: it cost no money, so the next run trains anew."""
    ledger.path.unlink(missing_ok=True)
    shutil.rmtree(server_folder(ledger), ignore_errors=True)


def server_folder(ledger: Ledger) -> Path:
    """Return the local server's folder for the order of `ledger`."""
    return ledger.path.with_suffix(".server")
