from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from transformers import PreTrainedTokenizerFast

from three_tutors.language_model import base, chat_template
from three_tutors.language_model.supervision import Example, Supervision, audit, examples
from three_tutors.pipeline.diagnostics import DataError

Rows = Callable[..., list[dict[str, Any]]]


@pytest.fixture(scope="module")
def tokenizer(tiny: Path) -> PreTrainedTokenizerFast:
    """Return SmolLM2's tokenizer."""
    return base.load_tokenizer(tiny)


def learned(tokenizer: PreTrainedTokenizerFast, example: Example) -> list[str]:
    """Return the text of each learned turn."""
    return [tokenizer.decode(example.ids[start:end]) for start, end in example.learned]


TWO = ["What is 0 more than 0?<|im_end|>", "What is 1 more than 0?<|im_end|>"]


@pytest.mark.parametrize(
    ("supervision", "expected"),
    [("all", TWO), ("weight", TWO[1:]), ("last", TWO[1:]), (["scaffolding"], TWO[:1])],
)
def test_supervision_names_the_learned_turns(
    tokenizer: PreTrainedTokenizerFast, rows: Rows, supervision: Supervision, expected: list[str]
) -> None:
    """Only the turns that the setting names are learned, each with its end-of-turn token."""
    row = rows(1)[0]
    row["weights"][2], row["strategies"][2] = 0, "scaffolding"
    assert learned(tokenizer, examples(tokenizer, [row], supervision, 100)[0]) == expected


def test_weight_in_the_message_counts_as_in_openai_rows(tokenizer: PreTrainedTokenizerFast, rows: Rows) -> None:
    """A message of an OpenAI row with weight 0 is context only."""
    row = {"messages": rows(1)[0]["messages"]}
    row["messages"][2]["weight"] = 0
    assert learned(tokenizer, examples(tokenizer, [row], "weight", 100)[0]) == TWO[1:]


def test_every_row_that_would_be_cut_is_named(tokenizer: PreTrainedTokenizerFast, rows: Rows) -> None:
    """Long rows stop the run; the message lists all of them and how long they are."""
    with pytest.raises(DataError, match=r"(?s)sum-0: has \d+ tokens.*sum-1: has \d+ tokens"):
        examples(tokenizer, rows(2), "all", 20)


def test_a_row_without_learned_turns_stops(tokenizer: PreTrainedTokenizerFast, rows: Rows) -> None:
    """A strategy that no turn has would teach nothing."""
    with pytest.raises(DataError, match="no turn of it would be learned"):
        examples(tokenizer, rows(1), ["encouragement"], 100)


def test_a_turn_without_its_end_stops(tokenizer: PreTrainedTokenizerFast, rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the end-of-turn token were not learned, the model would not learn to stop; the run does instead."""
    real = chat_template.encode_with_spans

    def shortened(*arguments: Any) -> tuple[list[int], list[tuple[int, int]]]:
        ids, spans = real(*arguments)
        return ids, [(start, end - 1) for start, end in spans]

    monkeypatch.setattr(chat_template, "encode_with_spans", shortened)
    with pytest.raises(DataError, match=r"does not end with <\|im_end\|>"):
        examples(tokenizer, rows(1), "all", 100)


def test_audit_counts_and_shows_tokens(tokenizer: PreTrainedTokenizerFast, rows: Rows) -> None:
    """The audit's sample spells out a conversation whose marked tokens are those that are counted."""
    made = examples(tokenizer, rows(5, turns=1), "all", 100)
    found = audit(tokenizer, made)
    marked = [text for text, mask in found["sample"][0]["tokens"] if mask]
    assert ("".join(marked), found["tokens_supervised"], found["end_of_turn"]["supervised"], len(found["sample"])) == (
        TWO[0],
        sum(example.supervised for example in made),
        5,
        3,
    )
