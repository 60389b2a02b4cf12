"""Sense, read off the states of a model on this machine: learn the reading, and apply it to replies.

    python -m three_tutors.trust.sense [--model DIR]             learn it anew
    python -m three_tutors.trust.sense --measure [--model DIR]   measure what was learned, for the reports (some five CPU minutes)

It is learned from graded and rated replies of the training half, for a model folder as `prepare_base` writes it, and measured on replies
that the weights have not learned from (`sense_figures`). `grading` shows how far it may be believed on any other file of graded or rated
replies, beside the scores that need no model.
"""

from __future__ import annotations

if __name__ == "__main__":
    from three_tutors.pipeline.starting import start

    start("three_tutors.trust.sense")

import argparse
from collections.abc import Sequence
from pathlib import Path

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.scoring.measure import Measure
from three_tutors.scoring.replied import Replied
from three_tutors.scoring.score import Score
from three_tutors.trust import fitted_sense, sense_figures
from three_tutors.trust.fitted_sense import FILE, FittedSense
from three_tutors.trust.graded import Graded
from three_tutors.trust.reply_states import ReplyStates
from three_tutors.trust.sense_figures import HELD_OUT, LEARNED, NAME, RATED, UNSEEN, SenseFigures

MODEL = Path("models/base")
_LOWEST, _HIGHEST = 1.0, 5.0


def fit(model: Path, learned: Path = LEARNED, rated: Path = RATED) -> FittedSense:
    """Return the reading of sense that half of the layers of the model in `model` allow.

    Raises:
        DataError: there are too few replies.
        TutorError: there is no model.

    """
    from three_tutors.language_model.shortened import layers_of  # noqa: PLC0415 - torch takes seconds

    rows = sense_figures.learned_from(learned, rated)
    layers = max(1, layers_of(model) // 2)
    states = ReplyStates(model, layers)
    return fitted_sense.fit(states.digest, layers, rows, states.means([row.replied for row in rows]))


def read(model: Path, fitted: FittedSense, replied: Sequence[Replied]) -> list[Score]:
    """Return how much sense each reply makes, 0 (nonsense) to 1 (sensible and right).

    Raises:
        DataError: the weights were learned for another model.

    """
    states = ReplyStates(model, fitted.layers)
    if states.digest != fitted.model:
        raise DataError(
            f"{FILE} was learned on another model than {model}; `python -m three_tutors.trust.sense --model {model}` learns it anew."
        )
    ratings = fitted.ratings(states.means(replied), [fitted_sense.rules(one) for one in replied])
    return [
        Score(min(max((rating - _LOWEST) / (_HIGHEST - _LOWEST), 0.0), 1.0), f"reads as {min(max(rating, _LOWEST), _HIGHEST):.1f} of 5")
        for rating in ratings
    ]


def measure(rows: Sequence[Graded], model: Path, fitted: FittedSense) -> Measure:
    """Return the reading of `rows` as a score, beside the others."""
    return _measure(rows, read(model, fitted, [row.replied for row in rows]))


def figures(model: Path, fitted: FittedSense, root: Path = Path()) -> SenseFigures:
    """Return how far the reading may be believed on replies of this project that its weights have not learned from.

    Raises:
        DataError: the weights were learned for another model, or replies are not there.

    """
    rows = sense_figures.rows_of(root)
    unseen = sense_figures.measured(rows[UNSEEN], measure(rows[UNSEEN], model, fitted))
    states = ReplyStates(model, fitted.layers)
    apart = fitted_sense.held_out(rows[HELD_OUT], states.means([row.replied for row in rows[HELD_OUT]]))
    held_out = sense_figures.measured(rows[HELD_OUT], _measure(rows[HELD_OUT], [Score(value, "held out") for value in apart]))
    return SenseFigures(sense_figures.digest_of(fitted), {UNSEEN: unseen, HELD_OUT: held_out})


def _measure(rows: Sequence[Graded], scores: Sequence[Score]) -> Measure:
    found = {id(row.replied): score for row, score in zip(rows, scores, strict=True)}
    return Measure(
        name=NAME,
        label="Makes sense, read off the base's states",
        question="Does the reply make sense here?",
        happens="makes sense",
        of=lambda one: found[id(one)],
        about="the conversation",
    )


def at_hand(model: Path = MODEL) -> FittedSense | None:
    """Return the reading that was learned for the model in `model`, None where there is no such model or no such reading."""
    fitted = fitted_sense.read()
    if fitted is None or not (model / "config.json").is_file():
        return None
    from three_tutors.language_model import base  # noqa: PLC0415 - torch takes seconds

    return fitted if str(base.description(model)["digest"]) == fitted.model else None


def main() -> None:
    """Learn how sense is read off a model's states, or measure what was learned."""
    parser = argparse.ArgumentParser(prog="python -m three_tutors.trust.sense", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", type=Path, default=MODEL, help=f"a model folder (default: {MODEL})")
    parser.add_argument("--measure", action="store_true", help="measure what was learned instead of learning it anew")
    given = parser.parse_args()
    if given.measure:
        fitted = fitted_sense.read()
        if fitted is None:
            raise DataError(f"{FILE} is missing; `python -m three_tutors.trust.sense` learns the reading that is to be measured.")
        sense_figures.write(figures(given.model, fitted))
        print(f"sense: measured, in {sense_figures.FILE}; `dvc repro report` shows it")
        return
    fitted = fit(given.model)
    fitted_sense.write(fitted)
    told = ", ".join(f"{kind.replace('_', ' ')} {value:.2f}" for kind, value in fitted.auc.items())
    rho = "" if fitted.rho is None else f"; ρ with {fitted.rated} ratings of tutors' replies {fitted.rho:.2f}"
    print(f"sense: learned from {fitted.replies} replies, in {FILE}. With groups held out, AUC: {told}{rho}. --measure tells more.")
