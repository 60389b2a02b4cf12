"""A tutor that is trained further, on pairs of replies: where it stands in the reports, and what measures nothing about it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from stages.report import Params, report
from tests import small_run
from three_tutors.pipeline.records import write_json
from three_tutors.reporting.evidence import Evidence, gather
from three_tutors.reporting.exam import RANKING, exam_of
from three_tutors.reporting.findings import Findings
from three_tutors.reporting.provenance import provenance, this_machine
from three_tutors.reporting.scorecard import findings_of, scorecard
from three_tutors.reporting.verdict import verdict_sentences
from three_tutors.scoring.score import Score
from three_tutors.tutoring.methods import TUTORS, USUAL

NAME = "preference"
MARK = "was the reward: measures nothing for this tutor"
TRAINED = {
    "pairs": 40,
    "sources": ["moments", "samples"],
    "valid_loss": 0.6,
    "epochs": 1,
    "stopped_early": False,
    "preferred_before": {"moments": {"pairs": 8, "share": 0.5, "margin": 0.1}},
    "preferred": {"moments": {"pairs": 8, "share": 0.75, "margin": 1.0}},
}


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """Return a small run with the fifth tutor."""
    root = small_run.write_run(tmp_path_factory.mktemp("run"), tutors=(*USUAL, NAME))
    write_json(root / "reports/metrics/train_preference.json", TRAINED)
    return gather(root)


def written(evidence: Evidence, root: Path) -> dict[str, str]:
    """Return the reports of a run."""
    (root / "params.yaml").write_text("report: {}\n", encoding="utf-8")
    settings = Params(conversations=5, class_size=25, tolerated_failures=0.05)
    return dict(report(evidence, provenance(evidence, root / "params.yaml", this_machine()), settings))


def test_a_run_without_it_lacks_nothing_and_does_not_name_it(tmp_path: Path) -> None:
    """Who is in no run by itself is not missing, and no page has a row, a sentence or a colour for it."""
    evidence = gather(small_run.write_run(tmp_path))
    assert [sentence for sentence in evidence.missing if NAME in sentence] == []
    assert not evidence.takes_part(NAME)
    texts = written(evidence, tmp_path)
    assert [name for name, text in texts.items() if f"`{NAME}`" in text or TUTORS[NAME].colour in text or MARK in text] == []


def test_with_it_every_page_has_a_row_and_its_reward_is_marked(evidence: Evidence, tmp_path: Path) -> None:
    """It stands beside the others, says what it was trained on, and ranking and sense are marked in its column."""
    texts = written(evidence, tmp_path)
    assert "preference was trained further from lora on 40 pairs of replies (moments and samples)" in texts["comparison.md"]
    assert "75 % of 8 of moments (50 % before)" in texts["comparison.md"].replace("\u00a0", " ")
    assert f"`{NAME}` {TUTORS[NAME].title}" in texts["comparison.md"]
    assert "Adapter by preferences" in texts["index.html"]
    assert MARK in texts["index.html"]
    assert NAME in texts["deployment_plan.md"]


def test_what_was_the_reward_depends_on_the_pairs(evidence: Evidence) -> None:
    """Samples reward nothing; where nobody wrote down the kinds of pairs, all that it may learn from are taken to have been used."""
    assert evidence.rewarded(NAME) == ["ranking", "sense"]
    assert evidence.rewarded("lora") == []
    samples = {**evidence.metrics, "train_preference": {"sources": ["samples"]}}
    assert replace(evidence, metrics=samples).rewarded(NAME) == []
    assert replace(evidence, metrics={}).rewarded(NAME) == ["preferences", "ranking", "sense"]


def test_a_reward_is_compared_with_nothing(evidence: Evidence) -> None:
    """Ranking tests it against nobody, while it is tested against the tutor that it began with in the others."""
    exam = exam_of(evidence)
    compared = {(one.figure, one.other) for one in exam.comparisons if one.tutor == NAME}
    assert (RANKING, "baseline") not in compared
    assert {("matching", "lora"), ("contrast", "lora"), ("matching", "baseline")} <= compared
    from tests.reporting.test_verdict import NOBODY  # noqa: PLC0415 - a decision for nobody

    told = "\n".join(verdict_sentences(exam, NOBODY, Findings({})))
    assert "preference was trained on pairs of replies. Its reward was ranking and sense, which measure nothing about it" in told
    ranking = next(sentence for sentence in told.split("\n") if "finds an ideal reply likelier" in sentence)
    assert "lora" in ranking
    assert NAME not in ranking.partition("Ranking: it finds an ideal")[2]


def test_a_score_that_was_the_reward_gets_no_verdict() -> None:
    """However far it rose, it is neither better nor best."""
    rows = {
        name: {f"d{index}#0": {"sense": Score(index / 40 + by, "")} for index in range(20)}
        for name, by in (("baseline", 0.0), ("lora", 0.2), (NAME, 0.5))
    }
    table = scorecard(rows, ["sense"], {NAME: ["sense"]})
    assert [table[name]["sense"].verdict for name in rows] == ["not compared", "better", "was the reward"]
    assert Findings(table).best("sense") == ["lora"]
    assert NAME not in Findings(table).sentence("sense")


def test_a_whole_run_gives_it_its_verdicts(evidence: Evidence) -> None:
    """The scorecard of a run takes the rewards from what the run wrote down."""
    cells = findings_of(evidence).cells
    assert {name for name, of in cells.items() if "sense" in of and of["sense"].verdict == "was the reward"} == {NAME}
