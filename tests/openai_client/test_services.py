"""Services as they are: what they refuse, leave out and garble, through the real client."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.chat_server import ChatServer, completion, running, stream
from three_tutors.openai_client.completion import Pieces
from three_tutors.openai_client.endpoint import Endpoint, Reply, Sampling
from three_tutors.pipeline.diagnostics import EndpointError
from three_tutors.pipeline.records import Record
from three_tutors.pipeline.text import repaired
from three_tutors.tutoring.formats import Message

ASKED: list[Message] = [{"role": "system", "content": "You are a tutor."}, {"role": "user", "content": "Is it 5/6?"}]
GREEDY = Sampling(20, seed=1)

# What services say of one argument: OpenAI, Azure, Mistral, a FastAPI server, Gemini, Groq, vLLM, TGI.
UNSUPPORTED: dict[str, tuple[str, int, Any]] = {
    "openai temperature": (
        "temperature",
        400,
        {
            "error": {
                "message": "Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) value is supported.",
                "type": "invalid_request_error",
                "param": "temperature",
                "code": "unsupported_value",
            }
        },
    ),
    "no param": ("temperature", 400, {"error": {"message": "temperature is deprecated for this model.", "type": "invalid_request_error"}}),
    "strictly positive": ("temperature", 422, {"error": "Input validation error: `temperature` must be strictly positive"}),
    "old limit": (
        "max_completion_tokens",
        400,
        {"error": {"message": "Unrecognized request argument supplied: max_completion_tokens", "param": None, "code": None}},
    ),
    "named by param": (
        "max_completion_tokens",
        400,
        {
            "error": {
                "message": "Unsupported parameter. Use 'max_tokens' instead.",
                "param": "max_completion_tokens",
                "code": "unsupported_parameter",
            }
        },
    ),
    "extra forbidden": (
        "seed",
        422,
        {"detail": [{"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra inputs are not permitted", "input": 1}]},
    ),
    "unknown name": (
        "seed",
        400,
        [{"error": {"code": 400, "message": 'Invalid JSON payload received. Unknown name "seed": Cannot find field.'}}],
    ),
    "property": ("seed", 400, {"error": {"message": "property 'seed' is unsupported", "type": "invalid_request_error"}}),
}


@pytest.fixture(scope="module")
def server() -> Iterator[ChatServer]:
    """Yield a running endpoint."""
    with running(lambda _: (200, completion())) as server:
        yield server


def endpoint(server: ChatServer, answer: Any = None) -> Endpoint:
    """Return a new endpoint, which has learned nothing yet, on a server that answers so."""
    server.asked.clear()
    server.answer = answer if callable(answer) else lambda _: (200, answer)
    return Endpoint(server.base_url, "m", "key")


def streamed(asked: Endpoint, sampling: Sampling = GREEDY) -> tuple[str, Reply]:
    """Return the pieces of a stream together, and what it returns."""
    pieces, shown = asked.stream(ASKED, sampling), ""
    while True:
        try:
            shown += next(pieces)
        except StopIteration as end:
            return shown, end.value


@pytest.mark.parametrize("refusal", UNSUPPORTED.values(), ids=UNSUPPORTED.keys())
@pytest.mark.parametrize("how", ["chat", "stream"])
def test_what_a_model_refuses_is_left_out_once_and_for_all(server: ChatServer, refusal: tuple[str, int, Any], how: str) -> None:
    """The refused request is asked again without it; the next one does not even try. The limit goes under its other name."""
    name, status, body = refusal

    def answer(request: Record) -> tuple[int, Any]:
        chunk = {"choices": [{"index": 0, "delta": {"content": "Yes?"}, "finish_reason": "stop"}]}
        return (status, body) if name in request else (200, stream(chunk) if request.get("stream") else completion("Yes?"))

    asked = endpoint(server, answer)
    replies = [asked.chat(ASKED, GREEDY).text if how == "chat" else streamed(asked)[0] for _ in range(2)]
    assert (replies, [name in request for request in server.asked]) == (["Yes?"] * 2, [True, False, False])
    assert [request.get("max_tokens") for request in server.asked[1:]] == ([20, 20] if name == "max_completion_tokens" else [None, None])
    assert name in str(asked.refusals)


def test_a_model_may_refuse_one_argument_after_the_other(server: ChatServer) -> None:
    """Each is learned from its own refusal."""

    def answer(request: Record) -> tuple[int, Any]:
        refused = next((refusal for refusal in UNSUPPORTED.values() if refusal[0] in request), None)
        return refused[1:] if refused else (200, completion())

    assert endpoint(server, answer).chat(ASKED, GREEDY).text == "Which half is bigger?"
    assert [len(request) for request in server.asked] == [5, 4, 4, 3]


@pytest.mark.parametrize(
    ("sampling", "status", "message"),
    [
        (Sampling(20, 3.0), 400, "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 3."),
        (Sampling(10**6), 400, "max_completion_tokens is too large: 1000000. This model supports at most 16384 completion tokens."),
        (Sampling(20), 400, "messages: the last one has no content"),
        (Sampling(20), 401, "temperature does not support 0"),
    ],
)
def test_what_the_user_has_to_mend_is_a_sentence(server: ChatServer, sampling: Sampling, status: int, message: str) -> None:
    """A value out of range, or another fault, is told and not asked again."""
    asked = endpoint(server, lambda _: (status, {"error": {"message": message}}))
    with pytest.raises(EndpointError, match=re.escape(message)):
        asked.chat(ASKED, sampling)
    assert (len(server.asked), str(asked.refusals)) == (1, "")


def test_the_request_that_a_service_repeats_says_nothing(server: ChatServer) -> None:
    """An error that holds the whole request names every argument in it."""
    asked = endpoint(
        server, lambda request: (422, {"detail": [{"type": "missing", "loc": ["body", "user"], "msg": "unknown", "input": request}]})
    )
    with pytest.raises(EndpointError):
        asked.chat(ASKED, GREEDY)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (completion(None), ("", "stop")),
        (completion(message=None), ("", "stop")),
        (completion(message="Yes?"), ("", "stop")),
        (completion(None, message={"content": None, "refusal": "I can't help with that."}), ("", "refusal")),
        (completion(None, "content_filter"), ("", "content_filter")),
        (completion("Which", "content_filter"), ("Which", "content_filter")),
        (completion(None, "tool_calls", message={"content": None, "tool_calls": [{"id": "1"}]}), ("", "tool_calls")),
        (
            completion([{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": "Yes"}, {"type": "text", "text": "?"}]),
            ("Yes?", "stop"),
        ),
        (completion([{"type": "text", "text": 5}, "Yes?"]), ("", "stop")),
        (completion({"text": "Yes?"}), ("", "stop")),
        (completion("Yes?", None), ("Yes?", "unknown")),
        (completion("Yes?", ["stop"]), ("Yes?", "unknown")),
        (completion("So \ud83d"), ("So \ufffd", "stop")),
        (completion("Yes?", "stop\ud83d"), ("Yes?", "stop\ufffd")),
        (completion("So \ud83d\ude00"), ("So 😀", "stop")),
    ],
)
def test_an_odd_reply_is_a_reply(server: ChatServer, body: Record, expected: tuple[str, str]) -> None:
    """Where there is no text the reply is empty, which stays unscored, and says why; half a character is repaired."""
    reply = endpoint(server, body).chat(ASKED, GREEDY)
    assert (reply.text, reply.finish_reason) == expected


@pytest.mark.parametrize("choices", [None, [], {}, "Yes?", [None], ["Yes?"], 5])
def test_an_answer_without_a_choice_is_a_sentence(server: ChatServer, choices: object) -> None:
    """It names the endpoint."""
    with pytest.raises(EndpointError, match=r"m at http://127\.0\.0\.1.* something else than a chat completion"):
        endpoint(server, completion(choices=choices)).chat(ASKED, GREEDY)


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"choices": ' + b"9" * 5000 + b"}", b"\xff", b"<html>", b"", b"null", b"NaN"])
def test_an_answer_that_cannot_be_read_is_a_sentence(server: ChatServer, body: bytes) -> None:
    """Nested too deep, a number of 5,000 digits, no UTF-8, a page, nothing."""
    with pytest.raises(EndpointError, match=r"m at http"):
        endpoint(server, body).chat(ASKED, GREEDY)


@pytest.mark.parametrize(
    "body", [{"code": "content_filter", "message": "The prompt was filtered."}, {"innererror": {"code": "content_filter"}}]
)
def test_a_prompt_that_a_service_filters_is_that_replys_fate(server: ChatServer, body: Record) -> None:
    """The others are asked all the same, and a rerun does not stop there again."""
    asked = endpoint(server, lambda _: (400, {"error": {**body, "param": "prompt", "type": None}}))
    assert asked.chat(ASKED, GREEDY).finish_reason == streamed(asked)[1].finish_reason == "content_filter"


NONSENSE = [
    None,
    "many",
    [],
    {},
    *({"prompt_tokens": value, "completion_tokens": value} for value in (None, float("nan"), -3, 0, "9", True, 1e30)),
]


@pytest.mark.parametrize("usage", NONSENSE)
def test_a_missing_count_of_tokens_is_estimated(server: ChatServer, usage: object) -> None:
    """On the high side and never nothing, for budgets rest on it; the reply says that it is an estimate."""
    reply = endpoint(server, completion(usage=usage)).chat(ASKED, GREEDY)
    assert (reply.prompt_tokens >= 9, reply.completion_tokens >= 5, reply.estimated) == (True, True, True)
    chunk = {"choices": [{"index": 0, "delta": {"content": "Which half is bigger?"}, "finish_reason": "stop"}], "usage": usage}
    assert streamed(endpoint(server, stream(chunk)))[1] == reply


@pytest.mark.parametrize("text", [None, "So"])
def test_a_reply_that_used_up_its_limit_is_never_free(server: ChatServer, text: str | None) -> None:
    """A model that thinks may be cut before its first word: without a count, the whole limit counts."""
    reply = endpoint(server, completion(text, "length", usage=None)).chat(ASKED, GREEDY)
    assert (reply.completion_tokens, reply.estimated) == (GREEDY.max_tokens, True)


def test_a_count_is_taken_as_it_is(server: ChatServer) -> None:
    """A service's own count stands, and so does a whole number that is written as 9.0."""
    reply = endpoint(server, completion(usage={"prompt_tokens": 9.0, "completion_tokens": 5})).chat(ASKED, GREEDY)
    assert reply == Reply("Which half is bigger?", "stop", 9, 5)


@pytest.mark.parametrize(
    ("deltas", "expected"),
    [
        ([{"content": "So \ud83d"}, {"content": "\ude00!"}], ("So 😀!", "stop")),
        ([{"content": "So \ud83d"}], ("So \ufffd", "stop")),
        ([{"content": None}, None, "x", {"content": [{"type": "text", "text": "Yes?"}]}], ("Yes?", "stop")),
        ([{"refusal": "I can't"}, {"refusal": " help."}], ("", "refusal")),
        ([{"tool_calls": [{"index": 0}]}], ("", "stop")),
    ],
)
def test_an_odd_stream_is_a_reply(server: ChatServer, deltas: list[object], expected: tuple[str, str]) -> None:
    """Halves of a character in two pieces are joined; what is shown is what is returned."""
    chunks = [{"choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    last: Record = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    odd: list[Record] = [{}, {"choices": None}, {"choices": {}}, {"choices": [5]}]
    shown, reply = streamed(endpoint(server, stream(*chunks, *odd, last)))
    assert (shown, reply.text, reply.finish_reason) == (expected[0], *expected)


@given(st.lists(st.text(st.characters(codec=None, exclude_categories=()) | st.sampled_from("\ud83d\ude00"))))
def test_a_stream_in_any_pieces_is_the_repaired_text(pieces: list[str]) -> None:
    """However a text is cut, also inside a character."""
    read = Pieces()
    shown = "".join([*(read.add(piece) for piece in pieces), read.end()])
    assert shown == read.text == repaired("".join(pieces))
    shown.encode()


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None, exclude_categories=())),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["choices", "message", "content", "refusal", "usage", "prompt_tokens", "finish_reason", "text", "type", "error", "delta"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(body=ANYTHING)
def test_whatever_a_service_answers_is_a_reply_or_a_sentence(server: ChatServer, body: object) -> None:
    """A reply can be written and its counts be added up; anything else is an EndpointError."""
    whole = {"choices": [body, body]} if isinstance(body, dict) else body
    for answer in (body, whole, json.dumps(completion(message=body, usage=body)).encode()):
        asked = endpoint(server, answer)
        for ask in (lambda asked=asked: asked.chat(ASKED, GREEDY), lambda asked=asked: streamed(asked)[1]):
            try:
                reply = ask()
            except EndpointError:
                continue
            (reply.text + reply.finish_reason).encode()
            assert 0 < reply.prompt_tokens + reply.completion_tokens < 10**9
