"""Summary: the dozen figures that experiments are compared by. Everything else stands in the files beside them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from three_tutors.pipeline.records import Record
from three_tutors.reporting.evidence import Evidence
from three_tutors.tutoring.methods import TUTORS

SUMMARY = Path("reports/summary.json")
"""The only metrics file that DVC knows: one file, so that every name is short and unique in `dvc exp show`."""

SCORES = ("score", "leak")
"""Of every tutor, on what it was asked: the rubric score and the share of answers given away, both 0–1."""

CHOSEN_BY: Mapping[str, tuple[str, str, str]] = {
    "dspy": ("train_dspy", "validation_best", "valid_score"),
    "openai": ("train_openai", "validation_loss", "valid_loss"),
    "lora": ("train_lora", "valid_loss", "valid_loss"),
}
"""Of a tutor that was made: file and key of the figure that its best candidate or epoch has on the validation dialogues, and the
name it has here. A score is 0–1; a loss is in nats a token."""

MICRO = 1_000_000


def summary(evidence: Evidence) -> Record:
    """Return tutor → figure → value. What was not measured is left out, never made up."""
    figures: dict[str, dict[str, float]] = {}
    for tutor in TUTORS:
        scored = evidence.metrics.get(tutor, {}) if tutor in evidence.scores else {}
        found = {name: scored[name] for name in SCORES if scored.get(name) is not None}
        if tutor in CHOSEN_BY:
            file, key, name = CHOSEN_BY[tutor]
            value = evidence.metrics.get(file, {}).get(key)
            found |= {} if value is None else {name: value}
        figures[tutor] = found
    if (month := evidence.costs.get("bills", {}).get("openai", {}).get("monthly")) is not None:
        # One bill stands for all: this one moves with dialogues, epochs, prices and use alike.
        figures["openai"]["usd_month"] = round(month / MICRO, 2)
    return {tutor: found for tutor, found in figures.items() if found}
