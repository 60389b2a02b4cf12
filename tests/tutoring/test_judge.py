from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from stages.tutoring.dialogue import Dialogue
from stages.tutoring.endpoint import Reply, Sampling
from stages.tutoring.formats import Message
from stages.tutoring.judge import ANCHORS, Ledger, judge, prompt, verdict
from stages.tutoring.scoring.teaching_scores import Replied, references


@dataclass
class ScriptedJudge:
    """A judge that always says the same and counts how often it was paid."""

    says: str
    asked: list[str] = field(default_factory=list)

    def chat(self, messages: Sequence[Message], sampling: Sampling) -> Reply:
        """Say it."""
        self.asked.append(messages[-1]["content"])
        return Reply(self.says, "stop", 1, sampling.max_tokens)


@pytest.fixture
def given(fractions: Dialogue) -> list[Replied]:
    """Return the teacher's two replies about fractions."""
    return references([fractions])


def test_each_dimension_is_a_call_of_its_own(tmp_path: Path, given: list[Replied]) -> None:
    """Two replies in four dimensions are eight calls."""
    judging = ScriptedJudge("It asks.\nEVIDENCE: a half\nLEVEL: yes")
    judge(judging, "m", given, Ledger(tmp_path, 100))
    assert 2 * len(ANCHORS) == len(judging.asked)


def test_nothing_is_paid_twice(tmp_path: Path, given: list[Replied]) -> None:
    """A second run reads every verdict from the ledger and says the same."""
    judging = ScriptedJudge("EVIDENCE: draw\nLEVEL: to some extent")
    first = judge(judging, "m", given, Ledger(tmp_path, 100))
    paid = len(judging.asked)
    assert (first, paid) == (judge(judging, "m", given, Ledger(tmp_path, 0)), len(judging.asked))


def test_a_spent_budget_leaves_the_rest_unscored(tmp_path: Path, given: list[Replied]) -> None:
    """Three calls buy three verdicts; the others wait for the next run."""
    judging = ScriptedJudge("EVIDENCE: which is bigger\nLEVEL: no")
    rows = judge(judging, "m", given, Ledger(tmp_path, 3))
    assert (3, {"unscored": "the budget is spent"}) == (len(judging.asked), rows[1]["actionability"])


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Good.\nEVIDENCE: “draw a half”\nLEVEL: Yes", 1.0),
        ("EVIDENCE: draw a half\nLEVEL: to some extent", 0.5),
        ("LEVEL: yes", None),
        ("EVIDENCE: words never said\nLEVEL: yes", None),
        ("EVIDENCE: \nLEVEL: yes", None),
        ("10/10 would tutor again", None),
        (None, None),
    ],
)
def test_only_a_verdict_with_true_evidence_counts(said: str | None, expected: float | None) -> None:
    """What cannot be read or was not said is unscored, never a no."""
    assert expected == verdict(said, "Draw a half and a third.").value


def test_the_judge_sees_the_answer_and_the_material_is_fenced(given: list[Replied]) -> None:
    """The gold answer stands in the prompt, the reply between marks."""
    said = prompt(given[0], "actionability")[-1]["content"]
    assert ("Answer: 5/6" in said, said.endswith(f"<reply>\n{given[0].reply}\n</reply>")) == (True, True)
