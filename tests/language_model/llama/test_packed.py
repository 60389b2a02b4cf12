from __future__ import annotations

from pathlib import Path

import torch

from three_tutors.language_model.generate import Generator
from three_tutors.language_model.llama.packed import ROWS, blocks, pack
from three_tutors.language_model.replies import Options
from three_tutors.tutoring.formats import Message


def test_a_reply_is_the_same_beside_few_and_beside_many(embedded: Path) -> None:
    """With 1, 5, 12 and 40 conversations under way other kernels multiply; log-probabilities stay the same to the last bit."""
    generator = Generator(embedded, slots=40, context=256)
    said: list[list[Message]] = [[{"role": "user", "content": f"How much is {number} + 8?"}] for number in range(40)]
    options = Options(max_tokens=6, logprobs=1)
    together = generator.replies(said, options)
    for few in (1, 5, 12):
        assert generator.replies(said[:few], options) == together[:few]


def test_a_product_whose_bits_depend_on_its_rows_has_a_row_for_each_slot() -> None:
    """Where a CPU adds up differently for few rows and for many, all steps multiply the same number of rows."""
    assert blocks(lambda states: states.float().cumsum(0) if len(states) > ROWS[0] else states.float(), 16, 64) == (64,)
    assert blocks(pack(torch.ones(8, 16, dtype=torch.bfloat16), 64), 16, 64) == ROWS
