from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import openai
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.openai_server.conftest import Running, create, examples, lists, wait_for

CHAT: dict[str, Any] = {"model": "base", "messages": [{"role": "user", "content": "one half"}]}
JOB: dict[str, Any] = {"model": "base", "training_file": "file-none"}
CASES = {
    "/chat/completions": (CHAT, [*CHAT, "temperature", "seed", "stop", "max_tokens", "user", "stream_options", "metadata", "tools"]),
    "/fine_tuning/jobs": (JOB, [*JOB, "validation_file", "suffix", "seed", "metadata", "method", "hyperparameters", "integrations"]),
}
UNREADABLE = [
    '"\\ud800"',
    '["\\udfff"]',
    '{"a": "\\ud83d"}',
    '{"\\ud800": "a"}',
    "9" * 5000,
    "-" + "1" * 400,
    "1" * 305,
    "1e999",
    "NaN",
    "[-Infinity]",
    "[" * 500 + "]" * 500,
    '{"a":' * 100 + "1" + "}" * 100,
]
"""Values, as JSON writes them or nearly, that nobody could keep or write again."""


def post(running: Running, path: str, content: bytes, **headers: str) -> httpx.Response:
    """Send a body as it is."""
    key = {"Authorization": f"Bearer {running.server.api_key}", **headers}
    return httpx.post(f"{running.server.base_url}{path}", content=content, headers=key, timeout=20)


def with_value(body: dict[str, Any], name: str, value: str) -> bytes:
    """Return `body` as JSON with the text `value` in the place of one parameter's value."""
    return json.dumps({**body, name: "HERE"}).replace('"HERE"', value).encode()


@pytest.mark.parametrize("path", list(CASES))
@pytest.mark.parametrize("value", UNREADABLE, ids=lambda value: value[:20])
def test_a_value_that_nobody_could_keep_is_a_400_that_names_its_parameter(running: Running, path: str, value: str) -> None:
    """Half a character, a number beyond every number and endless nesting are refused before anything is made of them."""
    body, names = CASES[path]
    for name in names:
        response = post(running, path, with_value(body, name, value))
        error = response.json()["error"]
        assert (response.status_code, error["param"].split(".")[0].split("[")[0]) == (400, name)
        assert f"`{error['param']}`" in error["message"]
    assert lists(running.client, empty=True) is not None


@pytest.mark.parametrize(
    ("param", "message"),
    [
        ("messages[0]", None),
        ("messages[0]", "hello"),
        ("messages[0]", ["user"]),
        ("messages[0].role", {"role": ["user"], "content": "x"}),
        ("messages[0].role", {"role": {"user": 1}, "content": "x"}),
        ("messages[0].role", {"role": None, "content": "x"}),
        ("messages[0].role", {"content": "x"}),
        ("messages[0].content", {"role": "user", "content": {"text": "x"}}),
        ("messages[0].content", {"role": "user", "content": [[]]}),
        ("messages[0].content", {"role": "user", "content": [{"type": ["text"], "text": "x"}]}),
        ("messages[0].name", {"role": "user", "content": "x", "name": []}),
        ("messages[0].tool_calls", {"role": "assistant", "content": "x", "tool_calls": {"id": "1"}}),
    ],
)
def test_a_message_of_another_type_is_a_400_that_names_its_place(running: Running, param: str, message: object) -> None:
    """Lists and objects in place of words included."""
    response = post(running, "/chat/completions", json.dumps({**CHAT, "messages": [message]}).encode())
    assert (response.status_code, response.json()["error"]["param"]) == (400, param)


ANY_TEXT = st.text(st.characters(exclude_categories=()))
JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()))
    | st.sampled_from(["base", "auto", "file-1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(data=st.data())
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_stands_in_a_parameters_place_is_taken_or_refused(running: Running, data: Any) -> None:
    """Never a 500; what is refused says which parameter, in the protocol's shape."""
    path = data.draw(st.sampled_from(list(CASES)))
    body, names = CASES[path]
    name = data.draw(st.sampled_from(names))
    response = post(running, path, json.dumps({**body, name: data.draw(JUNK)}).encode())
    assert response.status_code in (200, 400, 404)
    if response.status_code != 200:
        error = response.json()["error"]
        assert error["message"]
        assert error["param"]


@pytest.mark.parametrize(
    "body", ["é".encode("latin-1"), '{"model": "base"}'.encode("utf-16"), b'{"model": "\xed\xa0\x80"}', b"\x00", b'{"a": "\x01"}']
)
def test_bytes_that_are_no_utf_8_are_no_json(running: Running, body: bytes) -> None:
    """Python would take UTF-16, and half characters where they are written as three bytes."""
    response = post(running, "/chat/completions", body)
    assert (response.status_code, response.json()["error"]["code"]) in [(400, "invalid_json"), (400, "invalid_value")]


def form(*parts: tuple[str, bytes], boundary: str = "b") -> bytes:
    """Return a multipart form: disposition and content of each part."""
    made = b"".join(
        b"--%s\r\nContent-Disposition: form-data; %s\r\n\r\n%s\r\n" % (boundary.encode(), head.encode("latin-1"), data)
        for head, data in parts
    )
    return made + f"--{boundary}--\r\n".encode()


FILE = ('name="file"; filename="t.jsonl"', examples())
PURPOSE = ('name="purpose"', b"fine-tune")


@pytest.mark.parametrize(
    ("kind", "body", "param"),
    [
        ("multipart/form-data", form(FILE, PURPOSE), "file"),
        ("multipart/form-data; boundary=other", form(FILE, PURPOSE), "file"),
        ("multipart/form-data; boundary=b", b"", "file"),
        ("multipart/form-data; boundary=b", form(FILE, PURPOSE)[:-20], "purpose"),
        ("multipart/form-data; boundary=b", b"--b\r\nnonsense", "file"),
        ("multipart/form-data; boundary=b", form(("", b"x")), "file"),
        ("multipart/form-data; boundary=b", form(FILE, FILE, PURPOSE), "file"),
        ("multipart/form-data; boundary=b", form(FILE, PURPOSE, PURPOSE), "purpose"),
        ("multipart/form-data; boundary=b", form(FILE), "purpose"),
        ("multipart/form-data; boundary=b", form(PURPOSE), "file"),
        ("multipart/form-data; boundary=b", form(('name="file"', b"x"), PURPOSE), "file"),
        ("multipart/form-data; boundary=b", form(('name="purpose"; filename="p"', b"fine-tune"), ('name="file"', b"x")), "file"),
        ("multipart/form-data; boundary=b", form(FILE, ('name="purpose"', b"x" * 5000)), "file"),
        ("multipart/form-data; boundary=b", form(FILE, ('name="purpose"', b"\xff")), "purpose"),
        ("multipart/form-data; boundary=b; charset=unicode_escape", form(FILE, ('name="\\ud800"', b"x")), "\\ud800"),
        ("multipart/form-data; boundary=b; charset=idna", form(FILE, (f'name="{"x" * 70}.xn--a"', b"x")), "file"),
        ("application/x-www-form-urlencoded", b"purpose=fine-tune&file=x", "file"),
        ("application/json", b'{"purpose": "fine-tune"}', "file"),
    ],
)
def test_an_odd_form_is_a_400_and_leaves_nothing(running: Running, kind: str, body: bytes, param: str) -> None:
    """Forms that are cut, doubled, foreign or no forms are refused by name, and no file is kept."""
    before = {path.name for path in (running.root / "files").iterdir()}
    response = post(running, "/files", body, **{"Content-Type": kind})
    assert (response.status_code, response.json()["error"]["param"]) == (400, param), response.text
    assert {path.name for path in (running.root / "files").iterdir()} == before


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/files", "GET, HEAD, POST"),
        ("PUT", "/files/file-1", "DELETE, GET, HEAD"),
        ("GET", "/chat/completions", "POST"),
        ("POST", "/models", "GET, HEAD"),
        ("GET", "/fine_tuning/jobs/ftjob-1/cancel", "POST"),
    ],
)
def test_a_405_says_what_the_address_takes(running: Running, method: str, path: str, allowed: str) -> None:
    """All methods of an address, though each has a route of its own."""
    response = httpx.request(method, f"{running.server.base_url}{path}", headers={"Authorization": f"Bearer {running.server.api_key}"})
    assert (response.status_code, response.headers["allow"]) == (405, allowed)


def test_a_purpose_that_the_protocol_does_not_know_is_refused(running: Running) -> None:
    """A slip in a filter is not an empty list."""
    with pytest.raises(openai.BadRequestError) as refused:
        running.client.files.list(purpose="fine_tune")
    assert refused.value.body["param"] == "purpose"


@pytest.mark.parametrize("limit", ["9" * 5000, "٣٣٣٣٣", "1e1", "-1", "0", ""])
def test_a_limit_that_is_no_number_is_refused(running: Running, limit: str) -> None:
    """Also one of thousands of digits."""
    key = {"Authorization": f"Bearer {running.server.api_key}"}
    response = httpx.get(f"{running.server.base_url}/fine_tuning/jobs", params={"limit": limit}, headers=key)
    assert (response.status_code, response.json()["error"]["param"]) == (400, "limit")


@pytest.mark.parametrize(
    ("param", "query"),
    [
        ("foo", {"foo": "1"}),
        ("order", {"order": "newest"}),
        ("limit", {"limit": 0}),
        ("limit", {"limit": "ten"}),
        ("limit", {"limit": 10_001}),
        ("limit", {"limit": ["1", "2"]}),
        ("after", {"after": "unknown"}),
    ],
)
@pytest.mark.parametrize("listing", ["files", "jobs", "events", "checkpoints", "models"])
def test_what_a_list_does_not_take_is_refused_by_name(running: Running, listing: str, param: str, query: dict[str, Any]) -> None:
    """A filter that would be ignored, or a page that is none, is a 400 that names it; the list of models has no parameters at all."""
    client, jobs = running.client, running.client.fine_tuning.jobs
    job = next(iter(jobs.list()), None) or create(client)
    calls: dict[str, Callable[..., Any]] = {
        "files": client.files.list,
        "jobs": jobs.list,
        "events": lambda **more: jobs.list_events(job.id, **more),
        "checkpoints": lambda **more: jobs.checkpoints.list(job.id, **more),
        "models": client.models.list,
    }
    with pytest.raises(openai.BadRequestError) as refused:
        calls[listing](extra_query=query)
    assert refused.value.body["param"].removesuffix("[]") == param
    assert param in refused.value.body["message"]


def test_no_address_takes_a_parameter_that_it_does_not_know(running: Running) -> None:
    """Every call is strict about what stands behind the question mark."""
    client, jobs = running.client, running.client.fine_tuning.jobs
    file = client.files.create(file=("t.jsonl", examples()), purpose="fine-tune")
    job = create(client)
    query: Any = {"extra_query": {"foo": "1"}}
    said: Any = [{"role": "user", "content": "one"}]
    calls: list[Callable[[], Any]] = [
        lambda: client.chat.completions.create(model="base", messages=said, **query),
        lambda: client.files.create(file=("t.jsonl", examples()), purpose="fine-tune", **query),
        lambda: client.files.retrieve(file.id, **query),
        lambda: client.files.content(file.id, **query),
        lambda: client.files.delete(file.id, **query),
        lambda: jobs.create(model="base", training_file=file.id, **query),
        lambda: jobs.retrieve(job.id, **query),
        lambda: jobs.cancel(job.id, **query),
        lambda: jobs.pause(job.id, **query),
        lambda: jobs.resume(job.id, **query),
        lambda: client.models.retrieve("base", **query),
        lambda: client.models.delete("base", **query),
    ]
    for call in calls:
        with pytest.raises(openai.BadRequestError) as refused:
            call()
        assert refused.value.body["param"] == "foo"
    assert client.files.retrieve(file.id).id == file.id
    wait_for(client, job.id)


def test_the_same_key_gets_the_first_answer_again(running: Running) -> None:
    """A repeated upload or job is the first one; the same key with other parameters is an error."""
    client = running.client
    once = {"extra_headers": {"Idempotency-Key": "a-key"}}
    files = [client.files.create(file=("t.jsonl", examples()), purpose="fine-tune", **once) for _ in range(2)]
    assert files[0] == files[1]
    with pytest.raises(openai.BadRequestError) as other:
        client.files.create(file=("t.jsonl", examples(13)), purpose="fine-tune", **once)
    assert other.value.body["code"] == "idempotency_error"
    jobs = [client.fine_tuning.jobs.create(model="base", training_file=files[0].id, **once).id for _ in range(2)]
    assert jobs[0] == jobs[1]
    with pytest.raises(openai.BadRequestError):
        client.fine_tuning.jobs.create(model="base", training_file=files[0].id, suffix="other", **once)
    assert client.fine_tuning.jobs.create(model="base", training_file=files[0].id).id != jobs[0]


@pytest.mark.parametrize("id_", ["..%2f..%2flock", "%2e%2e", "file-none", "a" * 5000, "%00", "store.sqlite3"])
@pytest.mark.parametrize("path", ["/files/{}", "/files/{}/content", "/fine_tuning/jobs/{}", "/fine_tuning/jobs/{}/events", "/models/{}"])
def test_ids_are_looked_up_and_never_opened(running: Running, path: str, id_: str) -> None:
    """Whatever stands in place of an id, the answer is 404."""
    answer = httpx.get(running.server.base_url + path.format(id_), headers={"Authorization": f"Bearer {running.server.api_key}"})
    assert answer.status_code == 404
