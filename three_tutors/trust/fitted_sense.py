"""Fitted sense: how much sense a reply makes here, read off the states of a model on this machine together with the rules' signs.

A small model does not know whether a reply makes sense when it is asked, but the states in its middle layers hold a good part of it. A
ridge regression on the mean state of a reply learns a rating from 1 (nonsense) to 5 (sensible and right): from graded replies of training
moments, from ideal ones among them that were spoilt (words shuffled, an ideal reply to another moment), and from replies of the tutors
themselves that were rated. What the rules of `scoring.sense` say is added with a weight of its own. Figures are told with whole groups
held out. The sum puts replies in an order; most rated replies make no sense, so its level says little.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.records import read_json, write_json
from three_tutors.scoring.metrics import spearman
from three_tutors.scoring.replied import Replied
from three_tutors.scoring.sense import SENSE as BY_RULES
from three_tutors.trust.bots import shuffled
from three_tutors.trust.graded import Graded, by_moment, won

FILE = Path("data/raw/verdicts/fitted_sense.json")
SENSE = "sense"
"""The label that a rated reply has to have."""
LEVELS: Mapping[str, float] = {
    "ideal": 5.0,
    "acceptable": 4.0,
    "template": 2.0,
    "contradicts_history": 2.0,
    "wrong_fact": 2.0,
    "off_topic": 1.0,
    "fluent_nonsense": 1.0,
    "shuffled": 1.0,
    "other_moment": 1.0,
}
"""The rating that a graded reply stands for."""
SENSIBLE = ("ideal", "acceptable")
SENSELESS = tuple(kind for kind in LEVELS if kind not in SENSIBLE)
AIMS: Mapping[str, float] = {SENSE: 0.5, "fluent_nonsense": 0.75, "template": 0.9, "shuffled": 0.95}
"""What a reading has to reach on replies it has not seen before a verdict may rest on it: the rank correlation with the ratings of the
tutors' replies, and the AUC against these kinds.
"""
MIDDLE = 3.0
RIDGE, RULES = 100.0, 1.5
"""Strength of the ridge, and weight of the rules against the states where both are standardised: chosen on 425 graded and rated replies
that are not part of this project. A weaker rule lets templates through, a stronger one says less of the tutors' own replies.
"""
_CERTAIN = 1e-4
_FOLDS = 5
_DIGITS = 5


@dataclass(frozen=True)
class FittedSense:
    """The weights, and how far they can be believed."""

    model: str
    """Digest of the model whose states they are for."""
    layers: int
    """How many of its layers are read."""
    weights: Sequence[float]
    """One for each value of a state, (hidden,)."""
    rules: float
    """Weight of the rules' log-odds."""
    constant: float
    auc: Mapping[str, float]
    """Kind → how often a sensible reply gets more than one of the kind to the same moment, groups held out; .5 is chance."""
    rho: float | None
    """Spearman's ρ with the ratings of the tutors' replies, groups held out; None where none were rated."""
    replies: int
    rated: int = 0
    """How many of the replies were rated."""
    by_rules: Mapping[str, float] = field(default_factory=dict)
    """The same figures of the rules alone, on the same replies: of each kind, and under `sense` the correlation."""

    @property
    def short(self) -> dict[str, float]:
        """What it falls short of its aims by, with groups held out; empty where it reaches them all."""
        return _short({**self.auc, SENSE: self.rho or 0.0})

    @property
    def short_by_rules(self) -> dict[str, float]:
        """What the rules alone fall short of the same aims by."""
        return _short(self.by_rules)

    def ratings(self, means: np.ndarray, rules: Sequence[float]) -> list[float]:
        """Return a rating, 1 to 5 and mostly near 2, for each reply.

        Args:
            means: mean states, (replies, hidden).
            rules: the rules' log-odds of each.

        """
        found: list[float] = (means @ np.asarray(self.weights) + self.rules * np.asarray(rules) + self.constant).tolist()
        return found


def examples(rows: Sequence[Graded]) -> list[Graded]:
    """Return the graded rows to learn from: of moments that are no safety case nor pair, with spoilt ideal replies beside them."""
    chosen = [row for row in rows if not row.pair and not row.replied.theme and row.kind in LEVELS]
    ideals = {some[0].item: row for some in by_moment(chosen) for row in some if row.kind == SENSIBLE[0]}
    draw = random.Random(1)
    for row in list(ideals.values()):
        chosen.append(_spoilt(row, "shuffled", shuffled(row.replied.reply, draw)))
        if others := [one for one in ideals.values() if one.group != row.group]:
            chosen.append(_spoilt(row, "other_moment", draw.choice(others).replied.reply))
    return chosen


def fit(model: str, layers: int, rows: Sequence[Graded], means: np.ndarray) -> FittedSense:
    """Return the weights for the mean states, (rows, hidden), that `layers` of `model` have over the reply of each of `rows`.

    Raises:
        DataError: there are no replies of both sides in five groups or more.

    """
    levels, said, states = _read_held_out(rows, means)
    both = _standard(states) + RULES * _standard(said)
    # Onto the scale of the ratings, from values that were held out: those of the fit itself lie too far apart.
    slope, level = np.polyfit(both, levels, 1)
    weights, constant = _solved(means, levels)
    spread, doubt = slope / _spread(states), slope * RULES / _spread(said)
    figures = _figures(rows, both)
    return FittedSense(
        model=model,
        layers=layers,
        weights=[float(f"{weight * spread:.{_DIGITS}g}") for weight in weights],
        rules=float(doubt),
        constant=float(level + spread * (constant - states.mean()) - doubt * said.mean()),
        auc={kind: value for kind, value in figures.items() if kind != SENSE},
        rho=figures.get(SENSE),
        replies=len(rows),
        rated=sum(SENSE in row.labels for row in rows),
        by_rules=_figures(rows, said),
    )


def held_out(rows: Sequence[Graded], means: np.ndarray) -> list[float]:
    """Return what is read of each of `rows`, whose order it puts them in, by weights learned without the row's group.

    Raises:
        DataError: as `fit`.

    """
    _, said, states = _read_held_out(rows, means)
    found: list[float] = (_standard(states) + RULES * _standard(said)).tolist()
    return found


def rules(one: Replied) -> float:
    """Return the log-odds of sense by the rules of `scoring.sense`; a reply that they leave unscored has the lowest."""
    value = one.finding(BY_RULES.of).value or 0.0
    bounded = min(max(value, _CERTAIN), 1 - _CERTAIN)
    return math.log(bounded / (1 - bounded))


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
        raise DataError(f"{path}: {error}; run `python -m three_tutors.trust.sense`.") from None


def _short(reached: Mapping[str, float]) -> dict[str, float]:
    return {name: round(aim - reached.get(name, 0.0), 4) for name, aim in AIMS.items() if reached.get(name, 0.0) < aim}


def _read_held_out(rows: Sequence[Graded], means: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return of each row its level, what the rules say of it, and what its state says by weights learned without its group."""
    levels = np.array([row.labels.get(SENSE, LEVELS.get(row.kind, MIDDLE)) for row in rows])
    groups = sorted({row.group for row in rows})
    if len(groups) < _FOLDS or not ((levels > MIDDLE).any() and (levels < MIDDLE).any()):
        raise DataError(f"Sense is fitted on replies of {_FOLDS} moments or more, sensible and senseless; there are {len(groups)}.")
    random.Random(1).shuffle(groups)
    folds = np.array([groups.index(row.group) % _FOLDS for row in rows])
    return levels, np.array([rules(row.replied) for row in rows]), _held_out(means, levels, folds)


def _held_out(means: np.ndarray, levels: np.ndarray, folds: np.ndarray) -> np.ndarray:
    values = np.zeros(len(levels))
    for fold in range(_FOLDS):
        weights, constant = _solved(means[folds != fold], levels[folds != fold])
        values[folds == fold] = means[folds == fold] @ weights + constant
    return values


def _solved(given: np.ndarray, levels: np.ndarray) -> tuple[np.ndarray, float]:
    mean, spread = given.mean(0), given.std(0) + 1e-6
    scaled = (given - mean) / spread
    # The dual: often fewer replies than values of a state.
    weights = scaled.T @ np.linalg.solve(scaled @ scaled.T + RIDGE * scaled.shape[1] / 100 * np.eye(len(scaled)), levels - levels.mean())
    weights /= spread
    return weights, float(levels.mean() - mean @ weights)


def _figures(rows: Sequence[Graded], values: np.ndarray) -> dict[str, float]:
    """Return the AUC by kind, and under the name of the label the rank correlation with ratings."""
    value = {id(row): number for row, number in zip(rows, values.tolist(), strict=True)}
    found = {}
    for kind in SENSELESS:
        if pairs := [pair for some in won(rows, value, SENSIBLE, kind).values() for pair in some]:
            found[kind] = round(sum(pairs) / len(pairs), 4)
    rated = [row for row in rows if SENSE in row.labels]
    rho = spearman([value[id(row)] for row in rated], [row.labels[SENSE] for row in rated]) if len(rated) > 1 else None
    return found if rho is None else {**found, SENSE: round(float(rho), 4)}


def _standard(values: np.ndarray) -> np.ndarray:
    scaled: np.ndarray = (values - values.mean()) / _spread(values)
    return scaled


def _spread(values: np.ndarray) -> float:
    return float(values.std()) or 1.0


def _spoilt(row: Graded, kind: str, reply: str) -> Graded:
    return replace(row, kind=kind, grade=0.0, replied=replace(row.replied, reply=reply))
