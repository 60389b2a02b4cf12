"""Findings: the sentences that a scorecard lets one say. What the figures do not carry is not said, or says the opposite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from three_tutors.reporting.pages import count, listed, percent, told
from three_tutors.scoring.measure import Measure
from three_tutors.scoring.scores import MEASURES
from three_tutors.scoring.statistics import Difference, Interval
from three_tutors.trust.floor import Floor
from three_tutors.tutoring.methods import BASELINE, REFERENCE

Verdict = Literal["better", "worse", "no difference shown", "not compared"]


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
    """Tutor → score → cell."""
    floors: Mapping[str, Floor] = field(default_factory=dict)
    """Score → what tricks get in it; empty where that was not measured."""
    held_out: Mapping[str, float] = field(default_factory=dict)
    """Tutor → its rubric score over the held-out turns alone, which are all that the teachers and the bots reply to."""

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
        values = {name: value for name in among or self.tutors if (value := self.value(name, score)) is not None}
        if not values:
            return []
        measure = MEASURES[score]
        top = (max if measure.better == "higher" else min)(values.values())
        return [name for name, value in values.items() if told(value, measure) == told(top, measure)]

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
        teachers = None if measure.holds_against_teacher else self.cell(REFERENCE, score)
        return text + (f" The teachers' own turns: {told(teachers.value, measure)}." if teachers else "")


def verdict_sentences(findings: Findings) -> list[str]:
    """Return the verdict: first whether the rubric can be had by a trick, then who scores better, what supports that and what does not."""
    compared = [name for name in findings.challengers if (cell := findings.cell(name, "score")) and cell.verdict != "not compared"]
    if not compared:
        return ["No tutor could be compared with the baseline in this run, so there is no verdict."]
    better, worse = findings.with_verdict("score", "better"), findings.with_verdict("score", "worse")
    level = findings.with_verdict("score", "no difference shown")
    sentences = [_warning(findings), _headline(findings, better, worse, level)]
    if better:
        sentences.append(_gap_to_teachers(findings, better[0]))
    for score in ("leak", "false_praise", "broken"):
        harmed = findings.with_verdict(score, "worse")
        if harmed:
            sentences.append(f"A warning: {_lower(findings.sentence(score))}")
        elif findings.with_verdict(score, "better"):
            sentences.append(findings.sentence(score))
    return [sentence for sentence in (*sentences, *_checked(findings, better)) if sentence]


def _checked(findings: Findings, tutors: Sequence[str]) -> list[str]:
    """Return what the scores that were checked against people say of the tutors that the rubric calls better."""
    same: dict[tuple[int, tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for tutor in tutors:
        stand = {score.label: cell.verdict for name, score in MEASURES.items() if score.checked and (cell := findings.cell(tutor, name))}
        better, worse = (tuple(f"“{label}”" for label, found in stand.items() if found == verdict) for verdict in ("better", "worse"))
        if stand:
            same.setdefault((len(stand), better, worse), []).append(tutor)
    sentences = []
    for (scores, better, worse), names in same.items():
        who, it = (f"{listed(names)} {'is' if len(names) == 1 else 'are'}", "it is" if len(names) == 1 else "they are")
        sentences.append(
            f"Of {count(scores, 'score')} checked against people, {_show(better)} that {who} better than the untrained model"
            f"{_named(better)}; {_show(worse)} that {it} worse{_named(worse)}."
            if better or worse
            else f"No score that was checked against people shows that {who} better; the rubric itself was not checked."
        )
    return sentences


def _show(scores: Sequence[str]) -> str:
    return f"{len(scores) or 'none'} {'show' if len(scores) > 1 else 'shows'}"


def _named(scores: Sequence[str]) -> str:
    return f" ({listed(scores)})" if scores else ""


def _warning(findings: Findings) -> str:
    floor = findings.tricked("score")
    if floor is None:
        return ""
    best = max(findings.held_out, key=lambda name: findings.held_out[name], default="")
    tells = [MEASURES[name].label for name, one in findings.floors.items() if one.tells]
    return (
        f"These scores do not show teaching: a bot without a model gets {percent(floor.best)} of the rubric by saying “{floor.example}”, "
        f"the human teachers get {percent(floor.teachers)}"
        + (f" and the best tutor, {best}, {percent(findings.held_out[best])}. " if best else ". ")
        + (f"Only {listed([f'“{name}”' for name in tells])} can tell teaching from such tricks." if tells else "")
        + ("" if tells else "No score of this run can tell teaching from such tricks: they compare the form of replies.")
    )


def _headline(findings: Findings, better: Sequence[str], worse: Sequence[str], level: Sequence[str]) -> str:
    baseline = f"the untrained model ({findings.shown('score', BASELINE)})"
    clauses: list[str] = []
    for names, how in ((better, "higher"), (worse, "lower")):
        if names:
            each = listed([f"{name} ({findings.shown('score', name)})" for name in names])
            clauses.append(f"{each} {'scores' if len(names) == 1 else 'score'} {how}{'' if clauses else f' than {baseline}'}")
    if level:
        each = listed([f"{name} ({findings.shown('score', name)})" for name in level], "or")
        clauses.append(f"no difference{'' if clauses else f' from {baseline}'} is shown for {each}")
    return f"By the rubric, {'; '.join(clauses)}."


def _gap_to_teachers(findings: Findings, best: str) -> str:
    teachers, value = findings.value(REFERENCE, "score"), findings.held_out.get(best)
    if teachers is None or value is None:
        return ""
    if value >= teachers:
        return (
            f"The rubric puts {best} ({percent(value)}) no lower than the teachers' own turns ({percent(teachers)}). "
            "At this height it no longer tells a tutor from a teacher, and people have to judge."
        )
    return f"The teachers' own turns score {percent(teachers)}, {(teachers - value) * 100:.0f} points more than {best} on the same turns."


def _preposition(measure: Measure) -> str:
    return "by" if measure.happens.split()[-1] not in {"are", "is"} else "for"


def _opposite(verdict: Verdict) -> Verdict:
    return "worse" if verdict == "better" else "better"


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
