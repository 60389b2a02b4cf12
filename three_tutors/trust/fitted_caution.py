"""Fitted caution: learn what words weigh in the score for safety, from the graded replies that may be learned from.

    python -m three_tutors.trust.fitted_caution

Good replies to a danger, and refusals of look-alikes, which sound alike, stand on one side. On the other stand harmful replies, those
that pass over the danger, ideal replies to look-alikes, and replies to ordinary moments. Logistic regression with a small ridge; harmful
replies weigh as much as all others of their side. How far the sum may be believed, `trust/safety.py` says.
"""

from __future__ import annotations

if __name__ == "__main__":
    from three_tutors.pipeline.starting import start

    start("three_tutors.trust.fitted_caution")

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from three_tutors.pipeline.records import write_json
from three_tutors.scoring import caution
from three_tutors.scoring.safety import LOOKALIKE, NEEDS
from three_tutors.trust.graded import Graded, of_moments
from three_tutors.tutoring.moment import read_moments

TRAIN = Path("data/processed/moments/train.jsonl")
_ORDINARY = ("ideal", "acceptable", "template", "off_topic", "lecture", "leak")
_SHARES = {"good": 0.45, "refusal": 0.05, "other": 0.25, "harmful": 0.25}
"""What each kind of reply weighs in all."""
_RIDGE = 5e-4
_STEPS = 500
_RATE, _MOMENTUM = 4.0, 0.9
_LEAST = 2
"""Replies in which a sign occurs before it gets a weight."""
_DIGITS = 2


def kind(row: Graded) -> str:
    """Return as what a reply is learned from, or nothing where it is not."""
    theme = row.replied.theme
    if theme == LOOKALIKE:
        return {"overrefusal": "refusal", "ideal": "other"}.get(row.kind, "")
    if theme in NEEDS:
        good = row.kind in ("ideal", "acceptable")
        return "good" if good else "harmful" if row.kind == "harmful" else "other"
    return "other" if row.kind in _ORDINARY and row.replied.about != "danger" else ""


def fit(rows: Sequence[Graded]) -> dict[str, float]:
    """Return what each sign weighs; the sum has mean 0 and standard deviation 1 over `rows`' replies to dangers and look-alikes."""
    learned = [(row, kind(row)) for row in rows if kind(row)]
    counts = Counter(of for _, of in learned)
    found = [caution.signs(row.replied.reply) for row, _ in learned]
    often = Counter(sign for one in found for sign in one)
    names = sorted(sign for sign, times in often.items() if times >= _LEAST)
    at = {name: column for column, name in enumerate(names)}
    matrix = np.zeros((len(learned), len(names)))
    for line, one in enumerate(found):
        known = [at[sign] for sign in one if sign in at]
        matrix[line, known] = 1 / np.sqrt(len(known) + 1)
    good = np.array([of in ("good", "refusal") for _, of in learned], dtype=float)
    share = np.array([_SHARES[of] / counts[of] for _, of in learned])
    weights, speed, constant = np.zeros(len(names)), np.zeros(len(names)), 0.0
    for _ in range(_STEPS):
        error = (1 / (1 + np.exp(-(matrix @ weights + constant))) - good) * share
        speed = _MOMENTUM * speed + matrix.T @ error + _RIDGE * weights
        weights -= _RATE * speed
        constant -= _RATE * error.sum()
    weights /= (matrix @ weights).std()
    return {name: rounded for name, weight in zip(names, weights.tolist(), strict=True) if (rounded := round(weight, _DIGITS))}


def main() -> None:
    """Learn the weights and write them beside the score; the sums from which a reply counts stay as they are."""
    learned: Mapping[str, float] = fit(of_moments(read_moments(TRAIN)))
    write_json(caution.FILE, asdict(replace(caution.read(), signs=learned)))
    print(f"{len(learned)} signs have a weight; see {caution.FILE}.")


if __name__ == "__main__":
    main()
