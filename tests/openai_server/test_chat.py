from __future__ import annotations

import inspect
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
import openai
import pytest

from tests.openai_server.conftest import Running, strictly

HELLO: Any = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Is one half more than one third?"}]


def test_a_completion_has_every_field_of_the_protocol(running: Running) -> None:
    """The whole answer passes the client's own types, strictly."""
    answer = strictly(running.client.chat.completions.with_raw_response.create(model="base", messages=HELLO))
    assert answer.choices[0].message.content == "Is one half more than one third?"
    assert (answer.choices[0].finish_reason, answer.object, answer.model) == ("stop", "chat.completion", "base")
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens) == (9, 7, 16)


def test_a_stream_says_the_same_in_pieces(running: Running) -> None:
    """The pieces add up to the whole answer; usage comes last, with no choice, and only where it was asked for."""
    chunks = list(running.client.chat.completions.create(model="base", messages=HELLO, stream=True, stream_options={"include_usage": True}))
    for chunk in chunks:
        type(chunk).model_validate(chunk.to_dict(), strict=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks[:-1]) == "Is one half more than one third?"
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].choices == []
    assert chunks[-1].usage.completion_tokens == 7
    plain = list(running.client.chat.completions.create(model="base", messages=HELLO, stream=True))
    assert all(chunk.usage is None for chunk in plain)


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_both_names_of_the_token_limit_cut_the_reply(running: Running, name: str) -> None:
    """Clients old and new are understood; a cut reply says so."""
    answer = running.client.chat.completions.create(model="base", messages=HELLO, **{name: 2})
    assert (answer.choices[0].message.content, answer.choices[0].finish_reason) == ("Is one", "length")


@pytest.mark.parametrize("stream", [False, True])
def test_several_choices_come_in_one_answer(running: Running, stream: bool) -> None:
    """`n` choices are numbered from 0; the prompt is counted once."""
    answer = running.client.chat.completions.create(model="base", messages=HELLO, n=3, stream=stream)
    if stream:
        said = {0: "", 1: "", 2: ""}
        for chunk in answer:
            said[chunk.choices[0].index] += chunk.choices[0].delta.content or ""
        assert set(said.values()) == {"Is one half more than one third?"}
    else:
        assert [choice.index for choice in answer.choices] == [0, 1, 2]
        assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (9, 21)


def test_text_parts_and_the_developer_role_are_understood(running: Running) -> None:
    """A content list of text is one text; handing back a message as it came is fine."""
    said: Any = [
        {"role": "developer", "content": "Be brief."},
        {"role": "assistant", "content": "Hm.", "refusal": None, "tool_calls": None},
        {"role": "user", "content": [{"type": "text", "text": "one "}, {"type": "text", "text": "half"}]},
    ]
    assert running.client.chat.completions.create(model="base", messages=said).choices[0].message.content == "one half"


@pytest.mark.parametrize(
    ("param", "changed"),
    [
        ("tools", {"tools": [{"type": "function", "function": {"name": "f"}}]}),
        ("response_format", {"response_format": {"type": "json_object"}}),
        ("logit_bias", {"logit_bias": {"5": 1}}),
        ("presence_penalty", {"presence_penalty": 0.5}),
        ("frequency_penalty", {"frequency_penalty": 1}),
        ("store", {"store": True}),
        ("reasoning_effort", {"reasoning_effort": "high"}),
        ("temperature", {"temperature": 2.5}),
        ("temperature", {"temperature": "hot"}),
        ("top_p", {"top_p": -1}),
        ("n", {"n": 0}),
        ("n", {"n": 17}),
        ("max_tokens", {"max_tokens": 0}),
        ("max_completion_tokens", {"max_completion_tokens": True}),
        ("seed", {"seed": 1.5}),
        ("stop", {"stop": ["a", "b", "c", "d", "e"]}),
        ("stop", {"stop": ""}),
        ("top_logprobs", {"top_logprobs": 3}),
        ("top_logprobs", {"logprobs": True, "top_logprobs": 21}),
        ("stream_options", {"stream_options": {"include_usage": True}}),
        ("stream_options", {"stream_options": ["include_usage"], "stream": True}),
        ("stream_options.include_obfuscation", {"stream_options": {"include_obfuscation": True}, "stream": True}),
        ("stream_options.made_up", {"stream_options": {"made_up": True}, "stream": True}),
        ("stream_options.include_usage", {"stream_options": {"include_usage": "yes"}, "stream": True}),
        ("messages", {"messages": []}),
        ("messages[0].role", {"messages": [{"role": "tool", "content": "x", "tool_call_id": "1"}]}),
        ("messages[0].content", {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]}),
        ("messages[0].content", {"messages": [{"role": "user", "content": None}]}),
        ("messages[0].name", {"messages": [{"role": "user", "content": "x", "name": "Ada"}]}),
        ("made_up", {"extra_body": {"made_up": 1}}),
    ],
)
def test_what_is_not_supported_is_refused_by_name(running: Running, param: str, changed: dict[str, Any]) -> None:
    """Nothing that would change an answer is silently ignored."""
    with pytest.raises(openai.BadRequestError) as refused:
        running.client.chat.completions.create(**{"model": "base", "messages": HELLO, **changed})
    assert refused.value.body["param"] == param
    assert param.split("[", maxsplit=1)[0] in refused.value.body["message"]


def test_defaults_that_clients_write_out_are_accepted(running: Running) -> None:
    """A parameter at the value that changes nothing is no reason to refuse."""
    neutral: Any = {"tools": None, "frequency_penalty": 0, "response_format": {"type": "text"}, "store": False, "user": "u1", "top_p": 1}
    assert running.client.chat.completions.create(model="base", messages=HELLO, **neutral).choices


def test_no_parameter_of_the_client_is_silently_ignored(running: Running) -> None:
    """Whatever the installed client can send is honoured, says who asks, or is a 400 that names it."""
    places = [(running.client.chat.completions.create, "/chat/completions"), (running.client.fine_tuning.jobs.create, "/fine_tuning/jobs")]
    for create, path in places:
        sent = [name for name in inspect.signature(create).parameters if not name.startswith("extra_") and name != "timeout"]
        for name in sent:
            body = {"model": "base", "messages": HELLO, "training_file": "file-none", name: 7.5}
            if path == "/chat/completions":
                del body["training_file"]
            else:
                del body["messages"]
            with pytest.raises(openai.APIStatusError) as refused:
                running.client.post(path, body=body, cast_to=object)
            assert (refused.value.status_code, refused.value.body["param"]) == (400, name)


@pytest.mark.parametrize("stream", [False, True])
def test_a_conversation_that_does_not_fit_is_a_400(running: Running, stream: bool) -> None:
    """Also in a stream the status says so, before anything was sent."""
    with pytest.raises(openai.BadRequestError) as refused:
        running.client.chat.completions.create(model="base", messages=[{"role": "user", "content": "word " * 100}], stream=stream)
    assert refused.value.body["code"] == "context_length_exceeded"


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"\xff\xfe", b"[" * 100_000, b""])
def test_a_body_that_is_no_json_object_is_a_400(running: Running, body: bytes) -> None:
    """Broken, deep and foreign JSON is refused in the protocol's shape."""
    answer = running.client._client.post(
        f"{running.server.base_url}/chat/completions", content=body, headers={"Authorization": f"Bearer {running.server.api_key}"}
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_json")


def test_a_parameter_given_twice_is_a_400_that_names_it(running: Running) -> None:
    """JSON readers keep the last one without a word, anywhere in the body."""
    for body, name in (('{"model": "a", "model": "base"}', "model"), ('{"messages": [{"role": "user", "role": "system"}]}', "role")):
        answer = httpx.post(f"{running.server.base_url}/chat/completions", content=body, headers=headers(running))
        assert (answer.status_code, answer.json()["error"]["param"]) == (400, name)


def test_an_unknown_model_and_an_unknown_address_are_404(running: Running) -> None:
    """Both in the protocol's shape."""
    with pytest.raises(openai.NotFoundError) as missing:
        running.client.chat.completions.create(model="../../etc/passwd", messages=HELLO)
    assert missing.value.body["code"] == "model_not_found"
    with pytest.raises(openai.NotFoundError) as unknown:
        running.client.embeddings.create(model="base", input="x")
    assert unknown.value.body["code"] == "unknown_url"
    slash = httpx.get(f"{running.server.base_url}/models/", headers=headers(running))
    assert (slash.status_code, slash.json()["error"]["code"]) == (404, "unknown_url")


def test_a_failing_model_is_a_500_or_an_error_in_the_stream(running: Running) -> None:
    """The client raises in both cases; no reply ends as if it were whole."""
    running.client.chat.completions.create(model="base", messages=HELLO)
    running.engines[0].broken = True
    with pytest.raises(openai.InternalServerError, match="out of memory"):
        running.client.chat.completions.create(model="base", messages=HELLO)
    with pytest.raises(openai.APIError, match="out of memory"):
        list(running.client.chat.completions.create(model="base", messages=HELLO, stream=True))
    running.engines[0].broken = False


def test_too_many_chats_at_once_are_asked_to_come_back(start: Callable[..., Any]) -> None:
    """The one that is too many gets 429 with Retry-After; the others are answered."""
    with start(chats=2) as running:
        running.client.chat.completions.create(model="base", messages=HELLO)
        running.engines[0].hold.clear()
        answers: list[Any] = []
        threads = [
            threading.Thread(target=lambda: answers.append(running.client.chat.completions.create(model="base", messages=HELLO)))
            for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        while len(running.engines[0].started) < 3:
            time.sleep(0.01)
        with pytest.raises(openai.RateLimitError) as refused:
            running.client.chat.completions.create(model="base", messages=HELLO)
        assert refused.value.response.headers["retry-after"] == "1"
        running.engines[0].hold.set()
        for thread in threads:
            thread.join()
        assert len(answers) == 2


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_hangs_up_frees_the_model(running: Running, stream: bool) -> None:
    """Nobody listens, so nothing more is made."""
    running.client.chat.completions.create(model="base", messages=HELLO)
    engine = running.engines[0]
    engine.hold.clear()
    engine.stopped.clear()
    with pytest.raises(openai.APITimeoutError):
        running.client.with_options(timeout=0.3).chat.completions.create(model="base", messages=HELLO, stream=stream)
    deadline = time.monotonic() + 10
    while not engine.stopped and time.monotonic() < deadline:
        time.sleep(0.01)
    engine.hold.set()
    assert engine.stopped == ["Is one half more than one third?"]


def headers(running: Running, **changed: str) -> dict[str, str]:
    """Return good headers with some changed."""
    return {"Authorization": f"Bearer {running.server.api_key}", **{name.replace("_", "-"): value for name, value in changed.items()}}


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"Authorization": "Bearer sk-local-wrong"}, 401, "invalid_api_key"),
        ({"Authorization": "Bearer"}, 401, "invalid_api_key"),
        ({"Authorization": ""}, 401, "invalid_api_key"),
        ({"Authorization": "Basic abc"}, 401, "invalid_api_key"),
        ({"Host": "evil.example"}, 403, "host_not_allowed"),
        ({"Host": "127.0.0.1.evil.example:80"}, 403, "host_not_allowed"),
        ({"Host": ""}, 403, "host_not_allowed"),
        ({"Origin": "http://evil.example"}, 403, "origin_not_allowed"),
        ({"Origin": "null"}, 403, "origin_not_allowed"),
    ],
)
@pytest.mark.parametrize("path", ["/models", "/files", "/fine_tuning/jobs", "/nowhere"])
def test_every_address_is_behind_the_guard(running: Running, changed: dict[str, str], status: int, code: str, path: str) -> None:
    """Key, Host and Origin are checked before anything else, and no answer lets a web page read it."""
    answer = httpx.get(f"{running.server.base_url}{path}", headers=headers(running, **changed))
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("name", ["localhost", "LOCALHOST", "127.0.0.1"])
def test_the_names_of_this_machine_are_known(running: Running, name: str) -> None:
    """Loopback may be called by its names."""
    port = running.server.base_url.split(":")[2].split("/")[0]
    assert httpx.get(f"{running.server.base_url}/models", headers=headers(running, Host=f"{name}:{port}")).status_code == 200


def test_a_large_body_is_refused_with_or_without_its_length(start: Callable[..., Any]) -> None:
    """Also where the client does not say how much is coming."""
    with start(body_bytes=1000) as running:
        url = f"{running.server.base_url}/chat/completions"
        told = httpx.post(url, content=b"x" * 2000, headers=headers(running))
        untold = httpx.post(url, content=iter([b"x" * 600, b"x" * 600]), headers=headers(running))
    assert (told.status_code, untold.status_code) == (413, 413)
    assert untold.json()["error"]["code"] == "request_too_large"


def test_the_key_can_be_set_by_the_environment(monkeypatch: pytest.MonkeyPatch, start: Callable[..., Any]) -> None:
    """`LOCAL_OPENAI_API_KEY` is the key; otherwise it is random each time."""
    with start() as one:
        first = one.server.api_key
    with start() as another:
        assert another.server.api_key != first
    monkeypatch.setenv("LOCAL_OPENAI_API_KEY", "sk-mine")
    with start() as mine:
        assert mine.server.api_key == "sk-mine"


def test_the_key_is_not_shown(running: Running) -> None:
    """A server that is printed keeps its key to itself."""
    assert running.server.api_key not in repr(running.server)
