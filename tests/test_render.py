from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import datasets

from stages.render import render
from three_tutors.pipeline.records import write_jsonl

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
