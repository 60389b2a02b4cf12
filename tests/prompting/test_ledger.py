from __future__ import annotations

from pathlib import Path

from three_tutors.openai_client.endpoint import Reply, Sampling
from three_tutors.prompting.ledger import Ledger, call_key
from three_tutors.tutoring.formats import Message

ASKED: list[Message] = [{"role": "user", "content": "Is a half of a half a third?"}]
REPLY = Reply("Draw it: what do you get?", "stop", 9, 6)


def test_a_reply_survives_the_process(tmp_path: Path) -> None:
    """What one run paid for is found by the next."""
    Ledger(tmp_path / "calls.jsonl").put("a", REPLY)
    assert Ledger(tmp_path / "calls.jsonl").get("a") == REPLY


def test_a_line_that_a_kill_cut_short_is_dropped_and_written_over(tmp_path: Path) -> None:
    """Half a line is no reply; the next one starts on a line of its own."""
    path = tmp_path / "calls.jsonl"
    Ledger(path).put("a", REPLY)
    whole = path.read_bytes()
    path.write_bytes(whole + whole.replace(b'"a"', b'"b"')[:-20])
    ledger = Ledger(path)
    ledger.put("c", REPLY)
    again = Ledger(path)
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


def test_the_file_holds_nothing_that_a_student_said(tmp_path: Path) -> None:
    """Calls are filed under a digest of the conversation."""
    path = tmp_path / "calls.jsonl"
    Ledger(path).put(call_key("model", ASKED, Sampling(80)), REPLY)
    assert "half of a half" not in path.read_text(encoding="utf-8")
