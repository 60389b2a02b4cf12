"""Replies that are streamed from an endpoint, through the real client."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator

import pytest

from tests import scripted_endpoint
from three_tutors.openai_client.endpoint import Endpoint, Reply, Sampling
from three_tutors.pipeline.diagnostics import EndpointError, ParamsError
from three_tutors.tutoring.formats import Message

ASKED: list[Message] = [{"role": "system", "content": "You are a tutor."}, {"role": "user", "content": "Is it 5/6?"}]


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    """Yield the address of a scripted endpoint."""
    with scripted_endpoint.running() as url:
        yield url


def read(stream: Generator[str, None, Reply], pieces: list[str]) -> Reply:
    """Read a stream to its end; what came before an error stays in `pieces`."""
    while True:
        try:
            pieces.append(next(stream))
        except StopIteration as end:
            reply: Reply = end.value
            return reply


def test_a_stream_yields_pieces_and_returns_the_reply(base_url: str) -> None:
    """The pieces come one by one; at the end stand the whole text, why it ended and what it took."""
    pieces: list[str] = []
    reply = read(Endpoint(base_url, "echo", "key").stream(ASKED, Sampling(20)), pieces)
    assert ["You said: ", "Is it 5/6?"] == pieces
    assert Reply("You said: Is it 5/6?", "stop", 7, 2) == reply


@pytest.mark.parametrize(
    ("model", "sentence"),
    [("breaks", "breaks at http"), ("cuts", "broke off before the end"), ("garbage", "garbage at http"), ("fails", "the model is on fire")],
)
def test_a_failing_stream_is_one_kind_of_error(base_url: str, model: str, sentence: str) -> None:
    """Refused, broken off or unreadable: what came before is kept, then an EndpointError says which endpoint it was."""
    pieces: list[str] = []
    with pytest.raises(EndpointError, match=sentence):
        read(Endpoint(base_url, model, "key").stream(ASKED, Sampling(20)), pieces)
    assert ([] if model == "fails" else ["Which ", "half ", "is "]) == pieces


def test_no_proxy_is_asked_for_a_server_on_this_machine(base_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that the environment names would look for the server on its own machine."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert Endpoint(base_url, "plain", "none").chat(ASKED, Sampling(64)).text


@pytest.mark.parametrize(
    ("base_url", "local"),
    [
        ("http://127.0.0.1:8000/v1", True),
        ("http://localhost/v1", True),
        ("http://[::1]:80/v1", True),
        ("http://127.0.0.1.example.com/v1", False),
        ("http://localhost.example.com/v1", False),
        ("http://user@example.com/127.0.0.1", False),
        ("https://api.openai.com/v1", False),
    ],
)
def test_a_host_is_local_by_its_whole_name(base_url: str, local: bool) -> None:
    """Where a reply costs nothing is not told by how an address begins."""
    assert Endpoint(base_url, "base", "none").is_local == local


@pytest.mark.parametrize("base_url", ["http://[::1/v1", "http://host:99999/v1", "http://host:port/v1"])
def test_an_address_that_is_none_is_a_sentence(base_url: str) -> None:
    """It is told before anything is asked, with what was written."""
    with pytest.raises(ParamsError, match=rf"{re.escape(repr(base_url))} is no address .* Write it like"):
        Endpoint(base_url, "base", "none")
