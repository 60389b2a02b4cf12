"""A job process whose training takes no time: run instead of `three_tutors.openai_server.training`, it trains three steps an epoch.

What it does at a step can be scripted by a line in `<root>/script.txt`: `<step> <sleep|crash|full|gone>`.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
import time
from pathlib import Path

from three_tutors.openai_server import job
from three_tutors.openai_server.job import Listener, Plan, Trained
from three_tutors.pipeline.records import read_json, write_json

STEPS = 3


def train(plan: Plan, listener: Listener) -> Trained | None:
    """Pretend to train; go on from the last epoch that was complete."""
    if plan.validation:
        listener.before(metrics(0, validated=True))
    epochs = int(plan.hyperparameters.n_epochs)
    state = plan.work / "state.json"
    done = read_json(state)["epochs"] if state.exists() else 0
    for epoch in range(done, epochs):
        for index in range(STEPS):
            step = epoch * STEPS + index + 1
            misfortune(plan, step)
            if plan.stop():
                return None
            listener.step(epochs * STEPS, metrics(step, validated=bool(plan.validation) and index == STEPS - 1))

        def save(folder: Path, epoch: int = epoch) -> None:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "model.safetensors").write_text(f"{plan.seed} {epoch + 1}")

        save(plan.work / "best")

        listener.epoch(metrics((epoch + 1) * STEPS, validated=bool(plan.validation)), save)
        write_json(state, {"epochs": epoch + 1})
    return Trained(7 * len(plan.rows) * epochs, plan.work / "best")


def metrics(step: int, *, validated: bool) -> dict[str, object]:
    """Return the metrics that step `step` has on every run."""
    learned = {"train_loss": 3 / max(step, 0.5), "train_mean_token_accuracy": 1 - 1 / (step + 1)}
    valid = {
        "valid_loss": 4 / max(step, 0.5),
        "valid_mean_token_accuracy": 0.5,
        "full_valid_loss": 4 / max(step, 0.5),
        "full_valid_mean_token_accuracy": 0.5,
    }
    return {"step": step, **learned, **(valid if validated else {})}


def misfortune(plan: Plan, step: int) -> None:
    """Do what the script says for this step; `gone` and `crash` happen once."""
    script = plan.work.parents[2] / "script.txt"
    lines = script.read_text().splitlines() if script.exists() else []
    for line in lines:
        at, what = line.split()
        if int(at) != step:
            continue
        if what == "sleep":
            while line in script.read_text() and not plan.stop():
                time.sleep(0.02)
        elif what == "gone":
            script.write_text("\n".join(one for one in lines if one != line))
            os.kill(os.getpid(), signal.SIGKILL)
        elif what == "dead":
            os.kill(os.getpid(), signal.SIGKILL)
        elif what == "full":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        elif what == "crash":
            raise ZeroDivisionError("a bug in training")


if __name__ == "__main__":
    job.work(train, sys.argv[1:])
