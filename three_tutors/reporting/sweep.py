"""A sweep: what several settings of a method came to on the validation dialogues, and which of them is the default.

python -m three_tutors.reporting.sweep [lora|openai]    adds what was trained last to reports/plots/sweep.csv; `make sweep` calls it
"""

from __future__ import annotations

import csv
import hashlib
import io
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from three_tutors.pipeline.diagnostics import DataError, run
from three_tutors.pipeline.params import PARAMS_FILE
from three_tutors.pipeline.records import Record, read_json, write_text
from three_tutors.reporting.evidence import DIALOGUES, LEDGER, METRICS, PLOTS, read_table
from three_tutors.reporting.pages import count, listed

SWEEP = PLOTS / "sweep.csv"
BASE = Path("models/base/source.json")
JOB = Path("models/openai/job.json")
COLUMNS = ("method", "epochs", "r", "learning_rate", "valid_loss", "valid_accuracy", "seconds", "base", "data", "date")
"""`learning_rate` of openai is the protocol's `learning_rate_multiplier`; `r` is empty where there is no adapter."""
TRAINED = ("openai", "lora")
"""The methods that have settings to sweep."""

Row = Mapping[str, str]


@dataclass(frozen=True)
class Tried:
    """One setting and what it came to."""

    method: str
    epochs: int | None
    """Most passes over the training dialogues; None in tables that did not keep them."""
    r: int | None
    """Rank of the adapter; None where every weight is trained."""
    learning_rate: float
    """Of openai: the multiplier."""
    valid_loss: float
    """Of the best epoch, in nats a token."""
    valid_accuracy: float | None
    seconds: float | None
    chosen: bool
    """Whether it is what params.yaml says."""
    lowest: bool
    """Whether no other setting of the method has a lower validation loss."""

    @property
    def rate(self) -> str:
        """The learning rate as it is printed."""
        return f"{'×' if self.method == 'openai' else ''}{self.learning_rate:g}"

    @property
    def mark(self) -> str:
        """What is special about it, in words."""
        return ", ".join(name for name in ("chosen", "lowest") if getattr(self, name))


@dataclass(frozen=True)
class Sweep:
    """What was tried, on what and when."""

    tried: Sequence[Tried]
    base: str
    data: str
    """Digest of the dialogues and their splits."""
    same_data: bool
    """Whether these are the dialogues of this report."""
    dates: Sequence[str]
    """First and last day of the sweep; one where they are the same."""

    @property
    def methods(self) -> list[str]:
        """The methods that were swept."""
        return [name for name in TRAINED if any(one.method == name for one in self.tried)]

    def chosen(self, method: str) -> Tried | None:
        """Return the setting of `method` in params.yaml; None where it was not tried."""
        return next((one for one in self.tried if one.method == method and one.chosen), None)

    def lowest(self, method: str) -> Tried:
        """Return the setting of `method` with the lowest validation loss."""
        return next(one for one in self.tried if one.method == method and one.lowest)


def sweep(table: Sequence[Row], lora: Mapping[str, Any], digests: Mapping[str, str], openai_loss: float | None = None) -> Sweep | None:
    """Return the sweep in `table`, seen from the section `lora` of params.yaml; None where there was none.

    Args:
        table: the rows of reports/plots/sweep.csv; a row that names no method is one of lora.
        lora: the section of params.yaml.
        digests: of the files of this report.
        openai_loss: the validation loss of this run's openai, by which its row is known: `auto` hides the rate in params.yaml.

    """
    if not table:
        return None
    losses = {name: [float(row["valid_loss"]) for row in table if method_of(row) == name] for name in TRAINED}
    tried = [
        Tried(
            method=method_of(row),
            epochs=int(row["epochs"]) if row.get("epochs") else None,
            r=int(row["r"]) if row.get("r") else None,
            learning_rate=float(row["learning_rate"]),
            valid_loss=float(row["valid_loss"]),
            valid_accuracy=_number(row, "valid_accuracy"),
            seconds=_number(row, "seconds"),
            chosen=_setting(row) == _setting(lora) if method_of(row) == "lora" else float(row["valid_loss"]) == openai_loss,
            lowest=float(row["valid_loss"]) == min(losses[method_of(row)]),
        )
        for row in table
    ]
    dates = sorted({row["date"] for row in table})
    data = table[-1]["data"]
    return Sweep(tried, table[-1]["base"], data, data == digest(digests), dates[:1] + dates[1:][-1:])


def method_of(row: Row) -> str:
    """Return whose setting a row is.

    Raises:
        DataError: there is no such method.

    """
    name = row.get("method") or (row.get("stage") or "").removeprefix("train_") or "lora"
    if name not in TRAINED:
        raise DataError(f"{SWEEP}: there is no method {name!r}; name one of {listed(TRAINED, 'or')}.")
    return name


def tries(table: Sequence[Row], tutors: Sequence[str], prompts: int | None) -> str:
    """Return how many settings each tutor was chosen from, and whether that favours one of those that were trained.

    Args:
        table: the rows of reports/plots/sweep.csv; a method without a row was trained with one setting.
        tutors: those in the comparison.
        prompts: how many DSPy compared; None where it has not run.

    """
    rows = Counter(method_of(row) for row in table)
    settings = {name: max(1, rows[name]) for name in TRAINED if name in tutors}
    chosen_from = [f"{count(number, 'setting')} of {name}" for name, number in settings.items()]
    if prompts and "dspy" in tutors:
        chosen_from.insert(0, f"{count(prompts, 'prompt')} of dspy")
    if not chosen_from:
        return ""
    text = f"Tried on the validation dialogues before anything was compared: {listed(chosen_from)}."
    if len(settings) < len(TRAINED):
        return text
    fewest, most = sorted(settings, key=lambda name: settings[name])
    if settings[fewest] < settings[most]:
        return (
            f"{text} {most} was chosen from more settings than {fewest}, which favours it: "
            "part of the difference between these two may come from the search and not from the method."
        )
    return f"{text} " + (
        "No setting of openai or lora was chosen by a sweep."
        if settings[most] == 1
        else "openai and lora had equally many, so the search favours neither."
    )


def digest(digests: Mapping[str, str]) -> str:
    """Return one fingerprint of the dialogues and the ledger of splits out of those of the files."""
    return hashlib.sha256("".join(digests[path.name] for path in (DIALOGUES, LEDGER)).encode()).hexdigest()[:16]


def added(table: Sequence[Row], row: Row) -> list[Row]:
    """Return `table` with `row`, ordered by method, epochs, rank and rate; what it replaces, and rows of another base or other data, go."""
    kept = [old for old in table if _key(old) != _key(row) and all(old[name] == row[name] for name in ("base", "data"))]
    whole = [{name: old.get(name) or "" for name in COLUMNS} | {"method": method_of(old)} for old in (*kept, row)]
    return sorted(whole, key=_key)


def table_text(rows: Sequence[Row]) -> str:
    """Return the rows as CSV."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()


def trained(method: str) -> Record:
    """Return the setting that was trained last with `method` and what it came to."""
    timing = read_json(METRICS / f"timing_train_{method}.json")
    if method == "lora":
        lora: Record = YAML(typ="safe").load(PARAMS_FILE)["lora"]
        metrics = read_json(METRICS / "train_lora.json")
        setting = {"epochs": lora["epochs"], "r": lora["r"], "learning_rate": f"{lora['learning_rate']:g}"}
        return {**setting, "valid_loss": metrics["valid_loss"], "valid_accuracy": metrics["valid_accuracy"], "seconds": timing["seconds"]}
    # The job says which numbers stood behind `auto`.
    given: Record = read_json(JOB)["hyperparameters"]
    best = min((row for row in read_table(PLOTS / "openai_curve.csv") if row["valid_loss"]), key=lambda row: float(row["valid_loss"]))
    return {
        "epochs": given["n_epochs"],
        "r": given.get("lora_r", ""),
        "learning_rate": f"{given['learning_rate_multiplier']:g}",
        "valid_loss": read_json(METRICS / "train_openai.json")["validation_loss"],
        "valid_accuracy": f"{float(best['valid_accuracy']):.4f}" if best["valid_accuracy"] else "",
        "seconds": timing["seconds"],
    }


def _number(row: Row, name: str) -> float | None:
    return float(row[name]) if row.get(name) else None


def _setting(row: Mapping[str, Any]) -> tuple[int, int, float]:
    return int(row.get("epochs") or 0), int(row.get("r") or 0), float(row.get("learning_rate") or 0)


def _key(row: Row) -> tuple[str, int, int, float]:
    return method_of(row), *_setting(row)


def main() -> None:
    """Add the last training of the method named on the command line."""
    method = method_of({"method": sys.argv[1] if len(sys.argv) > 1 else "lora"})
    digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (DIALOGUES, LEDGER)}
    row = {
        "method": method,
        **{name: str(value) for name, value in trained(method).items()},
        "base": str(read_json(BASE).get("model", "")),
        "data": digest(digests),
        "date": datetime.now(UTC).date().isoformat(),
    }
    rows = added(read_table(SWEEP) if SWEEP.exists() else [], row)
    write_text(SWEEP, table_text(rows))
    setting = f"r {row['r']}, learning rate" if method == "lora" else "learning rate multiplier"
    print(f"{SWEEP}: {method}, {setting} {row['learning_rate']}: validation loss {row['valid_loss']}; {len(rows)} settings so far")


if __name__ == "__main__":
    run(main)
