"""Matrix products with weights laid out once for the CPU's matrix units, where oneDNN has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from three_tutors.language_model.number_format import has_bf16_units

ROWS = (8, 16, 32)
"""Decoding pads its rows to the next of these numbers; see `blocks`."""

Linear = Callable[[Tensor], Tensor]
Combined = Callable[[Tensor, Tensor], Tensor]


def pack(weight: Tensor, rows: int, bias: Tensor | None = None, *, silu: bool = False) -> Linear:
    """Return the product with `weight` (out, in), plus `bias` (out,), as a function of the rows that it multiplies."""
    if not _packs(weight):
        return lambda states: functional.silu(functional.linear(states, weight)) if silu else functional.linear(states, weight, bias)
    packed = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), rows)  # noqa: SLF001 - see `number_format`
    product = torch.ops.mkldnn._linear_pointwise.default  # noqa: SLF001
    after = "swish" if silu else "none"
    return lambda states: product(states, packed, bias, after, [], "")


def pack_with(operation: Literal["add", "mul"], weight: Tensor, rows: int) -> Combined:
    """Like `pack`, then added to or multiplied with a second tensor of the same shape."""
    if not _packs(weight):
        combine = torch.add if operation == "add" else torch.mul
        return lambda states, other: combine(functional.linear(states, weight), other)
    packed = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), rows)  # noqa: SLF001 - see `number_format`
    product = torch.ops.mkldnn._linear_pointwise.binary  # noqa: SLF001
    return lambda states, other: product(states, other, packed, None, operation)


def blocks(product: Linear, inputs: int, slots: int, dtype: torch.dtype, rows: tuple[int, ...] = ROWS) -> tuple[int, ...]:
    """Return the numbers of rows, ascending, that may be multiplied while decoding: all give a row the same bits.

    oneDNN has one kernel for few rows and another for many (on CPUs with AMX: up to 32, and from 33 on), which sum in different
    orders, so a token would depend on how many conversations there are. Up to 16 rows take half the time of 64. Where ROWS do
    not give the same bits on this CPU, every product has a row for each slot. The same holds for the segments of a prefill.

    Args:
        product: a packed product with many outputs, so that a difference shows when it is tried.
        inputs: length of its rows.
        slots: most rows that are asked for.
        dtype: of the rows.
        rows: the numbers that are tried, ascending.

    """
    states = torch.randn(rows[-1], inputs, generator=torch.Generator().manual_seed(0)).to(dtype)
    whole = product(states)
    alike = all(torch.equal(product(states[:few]), whole[:few]) for few in rows[:-1])
    return rows if alike else (slots,)


def _packs(weight: Tensor) -> bool:
    """Whether oneDNN multiplies with `weight`: in fp32, few rows are two to five times as fast as with MKL on an AVX2 processor."""
    return has_bf16_units() if weight.dtype == torch.bfloat16 else torch.backends.mkldnn.is_available()
