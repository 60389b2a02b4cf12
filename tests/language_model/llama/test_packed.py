from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch.nn import functional

from three_tutors.language_model.generate import Generator
from three_tutors.language_model.llama.packed import ROWS, blocks, pack, pack_with
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


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_product_whose_bits_depend_on_its_rows_has_a_row_for_each_slot(dtype: torch.dtype) -> None:
    """Where a CPU adds up differently for few rows and for many, all steps multiply the same number of rows."""
    assert blocks(lambda states: states.float().cumsum(0) if len(states) > ROWS[0] else states.float(), 16, 64, dtype) == (64,)
    assert blocks(pack(torch.eye(16, dtype=dtype), 64), 16, 64, dtype) == ROWS


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_product_is_that_of_torch_packed_or_not(dtype: torch.dtype) -> None:
    """In both formats and on every processor: alone, with SiLU, added and multiplied."""
    torch.manual_seed(1)
    weight, states, other = torch.randn(24, 16).to(dtype), torch.randn(5, 16).to(dtype), torch.randn(5, 24).to(dtype)
    product = functional.linear(states.float(), weight.float())
    tolerance = {"rtol": 1e-4, "atol": 1e-4} if dtype == torch.float32 else {"rtol": 2e-2, "atol": 6e-2}
    for found, expected in (
        (pack(weight, 8)(states), product),
        (pack(weight, 8, silu=True)(states), functional.silu(product)),
        (pack_with("add", weight, 8)(states, other.clone()), product + other.float()),
        (pack_with("mul", weight, 8)(states, other.clone()), product * other.float()),
    ):
        assert found.dtype == dtype
        torch.testing.assert_close(found.float(), expected, **tolerance)
