"""The pictures of the reports, in the order in which they are shown."""

from __future__ import annotations

from collections.abc import Sequence

from three_tutors.reporting.cost_figures import cost_figures
from three_tutors.reporting.evidence import Evidence
from three_tutors.reporting.exam import Exam
from three_tutors.reporting.figures import Figure
from three_tutors.reporting.findings import Findings
from three_tutors.reporting.score_figures import differences_figure, exam_figure, leaks_by_turn, lengths, values_figure
from three_tutors.reporting.strategies import confusion_figure, repertoire
from three_tutors.reporting.training import candidates_figure, loss_figure
from three_tutors.tutoring.methods import PROMPTED

SHOWN: Sequence[str] = (
    "mistake_identification",
    "mistake_location",
    "providing_guidance",
    "actionability",
    "uptake",
    "questions",
    "leak",
    "false_praise",
    "expectations",
    "score",
)
"""The scores that the pictures show, where they were taken."""


def pictures(evidence: Evidence, findings: Findings, exam: Exam) -> list[Figure]:
    """Return every picture for which there is something to draw."""
    drawn = [
        exam_figure(exam),
        values_figure(findings, SHOWN),
        differences_figure(findings, SHOWN),
        leaks_by_turn(evidence),
        lengths(evidence),
        loss_figure(evidence.plots),
        candidates_figure(evidence.plots.get(f"{PROMPTED}_curve", ())),
        *(confusion_figure(tutor, moves) for tutor, pairs in evidence.moves.items() if (moves := repertoire(pairs))),
    ]
    return [*(figure for figure in drawn if figure is not None), *(cost_figures(evidence.costs) if evidence.costs else [])]
