"""Findings: the sentences that a scorecard lets one say. What the figures do not carry is not said, or says the opposite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from three_tutors.reporting.pages import listed, told
from three_tutors.scoring.measure import Measure
from three_tutors.scoring.scores import MEASURES
from three_tutors.scoring.statistics import Difference, Interval
from three_tutors.trust.floor import Floor
from three_tutors.tutoring.methods import BASELINE, REFERENCE

Verdict = Literal["better", "worse", "no difference shown", "not compared", "was the reward"]
"""Of a score that a tutor was trained by: it says nothing about that tutor."""


@dataclass(frozen=True)
class Cell:
    """What one score says about one tutor."""

    mean: Interval | None
    """Over what was scored, dialogues being drawn; None where nothing was."""
    scored: int
    unscored: int
    difference: Difference | None = None
    """From the baseline, on the same student turns; None where there is nothing to compare."""
    verdict: Verdict = "not compared"

    @property
    def value(self) -> float | None:
        """The mean."""
        return self.mean.value if self.mean else None


@dataclass(frozen=True)
class Findings:
    """A scorecard with a voice."""

    cells: Mapping[str, Mapping[str, Cell]]
    """Tutor → score → cell, everybody over the same turns."""
    floors: Mapping[str, Floor] = field(default_factory=dict)
    """Score → what tricks get in it; empty where that was not measured."""
    everywhere: Mapping[str, Mapping[str, Interval]] = field(default_factory=dict)
    """Tutor → score → mean over all that a tutor said, scripted students and moments included: for what must not happen anywhere."""

    @property
    def tutors(self) -> list[str]:
        """The tutors in the table, without the reference."""
        return [name for name in self.cells if name != REFERENCE]

    @property
    def challengers(self) -> list[str]:
        """The tutors that are compared with the baseline."""
        return [name for name in self.tutors if name != BASELINE]

    def cell(self, tutor: str, score: str) -> Cell | None:
        """Return a cell that holds a value, or None."""
        cell = self.cells.get(tutor, {}).get(score)
        return cell if cell is not None and cell.value is not None else None

    def difference(self, tutor: str, score: str) -> Difference | None:
        """Return how far a tutor is from the baseline in one score, None where they were not compared."""
        cell = self.cell(tutor, score)
        return cell.difference if cell else None

    def value(self, tutor: str, score: str) -> float | None:
        """Return the value of a cell, or None."""
        cell = self.cell(tutor, score)
        return cell.value if cell else None

    def tricked(self, score: str) -> Floor | None:
        """Return what tricks get in a score that does not tell teaching from them, None where it does or nobody knows."""
        floor = self.floors.get(score)
        return floor if floor is not None and not floor.tells else None

    def telling(self) -> list[str]:
        """Return the scores of single replies that tell teaching from tricks."""
        return [name for name, floor in self.floors.items() if floor.tells and name in MEASURES]

    def tricks(self) -> list[str]:
        """Return the scores of single replies that can be had by a trick."""
        return [name for name, floor in self.floors.items() if not floor.tells and name in MEASURES]

    def with_verdict(self, score: str, verdict: Verdict) -> list[str]:
        """Return the tutors with this verdict in one score, the largest difference first."""
        found = {
            name: abs(cell.difference.value) if cell.difference else 0.0
            for name in self.challengers
            if (cell := self.cell(name, score)) and cell.verdict == verdict
        }
        return sorted(found, key=lambda name: -found[name])

    def shown(self, score: str, tutor: str) -> str:
        """Return a value as it stands in a sentence: `12 %`, or `31.4`."""
        return told(self.value(tutor, score), MEASURES[score])

    def best(self, score: str, among: Sequence[str] | None = None) -> list[str]:
        """Return the tutors with the best value, several where they are equal as printed; empty where nothing was measured."""
        return _best({name: value for name in among or self.tutors if (value := self._earned(name, score)) is not None}, MEASURES[score])

    def sentence(self, score: str) -> str:
        """Return how the tutors stand to the baseline and to the teachers in one score; empty where it was not measured.

        Each clause is there because a verdict says so: `more often by dspy (31 %) than by the baseline (12 %)`.
        """
        measure = MEASURES[score]
        base = self.cell(BASELINE, score)
        if base is None:
            return ""
        if measure.better == "neither":
            each = [f"{name} {self.shown(score, name)}" for name in self.cells if self.cell(name, score)]
            return f"{measure.label}: {listed(each)}."
        higher: Verdict = "better" if measure.better == "higher" else "worse"
        more, less, level = (self.with_verdict(score, verdict) for verdict in (higher, _opposite(higher), "no difference shown"))
        clauses = []
        for direction, names in ((measure.how[0], more), (measure.how[1], less)):
            if names:
                shown = listed([f"{name} ({self.shown(score, name)})" for name in names])
                clauses.append(f"{direction} {_preposition(measure)} {shown}")
        baseline = f"the baseline ({told(base.value, measure)})"
        same = listed([f"{name} ({self.shown(score, name)})" for name in level], "or")
        if clauses:
            text = f"{measure.happens} {listed(clauses)} than {_preposition(measure)} {baseline}."
            text += f" No difference is shown for {same}." if level else ""
        elif level:
            text = f"{measure.label}: no difference from {baseline} is shown for {same}."
        else:
            text = f"{measure.label}: {told(base.value, measure)} for the baseline; no other tutor could be compared with it."
        return text + self._beside_teachers(measure)

    def _earned(self, tutor: str, score: str) -> float | None:
        """Return a value that was no reward, or None."""
        cell = self.cell(tutor, score)
        return cell.value if cell and cell.verdict != "was the reward" else None

    def _beside_teachers(self, measure: Measure) -> str:
        """Return what the teachers get, and the best tutors on the same turns; empty where that cannot be compared."""
        teachers = self.value(REFERENCE, measure.name)
        values = {name: value for name in self.tutors if (value := self._earned(name, measure.name)) is not None}
        if measure.holds_against_teacher or teachers is None or not values:
            return ""
        best = _best(values, measure)
        same = f"{listed(best)}, on the same turns: {told(values[best[0]], measure)}"
        return f" The teachers' own turns: {told(teachers, measure)}; {same}."


def _best(values: Mapping[str, float], measure: Measure) -> list[str]:
    if not values:
        return []
    top = (max if measure.better == "higher" else min)(values.values())
    return [name for name, value in values.items() if told(value, measure) == told(top, measure)]


def _preposition(measure: Measure) -> str:
    return "by" if measure.happens.split()[-1] not in {"are", "is"} else "for"


def _opposite(verdict: Verdict) -> Verdict:
    return "worse" if verdict == "better" else "better"
