from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import datasets
import pytest

from stages.render import drawn, render
from three_tutors.openai_server.training_file import read_training_file
from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.records import write_jsonl
from three_tutors.tutoring.dialogue import Speaker
from three_tutors.tutoring.formats import is_learned

if TYPE_CHECKING:
    from three_tutors.tutoring.dialogue import Dialogue


def test_hugging_face_loads_the_conversations(fractions: Dialogue, tmp_path: Path) -> None:
    """`datasets.load_dataset("json", …)` reads the rows and gives the messages back."""
    rows = render([fractions], "teacher")["lora"]
    write_jsonl(tmp_path / "train.jsonl", rows)
    loaded = datasets.load_dataset("json", data_files=str(tmp_path / "train.jsonl"), cache_dir=str(tmp_path / "cache"), split="train")
    assert loaded[0]["messages"] == rows[0]["messages"]


def test_each_method_gets_its_rows(fractions: Dialogue) -> None:
    """DSPy gets one row a teacher turn, OpenAI and LoRA one a dialogue."""
    rendered = render([fractions, fractions], "teacher")
    assert {method: len(rows) for method, rows in rendered.items()} == {"dspy": 4, "openai": 2, "lora": 2}


@pytest.mark.parametrize("speaker", ["teacher", "student"])
def test_a_service_takes_every_chat(fractions: Dialogue, tmp_path: Path, speaker: Speaker) -> None:
    """Whoever learns and whoever speaks last: what is learned is the assistant's, and the last message is too."""
    dialogues = [replace(fractions, turns=fractions.turns[:count]) for count in range(1, len(fractions.turns) + 1)]
    dialogues += [replace(one, turns=(*one.turns[:-1], replace(one.turns[-1], weight=0))) for one in dialogues]
    rows = render([one for one in dialogues if is_learned(one, speaker)], speaker)
    write_jsonl(tmp_path / "train.jsonl", rows["openai"])
    accepted = read_training_file(tmp_path / "train.jsonl", fewest=1)
    assert len(accepted) == len(rows["openai"]) == len(rows["lora"]) > len(fractions.turns)
    for chat, labelled in zip(accepted, rows["lora"], strict=True):
        assert [message["role"] for message in chat["messages"]] == [message["role"] for message in labelled["messages"]]
        assert len(labelled["weights"]) == len(labelled["strategies"]) == len(labelled["messages"])
        learned = [message["content"] for message in chat["messages"] if message["role"] == "assistant"]
        assert set(learned) <= {turn.text for turn in fractions.turns if turn.speaker == speaker}


def test_fewer_training_dialogues_are_always_among_more(fractions: Dialogue) -> None:
    """A draw keeps the order and holds every smaller draw; null is all, byte for byte, and more than there are is refused."""
    dialogues = [replace(fractions, id=f"d{number}") for number in range(30)]
    draws = [drawn(dialogues, most) for most in (5, 10, 20, 30)]
    for small, large in pairwise(draws):
        assert [one for one in large if one in small] == small
    assert [len(one) for one in draws] == [5, 10, 20, 30]
    assert draws[-1] == drawn(dialogues, None) == dialogues
    with pytest.raises(DataError, match=r"render\.dialogues is 31, but there are 30 to learn from"):
        drawn(dialogues, 31)
