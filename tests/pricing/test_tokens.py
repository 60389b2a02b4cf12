"""Tokens are counted as OpenAI bills them, without a network."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pricing.tokens import chat_tokens, count, message_tokens, training_tokens
from three_tutors.tutoring.dialogue import Dialogue
from three_tutors.tutoring.formats import messages, openai_row

# The conversation of OpenAI's cookbook, whose prompt the API itself counts as 124 tokens with gpt-4o.
COOKBOOK = [
    {"role": "system", "content": "You are a helpful, pattern-following assistant that translates corporate jargon into plain English."},
    {"role": "system", "name": "example_user", "content": "New synergies will help drive top-line growth."},
    {"role": "system", "name": "example_assistant", "content": "Things working well together will increase revenue."},
    {
        "role": "system",
        "name": "example_user",
        "content": "Let's circle back when we have more bandwidth to touch base on opportunities for increased leverage.",
    },
    {"role": "system", "name": "example_assistant", "content": "Let's talk later when we're less busy about how to do better."},
    {
        "role": "user",
        "content": "This late pivot means we don't have time to boil the ocean for the client deliverable.",
    },
]


def test_the_cookbook_conversation_counts_as_openai_counted_it() -> None:
    """Our overhead gives the API's own figure; each of the four names, which we never send, would add its tokens and one."""
    names = sum(count(message["name"]) + 1 for message in COOKBOOK if "name" in message)
    assert chat_tokens(COOKBOOK) + names == 124


def test_a_chat_is_its_messages_and_the_start_of_the_reply(fractions: Dialogue) -> None:
    """A prompt is the sum of what its messages add, and three tokens that open the reply."""
    chat = messages(fractions.lesson, fractions.turns[:1])
    assert chat_tokens(chat) == sum(message_tokens(message) for message in chat) + 3


def test_training_bills_whole_rows(fractions: Dialogue) -> None:
    """A fine-tuning row is billed as the chat it holds, weights or not."""
    row = openai_row(fractions)
    chat = messages(fractions.lesson, fractions.turns)
    assert training_tokens([row, row]) == 2 * chat_tokens(chat)


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text_has_between_one_token_and_one_a_byte(text: str) -> None:
    """Whatever a student types is counted: never nothing for something, never more tokens than bytes."""
    size = len(text.encode())
    assert min(size, 1) <= count(text) <= size


def test_a_special_token_in_a_dialogue_is_plain_text() -> None:
    """A student who types `<|endoftext|>` is counted, not refused."""
    assert count("<|endoftext|>") > 1


def test_an_unknown_encoding_is_an_error_that_lists_the_known_ones() -> None:
    """A misspelt encoding says which there are."""
    with pytest.raises(DataError, match=r"'o200k' is unknown to tiktoken; it has .*o200k_base"):
        count("a", "o200k")


def test_counting_needs_no_network_and_not_litellm(root: Path) -> None:
    """A fresh process without proxies or cache counts from the files on disk and never imports litellm."""
    code = "import sys; from three_tutors.pricing.tokens import count; print(count('What is a third?'), 'litellm' in sys.modules)"
    clean = {key: value for key, value in os.environ.items() if "CACHE_DIR" not in key}
    nowhere = {"https_proxy": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9"}
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**clean, **nowhere}, cwd=root)
    assert answer.stdout.split() == ["5", "False"]
