"""Whether the learning rate of the rule is the best one that was tried, base by base."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from three_tutors.reporting.pages import count
from three_tutors.reporting.study_sense import told_rate
from three_tutors.reporting.study_sentences import PRINTED, told
from three_tutors.studies.table import MATCHING, RANKING, VALIDATION, Row
from three_tutors.tutoring.methods import METHODS

BEST: Mapping[str, Callable[..., Row]] = {VALIDATION: min, MATCHING: max, RANKING: max}
"""Which row is best in each figure."""
RULE = ("auto", "1", "1.0")
"""How a run asks for the base's own rate: in its place, or multiplied by one."""


def of_rates(rows: Sequence[Row]) -> list[str]:
    """Return for each tutor and base which rate did best in each figure, and how the rule's own stands to it."""
    sentences = []
    for tutor, base in dict.fromkeys((row.tutor, row.base) for row in rows if row.tutor in METHODS):
        own = [row for row in rows if (row.tutor, row.base) == (tutor, base)]
        clauses = [_clause(figure, [row for row in own if row.figure == figure], rows) for figure in BEST]
        if clauses := [clause for clause in clauses if clause]:
            sentences.append(f"{tutor} on {base}: {'; '.join(clauses)}.")
    if sentences:
        sentences.append("Each rate was trained once: smaller gaps than other seeds make are no reason to choose.")
    return sentences


def _clause(figure: str, rows: Sequence[Row], every: Sequence[Row]) -> str:
    """Return the best rate in one figure beside the rule's; empty where there was nothing to choose."""
    if len(rows) < 2:  # noqa: PLR2004 - one rate is no search
        return ""
    best = BEST[figure](rows, key=lambda row: row.value)
    rule = [row for row in rows if any("learning_rate" in name and value in RULE for name, value in row.setting.items())]
    name = "validation loss" if figure == VALIDATION else figure
    text = f"best {name} {told(figure, best.value)} of {count(len(rows), 'rate')} at {told_rate(best.tutor, best.settings, every)}"
    if not rule:
        return f"{text}, the rule's rate was not tried"
    asked = told_rate(rule[-1].tutor, rule[-1].settings, every)
    if rule[-1] is best:
        return f"{text}, which is the rule's"
    if abs(rule[-1].value - best.value) < PRINTED:
        return f"{text}, no better than the rule's {asked}"
    return f"{text}, and the rule's {asked} is not the best one found ({told(figure, rule[-1].value)})"
