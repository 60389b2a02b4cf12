"""One model behind several addresses: the work is shared, and a machine that dies costs what was under way there."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.chat_server import completion, running, stream
from three_tutors.openai_client.addresses import Addresses, NoAnswerError, listed
from three_tutors.openai_client.endpoint import Endpoint, Sampling
from three_tutors.openai_client.paid_replies import PaidEndpoint, PaidReplies
from three_tutors.pipeline.diagnostics import EndpointError, ParamsError
from three_tutors.pipeline.records import Record
from three_tutors.tutoring.formats import Message

SAMPLING = Sampling(20)
PAUSES = (0.1, 0.3)
NOWHERE = "http://127.0.0.1:9/v1"
"""An address where nothing listens."""


def asked(text: object) -> list[Message]:
    """Return a prompt."""
    return [{"role": "user", "content": str(text)}]


class Machines:
    """Endpoints in processes of their own, by name."""

    def __init__(self, folder: Path) -> None:
        """Start none."""
        self.log = folder / "asked.log"
        self.running: dict[str, subprocess.Popen[str]] = {}
        self.ports: dict[str, int] = {}

    def start(self, name: str) -> str:
        """Start one, again at its address where it had one; return the address."""
        command = [sys.executable, str(Path(__file__).with_name("small_server.py")), str(self.ports.get(name, 0)), name, str(self.log)]
        process = self.running[name] = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        self.ports[name] = int(process.stdout.readline())
        return f"http://127.0.0.1:{self.ports[name]}/v1"

    def kill(self, name: str) -> None:
        """Kill one, as a power cut does."""
        process = self.running.pop(name)
        process.kill()
        process.communicate()

    def asked(self) -> Counter[str]:
        """Return how often each prompt came to any of them."""
        return Counter(line.partition(" ")[2] for line in self.log.read_text(encoding="utf-8").splitlines())


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Machines]:
    """Yield machines; what is running at the end is killed."""
    some = Machines(tmp_path)
    yield some
    for name in list(some.running):
        some.kill(name)


def behind(urls: list[str], paid: PaidReplies | None = None) -> tuple[Endpoint, list[str]]:
    """Return one model behind `urls` with short pauses, and the list of what is said of them."""
    said: list[str] = []
    more = {"others": tuple(urls[1:]), "concurrency": 4}
    endpoint = PaidEndpoint(urls[0], "m", "key", paid=paid, **more) if paid is not None else Endpoint(urls[0], "m", "key", **more)
    endpoint.__dict__["addresses"] = Addresses(urls, 4, said.append, PAUSES)
    return endpoint, said


@pytest.mark.slow
def test_a_machine_that_is_killed_costs_only_what_was_under_way(machines: Machines, tmp_path: Path) -> None:
    """Every reply comes and is kept; it is said once that one is gone, and once that it is back; without any, one sentence ends the run."""
    urls = [machines.start("a"), machines.start("b")]
    ledger = tmp_path / "paid.jsonl"
    endpoint, said = behind(urls, PaidReplies(ledger))
    with ThreadPoolExecutor(endpoint.at_once) as pool:
        replies = [pool.submit(endpoint.chat, asked(number), SAMPLING) for number in range(60)]
        replies[15].result()
        machines.kill("a")
        texts = [reply.result().text for reply in replies]
    assert [text.partition(" ")[2] for text in texts] == [str(number) for number in range(60)]
    assert {text.partition(" ")[0] for text in texts} == {"a", "b"}
    twice = [prompt for prompt, times in machines.asked().items() if times > 1]
    assert len(twice) <= 4  # what one machine answers at once
    assert [sentence for sentence in said if urls[0] in sentence] == said
    assert len(said) == 1

    machines.start("a")
    time.sleep(PAUSES[1])
    with ThreadPoolExecutor(endpoint.at_once) as pool:
        later = [reply.text[0] for reply in pool.map(lambda number: endpoint.chat(asked(number), SAMPLING), range(100, 130))]
    assert set(later) == {"a", "b"}
    assert said[1:] == [f"{urls[0]} answers again."]

    for name in "ab":
        machines.kill(name)
    with pytest.raises(EndpointError, match=r"^None of the 2 addresses answers\. .*start one and run again\.$"):
        endpoint.chat(asked("new"), SAMPLING)
    elsewhere, _ = behind(["http://127.0.0.1:9/v1", "http://127.0.0.1:10/v1"], PaidReplies(ledger))
    assert [elsewhere.chat(asked(number), SAMPLING).text for number in range(60)] == texts


def test_requests_go_where_least_is_under_way() -> None:
    """A quick server gets at least as many as a slow one, and both get some."""
    with running(lambda _: (time.sleep(0.02), (200, completion()))[1]) as one, running(lambda _: (200, completion())) as two:
        endpoint, _ = behind([one.base_url, two.base_url])
        with ThreadPoolExecutor(endpoint.at_once) as pool:
            list(pool.map(lambda number: endpoint.chat(asked(number), SAMPLING), range(24)))
        assert (len(one.asked) + len(two.asked), len(one.asked) >= 2, len(two.asked) >= len(one.asked)) == (24, True, True)


def test_a_refused_request_is_the_requests_fault() -> None:
    """What one address refuses is not asked elsewhere, and the address stays."""
    with running(lambda _: (400, {"error": {"message": "Too long."}})) as server:
        endpoint, said = behind([server.base_url, NOWHERE])
        with pytest.raises(EndpointError, match="Too long"):
            endpoint.chat(asked("long"), SAMPLING)
        assert said == []


def test_a_prompt_that_breaks_every_server_ends_in_its_error() -> None:
    """It is tried twice at each, not for ever, though the others' replies say that both are alive."""

    def answer(request: Record) -> tuple[int, object]:
        return (500, {"error": {"message": "Out of memory."}}) if request["messages"][-1]["content"] == "poison" else (200, completion())

    with running(answer) as one, running(answer) as two:
        endpoint, _ = behind([one.base_url, two.base_url])
        with ThreadPoolExecutor(2) as pool:
            poison = pool.submit(endpoint.chat, asked("poison"), SAMPLING)
            while not poison.done():
                pool.submit(endpoint.chat, asked("fine"), SAMPLING).result()
            with pytest.raises(EndpointError, match="Out of memory"):
                poison.result()
        tried = sum(request["messages"][-1]["content"] == "poison" for request in [*one.asked, *two.asked])
        assert tried <= 4


def test_a_stream_begins_elsewhere_but_is_never_begun_twice() -> None:
    """Where nothing was shown another address is asked; a reply that breaks off after its first words is an error."""
    piece = {"choices": [{"delta": {"content": "Which "}, "finish_reason": None}]}
    end = {"choices": [{"delta": {"content": "half?"}, "finish_reason": "stop"}]}
    with running(lambda _: (200, stream(piece, end))) as server:
        endpoint, said = behind([NOWHERE, server.base_url])
        assert "".join(endpoint.stream(asked("x"), SAMPLING)) == "Which half?"
        assert len(said) == 1
    with running(lambda _: (200, stream(piece))) as cut, running(lambda _: (200, stream(piece, end))) as whole:
        endpoint, _ = behind([cut.base_url, whole.base_url])
        pieces = endpoint.stream(asked("x"), SAMPLING)
        assert next(pieces) == "Which "
        with pytest.raises(NoAnswerError, match="broke off"):
            list(pieces)
        assert len(whole.asked) == 0


def test_addresses_are_checked_when_they_are_read() -> None:
    """One that is none, or stands there twice, is told before anything is asked."""
    assert listed("http://a/v1") == ("http://a/v1",)
    assert listed(["http://a/v1", "http://b/v1"]) == ("http://a/v1", "http://b/v1")
    with pytest.raises(ParamsError, match="is named twice"):
        Endpoint("http://a/v1", "m", "key", others=("http://a/v1",))
    with pytest.raises(ParamsError, match="is no address"):
        Endpoint("http://a/v1", "m", "key", others=("http://b:port/v1",))
    assert not Endpoint("http://127.0.0.1:1/v1", "m", "key", others=("http://b/v1",)).is_local
