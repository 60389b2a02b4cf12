from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from three_tutors.openai_client.endpoint import Reply, Sampling
from three_tutors.pipeline.diagnostics import ParamsError
from three_tutors.scoring.replied import Replied, references
from three_tutors.trust import judge as command
from three_tutors.trust.judge import ANCHORS, Ledger, against_people, judge, prompt, verdict
from three_tutors.trust.rated_replies import RatedReply
from three_tutors.tutoring.dialogue import Dialogue, Turn
from three_tutors.tutoring.formats import Message


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


def test_nothing_is_paid_for_a_reply_that_says_nothing(tmp_path: Path, given: list[Replied]) -> None:
    """A silent tutor is unscored without asking."""
    judging = ScriptedJudge("EVIDENCE: x\nLEVEL: no")
    rows = judge(judging, "m", [replace(given[0], reply=" ")], Ledger(tmp_path, 100))
    assert ([], {"unscored": "nothing was replied"}) == (judging.asked, rows[0]["actionability"])


def test_a_judge_is_held_against_people(tmp_path: Path) -> None:
    """Only the dimensions that people rated are paid for; the figures are those of every other score."""
    turns = (Turn("student", "I added 3 and 4 and got 8."),)
    rows = [
        RatedReply("a", "Expert", turns, "Count on from 3.", ("7",), {"actionability": 1.0, "leak": 0.0}),
        RatedReply("b", "Novice", turns, "Count on, please.", ("7",), {"actionability": 0.0}),
    ]
    judging = ScriptedJudge("It says so.\nEVIDENCE: count on\nLEVEL: yes")
    found = against_people(judging, "wise", rows, Ledger(tmp_path, 100))
    assert (2, "wise", ["actionability"]) == (len(judging.asked), found["judge"], list(found["scores"]))
    assert {"Expert": 0.0, "Novice": 1.0} == found["scores"]["actionability"]["bias_by_tutor"]


PARAMS = """judge:
  enabled: {enabled}
  base_url: http://127.0.0.1:9/v1
  model: {model}
  key: JUDGE_API_KEY
  most_calls: 5
"""


@pytest.mark.parametrize(
    ("enabled", "model", "expected"),
    [("false", "gpt-5-mini", "judge.enabled is false"), ("true", "served-as-tutor", "is a tutor"), ("true", "ft:gpt:x", "is a tutor")],
)
def test_a_judge_is_asked_only_where_it_may_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, enabled: str, model: str, expected: str
) -> None:
    """Off by default, and no tutor judges itself, whatever its name."""
    (tmp_path / "models/dspy").mkdir(parents=True)
    (tmp_path / "models/dspy/tutor.json").write_text('{"base_url": "https://example.org/v1", "model": "served-as-tutor"}', encoding="utf-8")
    (tmp_path / "params.yaml").write_text(PARAMS.format(enabled=enabled, model=model), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["judge", "lora"])
    with pytest.raises(ParamsError, match=expected):
        command.main()
