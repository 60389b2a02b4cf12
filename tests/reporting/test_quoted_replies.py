"""Replies to judge for oneself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests import small_run
from three_tutors.reporting.evidence import Evidence, gather
from three_tutors.reporting.quoted_replies import Quoted, alike, quotations
from three_tutors.reporting.scorecard import findings_of
from three_tutors.scoring.score import Score


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """Return a small run."""
    return gather(small_run.write_run(tmp_path_factory.mktemp("run")))


def test_only_the_same_replies_to_the_same_students_are_alike() -> None:
    """A tutor is like an earlier one that was quoted with the same; one that says the same to another student is not."""
    one = Quoted("best", "3", "Three boxes.", "a#0")
    quoted = {"baseline": [one], "dspy": [one], "openai": [replace(one, student="4")], "lora": []}
    assert alike(quoted) == {"dspy": "baseline"}


def test_replies_are_chosen_by_what_tells_or_drawn(evidence: Evidence) -> None:
    """Where replies fit more or less, best, median and worst are quoted; where nothing orders them, three are drawn and called so."""
    findings = replace(findings_of(evidence), floors={})
    untold = {item: {name: one for name, one in of.items() if name != "fits"} for item, of in evidence.scores["lora"].items()}
    assert [one.rank for one in quotations(replace(evidence, scores={"lora": untold}), findings, "lora")] == ["drawn"] * 3
    items = [item for item, one in evidence.answers["lora"].items() if one.kind == "moment"]
    scores = {item: {"fits": Score(number / 10, "")} for number, item in enumerate(items)}
    chosen = quotations(replace(evidence, scores={"lora": scores}), findings, "lora")
    assert [(one.rank, one.item) for one in chosen] == [
        ("best", items[-1]),
        ("median", sorted(items, key=lambda item: -items.index(item))[len(items) // 2]),
        ("worst", items[0]),
    ]
    assert chosen[0].reply == evidence.answers["lora"][items[-1]].reply
