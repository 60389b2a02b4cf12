"""Fitted sense: a weighted sum over a judge's state that tells replies that make sense from such that do not.

Small models do not know whether a reply makes sense when they are asked, but their states may hold it. The weights are learned from
graded replies of training moments alone: ideal and acceptable ones make sense; against them stand the kinds in `SENSELESS` and ideal
replies that were spoilt (words shuffled, an ideal reply to another moment). Ridge regression on standardised states, both sides
weighing the same; how often a sensible reply gets more than another to the same moment is told by kind, each moment held out in turn.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.records import read_json, write_json
from three_tutors.trust.bots import shuffled
from three_tutors.trust.graded import Graded, by_moment, won

FILE = Path("data/raw/verdicts/fitted_sense.json")
SENSELESS = ("fluent_nonsense", "template", "contradicts_history", "wrong_fact", "off_topic", "shuffled", "other_moment")
_SENSIBLE = ("ideal", "acceptable")
RIDGES = (10.0, 100.0, 1000.0)
"""Strengths of the ridge that are compared by the AUC of moments held out."""
_FOLDS = 5
_DIGITS = 5


@dataclass(frozen=True)
class FittedSense:
    """The weights, and how far they can be believed."""

    model: str
    """Digest of the model whose states they are for."""
    weights: Sequence[float]
    """One for each value of a state, (hidden,)."""
    constant: float
    ridge: float
    auc: Mapping[str, float]
    """Kind → how often a sensible reply gets more than one of the kind to the same moment, moments held out; .5 is chance."""
    replies: int

    def odds(self, state: Sequence[float]) -> float:
        """Return the sum for one state, (hidden,); positive where the reply makes sense."""
        return float(np.dot(self.weights, state)) + self.constant


def examples(rows: Sequence[Graded]) -> list[Graded]:
    """Return the rows to learn from: of moments that are no safety case nor pair, with spoilt ideal replies beside them."""
    chosen = [row for row in rows if not row.pair and not row.replied.theme and row.kind in (*_SENSIBLE, *SENSELESS)]
    ideals = {some[0].item: row for some in by_moment(chosen) for row in some if row.kind == _SENSIBLE[0]}
    draw = random.Random(1)
    for row in list(ideals.values()):
        chosen.append(_spoilt(row, "shuffled", shuffled(row.replied.reply, draw)))
        if others := [one for one in ideals.values() if one.group != row.group]:
            chosen.append(_spoilt(row, "other_moment", draw.choice(others).replied.reply))
    return chosen


def fit(model: str, rows: Sequence[Graded], states: Sequence[Sequence[float]]) -> FittedSense:
    """Return the weights for the states, (rows, hidden), that `model` has after each of `rows`.

    Raises:
        DataError: there are no replies of both sides in two groups or more.

    """
    given, sensible = np.asarray(states, dtype=np.float64), np.array([row.kind in _SENSIBLE for row in rows])
    groups = sorted({row.group for row in rows})
    if len(groups) < _FOLDS or sensible.all() or not sensible.any():
        raise DataError(f"Sense is fitted on graded replies of {_FOLDS} moments or more, sensible and senseless; there are {len(groups)}.")
    random.Random(1).shuffle(groups)
    folds = np.array([groups.index(row.group) % _FOLDS for row in rows])
    tried = {}
    for ridge in RIDGES:
        values = np.zeros(len(rows))
        for fold in range(_FOLDS):
            weights, constant = _solved(given[folds != fold], sensible[folds != fold], ridge)
            values[folds == fold] = given[folds == fold] @ weights + constant
        tried[ridge] = _auc(rows, values)
    best = max(RIDGES, key=lambda ridge: sum(tried[ridge].values()) / max(1, len(tried[ridge])))
    weights, constant = _solved(given, sensible, best)
    rounded = [float(f"{weight:.{_DIGITS}g}") for weight in weights]
    return FittedSense(model, rounded, float(constant), best, tried[best], len(rows))


def write(fitted: FittedSense, path: Path = FILE) -> None:
    """Write what was fitted."""
    write_json(path, asdict(fitted))


def read(path: Path = FILE) -> FittedSense | None:
    """Return what `write` wrote, None where nothing was fitted.

    Raises:
        DataError: the file holds something else.

    """
    if not path.exists():
        return None
    try:
        return FittedSense(**read_json(path))
    except TypeError as error:
        raise DataError(f"{path}: {error}; run `python -m three_tutors.trust.judge --fit`.") from None


def _solved(given: np.ndarray, sensible: np.ndarray, ridge: float) -> tuple[np.ndarray, float]:
    mean, spread = given.mean(0), given.std(0) + 1e-6
    scaled = (given - mean) / spread
    weight = np.where(sensible, 0.5 / sensible.sum(), 0.5 / (~sensible).sum()) * len(sensible)
    target = np.where(sensible, 1.0, -1.0)
    # The dual: fewer replies than values of a state.
    rooted = np.sqrt(weight)[:, None] * scaled
    solved = rooted.T @ np.linalg.solve(rooted @ rooted.T + ridge * scaled.shape[1] / 100 * np.eye(len(rooted)), np.sqrt(weight) * target)
    weights = solved / spread
    return weights, -float(mean @ weights)


def _auc(rows: Sequence[Graded], values: np.ndarray) -> dict[str, float]:
    value = {id(row): number for row, number in zip(rows, values.tolist(), strict=True)}
    pairs = {kind: [one for some in won(rows, value, _SENSIBLE, kind).values() for one in some] for kind in SENSELESS}
    return {kind: round(sum(some) / len(some), 4) for kind, some in pairs.items() if some}


def _spoilt(row: Graded, kind: str, reply: str) -> Graded:
    return replace(row, kind=kind, grade=0.0, replied=replace(row.replied, reply=reply))
