"""A sweep: what several ranks and learning rates came to on the validation dialogues, and which of them is the default.

python -m stages.reporting.sweep        adds the adapter that was trained last to reports/plots/sweep.csv; `make sweep` calls it
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from stages.reporting.evidence import DIALOGUES, LEDGER, METRICS, PLOTS, read_table
from stages.tutoring.diagnostics import run
from stages.tutoring.params import PARAMS_FILE
from stages.tutoring.records import Record, read_json, write_text

SWEEP = PLOTS / "sweep.csv"
BASE = Path("models/base/source.json")
COLUMNS = ("r", "learning_rate", "valid_loss", "valid_accuracy", "seconds", "base", "data", "date")

Row = Mapping[str, str]


@dataclass(frozen=True)
class Tried:
    """One setting and what it came to."""

    r: int
    learning_rate: float
    valid_loss: float
    """Of the best epoch, in nats a token."""
    valid_accuracy: float
    seconds: float
    chosen: bool
    """Whether it is what params.yaml says."""
    lowest: bool
    """Whether no other setting has a lower validation loss."""

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
    def chosen(self) -> Tried | None:
        """The setting in params.yaml; None where it was not tried."""
        return next((one for one in self.tried if one.chosen), None)

    @property
    def lowest(self) -> Tried:
        """The setting with the lowest validation loss."""
        return next(one for one in self.tried if one.lowest)


def sweep(table: Sequence[Row], lora: Mapping[str, Any], digests: Mapping[str, str]) -> Sweep | None:
    """Return the sweep in `table`, seen from the section `lora` of params.yaml; None where there was none."""
    if not table:
        return None
    lowest = min(float(row["valid_loss"]) for row in table)
    tried = [
        Tried(
            r=int(row["r"]),
            learning_rate=float(row["learning_rate"]),
            valid_loss=float(row["valid_loss"]),
            valid_accuracy=float(row["valid_accuracy"]),
            seconds=float(row["seconds"]),
            chosen=_setting(row) == _setting(lora),
            lowest=float(row["valid_loss"]) == lowest,
        )
        for row in table
    ]
    dates = sorted({row["date"] for row in table})
    data = table[-1]["data"]
    return Sweep(tried, table[-1]["base"], data, data == digest(digests), dates[:1] + dates[1:][-1:])


def digest(digests: Mapping[str, str]) -> str:
    """Return one fingerprint of the dialogues and the ledger of splits out of those of the files."""
    return hashlib.sha256("".join(digests[path.name] for path in (DIALOGUES, LEDGER)).encode()).hexdigest()[:16]


def added(table: Sequence[Row], row: Row) -> list[Row]:
    """Return `table` with `row`, ordered by rank and rate; what it replaces, and rows of another base or other data, are left out."""
    kept = [old for old in table if _setting(old) != _setting(row) and all(old[name] == row[name] for name in ("base", "data"))]
    return sorted([*kept, row], key=_setting)


def table_text(rows: Sequence[Row]) -> str:
    """Return the rows as CSV."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()


def _setting(row: Mapping[str, Any]) -> tuple[int, float]:
    return int(row.get("r", 0)), float(row.get("learning_rate", 0))


def main() -> None:
    """Add the last training as params.yaml describes it."""
    lora: Record = YAML(typ="safe").load(PARAMS_FILE)["lora"]
    metrics, timing = read_json(METRICS / "train_lora.json"), read_json(METRICS / "timing_train_lora.json")
    digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (DIALOGUES, LEDGER)}
    row = {
        "r": str(lora["r"]),
        "learning_rate": f"{lora['learning_rate']:g}",
        "valid_loss": str(metrics["valid_loss"]),
        "valid_accuracy": str(metrics["valid_accuracy"]),
        "seconds": str(timing["seconds"]),
        "base": str(read_json(BASE).get("model", "")),
        "data": digest(digests),
        "date": datetime.now(UTC).date().isoformat(),
    }
    rows = added(read_table(SWEEP) if SWEEP.exists() else [], row)
    write_text(SWEEP, table_text(rows))
    print(f"{SWEEP}: r {row['r']}, learning rate {row['learning_rate']}: validation loss {row['valid_loss']}; {len(rows)} settings so far")


if __name__ == "__main__":
    run(main)
