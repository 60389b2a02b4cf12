from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from three_tutors.pipeline.records import Record
from three_tutors.pricing import counting
from three_tutors.pricing.consumption import demonstration_tokens
from three_tutors.pricing.counting import count_block, counted, demonstrations_block, drawn, total
from three_tutors.pricing.tokens import training_tokens
from three_tutors.tutoring.dialogue import Dialogue
from three_tutors.tutoring.formats import dspy_rows, openai_row

ENCODING = "o200k_base"


@pytest.fixture
def rows(fractions: Dialogue) -> list[Record]:
    """Return eight rows of different length."""
    return [openai_row(replace(fractions, lesson=replace(fractions.lesson, topic="very " * number + "long"))) for number in range(8)]


def test_blocks_add_up_to_the_whole(rows: list[Record], tmp_path: Path) -> None:
    """However rows are cut into blocks, dialogues, replies, tokens and talks are those of all rows at once."""
    made = []
    for number, (start, end) in enumerate(((0, 3), (3, 3), (3, 8))):
        folder = tmp_path / str(number)
        folder.mkdir()
        made.append((folder, count_block(rows[start:end], folder, encoding=ENCODING)))
    whole = counted(rows, ENCODING)
    assert total(made) == whole
    assert (whole.dialogues, whole.replies, whole.tokens) == (8, 16, training_tokens(rows, ENCODING))


def test_of_many_talks_some_are_held(rows: list[Record], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Means are taken over a draw that hangs on nothing but the rows; sums are over all."""
    whole = counted(rows, ENCODING)
    monkeypatch.setattr(counting, "MOST", 2)
    made = []
    for number, row in enumerate(rows):
        folder = tmp_path / str(number)
        folder.mkdir()
        made.append((folder, count_block([row], folder, encoding=ENCODING)))
    held = total(made)
    assert (held.dialogues, held.tokens, len(held.talks)) == (8, whole.tokens, 2)
    assert drawn(held.talks) == drawn(whole.talks) == drawn(counted(rows[::-1], ENCODING).talks)[::-1]


def test_demonstrations_are_counted(fractions: Dialogue, tmp_path: Path) -> None:
    """What an example adds to a prompt, over all examples of a block."""
    examples = dspy_rows(fractions)
    expected = sum(demonstration_tokens(row, ENCODING) for row in examples)
    assert demonstrations_block(examples, tmp_path, encoding=ENCODING) == {"examples": len(examples), "tokens": expected}
