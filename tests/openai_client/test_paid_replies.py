from __future__ import annotations

import resource
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.chat_server import completion, running
from three_tutors.openai_client.endpoint import Reply, Sampling
from three_tutors.openai_client.paid_replies import PaidEndpoint, PaidReplies, call_key, identity
from three_tutors.pipeline.diagnostics import EndpointError
from three_tutors.tutoring.formats import Message

ASKED: list[Message] = [{"role": "user", "content": "Is a half of a half a third?"}]
REPLY = Reply("Draw it: what do you get?", "stop", 9, 6)


def test_a_reply_survives_the_process(tmp_path: Path) -> None:
    """What one run paid for is found by the next."""
    PaidReplies(tmp_path / "calls.jsonl").put("a", REPLY)
    assert PaidReplies(tmp_path / "calls.jsonl").get("a") == REPLY


def test_a_line_that_a_kill_cut_short_is_dropped_and_written_over(tmp_path: Path) -> None:
    """Half a line is no reply; the next one starts on a line of its own."""
    path = tmp_path / "calls.jsonl"
    PaidReplies(path).put("a", REPLY)
    whole = path.read_bytes()
    path.write_bytes(whole + whole.replace(b'"a"', b'"b"')[:-20])
    ledger = PaidReplies(path)
    ledger.put("c", REPLY)
    again = PaidReplies(path)
    assert [again.get(call) for call in "abc"] == [REPLY, None, REPLY]


def test_a_call_is_known_by_everything_that_its_reply_depends_on() -> None:
    """Two models, prompts or draws never share an entry."""
    sampling = Sampling(80, 0.0, 1)
    keys = {
        call_key("model-1", ASKED, sampling),
        call_key("model-2", ASKED, sampling),
        call_key("model-1", [{"role": "system", "content": ASKED[0]["content"]}], sampling),
        call_key("model-1", ASKED, Sampling(81, 0.0, 1)),
        call_key("model-1", ASKED, Sampling(80, 1.0, 1)),
        call_key("model-1", ASKED, Sampling(80, 1.0, 2)),
    }
    assert len(keys) == 6


def test_machines_that_come_and_go_share_what_was_paid() -> None:
    """Behind one address a model is known by it and its name; behind several, by its name alone."""
    assert identity(["http://a/v1"], "m", "job-1") == "http://a/v1 m job-1"
    assert identity(["http://a/v1", "http://b/v1"], "m") == identity(["http://b/v1", "http://c/v1"], "m") == "m"


def test_the_file_holds_nothing_that_a_student_said(tmp_path: Path) -> None:
    """Calls are filed under a digest of the conversation."""
    path = tmp_path / "calls.jsonl"
    PaidReplies(path).put(call_key("model", ASKED, Sampling(80)), REPLY)
    assert "half of a half" not in path.read_text(encoding="utf-8")


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(texts=st.lists(TEXT, min_size=1, max_size=6), data=st.data())
def test_a_kill_at_any_byte_loses_at_most_the_reply_that_was_being_written(texts: list[str], data: st.DataObject) -> None:
    """What stood before is there, and what is kept afterwards is too."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "calls.jsonl"
        kept, sizes = PaidReplies(path), [0]
        for number, text in enumerate(texts):
            kept.put(str(number), Reply(text, "stop", 9, 6))
            sizes.append(path.stat().st_size)
        cut = data.draw(st.integers(0, sizes[-1]))
        path.write_bytes(path.read_bytes()[:cut])
        PaidReplies(path).put("new", REPLY)
        again = PaidReplies(path)
        whole = [number for number, size in enumerate(sizes[1:]) if size - 1 <= cut]  # the line feed alone may be missing
        assert [number for number in range(len(texts)) if again.get(str(number))] == whole
        assert again.get("new") == REPLY


@pytest.mark.parametrize("line", [b"", b"[]", b"5", b'{"call": "b"}', b'{"call": "b", "text": 5}', b"\xff", b"9" * 5000, b"[" * 100_000])
def test_a_line_that_is_no_reply_is_asked_again(tmp_path: Path, line: bytes) -> None:
    """Those before and after it stay."""
    path = tmp_path / "calls.jsonl"
    PaidReplies(path).put("a", REPLY)
    whole = path.read_bytes()
    path.write_bytes(whole + line + b"\n" + whole.replace(b'"a"', b'"c"'))
    again = PaidReplies(path)
    assert [again.get(call) for call in "abc"] == [REPLY, None, REPLY]


def test_a_full_disk_leaves_whole_lines(tmp_path: Path) -> None:
    """The reply that found no room is an error, and the next one that does is kept."""
    path = tmp_path / "calls.jsonl"
    kept = PaidReplies(path)
    kept.put("a", REPLY)
    before, limits = path.stat().st_size, resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (before + 10, limits[1]))
    try:
        with pytest.raises(OSError, match="large"):
            kept.put("b", REPLY)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.stat().st_size == before
    kept.put("c", REPLY)
    again = PaidReplies(path)
    assert [again.get(call) for call in "abc"] == [REPLY, None, REPLY]


def test_a_paid_reply_is_not_asked_for_again(tmp_path: Path) -> None:
    """Nor by another process; another prompt, draw or model is."""
    with running(lambda _: (200, completion("So \ud83d"))) as server:
        for model, sampling in (("m", Sampling(80)), ("m", Sampling(80)), ("m", Sampling(9)), ("n", Sampling(80))):
            reply = PaidEndpoint(server.base_url, model, "key", paid=PaidReplies(tmp_path / "calls.jsonl")).chat(ASKED, sampling)
            assert reply == Reply("So \ufffd", "stop", 9, 5)
        assert len(server.asked) == 3


def test_equal_prompts_at_once_are_paid_for_once(tmp_path: Path) -> None:
    """The second waits for the first one's reply; where the first one fails, it asks on its own."""

    def answer(_: object) -> tuple[int, object]:
        time.sleep(0.1)
        return (400, {"error": {"message": "Not now."}}) if len(server.asked) == 1 else (200, completion("Yes?"))

    with running(answer) as server, ThreadPoolExecutor(4) as pool:
        endpoint = PaidEndpoint(server.base_url, "m", "key", paid=PaidReplies(tmp_path / "calls.jsonl"))
        asked = [pool.submit(endpoint.chat, ASKED, Sampling(80)) for _ in range(4)]
        failed = [type(one.exception()) for one in asked if one.exception()]
    assert (failed, len(server.asked)) == ([EndpointError], 2)
