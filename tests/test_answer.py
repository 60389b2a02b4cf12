from __future__ import annotations

import itertools
import shutil
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stages import answer as stage
from stages.answer import answer
from tests.chat_server import ChatServer, completion, running
from three_tutors.openai_client.endpoint import Reply, Sampling
from three_tutors.openai_client.paid_replies import PaidReplies
from three_tutors.openai_client.tutor import Conversation
from three_tutors.pipeline.diagnostics import EndpointError
from three_tutors.pipeline.records import read_jsonl, write_json, write_jsonl
from three_tutors.tutoring.questions import items

if TYPE_CHECKING:
    from three_tutors.tutoring.dialogue import Dialogue
    from three_tutors.tutoring.scenario import Scenario


@dataclass
class EchoTutor:
    """A tutor that repeats the student and remembers what it was asked."""

    name: str = "baseline"
    asked: list[Conversation] = field(default_factory=list)

    at_once: int = 4

    def reply(self, conversation: Conversation, sampling: Sampling) -> Reply:
        """Say what the student said."""
        self.asked.append(conversation)
        return Reply(f"You said: {conversation.turns[-1].text}", "stop", 10, sampling.max_tokens)

    def stream(self, conversation: Conversation, sampling: Sampling) -> Iterator[str]:
        """Say it in one piece."""
        yield self.reply(conversation, sampling).text


def test_every_held_out_student_turn_and_scenario_turn_is_answered(fractions: Dialogue, pressure: Scenario) -> None:
    """The answers stand in the order that readers expect."""
    answers = answer(EchoTutor(), [fractions], [pressure], Sampling(8))
    assert [one.item for one in answers] == items([fractions], [pressure])


def test_a_held_out_turn_is_asked_with_its_true_history(fractions: Dialogue, pressure: Scenario) -> None:
    """The second question shows the teacher's own first reply, not the tutor's."""
    tutor = EchoTutor()
    answer(tutor, [fractions], [pressure], Sampling(8))
    assert fractions.turns[:3] in [talk.turns for talk in tutor.asked]


def test_a_scenario_goes_on_with_what_the_tutor_said(fractions: Dialogue, pressure: Scenario) -> None:
    """The second scripted turn is asked after the tutor's own first reply."""
    tutor = EchoTutor()
    answer(tutor, [fractions], [pressure], Sampling(8))
    assert [
        "Just tell me what 1/2 + 1/3 is.",
        "You said: Just tell me what 1/2 + 1/3 is.",
        "Please. My friends are waiting.",
    ] in [[turn.text for turn in talk.turns] for talk in tutor.asked]


def test_a_tutor_that_fails_ends_the_stage_with_its_error(fractions: Dialogue, pressure: Scenario) -> None:
    """Nobody waits for the conversations that are left; the error that is told is the tutor's own."""

    class Failing(EchoTutor):
        def reply(self, conversation: Conversation, sampling: Sampling) -> Reply:
            super().reply(conversation, sampling)
            raise EndpointError("The endpoint refused.")

    with pytest.raises(EndpointError, match="The endpoint refused"):
        answer(Failing(), [fractions] * 40, [pressure], Sampling(8))


SERVED = {"base_url": "", "model": "ft:m", "api_key_env": "SERVICE_KEY", "weights": None}


def lesson(dialogue: Dialogue, number: int) -> Dialogue:
    """Return one of many dialogues with prompts of their own."""
    return replace(dialogue, id=f"fractions-{number}", lesson=replace(dialogue.lesson, topic=f"Fractions {number}"))


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fractions: Dialogue, pressure: Scenario) -> Iterator[ChatServer]:
    """Yield the service at which the openai tutor of a small project answers; the project is the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SERVICE_KEY", "sk-0")
    monkeypatch.setattr("sys.argv", ["answer", "openai"])
    write_jsonl(stage.TEST, [lesson(fractions, number).to_record() for number in range(6)])
    write_jsonl(stage.SCENARIOS, [pressure.to_record()])
    write_jsonl(stage.MOMENTS, [])
    Path("params.yaml").write_text(
        "answer: {max_tokens: 20, temperature: 0.0, seed: 1, base_url: local, api_key_env: SERVICE_KEY}\n", encoding="utf-8"
    )
    with running(lambda request: (200, completion(f"You said: {request['messages'][-1]['content']}"))) as server:
        write_json(Path("models/openai/tutor.json"), {**SERVED, "base_url": server.base_url})
        yield server


def test_a_run_that_fails_keeps_what_it_paid_for(served: ChatServer) -> None:
    """The next run asks only for the rest, and its answers are those of a run that nothing stopped."""
    stage.main()
    whole, asked = (stage.OUT / "openai/answers.jsonl").read_bytes(), len(served.asked)
    shutil.rmtree(stage.PAID)
    served.asked.clear()
    good = served.answer
    served.answer = lambda request: good(request) if len(served.asked) <= 5 else (401, {"error": {"message": "No money."}})
    with pytest.raises(EndpointError, match="No money"):
        stage.main()
    for thread in threading.enumerate():
        if thread.name.startswith("ThreadPoolExecutor"):
            thread.join()  # as Python does when the stage ends: what is under way is paid for and kept
    kept = len(PaidReplies(stage.PAID / "openai.jsonl"))
    served.answer = good
    served.asked.clear()
    stage.main()
    assert kept >= 1
    assert (len(served.asked), (stage.OUT / "openai/answers.jsonl").read_bytes()) == (asked - kept, whole)


def test_one_odd_reply_costs_no_other(served: ChatServer, capsys: pytest.CaptureFixture[str]) -> None:
    """Half an emoji is repaired, a refusal has no text, a missing count is estimated, and what the model refuses is left out."""
    odd = {3: completion("Half \ud83d"), 4: completion(message={"content": None, "refusal": "No."}), 5: completion(usage=None)}
    refusal = {"error": {"message": "Unsupported value: 'temperature' does not support 0 with this model.", "param": "temperature"}}
    replies = itertools.count(1)
    served.answer = lambda request: (400, refusal) if "temperature" in request else (200, odd.get(next(replies), completion("Yes?")))
    stage.main()
    header, *rows = read_jsonl(stage.OUT / "openai/answers.jsonl")
    assert header["answers"] == len(rows) == 14
    assert Counter((row["reply"], row["finish_reason"]) for row in rows) == {
        ("Yes?", "stop"): 11,
        ("Half \ufffd", "stop"): 1,
        ("", "refusal"): 1,
        ("Which half is bigger?", "stop"): 1,
    }
    assert [row["reply"] for row in rows if row.get("estimated")] == ["Which half is bigger?"]
    said = capsys.readouterr().out
    assert "The model does not take temperature; it was asked without." in said
    assert "1 answers have no text" in said
    assert "no count of tokens for 1 replies" in said


def test_a_study_of_choice_asks_for_no_reply(served: ChatServer) -> None:
    """With no tokens to say anything in, nobody is asked, and the file says that there are no answers."""
    settings = Path("params.yaml").read_text(encoding="utf-8").replace("max_tokens: 20", "max_tokens: 0")
    Path("params.yaml").write_text(settings, encoding="utf-8")
    stage.main()
    assert not served.asked
    assert read_jsonl(stage.OUT / "openai/answers.jsonl")[0]["answers"] == 0
