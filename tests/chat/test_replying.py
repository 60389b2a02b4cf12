"""Several tutors at once, and everything that can go wrong with one of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests import scripted_endpoint
from tests.chat.conftest import SCRIPTS
from tests.chat.site import AGAIN, ASKING, BeginningAgain, conversing, wait_for
from three_tutors.chat.wording import facts
from three_tutors.openai_client.endpoint import Sampling
from three_tutors.tutoring.methods import USUAL


def test_every_tutor_answers_and_is_asked_with_its_own_replies(tmp_path: Path, base_url: str) -> None:
    """One student turn fans out; in the next one each tutor has what it said itself behind it."""
    with conversing(tmp_path, base_url, SCRIPTS) as talks:
        talk = talks.start(None, list(USUAL), blind=False)
        first = talks.say(talk, "Is it 5/6?", parent=None, follows=None, asked=list(USUAL))
        wait_for(lambda: not talks.replying.live(first))
        second = talks.say(talk, "Sure?", parent=first, follows=None, asked=["dspy"])
        wait_for(lambda: not talks.replying.live(second))
        replies = talks.store.exchanges(talk.id)[first].replies
    assert set(USUAL) == set(replies)
    assert ("You said: Is it 5/6?", "whole", 2, 0.0) == (
        replies["dspy"].text,
        replies["dspy"].status,
        replies["dspy"].completion_tokens,
        replies["dspy"].micro_usd,
    )
    asked = next(request for request in reversed(scripted_endpoint.ASKED) if request["model"] == "echo" and request.get("stream"))
    assert ["Is it 5/6?", "You said: Is it 5/6?", "Sure?"] == [message["content"] for message in asked["messages"][1:]]


def test_a_draft_that_is_dropped_leaves_nothing_but_its_mark(tmp_path: Path, base_url: str) -> None:
    """Another draft takes its place, where it is shown and where it is kept, and the facts say so."""
    BeginningAgain.DRAFTED.clear()
    with conversing(tmp_path, base_url, {"dspy": AGAIN}) as talks:
        talk = talks.start(None, ["dspy"], blind=False)
        number = talks.say(talk, "Is it 5/6?", parent=None, follows=None, asked=["dspy"])
        wait_for(lambda: talks.replying.live(number)["dspy"].text == "It is. It is. ")
        BeginningAgain.DRAFTED.set()
        wait_for(lambda: not talks.replying.live(number))
        reply = talks.store.exchanges(talk.id)[number].replies["dspy"]
    assert ("Which half is bigger?", "whole", 2) == (reply.text, reply.status, reply.begun)
    assert "a\u00a0draft dropped" in facts(reply)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("fails", ("failed", "", "the model is on fire")),
        ("cuts", ("cut", "Which half is ", "broke off before the end")),
        ("garbage", ("cut", "Which half is ", "did not answer")),
        ("silent", ("failed", "", "without a word")),
        ("length", ("length", "Which half is bigger?", "limit on tokens")),
        ("refuses", ("failed", "", "refused to reply")),
        ("filtered", ("cut", "Which half is bigger?", "filter held this reply back")),
        ("asks", ("whole", "Which half is bigger?", "")),
    ],
)
def test_a_column_says_what_happened_to_it(tmp_path: Path, base_url: str, script: str, expected: tuple[str, str, str]) -> None:
    """What came before an error is kept and marked; the other tutor goes on."""
    with conversing(tmp_path, base_url, {"lora": script, "baseline": "asks"}) as talks:
        talk = talks.start(None, ["lora", "baseline"], blind=False)
        number = talks.say(talk, "Is it 5/6?", parent=None, follows=None, asked=["lora", "baseline"])
        wait_for(lambda: not talks.replying.live(number))
        replies = talks.store.exchanges(talk.id)[number].replies
    status, text, note = expected
    assert (status, text) == (replies["lora"].status, replies["lora"].text)
    assert note in replies["lora"].note
    assert "whole" == replies["baseline"].status


def test_a_missing_tutor_says_how_to_make_it(tmp_path: Path, base_url: str) -> None:
    """A tutor that was not made yet keeps no other one away."""
    with conversing(tmp_path, base_url, {"lora": "asks"}) as talks:
        talk = talks.start(None, list(USUAL), blind=False)
        number = talks.say(talk, "Is it 5/6?", parent=None, follows=None, asked=["lora", "dspy"])
        wait_for(lambda: not talks.replying.live(number))
        replies = talks.store.exchanges(talk.id)[number].replies
        assert {"baseline", "dspy", "openai"} == set(talks.replying.roster.missing)
    assert ("failed", "models/dspy is missing: the tutor dspy was not made yet; run `dvc repro train_dspy`.") == (
        replies["dspy"].status,
        replies["dspy"].note,
    )
    assert "whole" == replies["lora"].status


def test_an_endpoint_that_is_gone_is_a_sentence(tmp_path: Path) -> None:
    """Nobody listens: the column says which address, and the page lives on."""
    with conversing(tmp_path, "http://127.0.0.1:9/v1", {"lora": "asks"}) as talks:
        talk = talks.start(None, ["lora"], blind=False)
        number = talks.say(talk, "Is it 5/6?", parent=None, follows=None, asked=["lora"])
        wait_for(lambda: not talks.replying.live(number))
        reply = talks.store.exchanges(talk.id)[number].replies["lora"]
    assert ("failed", True) == (reply.status, "http://127.0.0.1:9/v1 did not answer" in reply.note)


def test_nobody_waits_for_ever(tmp_path: Path, base_url: str) -> None:
    """A reply that hangs is cut after the time that params give, with what there is of it."""
    with conversing(tmp_path, base_url, {"lora": "hangs"}, asking=replace(ASKING, patience=0.4)) as talks:
        talk = talks.start(None, ["lora"], blind=False)
        number = talks.say(talk, "Is it 5/6?", parent=None, follows=None, asked=["lora"])
        wait_for(lambda: not talks.replying.live(number))
        reply = talks.store.exchanges(talk.id)[number].replies["lora"]
    assert ("cut", True) == (reply.status, "chat.patience" in reply.note)


def test_a_person_can_stop_a_reply(tmp_path: Path, base_url: str) -> None:
    """What is there stays, and what the endpoint says later is not added."""
    with conversing(tmp_path, base_url, {"lora": "words:500:0.01"}) as talks:
        talk = talks.start(None, ["lora"], blind=False)
        number = talks.say(talk, "Is it 5/6?", parent=None, follows=None, asked=["lora"])
        wait_for(lambda: talks.replying.live(number)["lora"].text)
        talks.replying.stop(number)
        reply = talks.store.exchanges(talk.id)[number].replies["lora"]
    assert ("stopped", "You stopped this reply.") == (reply.status, reply.note)
    assert reply.text.startswith("word0 ")


def test_what_does_not_fit_the_window_is_left_out_and_named(tmp_path: Path, base_url: str) -> None:
    """The oldest exchanges go first, the newest turn stays verbatim, and the reply tells which ones went."""
    long = "I think a half and a third make two fifths because one and one is two. " * 3
    asking = replace(ASKING, sampling=Sampling(max_tokens=20), window=300)
    with conversing(tmp_path, base_url, {"lora": "asks"}, asking=asking) as talks:
        talk = talks.start(None, ["lora"], blind=False)
        numbers: list[int] = []
        for turn in range(5):
            said = f"{turn} {long}"
            numbers.append(talks.say(talk, said, parent=numbers[-1] if numbers else None, follows=None, asked=["lora"]))
            wait_for(lambda: not talks.replying.live(numbers[-1]))
        left_out = talks.store.exchanges(talk.id)[numbers[-1]].replies["lora"].left_out
    sent = [message["content"] for message in scripted_endpoint.ASKED[-1]["messages"]]
    assert tuple(numbers[: len(left_out)]) == left_out != ()
    assert f"4 {long}".strip() == sent[-1]
    assert 1 + 2 * (4 - len(left_out)) + 1 == len(sent)
    assert "patient general tutor" in sent[0]


def test_a_turn_longer_than_the_window_is_refused_by_each_tutor(tmp_path: Path, base_url: str) -> None:
    """It is never cut; the column says how long it is."""
    with conversing(tmp_path, base_url, {"lora": "asks"}) as talks:
        talk = talks.start(None, ["lora"], blind=False)
        number = talks.say(talk, "half " * 700, parent=None, follows=None, asked=["lora"])
        wait_for(lambda: not talks.replying.live(number))
        reply = talks.store.exchanges(talk.id)[number].replies["lora"]
    assert ("failed", True) == (reply.status, "write a shorter one" in reply.note)
