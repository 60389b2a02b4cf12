"""How many settings each tutor was chosen from: whoever was tried more often is favoured by the search and not by the method."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from three_tutors.reporting.pages import count, listed
from three_tutors.studies.table import VALIDATION, Row
from three_tutors.tutoring.methods import METHODS, PROMPTED

SEARCH = "rank_and_rate"
"""The study by which settings are chosen."""
TRAINED = [name for name, method in METHODS.items() if method.is_trained]


def tries(rows: Sequence[Row], tutors: Collection[str], prompts: int) -> str:
    """Return how many settings each tutor was chosen from, and whether that favours one of the trained tutors.

    Args:
        rows: of the study `rank_and_rate`, of whatever data; a method without rows was trained with one setting.
        tutors: those in the comparison.
        prompts: how many DSPy compared; 0 if it has not run.

    """
    tried = {name: sum(row.tutor == name and row.figure == VALIDATION for row in rows) for name in TRAINED}
    settings = {name: max(1, number) for name, number in tried.items() if name in tutors}
    chosen_from = [f"{count(number, 'training')} of {name}" for name, number in settings.items()]
    if prompts and PROMPTED in tutors:
        chosen_from.insert(0, f"{count(prompts, 'prompt')} of {PROMPTED}")
    if not chosen_from:
        return ""
    text = f"Tried on the validation dialogues: {listed(chosen_from)}."
    if any(number > 1 for number in settings.values()):
        text += " Scores of earlier runs on the held-out dialogues could be seen while settings were being chosen."
    if len(settings) < 2:  # noqa: PLR2004 - nobody to compare with
        return text
    most = max(settings.values())
    favoured = [name for name, number in settings.items() if number == most]
    others = [name for name in settings if name not in favoured]
    if most == 1:
        return f"{text} No setting of {listed(favoured, 'or')} was chosen by trying several."
    two = len(settings) == 2  # noqa: PLR2004 - a pair has words of its own
    if not others:
        return f"{text} {listed(favoured)} had equally many, so the search favours {'neither' if two else 'none'}."
    was, whom = ("was", "it") if len(favoured) == 1 else ("were", "them")
    return (
        f"{text} {listed(favoured)} {was} chosen from more trainings than {listed(others)}, which favours {whom}: "
        f"part of a difference between these {'two' if two else 'tutors'} may come from the search."
    )
