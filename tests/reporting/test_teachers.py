"""A score that does not put the teachers on top is looked into, with the run's own figures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests import small_run
from three_tutors.reporting.comparison import shared_values
from three_tutors.reporting.evidence import Evidence, gather
from three_tutors.reporting.exam import exam_of
from three_tutors.reporting.findings import Cell, Findings
from three_tutors.reporting.index_page import index_page
from three_tutors.reporting.provenance import Provenance
from three_tutors.reporting.scorecard import findings_of
from three_tutors.reporting.teachers import teachers_row
from three_tutors.scoring.score import Score
from three_tutors.scoring.statistics import Interval

ABOVE = "In these scores a tutor has a better value than the teachers on the same turns"
NONE_ABOVE = "No tutor has a better value than the teachers in any score of this run"


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """Return a small run."""
    return gather(small_run.write_run(tmp_path_factory.mktemp("run")))


def at(value: float) -> Cell:
    """Return a cell of ten scored replies."""
    return Cell(Interval(value, value, value), 10, 0)


def test_a_tutor_above_the_teachers_is_named_with_a_reason(evidence: Evidence) -> None:
    """On the teachers' turns, fewer leaks than the teachers' is above them; an equal value and a neutral score are not."""
    lora = {"leak": at(0.0), "follow_up": at(0.5), "uptake": at(0.5), "length": at(90)}
    teachers = {"leak": at(0.2), "follow_up": at(0.3), "uptake": at(0.5), "length": at(30)}
    row = teachers_row(evidence, Findings({"lora": lora, "reference": teachers}))
    assert [("leak", "lora (0 %)", "20 %"), ("follow_up", "lora (50 %)", "30 %")] == [
        (one.score, one.tutors, one.teachers) for one in row.above
    ]
    assert ["The reason is not known", "A likely reason: a teac"] == [one.reason[:23] for one in row.above]


def test_what_makes_the_largest_difference_is_told(evidence: Evidence) -> None:
    """Teachers of mathematics at the top and all others at the bottom: the sentence says so, and what is known from MRBench."""
    subjects = {dialogue.id: dialogue.lesson.subject for dialogue in evidence.test}
    scored = {
        item: {**scores, "actionability": Score(float(subjects[item.partition("#")[0]] == "mathematics"), "said")}
        for item, scores in evidence.scores["reference"].items()
        if item.partition("#")[0] in subjects
    }
    found = replace(evidence, scores={**evidence.scores, "reference": scored})
    row = teachers_row(found, findings_of(found))
    assert "Next step: 33 % overall; 100 % (8 turns) in mathematics, 0 % (16 turns) in other subjects. " in row.sentences[-1]
    assert row.sentences[-1].endswith("On MRBench, expert teachers got 84 % from people and 69 % from this scorer.")


def test_every_part_of_the_turns_counts_its_turns(evidence: Evidence) -> None:
    """The two sides of a contrast hold all turns together."""
    levels = teachers_row(evidence, findings_of(evidence)).levels
    counts = [level.cells["actionability"][1] if "actionability" in level.cells else 0 for level in levels]
    assert {counts[0]} == {counts[index] + counts[index + 1] for index in (1, 3, 5)}


@pytest.mark.parametrize(("lora", "said", "not_said"), [(0.9, ABOVE, NONE_ABOVE), (0.1, NONE_ABOVE, ABOVE)])
def test_the_page_names_tutors_above_the_teachers_or_says_that_none_is(evidence: Evidence, lora: float, said: str, not_said: str) -> None:
    """One sentence stands there with its figures, and the other does not."""
    of = {"lora": {"follow_up": at(lora)}, "reference": {"follow_up": at(0.5)}, "baseline": {"follow_up": at(0.0)}}
    findings = Findings(of)
    made = Provenance({}, "", "a model", {}, {}, {"processor cores": "2", "memory": "8 GiB"}, [])
    shared = shared_values(evidence, findings, exam_of(evidence), made, 0.05)
    page = index_page(evidence, findings, shared, [], made, documents={}, most_conversations=1)
    assert said in page
    assert not_said not in page
