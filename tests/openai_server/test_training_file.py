from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest

from tests.openai_server.conftest import Running, create, examples, wait_for
from three_tutors.openai_server.chat_request import read_chat
from three_tutors.openai_server.errors import ApiError
from three_tutors.openai_server.training_file import TrainingFileError, read_training_file


@pytest.mark.parametrize(
    ("data", "code", "told"),
    [
        (examples(3), "invalid_n_examples", "Training file has 3 example(s), but must have at least 10 examples"),
        (examples() + b"\n{broken", "invalid_training_file", "line 13, column 2: not valid JSON"),
        (examples() + b"\n\xff\xfe", "invalid_training_file", "line 13, column 1: is UTF-16, not UTF-8"),
        (examples() + b"\n" + b"[" * 100_000, "invalid_training_file", "line 13, column 65: nested more than 64 levels deep"),
        (examples() + b'\n{"messages": []}', "invalid_training_file", "line 13: `messages` is missing or no list"),
        (examples() + b'\n{"messages": [{"role": "user", "content": "q"}]}', "invalid_training_file", "line 13: no assistant message"),
        (
            examples() + b'\n{"messages": [{"role": "assistant", "content": "a"}, {"role": "user", "content": "q"}]}',
            "invalid_training_file",
            "line 13: the last message is not the assistant's",
        ),
        (
            b'{"messages": [{"role": "user", "content": "q", "weight": 1}, {"role": "assistant", "content": "a"}]}\n' + examples(),
            "invalid_training_file",
            "line 1: `messages[0].weight`",
        ),
        (
            b'{"messages": [{"role": "assistant", "content": "a", "weight": 0}]}\n' + examples(),
            "invalid_training_file",
            "line 1: no assistant message that is learned",
        ),
        (
            b'{"messages": [{"role": "human", "content": "q"}]}\n' + examples(),
            "invalid_training_file",
            "line 1: `messages[0].role` is system, developer, user, assistant here, not 'human'; did you mean user?",
        ),
        (b'{"messages": [], "tools": []}\n' + examples(), "invalid_training_file", "line 1: `tools` is not supported"),
    ],
)
def test_a_training_file_that_is_none_fails_the_job(running: Running, data: bytes, code: str, told: str) -> None:
    """The job's error names the line; the server goes on."""
    job = wait_for(running.client, create(running.client, data).id)
    assert (job.status, job.error.code, job.error.param) == ("failed", code, "training_file")
    assert told in job.error.message


ASKED = {"messages": [{"role": "user", "content": "q"}], "tools": [], "parallel_tool_calls": True}
GOOD = {
    "input": ASKED,
    "preferred_output": [{"role": "assistant", "content": "a"}],
    "non_preferred_output": [{"role": "assistant", "content": "b"}],
}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"messages": []}, "`messages` is not supported; a preference has `input`, `preferred_output` and `non_preferred_output`"),
        ({"input": None}, "`input` is missing or no object"),
        ({"input": {**ASKED, "tools": [{}]}}, "`input.tools` is not supported"),
        (
            {"input": {"messages": [{"role": "human", "content": "q"}]}},
            "`input.messages[0].role` is system, developer, user, assistant here",
        ),
        ({"input": {"messages": [{"role": "assistant", "content": "q"}]}}, "the last message of `input.messages` is the assistant's"),
        ({"preferred_output": []}, "`preferred_output` is missing or no list"),
        ({"preferred_output": [{"role": "assistant", "content": " "}]}, "`preferred_output[0].content` is empty"),
        ({"non_preferred_output": [{"role": "user", "content": "b"}]}, "`non_preferred_output` is not one message of the assistant"),
        ({"non_preferred_output": [{"role": "assistant", "content": "a"}]}, "both outputs are the same"),
    ],
)
def test_a_preference_that_is_none_is_named_with_its_line(tmp_path: Path, changed: dict[str, object], told: str) -> None:
    """Rows of a file for `dpo` are checked as those of examples are; what says nothing may stand in `input`."""
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(GOOD))
    assert read_training_file(path, fewest=1, method="dpo") == [{**GOOD, "input": {"messages": ASKED["messages"]}}]
    path.write_text(json.dumps(GOOD) + "\n" + json.dumps({**GOOD, **changed}))
    with pytest.raises(TrainingFileError) as refused:
        read_training_file(path, fewest=1, method="dpo")
    assert (refused.value.code, f"line 2: {told}" in refused.value.message) == ("invalid_training_file", True)


def test_a_byte_order_mark_and_weights_are_fine(running: Running) -> None:
    """Files as Azure wants them train here too."""
    row = b'{"messages": [{"role": "assistant", "content": "a", "weight": 0}, {"role": "assistant", "content": "b", "weight": 1}]}\n'
    assert wait_for(running.client, create(running.client, b"\xef\xbb\xbf" + row + examples()).id).status == "succeeded"


@pytest.mark.parametrize("key", ["name", "refusal", "audio", "function_call", "tool_calls", "annotations", "weight"])
def test_what_says_nothing_is_taken_as_a_chat_takes_it(tmp_path: Path, key: str) -> None:
    """Null under any key, and an empty list only where the protocol has a list; first a line that holds a byte order mark alone."""
    path = tmp_path / "rows.jsonl"
    for value in (None, []):
        user, assistant = {"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}
        path.write_text("\ufeff\n" + json.dumps({"messages": [{**user, key: value}, assistant]}), encoding="utf-8")
        if value is None or key in ("annotations", "tool_calls"):
            assert read_training_file(path, fewest=1) == [{"messages": [user, assistant]}]
        else:
            with pytest.raises(TrainingFileError, match=rf"line 2: `messages\[0\]\.{key}`"):
                read_training_file(path, fewest=1)
        if key != "weight":
            body = {"model": "base", "messages": [{**user, key: value}]}
            with contextlib.nullcontext() if value is None or key in ("annotations", "tool_calls") else pytest.raises(ApiError):
                read_chat(body, 1)
