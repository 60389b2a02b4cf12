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
    held_out: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Tutor → score → mean over the held-out turns alone, which are all that the teachers and the bots reply to."""
    scripted: bool = False
    """Whether the cells of the tutors also cover what they said to scripted students."""

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

    def on_held_out(self, tutor: str, score: str) -> float | None:
        """Return a mean over the held-out turns alone, None where nothing was measured: only this compares with the teachers."""
        return self.value(tutor, score) if tutor == REFERENCE else self.held_out.get(tutor, {}).get(score)

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
        return _best({name: value for name in among or self.tutors if (value := self.value(name, score)) is not None}, MEASURES[score])

    def sentence(self, score: str) -> str:
        """Return how the tutors stand to the baseline and to the teachers in one score; empty where it was not measured.

        Each clause is there because a verdict says so: `more often by dspy (31 %) than by the baseline (12 %)`.
        """
        measure = MEASURES[score]
        base = self.cell(BASELINE, score)
        if base is None:
            return ""
        if measure.better == "neither":
            beside = self.cell(REFERENCE, score) is not None
            values = {name: self.on_held_out(name, score) if beside else self.value(name, score) for name in self.cells}
            each = [f"{name} {told(value, measure)}" for name, value in values.items() if value is not None]
            return f"{measure.label}{' on the held-out turns' if beside else ''}: {listed(each)}."
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

    def _beside_teachers(self, measure: Measure) -> str:
        """Return what the teachers get, and the best tutors on the same turns; empty where that cannot be compared."""
        teachers = self.value(REFERENCE, measure.name)
        values = {name: value for name in self.tutors if (value := self.on_held_out(name, measure.name)) is not None}
        if measure.holds_against_teacher or teachers is None or not values:
            return ""
        best = _best(values, measure)
        same = f"{listed(best)} on the same turns: {told(values[best[0]], measure)}"
        return f" The teachers' own turns: {told(teachers, measure)}; {same}."


def _best(values: Mapping[str, float], measure: Measure) -> list[str]:
    if not values:
        return []
    top = (max if measure.better == "higher" else min)(values.values())
    return [name for name, value in values.items() if told(value, measure) == told(top, measure)]


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
    """Return what the scores that were checked against people say of the tutors that the rubric calls better.

    Where a trick gets such a score, it shows nobody to be better.
    """
    same: dict[tuple[int, tuple[str, ...], tuple[str, ...]], list[str]] = {}
    tricked = any(findings.tricked(name) for name, score in MEASURES.items() if score.checked)
    for tutor in tutors:
        stand = {score.label: cell.verdict for name, score in MEASURES.items() if score.checked and (cell := findings.cell(tutor, name))}
        better, worse = (tuple(f"“{label}”" for label, found in stand.items() if found == verdict) for verdict in ("better", "worse"))
        if stand:
            same.setdefault((len(stand), better, worse), []).append(tutor)
    sentences = []
    for (scores, better, worse), names in same.items():
        if tricked:
            sentences.append(
                f"Of {count(scores, 'score')} checked against people, {listed(names)} {'scores' if len(names) == 1 else 'score'} better "
                f"than the untrained model in {len(better) or 'none'}{_named(better)} and worse in {len(worse) or 'none'}{_named(worse)}."
            )
            continue
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
    values = {name: value for name in findings.tutors if (value := findings.on_held_out(name, "score")) is not None}
    best = max(values, key=lambda name: values[name], default="")
    tells = [MEASURES[name].label for name, one in findings.floors.items() if one.tells]
    return (
        f"These scores do not show teaching: a bot without a model gets {percent(floor.best)} of the rubric by saying “{floor.example}”, "
        f"the human teachers get {percent(floor.teachers)}"
        + (f" and the best tutor, {best}, {percent(values[best])}, all on the held-out turns. " if best else " on the held-out turns. ")
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
    covered = "; these figures are over all replies, scripted students included" if findings.scripted else ""
    return f"By the rubric, {'; '.join(clauses)}{covered}."


def _gap_to_teachers(findings: Findings, best: str) -> str:
    teachers, value = findings.value(REFERENCE, "score"), findings.on_held_out(best, "score")
    if teachers is None or value is None:
        return ""
    if value >= teachers:
        return (
            f"On the held-out turns, the rubric puts {best} ({percent(value)}) no lower than the teachers ({percent(teachers)}). "
            "At this height it no longer tells a tutor from a teacher, and people have to judge."
        )
    gap = f"{(teachers - value) * 100:.0f} points more than {best} ({percent(value)})"
    return f"On the held-out turns, the teachers score {percent(teachers)}, {gap}."


def _preposition(measure: Measure) -> str:
    return "by" if measure.happens.split()[-1] not in {"are", "is"} else "for"


def _opposite(verdict: Verdict) -> Verdict:
    return "worse" if verdict == "better" else "better"


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
