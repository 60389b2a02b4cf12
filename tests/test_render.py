from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import datasets
import pytest

import stages.render
from stages.render import Params, render
from three_tutors.openai_server.training_file import read_training_file
from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.records import Record, read_jsonl, write_chunks, write_jsonl
from three_tutors.scale import blocks
from three_tutors.scale.engine import ALONE, Engine
from three_tutors.scale.rows import joined
from three_tutors.tutoring.dialogue import Dialogue, Speaker, Voice
from three_tutors.tutoring.formats import is_learned
from three_tutors.tutoring.rendering import LEARNING, method_rows


@pytest.fixture
def many(fractions: Dialogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Dialogue]:
    """Return thirty dialogues, of which two teach nothing, and write them as each of the three splits."""
    monkeypatch.chdir(tmp_path)
    silent = tuple(replace(turn, weight=0) for turn in fractions.turns)
    dialogues = [replace(fractions, id=f"d{number:02}", turns=silent if number in {4, 9} else fractions.turns) for number in range(30)]
    for split in ("train", "validation", "test"):
        write_jsonl(stages.render.SPLIT_FILES / f"{split}.jsonl", (one.to_record() for one in dialogues))
    return dialogues


def rows(split: str, method: str, how: Engine = ALONE, **settings: Any) -> list[Record]:
    """Return what is rendered of a split for a method."""
    made = render(Params(speaker="teacher", **{"dialogues": None, "voices": None, **settings}), how)
    write_chunks(Path("rows.jsonl"), joined(made[split], f"{method}.jsonl"))  # type: ignore[index]
    return read_jsonl(Path("rows.jsonl"))


def test_hugging_face_loads_the_conversations(fractions: Dialogue, tmp_path: Path) -> None:
    """`datasets.load_dataset("json", …)` reads the rows and gives the messages back."""
    rows = method_rows([fractions], "lora", "teacher")
    write_jsonl(tmp_path / "train.jsonl", rows)
    loaded = datasets.load_dataset("json", data_files=str(tmp_path / "train.jsonl"), cache_dir=str(tmp_path / "cache"), split="train")
    assert loaded[0]["messages"] == rows[0]["messages"]


def test_each_method_gets_its_rows(fractions: Dialogue) -> None:
    """DSPy gets one row a teacher turn, OpenAI and LoRA one a dialogue."""
    counts = {method: len(method_rows([fractions, fractions], method, "teacher")) for method in LEARNING}
    assert counts == {"dspy": 4, "openai": 2, "lora": 2}


@pytest.mark.parametrize("speaker", ["teacher", "student"])
def test_a_service_takes_every_chat(fractions: Dialogue, tmp_path: Path, speaker: Speaker) -> None:
    """Whoever learns and whoever speaks last: what is learned is the assistant's, and the last message is too."""
    dialogues = [replace(fractions, turns=fractions.turns[:count]) for count in range(1, len(fractions.turns) + 1)]
    dialogues += [replace(one, turns=(*one.turns[:-1], replace(one.turns[-1], weight=0))) for one in dialogues]
    learned = [one for one in dialogues if is_learned(one, speaker)]
    rows = {method: method_rows(learned, method, speaker) for method in ("openai", "lora")}
    write_jsonl(tmp_path / "train.jsonl", rows["openai"])
    accepted = read_training_file(tmp_path / "train.jsonl", fewest=1)
    assert len(accepted) == len(rows["openai"]) == len(rows["lora"]) > len(fractions.turns)
    for chat, labelled in zip(accepted, rows["lora"], strict=True):
        assert [message["role"] for message in chat["messages"]] == [message["role"] for message in labelled["messages"]]
        assert len(labelled["weights"]) == len(labelled["strategies"]) == len(labelled["messages"])
        learned = [message["content"] for message in chat["messages"] if message["role"] == "assistant"]
        assert set(learned) <= {turn.text for turn in fractions.turns if turn.speaker == speaker}


def test_fewer_training_dialogues_are_always_among_more(many: list[Dialogue]) -> None:
    """A draw keeps the order and holds every smaller draw; null is all that teach something, and more than there are is refused."""
    draws = [[row["id"] for row in rows("train", "lora", dialogues=most)] for most in (5, 10, 20, 28)]
    for small, large in pairwise(draws):
        assert [one for one in large if one in small] == small
    assert [len(one) for one in draws] == [5, 10, 20, 28]
    assert draws[-1] == [row["id"] for row in rows("train", "lora")] == [one.id for one in many if one.id not in {"d04", "d09"}]
    assert len(rows("validation", "lora", dialogues=5)) == 28
    with pytest.raises(DataError, match=r"render\.dialogues is 29, but there are 28 to learn from"):
        rows("train", "lora", dialogues=29)


def test_the_exam_keeps_dialogues_that_teach_nothing(many: list[Dialogue]) -> None:
    """A tutor may be asked what nobody is to learn from."""
    assert [row["id"] for row in rows("test", "lora")] == [one.id for one in many]


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("how", [ALONE, Engine(processes=2)])
def test_blocks_are_rendered_like_the_whole(how: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """However a split is cut and whoever renders it, the rows are those of all dialogues at once, in order."""
    expected = {method: rows("test", method) for method in LEARNING}
    for name, value in (("LEAST", 3000), ("ONE_OF", 2)):
        monkeypatch.setattr(blocks, name, value)
    monkeypatch.setattr("three_tutors.scale.engine.WORTH_PROCESSES", 1)
    assert {method: rows("test", method, how) for method in LEARNING} == expected
    assert len(list(stages.render.SHARDS.iterdir())) > 9


def test_of_a_large_split_dspy_gets_a_draw(many: list[Dialogue], monkeypatch: pytest.MonkeyPatch) -> None:
    """Its rows repeat the history at every turn, and nobody reads a million of them; the others get every dialogue."""
    monkeypatch.setattr(stages.render, "EXAMPLES", 7)
    monkeypatch.setattr(stages.render, "SURELY_FEWER", 0)
    drawn = {row["dialogue"] for row in rows("train", "dspy")}
    assert (len(drawn), len(rows("train", "openai"))) == (7, 28)
    assert drawn == {row["id"] for row in rows("train", "lora", dialogues=7)}
    assert len(many) == 30


def test_voices_choose_dialogues_before_they_are_counted(many: list[Dialogue]) -> None:
    """Of the training dialogues only those voices are learned from, as many as are asked for; the other splits keep every voice."""
    voices: dict[int, Voice] = {0: "plain", 1: "witty", 2: "brisk"}
    spoken = [replace(one, voice=voices.get(number, "warm")) for number, one in enumerate(many)]
    for split in ("train", "validation"):
        write_jsonl(stages.render.SPLIT_FILES / f"{split}.jsonl", (one.to_record() for one in spoken))
    assert [row["id"] for row in rows("train", "lora", voices=["brisk", "witty"])] == ["d01", "d02"]
    assert len(rows("train", "openai", voices=["brisk", "witty"], dialogues=1)) == 1
    assert len(rows("train", "lora", voices=["warm"])) == 25
    assert len(rows("validation", "lora", voices=["plain"])) == 28
    with pytest.raises(DataError, match=r"render\.dialogues is 2, but there are 1 to learn from"):
        rows("train", "lora", voices=["plain"], dialogues=2)
    assert rows("train", "lora", voices=["formal"]) == []
