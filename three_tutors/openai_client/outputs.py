"""What a finished fine-tuning job leaves on disk: the same bytes whenever the same job is done again here."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Sequence
from pathlib import Path

from three_tutors.openai_client.orders import Done
from three_tutors.pipeline.diagnostics import EndpointError
from three_tutors.pipeline.records import Record, csv_text, replacing, write_json, write_jsonl, write_text

# One name for each column; services differ.
COLUMNS = {
    "step": ("step",),
    "train_loss": ("train_loss",),
    "train_accuracy": ("train_accuracy", "train_mean_token_accuracy"),
    "valid_loss": ("valid_loss", "validation_loss", "full_valid_loss"),
    "valid_accuracy": ("valid_mean_token_accuracy", "validation_mean_token_accuracy", "valid_accuracy", "full_valid_mean_token_accuracy"),
}
TIMES = ("created_at", "finished_at", "estimated_finish")


def write_tutor(out: Path, done: Done, tutor: Record, weights: Path | None) -> None:
    """Write the folder of the tutor: where its model answers, the job with its events and result file, local weights.

    Raises:
        EndpointError: nobody said under which id the model answers.

    """
    if not tutor["model"]:
        raise EndpointError(f"Job {done.job['id']} succeeded without naming a model; name it in `openai.answer_model`.")
    with replacing(out) as folder:
        folder.mkdir()
        write_json(folder / "tutor.json", {**tutor, "weights": "weights" if weights else None})
        write_json(folder / "job.json", done.job)
        write_jsonl(folder / "events.jsonl", done.events)
        write_text(folder / "result.csv", done.result)
        if weights is not None:
            shutil.copytree(weights, folder / "weights")


def curve(done: Done) -> list[dict[str, float | None]]:
    """Return one row a step, from the result file or, where the service has none, from the metrics events.

    A service that validates before training (ours) gives a row of step 0.
    """
    told = [(event.get("type"), event.get("data") or {}) for event in done.events]
    rows: list[Record] = _table(done.result) or [data for kind, data in told if kind == "metrics" and data]
    rows = [data for kind, data in told if kind == "message" and data.get("step") == 0] + rows
    return [{name: _number(row, given) for name, given in COLUMNS.items()} for row in rows]


def curve_csv(rows: Sequence[dict[str, float | None]]) -> str:
    """Return the curve as `dvc plots` reads it."""
    return csv_text(COLUMNS, (["" if value is None else f"{value:g}" for value in row.values()] for row in rows))


def metrics(done: Done, rows: Sequence[dict[str, float | None]]) -> Record:
    """Return the few figures of `reports/metrics`."""
    valid = [value for row in rows if (value := row["valid_loss"]) is not None]
    train = [value for row in rows if (value := row["train_loss"]) is not None]
    return {
        "steps": int(rows[-1]["step"] or 0) if rows else 0,
        "epochs": (done.job.get("hyperparameters") or {}).get("n_epochs"),
        "trained_tokens": done.job.get("trained_tokens"),
        "train_loss": _rounded(train[-1]) if train else None,
        "validation_loss_first": _rounded(valid[0]) if valid else None,
        "validation_loss": _rounded(min(valid[1:] or valid)) if valid else None,
    }


def timeless(done: Done) -> Done:
    """Return the job without its dates and without what only says that it was interrupted and went on."""
    job = {key: value for key, value in done.job.items() if key not in TIMES}
    events = [{key: value for key, value in event.items() if key not in TIMES} for event in done.events if event["level"] == "info"]
    return Done(job, events, done.result)


def _table(result: str) -> list[Record]:
    """Return the rows of a result file; none where it is no table."""
    try:
        return list(csv.DictReader(io.StringIO(result, newline="")))
    except csv.Error:
        return []


def _number(row: Record, given: Sequence[str]) -> float | None:
    values = (row.get(name) for name in given)
    found = next((value for value in values if value not in (None, "")), None)
    try:
        number = float("nan" if found is None else found)
    except (TypeError, ValueError, OverflowError):
        return None  # whatever a service writes there, it is no point of a curve
    return number if 0 <= number < float("inf") else None


def _rounded(value: float) -> float:
    return round(value, 4)
