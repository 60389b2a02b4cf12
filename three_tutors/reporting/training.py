"""Learning curves of the trained tutors, and the scores of the programs that DSPy tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from three_tutors.reporting.figures import COLOURS, MARKERS, Figure, Line, lines
from three_tutors.reporting.names import plain_name
from three_tutors.reporting.pages import listed
from three_tutors.reporting.svg import Scale
from three_tutors.tutoring.methods import PROMPTED, TUTORS

Table = Sequence[Mapping[str, str]]

LOSSES: Mapping[str, str] = {"train_loss": "training", "valid_loss": "validation"}


@dataclass(frozen=True)
class Curve:
    """One line: a tutor's loss, or the validation score of DSPy's candidates."""

    tutor: str
    what: str
    points: Sequence[tuple[float, float]]


def curves(plots: Mapping[str, Table]) -> list[Curve]:
    """Return the losses in `<name>_curve` of each trained tutor: `step`, `train_loss`, `valid_loss`; empty cells are left out.

    Those who learn from pairs have none there: theirs is a loss of a pair and no loss of a token.
    """
    found = []
    for tutor, method in TUTORS.items():
        rows = plots.get(f"{tutor}_curve", ()) if method.is_trained and not method.pairs else ()
        for column, what in LOSSES.items():
            points = [(float(row["step"]), float(row[column])) for row in rows if row.get(column)]
            if points:
                found.append(Curve(tutor, what, points))
    return found


def loss_figure(plots: Mapping[str, Table]) -> Figure | None:
    """Draw the losses of the trained tutors; None if there are none."""
    found = curves(plots)
    if not found:
        return None
    series = [
        Line(
            f"{plain_name(curve.tutor)}, {curve.what}",
            curve.points,
            COLOURS[curve.tutor],
            MARKERS[curve.tutor],
            dashed=curve.what == "training",
        )
        for curve in found
    ]
    alt = "Loss per token by training step. " + " ".join(_sentence(curve) for curve in found)
    svg = lines(series, _axes([point for curve in found for point in curve.points]), ("step", "loss per token"), alt)
    return Figure("learning_curves", "Learning curves", alt, svg)


def candidates_figure(rows: Table) -> Figure | None:
    """Draw the validation score of each program that DSPy tried; None if it did not run."""
    scored = [(index, float(row["score"])) for index, row in enumerate(rows, start=1) if row.get("score")]
    if not scored:
        return None
    first, top = scored[0][1], max(score for _, score in scored)
    alt = f"Validation score of {len(scored)} programs that DSPy tried: the first {first:.2f}, the best {top:.2f}."
    line = Line("a prompt; the line is the best so far", scored, COLOURS[PROMPTED], MARKERS[PROMPTED], stepped=True)
    svg = lines([line], _axes(scored), ("candidate program", "validation score"), alt)
    return Figure("dspy_candidates", "Programs that DSPy tried", alt, svg)


def _axes(points: Sequence[tuple[float, float]]) -> tuple[Scale, Scale]:
    across, up = ([point[side] for point in points] for side in (0, 1))
    return Scale(min(across), max(across), lambda x: f"{x:g}"), Scale(min(up), max(up), lambda y: f"{y:.3g}").with_room()


def overfitted(plots: Mapping[str, Table]) -> list[str]:
    """Return the tutors whose validation loss ended above its lowest value by more than 2 %."""
    validation = [curve for curve in curves(plots) if curve.what == "validation"]
    return [curve.tutor for curve in validation if curve.points[-1][1] > 1.02 * min(loss for _, loss in curve.points)]


def _sentence(curve: Curve) -> str:
    losses = [loss for _, loss in curve.points]
    shown = [f"starts at {losses[0]:.2f}", f"ends at {losses[-1]:.2f}"]
    if len(losses) > 2 and min(losses) < min(losses[0], losses[-1]):  # noqa: PLR2004 - a lowest point between the ends
        shown.append(f"was lowest at {min(losses):.2f}")
    return f"{curve.tutor}, {curve.what}: {listed(shown)}."
