from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tests.chat_server import completion, running
from three_tutors.openai_client.endpoint import Reply, Sampling
from three_tutors.openai_client.paid_replies import PaidReplies
from three_tutors.pipeline.diagnostics import ParamsError
from three_tutors.pipeline.records import read_jsonl, write_jsonl
from three_tutors.scoring.replied import Replied, references
from three_tutors.trust import judge as command
from three_tutors.trust.judge import Allowance, RemoteJudge, against_people, judge
from three_tutors.trust.judge_questions import ANCHORS, QUALITIES, prompt, verdict
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


def allowance(folder: Path, calls: int) -> Allowance:
    """Return the verdicts kept in a folder, and how many more may be bought."""
    return Allowance(PaidReplies(folder / "judge.jsonl"), calls)


@pytest.fixture
def given(fractions: Dialogue) -> list[Replied]:
    """Return the teacher's two replies about fractions."""
    return references([fractions])


def test_each_dimension_is_a_call_of_its_own(tmp_path: Path, given: list[Replied]) -> None:
    """Two replies in four dimensions and two qualities are twelve calls."""
    judging = ScriptedJudge("It asks.\nEVIDENCE: a half\nLEVEL: yes")
    judge(RemoteJudge(judging, "m", allowance(tmp_path, 100)), given)
    assert 2 * (len(ANCHORS) + len(QUALITIES)) == len(judging.asked)


def test_nothing_is_paid_twice(tmp_path: Path, given: list[Replied]) -> None:
    """A second run reads every verdict from the ledger and says the same."""
    judging = ScriptedJudge("EVIDENCE: draw\nLEVEL: to some extent")
    first = judge(RemoteJudge(judging, "m", allowance(tmp_path, 100)), given)
    paid = len(judging.asked)
    assert (first, paid) == (judge(RemoteJudge(judging, "m", allowance(tmp_path, 0)), given), len(judging.asked))


def test_a_spent_budget_leaves_the_rest_unscored(tmp_path: Path, given: list[Replied]) -> None:
    """Three calls buy three verdicts; the others wait for the next run."""
    judging = ScriptedJudge("EVIDENCE: which is bigger\nLEVEL: no")
    rows = judge(RemoteJudge(judging, "m", allowance(tmp_path, 3)), given)
    assert (3, {"unscored": "the budget is spent"}) == (len(judging.asked), rows[1]["actionability"])


def test_calls_are_made_at_once_and_the_budget_buys_the_first(tmp_path: Path, given: list[Replied]) -> None:
    """After the first, two calls meet, which one after the other never would; with five allowed, the first five prompts are bought."""
    meeting, calls = threading.Barrier(2, timeout=60), itertools.count()

    class Meeting(ScriptedJudge):
        def chat(self, messages: Sequence[Message], sampling: Sampling) -> Reply:
            if next(calls) in (1, 2):
                meeting.wait()
            return super().chat(messages, sampling)

    judging = Meeting("EVIDENCE: draw\nLEVEL: no")
    asked = [(one, name) for one in given for name in ANCHORS]
    scores = RemoteJudge(judging, "m", allowance(tmp_path, 5), at_once=2).scores(asked)
    assert [score.reason == "the budget is spent" for score in scores] == [number >= 5 for number in range(len(asked))]


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


@pytest.mark.parametrize("filler", ["\n", "\n ", " ", "EVIDENCE: ", "\nLEVEL: ", '"'])
def test_an_endless_verdict_is_read_at_once(filler: str) -> None:
    """A reply is kept and read again by every run: however odd it is, it never holds one up."""
    begun = time.process_time()
    assert None is verdict("EVIDENCE: x" + filler * 20_000 + "z", "x").value
    assert 1.0 == verdict(f"EVIDENCE: “x”{' ' * 20_000}{chr(10) * 20_000} LEVEL: yes", "x").value
    assert 1.0 > time.process_time() - begun


def test_the_judge_sees_the_answer_and_the_material_is_fenced(given: list[Replied]) -> None:
    """The gold answer stands in the prompt, the reply between marks."""
    said = prompt(given[0], "actionability")[-1]["content"]
    assert ("Answer: 5/6" in said, said.endswith(f"<reply>\n{given[0].reply}\n</reply>")) == (True, True)


def test_nothing_is_paid_for_a_reply_that_says_nothing(tmp_path: Path, given: list[Replied]) -> None:
    """A silent tutor is unscored without asking."""
    judging = ScriptedJudge("EVIDENCE: x\nLEVEL: no")
    rows = judge(RemoteJudge(judging, "m", allowance(tmp_path, 100)), [replace(given[0], reply=" ")])
    assert ([], {"unscored": "nothing was replied"}) == (judging.asked, rows[0]["actionability"])


def test_a_judge_is_held_against_people(tmp_path: Path) -> None:
    """Only the dimensions that people rated are paid for; the figures are those of every other score."""
    turns = (Turn("student", "I added 3 and 4 and got 8."),)
    rows = [
        RatedReply("a", "Expert", turns, "Count on from 3.", ("7",), {"actionability": 1.0, "leak": 0.0}),
        RatedReply("b", "Novice", turns, "Count on, please.", ("7",), {"actionability": 0.0}),
    ]
    judging = ScriptedJudge("It says so.\nEVIDENCE: count on\nLEVEL: yes")
    found = against_people(RemoteJudge(judging, "wise", allowance(tmp_path, 100)), rows)
    assert (2, "wise", ["actionability"]) == (len(judging.asked), found["judge"], list(found["scores"]))
    assert {"Expert": 0.0, "Novice": 1.0} == found["scores"]["actionability"]["bias_by_tutor"]


PARAMS = """judge:
  enabled: {enabled}
  base_url: http://127.0.0.1:9/v1
  model: {model}
  key: JUDGE_API_KEY
  most_calls: 7
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


def test_a_judge_is_asked_as_its_service_takes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fractions: Dialogue, capsys: pytest.CaptureFixture[str]
) -> None:
    """A model that refuses `temperature: 0` is asked without; a refusal and a filtered reply leave one verdict each unscored."""
    refusal = {"error": {"message": "Unsupported value: 'temperature' does not support 0 with this model.", "param": "temperature"}}
    good = completion("It asks.\nEVIDENCE: e\nLEVEL: yes \ud83d")
    odd = {2: completion(None, message={"content": None, "refusal": "No."}), 3: completion(None, "content_filter")}
    replies = itertools.count(1)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JUDGE_API_KEY", "sk-0")
    monkeypatch.setattr("sys.argv", ["judge", "reference"])
    write_jsonl(command.TEST, [fractions.to_record()])
    write_jsonl(command.SCENARIOS, [])
    write_jsonl(command.MOMENTS, [])
    with running(lambda request: (400, refusal) if "temperature" in request else (200, odd.get(next(replies), good))) as server:
        settings = PARAMS.format(enabled="true", model="gpt-5-mini").replace("http://127.0.0.1:9/v1", server.base_url)
        (tmp_path / "params.yaml").write_text(settings, encoding="utf-8")
        command.main()
        assert ["temperature" in request for request in server.asked] == [True] + [False] * 7  # as many as the budget has
        command.main()
        assert ["temperature" in request for request in server.asked[8:]] == [True] + [False] * 5  # the rest
    rows = [row for row in read_jsonl(tmp_path / "data/raw/verdicts/reference.jsonl") if "item" in row]
    assert "The model does not take temperature" in capsys.readouterr().out
    scores = [score for row in rows for name, score in row.items() if name not in ("item", "kind")]
    assert sorted("value" in score for score in scores) == [False] * 2 + [True] * 10  # in which order they come is the pool's
