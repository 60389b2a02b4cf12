"""A scripted endpoint, and rows of a small corpus for it to answer."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from three_tutors.openai_client.endpoint import Reply, Sampling
from three_tutors.openai_client.paid_replies import PaidReplies
from three_tutors.pipeline.records import Record
from three_tutors.prompting.adapter import AdapterName
from three_tutors.prompting.budget import Budget, Price
from three_tutors.prompting.meter import Meter, Model
from three_tutors.tutoring import formats
from three_tutors.tutoring.dialogue import Dialogue, Lesson, Turn
from three_tutors.tutoring.formats import Message

Script = Callable[[Sequence[Message]], str]


@dataclass
class ScriptedEndpoint:
    """Answers by a function of the messages and remembers what it was asked; the fake at the endpoint's seam."""

    script: Script
    model: str = "scripted"
    base_url: str = "http://scripted/v1"
    at_once: int = 1
    is_local: bool = False
    asked: list[list[Message]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def chat(self, messages: Sequence[Message], sampling: Sampling) -> Reply:
        """Answer one conversation; a token is a word."""
        del sampling
        with self.lock:
            self.asked.append(list(messages))
        text = self.script(messages)
        return Reply(text, "stop", sum(len(message["content"].split()) for message in messages), len(text.split()))

    def stream(self, messages: Sequence[Message], sampling: Sampling) -> Generator[str, None, Reply]:
        """Answer in pieces, and return the whole."""
        reply = self.chat(messages, sampling)
        yield from reply.text.partition(" ")
        return reply


def taught(said: str) -> str:
    """Reply with some of what the corpus's teacher brings in, in other words."""
    return "What happens when you cut the bar: is each piece as big?" if "bigger" in said else "Make a drawing. Could it convince a friend?"


def follows_examples(messages: Sequence[Message]) -> str:
    """Reply well with two or more demonstrations in the prompt, badly without: a model that learns from what it is shown."""
    shown = messages[0]["content"].count("\nTutor: ")
    return "Great job! That is right." if shown < 2 else taught(messages[-1]["content"])


MARKED_UP: dict[AdapterName, str] = {
    "chat": "[[ ## understanding ## ]]\nwrong\n\n[[ ## strategy ## ]]\nscaffolding\n\n[[ ## reply ## ]]\nLook.\n\n[[ ## completed ## ]]",
    "json": '{"understanding": "wrong", "strategy": "scaffolding", "reply": "Look."}',
    "xml": "<understanding>wrong</understanding>\n<strategy>scaffolding</strategy>\n<reply>Look.</reply>",
}


TOPICS = ("halves", "thirds", "quarters", "fifths", "sixths", "tenths", "halving", "doubling")


@pytest.fixture
def corpus() -> list[Dialogue]:
    """Return eight small dialogues of two teacher turns each."""
    return [_dialogue(number, topic) for number, topic in enumerate(TOPICS)]


@pytest.fixture
def rows(corpus: list[Dialogue]) -> list[Record]:
    """Return the DSPy rows of the corpus."""
    return [row for dialogue in corpus for row in formats.dspy_rows(dialogue)]


@pytest.fixture
def endpoint() -> ScriptedEndpoint:
    """Return an endpoint that does better with demonstrations."""
    return ScriptedEndpoint(follows_examples)


@pytest.fixture
def model(endpoint: ScriptedEndpoint) -> Model:
    """Return that endpoint as a model with a price."""
    return Model(endpoint, "scripted-1", Price(prompt=1.0, completion=2.0))  # type: ignore[arg-type]


@pytest.fixture
def new_meter(tmp_path: Path) -> Callable[..., Meter]:
    """Return a function that makes a meter over one ledger, with any limit changed."""

    def make(**limits: float) -> Meter:
        budget = {"calls": 10_000, "tokens": 10_000_000, "seconds": 600.0, "dollars": 100.0, **limits}
        return Meter(PaidReplies(tmp_path / "calls.jsonl"), Budget(**budget))  # type: ignore[arg-type]

    return make


def _dialogue(number: int, topic: str) -> Dialogue:
    lesson = Lesson(
        subject="mathematics",
        grade=4 + number % 3,
        topic=f"Fractions: {topic}",
        objective=f"Say how {topic} of a bar compare.",
        misconception=f"Thinks {topic} grow with the bottom number.",
        answer=(),
    )
    turns = (
        Turn("student", f"I think {topic} are bigger when the bottom number is bigger.", understanding="wrong"),
        Turn("teacher", f"Cut one bar into {topic}. What happens to each piece?", strategy="socratic_questioning"),
        Turn("student", f"Each of the {topic} gets smaller because the bar stays the same.", understanding="correct"),
        Turn("teacher", f"How could a drawing of {topic} convince a friend?", strategy="check_understanding"),
    )
    return Dialogue(f"fractions-{topic}", lesson, turns)


GOOD_INSTRUCTION = "SHOW IT. Give the student something to cut, draw or tell a friend, and ask one question about it."


def follows_instructions(messages: Sequence[Message]) -> str:
    """Propose `GOOD_INSTRUCTION` when asked to reflect; reply well where it is in the prompt, badly elsewhere."""
    last = messages[-1]["content"]
    if "new_instruction" in last or "new_instruction" in messages[0]["content"]:
        return json.dumps({"new_instruction": GOOD_INSTRUCTION})
    field = re.search(r"starting with the field `\[\[ ## (\w+) ## \]\]`", last)
    if field:
        return f"[[ ## {field[1]} ## ]]\n{GOOD_INSTRUCTION}\n\n[[ ## completed ## ]]"
    return taught(last) if "SHOW IT" in messages[0]["content"] else "Great job! That is right."


@pytest.fixture
def good_instruction() -> str:
    """Return the instruction that reflection proposes."""
    return GOOD_INSTRUCTION


@pytest.fixture
def instructed() -> Script:
    """Return the script of a model that does better with that instruction."""
    return follows_instructions
