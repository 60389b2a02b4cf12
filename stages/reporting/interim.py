"""Interim: the scorecard out of scores by a cluster bootstrap over dialogues."""

from __future__ import annotations

import numpy as np

from stages.reporting.evidence import Evidence
from stages.reporting.findings import BASELINE, Cell, Findings, Verdict
from stages.reporting.measures import MEASURES
from stages.tutoring.tutors import REFERENCE


def findings_of(evidence: Evidence) -> Findings:
    """Return cells for every tutor and score."""
    names = [name for name in MEASURES if any(name in scores for rows in evidence.scores.values() for scores in rows.values())]
    return Findings({tutor: {name: _cell(evidence, tutor, name) for name in names} for tutor in evidence.tutors})


def _values(evidence: Evidence, tutor: str, name: str) -> dict[str, float]:
    return {item: v for item, s in evidence.scores.get(tutor, {}).items() if name in s and (v := s[name].value) is not None}


def _boot(values: dict[str, float]) -> tuple[float, float, float]:
    groups: dict[str, list[float]] = {}
    for item, v in values.items():
        groups.setdefault(item.split("#")[0], []).append(v)
    sums = np.array([[sum(g), len(g)] for g in groups.values()])
    draws = np.random.default_rng(1).integers(0, len(sums), (1000, len(sums)))
    t = sums[draws].sum(axis=1)
    low, high = np.quantile(t[:, 0] / t[:, 1], [0.025, 0.975])
    return float(sums[:, 0].sum() / sums[:, 1].sum()), float(low), float(high)


def _cell(evidence: Evidence, tutor: str, name: str) -> Cell:
    values = _values(evidence, tutor, name)
    total = len(evidence.answers.get(tutor, {}))
    if not values:
        return Cell(None, None, None, 0, total)
    value, low, high = _boot(values)
    base = _values(evidence, BASELINE, name)
    both = {item: v - base[item] for item, v in values.items() if item in base}
    if tutor in (BASELINE, REFERENCE) or not both:
        return Cell(value, low, high, len(values), total - len(values))
    d, dl, dh = _boot(both)
    up = MEASURES[name].better == "higher"
    if MEASURES[name].better == "neither":
        return Cell(value, low, high, len(values), total - len(values), d, dl, dh)
    verdict: Verdict = "no difference shown" if dl <= 0 <= dh else ("better" if (d > 0) == up else "worse")
    return Cell(value, low, high, len(values), total - len(values), d, dl, dh, verdict)
