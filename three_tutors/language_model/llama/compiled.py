"""Loops over numbers in memory that numba compiles when they are first called.

A tensor is handed over as `array(tensor)`, its own memory: fp32 as it is, bf16 as the upper halves of fp32 numbers, which
`read` and `write` turn into fp32 and back. One thread works on a call, and others go on meanwhile.

What is compiled is kept in `__pycache__` for the next process. numba notices when the file of a compiled function has changed,
but not when this one has: remove that folder then.
"""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np
import torch
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic, overload
from torch import Tensor

Array: TypeAlias = Any
"""An array as the compiled functions see it; its type is only known there."""

kernel = njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract", "reassoc", "arcp", "nsz"})
"""Sums may be taken in vectors; what is not a number stays that."""

ZERO, ONE, HALF = np.float32(0), np.float32(1), np.float32(0.5)
LOG2_E = np.float32(math.log2(math.e))
LOWEST = np.float32(-126)
"""Powers of two below it are denormal."""
P1, P2, P3, P4, P5, P6 = (np.float32(math.log(2) ** n / math.factorial(n)) for n in range(1, 7))
"""The series of 2^x."""
BITS, FLOAT = ir.IntType(32), ir.FloatType()


def array(tensor: Tensor) -> np.ndarray[Any, Any]:
    """Return the memory of `tensor` as compiled functions take it."""
    bits = tensor.detach()
    return (bits.view(torch.uint16) if tensor.dtype == torch.bfloat16 else bits).numpy()


@intrinsic
def _widened(_context, bits):
    """Return the fp32 number of 16 bits that are a bf16 number."""

    def build(_, builder, __, values):
        return builder.bitcast(builder.shl(builder.zext(values[0], BITS), BITS(16)), FLOAT)

    return types.float32(types.uint16), build


@intrinsic
def _rounded(_context, number):
    """Return the 16 bits of the bf16 number nearest to an fp32 number, ties to even."""

    def build(_, builder, __, values):
        bits = builder.bitcast(values[0], BITS)
        odd = builder.and_(builder.lshr(bits, BITS(16)), BITS(1))
        return builder.trunc(builder.lshr(builder.add(bits, builder.add(odd, BITS(0x7FFF))), BITS(16)), ir.IntType(16))

    return types.uint16(types.float32), build


@intrinsic
def _power_of_two(_context, whole):
    """Return 2 to an fp32 number that is whole, from -126 to 127."""

    def build(_, builder, __, values):
        return builder.bitcast(builder.shl(builder.add(builder.fptosi(values[0], BITS), BITS(127)), BITS(23)), FLOAT)

    return types.float32(types.float32), build


def read(row: Array, place: int) -> float:
    """Return a number in fp32."""
    raise NotImplementedError


def write(row: Array, place: int, number: float) -> None:
    """Write an fp32 number, rounded to the nearest (ties to even) where the array is bf16."""
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
    """Return e to a number that is at most 88, to 5e-6 of it: a power of two and a series for the rest, so that it is vectorised."""
    power = max(number * LOG2_E, LOWEST)
    whole = np.floor(power + HALF)
    rest = power - whole
    series = ONE + rest * (P1 + rest * (P2 + rest * (P3 + rest * (P4 + rest * (P5 + rest * P6)))))
    return series * _power_of_two(whole)
