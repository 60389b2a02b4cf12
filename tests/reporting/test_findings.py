"""Sentences say what the verdicts say, and turn round with them."""

from __future__ import annotations

from dataclasses import replace

from three_tutors.reporting.findings import Cell, Findings, Verdict
from three_tutors.scoring.statistics import Difference, Interval
from three_tutors.trust.floor import Floor


def cell(value: float | None, verdict: Verdict = "not compared", difference: float | None = None) -> Cell:
    """Return a cell of ten scored replies."""
    mean = None if value is None else Interval(value, value, value)
    gap = None if difference is None else Difference(difference, difference, difference, 0.01, 0.1)
    return Cell(mean, 10, 0, gap, verdict)


def table(score: str, **cells: Cell) -> Findings:
    """Return findings in one score."""
    return Findings({tutor: {score: one} for tutor, one in cells.items()})


def test_a_sentence_names_who_is_above_who_below_and_who_cannot_be_told_apart() -> None:
    """Each tutor stands in the clause of its verdict; for a score where less is better, `better` reads `less often`."""
    findings = table(
        "leak",
        baseline=cell(0.3),
        dspy=cell(0.1, "better", -0.2),
        openai=cell(0.6, "worse", 0.3),
        lora=cell(0.28, "no difference shown", -0.02),
        reference=cell(0.02),
    )
    assert findings.sentence("leak") == (
        "The answer is given away more often by openai (60 %) and less often by dspy (10 %) than by the baseline (30 %). "
        "No difference is shown for lora (28 %). The teachers' own turns: 2 %; dspy, on the same turns: 10 %."
    )


def test_the_best_tutor_stands_beside_the_teachers() -> None:
    """The clause names the tutor that does best; a score that describes lists everybody and puts nobody ahead."""
    findings = table("leak", baseline=cell(0.3), dspy=cell(0.04, "better", -0.2), lora=cell(0.06, "better", -0.3), reference=cell(0.02))
    assert findings.sentence("leak").endswith(" The teachers' own turns: 2 %; dspy, on the same turns: 4 %.")
    described = table("length", baseline=cell(40), lora=cell(22), reference=cell(20))
    assert described.sentence("length").endswith("baseline 40, lora 22 and reference 20.")


def test_a_score_nobody_took_is_not_spoken_of() -> None:
    """Without a baseline value there is no sentence."""
    assert table("leak", baseline=cell(None), dspy=cell(0.2)).sentence("leak") == ""
    assert table("leak", dspy=cell(0.2)).sentence("uptake") == ""


def test_tricked_scores_are_told_from_those_that_tell() -> None:
    """A floor says of a score whether it tells teaching from tricks; what is no score of a reply is in neither list."""
    floor = Floor("score", 0.8, 0.97, "nonsense", "Purple ladders", 0.2, tells=False)
    floors = {"score": floor, "uptake": replace(floor, tells=True), "contrast": replace(floor, tells=True)}
    findings = replace(table("score", baseline=cell(0.4)), floors=floors)
    assert (findings.tricks(), findings.telling()) == (["score"], ["uptake"])
    assert (findings.tricked("score"), findings.tricked("uptake"), findings.tricked("leak")) == (floor, None, None)
