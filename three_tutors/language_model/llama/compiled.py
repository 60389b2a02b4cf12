"""What the kernels in `fused` are made of: numba compiles them when they are first called.

A kernel gets a tensor's own memory, as `array(tensor)`. numba has no bf16, so a bf16 tensor is an array of 16-bit integers,
and kernels use `read` and `write`, which convert to fp32 and back. A kernel runs in one thread and releases the GIL.
"""

from __future__ import annotations

import contextlib
import math
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic, overload
from torch import Tensor

Array: TypeAlias = Any
"""An array as compiled functions see it; its type is known only there."""


def forget_old_kernels(source: Path) -> None:
    """Remove kernels that were compiled before `source` last changed: numba only looks at the file that a kernel is in."""
    for index in source.parent.glob("__pycache__/*.nbi"):
        with contextlib.suppress(OSError):  # another process has removed it, or it is not ours to remove
            if index.stat().st_mtime < source.stat().st_mtime:
                index.unlink()


forget_old_kernels(Path(__file__))

kernel = njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract", "reassoc", "arcp", "nsz"})
"""Sums may be reordered, so that they are vectorised; NaN and infinity are kept."""

ZERO, ONE, HALF = np.float32(0), np.float32(1), np.float32(0.5)
LOG2_E = np.float32(math.log2(math.e))
LOWEST = np.float32(-126)
"""Powers of two below it are denormal."""
P1, P2, P3, P4, P5, P6 = (np.float32(math.log(2) ** n / math.factorial(n)) for n in range(1, 7))
"""The series of 2^x."""
BITS, FLOAT = ir.IntType(32), ir.FloatType()


def array(tensor: Tensor) -> np.ndarray[Any, Any]:
    """Return the memory of `tensor` as kernels take it."""
    bits = tensor.detach()
    return (bits.view(torch.uint16) if tensor.dtype == torch.bfloat16 else bits).numpy()


@intrinsic
def _widened(_context, bits):
    """Return a bf16 number, given as its 16 bits, in fp32."""

    def build(_, builder, __, values):
        return builder.bitcast(builder.shl(builder.zext(values[0], BITS), BITS(16)), FLOAT)

    return types.float32(types.uint16), build


@intrinsic
def _rounded(_context, number):
    """Return an fp32 number rounded to bf16 (to the nearest, ties to even) as its 16 bits."""

    def build(_, builder, __, values):
        bits = builder.bitcast(values[0], BITS)
        odd = builder.and_(builder.lshr(bits, BITS(16)), BITS(1))
        return builder.trunc(builder.lshr(builder.add(bits, builder.add(odd, BITS(0x7FFF))), BITS(16)), ir.IntType(16))

    return types.uint16(types.float32), build


@intrinsic
def _power_of_two(_context, whole):
    """Return 2 ** `whole`, a whole number from -126 to 127 in fp32."""

    def build(_, builder, __, values):
        return builder.bitcast(builder.shl(builder.add(builder.fptosi(values[0], BITS), BITS(127)), BITS(23)), FLOAT)

    return types.float32(types.float32), build


def read(row: Array, place: int) -> float:
    """Return `row[place]` in fp32."""
    raise NotImplementedError


def write(row: Array, place: int, number: float) -> None:
    """Set `row[place]` to an fp32 number, rounded where the array is bf16."""
    raise NotImplementedError


@overload(read, inline="always")
def _typed_read(row, place):
    if row.dtype == types.uint16:
        return lambda row, place: _widened(row[place])
    return lambda row, place: row[place]


@overload(write, inline="always")
def _typed_write(row, place, number):
    if row.dtype == types.uint16:

        def rounded(row, place, number):
            row[place] = _rounded(number)

        return rounded

    def same(row, place, number):
        row[place] = number

    return same


@njit(inline="always")
def exponential(number: float) -> Any:
    """Return e ** `number`, at most 88, with a relative error of 5e-6: a power of two times a series, so that it is vectorised."""
    power = max(number * LOG2_E, LOWEST)
    whole = np.floor(power + HALF)
    rest = power - whole
    series = ONE + rest * (P1 + rest * (P2 + rest * (P3 + rest * (P4 + rest * (P5 + rest * P6)))))
    return series * _power_of_two(whole)
