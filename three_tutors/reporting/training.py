"""Learning curves of the trained tutors, and the scores of the programs that DSPy tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from three_tutors.reporting.figures import COLOURS, Figure, drawing, lines
from three_tutors.reporting.pages import listed
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
    """Return the losses in `<name>_curve` of each trained tutor: `step`, `train_loss`, `valid_loss`; empty cells are left out."""
    found = []
    for tutor, method in TUTORS.items():
        rows = plots.get(f"{tutor}_curve", ()) if method.is_trained else ()
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
    series = {f"{curve.tutor}, {curve.what}": curve.points for curve in found}
    colours = {f"{curve.tutor}, {curve.what}": COLOURS[curve.tutor] for curve in found}
    with drawing(5.6, 3.0) as (axes, buffer):
        lines(axes, series, colours)
        for line, curve in zip(axes.get_lines(), found, strict=True):
            line.set_linestyle("-" if curve.what == "validation" else ":")
            line.set_marker("o" if curve.what == "validation" else "")
        axes.set_xlabel("step")
        axes.set_ylabel("loss per token")
        axes.legend(frameon=False)
    alt = "Loss per token by training step. " + " ".join(_sentence(curve) for curve in found)
    return Figure("learning_curves", "Learning curves", alt, buffer.getvalue())


def candidates_figure(rows: Table) -> Figure | None:
    """Draw the validation score of each program that DSPy tried; None if it did not run."""
    scored = [(index, float(row["score"])) for index, row in enumerate(rows, start=1) if row.get("score")]
    if not scored:
        return None
    with drawing(5.6, 2.6) as (axes, buffer):
        axes.plot([x for x, _ in scored], [y for _, y in scored], "s", color=COLOURS[PROMPTED], markersize=5)
        best = [max(score for _, score in scored[: index + 1]) for index in range(len(scored))]
        axes.step([x for x, _ in scored], best, where="post", color=COLOURS[PROMPTED], linewidth=1.2)
        axes.set_xlabel("candidate program")
        axes.set_ylabel("validation score")
        axes.grid(color="#eeeeee")
    first, top = scored[0][1], max(score for _, score in scored)
    alt = f"Validation score of {len(scored)} programs that DSPy tried: the first {first:.2f}, the best {top:.2f}."
    return Figure("dspy_candidates", "Programs that DSPy tried", alt, buffer.getvalue())


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
