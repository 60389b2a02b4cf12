"""The dozen figures by which experiments are compared. All others are in reports/metrics."""

from __future__ import annotations

from pathlib import Path

from three_tutors.pipeline.records import Record
from three_tutors.reporting.evidence import Evidence
from three_tutors.scoring.scores import MEASURES
from three_tutors.tutoring.methods import TUNED, TUTORS

SUMMARY = Path("reports/summary.json")
"""The only metrics file that DVC knows: with one file, every name in `dvc exp show` is short and unique."""

MICRO = 1_000_000


def summary(evidence: Evidence) -> Record:
    """Return tutor → figure → value; what was not measured is left out.

    The best candidate or epoch was chosen by `valid_score` (0–1) or `valid_loss` (nats per token).
    """
    figures: dict[str, dict[str, float]] = {}
    for tutor, method in TUTORS.items():
        scored = evidence.metrics.get(tutor, {}) if tutor in evidence.scores else {}
        chosen_by = {"valid_loss" if method.is_trained else "valid_score": evidence.chosen_by(tutor)}
        found = {name: scored.get(name) for name, score in MEASURES.items() if score.in_summary} | chosen_by
        figures[tutor] = {name: value for name, value in found.items() if value is not None}
    if (month := evidence.costs.get("bills", {}).get(TUNED, {}).get("monthly")) is not None:
        # One bill is enough: this one depends on dialogues, epochs, prices and use.
        figures[TUNED]["usd_month"] = round(month / MICRO, 2)
    return {tutor: found for tutor, found in figures.items() if found}
