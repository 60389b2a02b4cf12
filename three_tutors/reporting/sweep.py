"""A sweep: the validation loss of several settings of a method, and which of them params.yaml has.

python -m three_tutors.reporting.sweep METHOD    adds the last training to reports/plots/sweep.csv; `make sweep` calls it

The table is a log: a row is added for every training and none is ever changed or removed, also when code, data or base change. What a
row does not name, such as the code and the size of a batch, may differ between rows, so equal settings may have different losses.
"""

from __future__ import annotations

if __name__ == "__main__":
    from three_tutors.pipeline.starting import start

    start("three_tutors.reporting.sweep")

import argparse
import hashlib
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.params import PARAMS_FILE
from three_tutors.pipeline.records import Record, csv_text, read_csv, read_json, write_text
from three_tutors.reporting.evidence import DIALOGUES, LEDGER, METRICS, PLOTS
from three_tutors.reporting.pages import count, listed
from three_tutors.tutoring.methods import METHODS, PROMPTED, TUTORS

SWEEP = PLOTS / "sweep.csv"
BASE = Path("models/base/source.json")
MODELS = Path("models")
COLUMNS = ("method", "epochs", "r", "learning_rate", "valid_loss", "valid_accuracy", "seconds", "base", "data", "date")
"""`learning_rate` at a service is the protocol's `learning_rate_multiplier`; `r` is empty if there is no adapter."""
TRAINED = [name for name, method in METHODS.items() if method.is_trained]
"""The methods that have settings to sweep."""
AUTO = "auto"
"""What params.yaml says where the service decides; as a factor on the service's own learning rate, that is 1."""

Row = Mapping[str, str]


@dataclass(frozen=True)
class Tried:
    """One setting and its result."""

    method: str
    epochs: int
    """Most passes over the training dialogues."""
    r: int | None
    """Rank of the adapter; None if every weight is trained."""
    learning_rate: float
    """At a service, a factor on its own rate."""
    valid_loss: float
    """Of the best epoch, in nats per token."""
    valid_accuracy: float | None
    seconds: float | None
    chosen: bool
    """Whether params.yaml has this setting."""
    lowest: bool
    """Whether no other setting of the method has a lower validation loss."""

    @property
    def rate(self) -> str:
        """The learning rate as shown in the table."""
        return f"{'×' if _at_service(self.method) else ''}{self.learning_rate:g}"

    @property
    def mark(self) -> str:
        """The remark in the table: `chosen`, `lowest`, both or none."""
        return ", ".join(name for name in ("chosen", "lowest") if getattr(self, name))


@dataclass(frozen=True)
class Sweep:
    """The settings that were tried with the base and the data of the last row."""

    tried: Sequence[Tried]
    """In the order of the trainings; a setting that was trained twice is here twice."""
    base: str
    data: str
    """Digest of the dialogues and their splits."""
    same_data: bool
    """Whether the dialogues are those of this report."""
    dates: Sequence[str]
    """First and last day of the sweep; one entry if they are the same."""
    others: int
    """How many rows of the table are of another base or other data and are not shown."""

    @property
    def methods(self) -> list[str]:
        """The methods that were swept."""
        return [name for name in TRAINED if any(one.method == name for one in self.tried)]

    @property
    def at_service(self) -> bool:
        """Whether some learning rates are factors on a service's own."""
        return any(map(_at_service, self.methods))

    def chosen(self, method: str) -> Tried | None:
        """Return the last training of `method` with the setting in params.yaml; None if it was not tried."""
        return next((one for one in reversed(self.tried) if one.method == method and one.chosen), None)

    def lowest(self, method: str) -> Tried:
        """Return the setting of `method` with the lowest validation loss."""
        return next(one for one in self.tried if one.method == method and one.lowest)


def sweep(table: Sequence[Row], sections: Mapping[str, Mapping[str, Any]], digests: Mapping[str, str]) -> Sweep | None:
    """Return the last sweep in `table`, with the settings of params.yaml marked; None if the table is empty.

    Args:
        table: the rows of reports/plots/sweep.csv.
        sections: of params.yaml, by name.
        digests: of the files of this report.

    """
    if not table:
        return None
    _by_method(table)
    rows = [row for row in table if all(row[name] == table[-1][name] for name in ("base", "data"))]
    lowest = {method: min(float(row["valid_loss"]) for row in some) for method, some in _by_method(rows).items()}
    tried = [
        Tried(
            method=row["method"],
            epochs=int(row["epochs"]),
            r=int(row["r"]) if row["r"] else None,
            learning_rate=float(row["learning_rate"]),
            valid_loss=float(row["valid_loss"]),
            valid_accuracy=_number(row, "valid_accuracy"),
            seconds=_number(row, "seconds"),
            chosen=_is_chosen(row, sections.get(row["method"], {})),
            lowest=float(row["valid_loss"]) == lowest[row["method"]],
        )
        for row in rows
    ]
    dates = sorted({row["date"] for row in rows})
    data = table[-1]["data"]
    return Sweep(tried, table[-1]["base"], data, data == digest(digests), dates[:1] + dates[1:][-1:], len(table) - len(rows))


def tries(table: Sequence[Row], tutors: Collection[str], prompts: int) -> str:
    """Return how many settings each tutor was chosen from, and whether that favours one of the trained tutors.

    Args:
        table: the rows of reports/plots/sweep.csv, of whatever data; a method without rows was trained with one setting.
        tutors: those in the comparison.
        prompts: how many DSPy compared; 0 if it has not run.

    """
    rows = _by_method(table)
    settings = {name: len(rows.get(name, [{}])) for name in TRAINED if name in tutors}
    chosen_from = [f"{count(number, 'training')} of {name}" for name, number in settings.items()]
    if prompts and PROMPTED in tutors:
        chosen_from.insert(0, f"{count(prompts, 'prompt')} of {PROMPTED}")
    if not chosen_from:
        return ""
    text = f"Tried on the validation dialogues: {listed(chosen_from)}."
    if any(number > 1 for number in settings.values()):
        text += " Scores of earlier runs on the held-out dialogues could be seen while settings were being chosen."
    if len(settings) < 2:  # noqa: PLR2004 - nobody to compare with
        return text
    most = max(settings.values())
    favoured = [name for name, number in settings.items() if number == most]
    others = [name for name in settings if name not in favoured]
    if most == 1:
        return f"{text} No setting of {listed(favoured, 'or')} was chosen by a sweep."
    two = len(settings) == 2  # noqa: PLR2004 - a pair has words of its own
    if not others:
        return f"{text} {listed(favoured)} had equally many, so the search favours {'neither' if two else 'none'}."
    was, whom = ("was", "it") if len(favoured) == 1 else ("were", "them")
    return (
        f"{text} {listed(favoured)} {was} chosen from more trainings than {listed(others)}, which favours {whom}: "
        f"part of the difference between these {'two' if two else 'tutors'} may come from the search and not from the method."
    )


def digest(digests: Mapping[str, str]) -> str:
    """Return one fingerprint of the dialogues and the ledger of splits."""
    return hashlib.sha256("".join(digests[path.name] for path in (DIALOGUES, LEDGER)).encode()).hexdigest()[:16]


def with_row(text: str, row: Row) -> str:
    """Return the text of a table with `row` at its end; what stands there stays byte for byte.

    Raises:
        DataError: the table has other columns.

    """
    head, _, _ = text.partition("\n")
    if text and head != ",".join(COLUMNS):
        raise DataError(f"{SWEEP}:1: the columns are not {', '.join(COLUMNS)}; give the old rows these columns, or move the file away.")
    ended = text if not text or text.endswith("\n") else text + "\n"
    return ended + table_text([row]).partition("\n")[2] if text else table_text([row])


def table_text(rows: Sequence[Row]) -> str:
    """Return the rows as CSV."""
    return csv_text(COLUMNS, ([row[name] for name in COLUMNS] for row in rows))


def trained(method: str) -> Record:
    """Return the setting of the last training with `method`, and its result."""
    stage = TUTORS[method].stage
    metrics, timing = read_json(METRICS / f"{stage}.json"), read_json(METRICS / f"timing_{stage}.json")
    if _at_service(method):
        # The job says which numbers `auto` meant.
        given: Record = read_json(MODELS / method / "job.json")["hyperparameters"]
        epochs, rank, rate = given["n_epochs"], given.get("lora_r", ""), given["learning_rate_multiplier"]
        measured = [row for row in read_csv(PLOTS / f"{method}_curve.csv") if row["valid_loss"]]
        accuracy = min(measured, key=lambda row: float(row["valid_loss"]))["valid_accuracy"]
        accuracy = f"{float(accuracy):.4f}" if accuracy else ""
    else:
        section: Record = YAML(typ="safe").load(PARAMS_FILE)[method]
        epochs, rank, rate = section["epochs"], section.get("r", ""), section["learning_rate"]
        accuracy = metrics["valid_accuracy"]
    setting = {"epochs": epochs, "r": rank, "learning_rate": f"{rate:g}"}
    return {**setting, "valid_loss": metrics[TUTORS[method].chosen_by], "valid_accuracy": accuracy, "seconds": timing["seconds"]}


def _by_method(table: Sequence[Row]) -> dict[str, list[Row]]:
    """Return the rows of each method.

    Raises:
        DataError: a row names no method that is trained, or the table lacks a column.

    """
    if table and (lacking := [name for name in COLUMNS if name not in table[0]]):
        raise DataError(f"{SWEEP}: there is no column {listed(lacking)}; give the old rows that column, or move the file away.")
    found: dict[str, list[Row]] = {}
    for line, row in enumerate(table, start=2):
        if row.get("method") not in TRAINED:
            raise DataError(f"{SWEEP}:{line}: there is no method {row.get('method')!r}; name one of {listed(TRAINED, 'or')}.")
        found.setdefault(row["method"], []).append(row)
    return found


def _at_service(method: str) -> bool:
    return TUTORS[method].opened == "service"


def _number(row: Row, name: str) -> float | None:
    return float(row[name]) if row.get(name) else None


def _setting(row: Mapping[str, Any]) -> tuple[int, int, float]:
    return int(row.get("epochs") or 0), int(row.get("r") or 0), float(row.get("learning_rate") or 0)


def _is_chosen(row: Row, section: Mapping[str, Any]) -> bool:
    """Return whether a row has the setting of a section of params.yaml; `auto` passes at a service may have been any number."""
    epochs, r, rate = _setting(row)
    if _at_service(row["method"]):
        wanted: Mapping[str, Any] = {
            "epochs": epochs if section.get("n_epochs") == AUTO else section.get("n_epochs"),
            "r": (section.get("extra_hyperparameters") or {}).get("lora_r"),
            "learning_rate": 1.0 if (given := section.get("learning_rate_multiplier")) == AUTO else given,
        }
    else:
        wanted = section
    of_params = _setting(wanted)
    return (epochs, r) == of_params[:2] and math.isclose(rate, of_params[2])


def main() -> None:
    """Add the last training of the method named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m three_tutors.reporting.sweep", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("method", choices=TRAINED, help="whose last training is added to the table")
    method = parser.parse_args().method
    digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (DIALOGUES, LEDGER)}
    row = {
        "method": method,
        **{name: str(value) for name, value in trained(method).items()},
        "base": str(read_json(BASE).get("model", "")),
        "data": digest(digests),
        "date": datetime.now(UTC).date().isoformat(),
    }
    table = with_row(SWEEP.read_text(encoding="utf-8") if SWEEP.exists() else "", row)
    write_text(SWEEP, table)
    setting = "learning rate multiplier" if _at_service(method) else f"r {row['r']}, learning rate"
    trainings = len(table.splitlines()) - 1
    result = f"{setting} {row['learning_rate']}: validation loss {row['valid_loss']}"
    print(f"{SWEEP}: {method}, {result}; {trainings} trainings so far")
