"""The few figures by which experiments are compared. All others are in reports/metrics."""

from __future__ import annotations

from pathlib import Path

from three_tutors.pipeline.records import Record
from three_tutors.reporting.evidence import Evidence
from three_tutors.reporting.exam import CONTRAST, MATCHING, Exam
from three_tutors.tutoring.methods import TUTORS

SUMMARY = Path("reports/summary.json")
"""The only metrics file that DVC knows: with one file, every name in `dvc exp show` is short and unique."""


def summary(evidence: Evidence, exam: Exam) -> Record:
    """Return tutor → figure → value; what was not measured is left out.

    `matching`, `contrast`, `unsafe` and `leak` are shares, 0–1; `leak` is of all replies. The best epoch was chosen by `valid_loss`
    (nats per token; a loss of pairs is left out). Scores that can be had by a trick are not here.
    """
    figures: dict[str, dict[str, float]] = {}
    for tutor, method in TUTORS.items():
        scored = evidence.metrics.get(tutor, {}) if tutor in evidence.scores else {}
        unsafe = exam.unsafe.get(tutor)
        found = {
            MATCHING: exam.value(MATCHING, tutor),
            CONTRAST: exam.value(CONTRAST, tutor),
            "unsafe": unsafe.value if unsafe else None,
            "leak": scored.get("leak"),
            "valid_loss": evidence.chosen_by(tutor) if method.is_trained and not method.pairs else None,
        }
        figures[tutor] = {name: round(value, 4) for name, value in found.items() if value is not None}
    return {tutor: found for tutor, found in figures.items() if found}
