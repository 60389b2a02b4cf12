"""The steps of a Llama between its matrix products, each in one pass over memory, compiled by numba when first called.

Written with torch's operators they are five to ten passes and as many copies, and take longer than the products. A tensor
is handed over as `array(tensor)`, its own memory: fp32 as it is, bf16 as the upper halves of fp32 numbers. What is compiled
is kept beside this file for the next process. One thread works on a call, and others go on meanwhile.

Notation: `d_x` is the gradient of the loss with respect to `x`; arrays are (tokens, columns) unless said otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic, overload
from torch import Tensor

kernel = njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract", "reassoc", "arcp", "nsz"})
"""Sums may be taken in vectors; what is not a number stays that."""

ZERO, ONE, HALF = np.float32(0), np.float32(1), np.float32(0.5)
LOG2_E = np.float32(math.log2(math.e))
LOWEST = np.float32(-126)
"""Powers of two below it are denormal."""
P1, P2, P3, P4, P5 = (np.float32(math.log(2) ** n / math.factorial(n)) for n in range(1, 6))
P6 = np.float32(math.log(2) ** 6 / math.factorial(6))


def array(tensor: Tensor) -> np.ndarray[Any, Any]:
    """Return the memory of `tensor` as the kernels take it."""
    bits = tensor.detach()
    return (bits.view(torch.uint16) if tensor.dtype == torch.bfloat16 else bits).numpy()


BITS, FLOAT = ir.IntType(32), ir.FloatType()


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


def _read(row: Any, place: Any) -> Any:  # noqa: ANN401
    """Return a number in fp32."""
    raise NotImplementedError


def _write(row: Any, place: Any, number: Any) -> None:  # noqa: ANN401
    """Write an fp32 number, rounded to the nearest (ties to even) where the array is bf16."""
    raise NotImplementedError


@overload(_read, inline="always")
def _typed_read(row, place):
    if row.dtype == types.uint16:
        return lambda row, place: _widened(row[place])
    return lambda row, place: row[place]


@overload(_write, inline="always")
def _typed_write(row, place, number):
    if row.dtype == types.uint16:

        def rounded(row, place, number):
            row[place] = _rounded(number)

        return rounded

    def same(row, place, number):
        row[place] = number

    return same


@njit(inline="always")
def _exp(number: Any) -> Any:  # noqa: ANN401
    """Return e to a number that is at most 88, to 2e-7 of it: a power of two and a series for the rest, so that it is vectorised."""
    power = max(number * LOG2_E, LOWEST)
    whole = np.floor(power + HALF)
    rest = power - whole
    series = ONE + rest * (P1 + rest * (P2 + rest * (P3 + rest * (P4 + rest * (P5 + rest * P6)))))
    return series * _power_of_two(whole)


@kernel
def norm(state: Any, weight: Any, epsilon: float, out: Any, scales: Any) -> None:  # noqa: ANN401
    """Write RMSNorm of `state` (Zhang and Sennrich 2019), y = w x / rms(x), into the first columns of `out`, 1 / rms(x) into `scales`."""
    width = state.shape[1]
    for token in range(state.shape[0]):
        row, to = state[token], out[token]
        total = ZERO
        for column in range(width):
            number = _read(row, column)
            total += number * number
        scale = ONE / np.sqrt(total / np.float32(width) + np.float32(epsilon))
        scales[token] = scale
        for column in range(width):
            _write(to, column, _read(row, column) * scale * _read(weight, column))


@kernel
def add_norm(state: Any, change: Any, weight: Any, epsilon: float, out: Any, scales: Any) -> None:  # noqa: ANN401
    """Add `state` to `change`, in place, and write the norm of the sum as `norm` does."""
    width = state.shape[1]
    for token in range(state.shape[0]):
        row, added, to = change[token], state[token], out[token]
        total = ZERO
        for column in range(width):
            _write(row, column, _read(row, column) + _read(added, column))
            number = _read(row, column)
            total += number * number
        scale = ONE / np.sqrt(total / np.float32(width) + np.float32(epsilon))
        scales[token] = scale
        for column in range(width):
            _write(to, column, _read(row, column) * scale * _read(weight, column))


@kernel
def norm_backward(state: Any, scales: Any, weight: Any, d_normed: Any, d_weight: Any, d_state: Any) -> None:  # noqa: ANN401
    """Add to `d_state` what comes through the norm of `state`; sum the weight's gradient where `d_weight` is not empty."""
    width = state.shape[1]
    for token in range(state.shape[0]):
        row, d_row, to, scale = state[token], d_normed[token], d_state[token], scales[token]
        inner = ZERO
        for column in range(width):
            inner += _read(d_row, column) * _read(weight, column) * _read(row, column)
        inner *= scale * scale / np.float32(width)
        for column in range(width):
            d_number = _read(d_row, column) * _read(weight, column) - _read(row, column) * inner
            _write(to, column, _read(to, column) + d_number * scale)
        if len(d_weight):
            for column in range(width):
                d_weight[column] += _read(d_row, column) * _read(row, column) * scale


@njit(inline="always")
def _turn(source: Any, to: Any, cosine: Any, sine: Any) -> None:  # noqa: ANN401
    half = len(cosine)
    for column in range(half):
        low, high = _read(source, column), _read(source, half + column)
        _write(to, column, low * cosine[column] - high * sine[column])
        _write(to, half + column, high * cosine[column] + low * sine[column])


@njit(inline="always")
def _turn_back(source: Any, to: Any, cosine: Any, sine: Any) -> None:  # noqa: ANN401
    half = len(cosine)
    for column in range(half):
        low, high = _read(source, column), _read(source, half + column)
        _write(to, column, low * cosine[column] + high * sine[column])
        _write(to, half + column, high * cosine[column] - low * sine[column])


@kernel
def split_heads(mixed: Any, cosines: Any, sines: Any, queries: Any, keys: Any, values: Any) -> None:  # noqa: ANN401
    """Write one conversation's queries and keys, turned by their places, and values, by the heads that share a key.

    RoPE: Su et al. 2021, https://arxiv.org/abs/2104.09864. A dimension of the first half of a head turns with the one as far
    into its second half.

    Args:
        mixed: (tokens, (heads + 2 * shared) * width).
        cosines: (tokens, width / 2), like the sines.
        sines: see there.
        queries: (shared, tokens, heads / shared, width).
        keys: (shared, tokens, width), like the values.
        values: see there.

    """
    shared, tokens, group, width = queries.shape
    for token in range(tokens):
        row, cosine, sine = mixed[token], cosines[token], sines[token]
        for key in range(shared):
            for head in range(group):
                _turn(row[(key * group + head) * width :], queries[key, token, head], cosine, sine)
            _turn(row[(shared * group + key) * width :], keys[key, token], cosine, sine)
            source, to = row[(shared * group + shared + key) * width :], values[key, token]
            for column in range(width):
                to[column] = source[column]


@kernel
def join_heads(d_queries: Any, d_keys: Any, d_values: Any, cosines: Any, sines: Any, d_mixed: Any) -> None:  # noqa: ANN401
    """Undo `split_heads` for gradients; those of keys and values are fp32."""
    shared, tokens, group, width = d_queries.shape
    for token in range(tokens):
        row, cosine, sine = d_mixed[token], cosines[token], sines[token]
        for key in range(shared):
            for head in range(group):
                _turn_back(d_queries[key, token, head], row[(key * group + head) * width :], cosine, sine)
            _turn_back(d_keys[key, token], row[(shared * group + key) * width :], cosine, sine)
            source, to = d_values[key, token], row[(shared * group + shared + key) * width :]
            for column in range(width):
                _write(to, column, source[column])


@kernel
def attended_backward(attended: Any, d_attended: Any, d_out: Any, inner: Any) -> None:  # noqa: ANN401
    """Write the gradient of one conversation's attention as `split_heads` does queries, and what each row of it has in common.

    `inner`, (shared, tokens, heads / shared): the products of outputs and their gradients, which the softmax takes off (Dao et
    al. 2022, https://arxiv.org/abs/2205.14135).
    """
    shared, tokens, group, width = d_out.shape
    for token in range(tokens):
        row, d_row = attended[token], d_attended[token]
        for key in range(shared):
            for head in range(group):
                first = (key * group + head) * width
                source, d_source, to = row[first:], d_row[first:], d_out[key, token, head]
                total = ZERO
                for column in range(width):
                    total += _read(source, column) * _read(d_source, column)
                    to[column] = d_source[column]
                inner[key, token, head] = total


@kernel
def softmax_backward(scores: Any, d_weights: Any, totals: Any, inner: Any, first: int, factor: float) -> None:  # noqa: ANN401
    """Replace scores by attention weights, and the weights' gradient by the scores', in place.

    Args:
        scores: (shared, tokens * heads / shared, keys), products of queries and keys; a token attends to itself and what came
            before it.
        d_weights: gradient with respect to the attention weights, alike.
        totals: (shared, heads / shared, all tokens), logarithms of the softmax's denominators.
        inner: see `attended_backward`, of all tokens.
        first: the place of the first of these tokens.
        factor: what scores are multiplied by.

    """
    group, scale = totals.shape[1], np.float32(factor)
    for key in range(scores.shape[0]):
        for query in range(scores.shape[1]):
            token, head = first + query // group, query % group
            row, d_row, total, common = scores[key, query], d_weights[key, query], totals[key, head, token], inner[key, token, head]
            for column in range(token + 1):
                weight = _exp(_read(row, column) * scale - total)
                _write(row, column, weight)
                _write(d_row, column, weight * (_read(d_row, column) - common) * scale)
            for column in range(token + 1, scores.shape[2]):
                row[column] = 0
            for column in range(token + 1, scores.shape[2]):
                d_row[column] = 0


@kernel
def gated(gate_up: Any, out: Any) -> None:  # noqa: ANN401
    """Write silu(gate) * up (Shazeer 2020) into the first columns of `out`; gate and up lie side by side."""
    width = gate_up.shape[1] // 2
    for token in range(gate_up.shape[0]):
        row, to = gate_up[token], out[token]
        for column in range(width):
            gate = _read(row, column)
            _write(to, column, gate / (ONE + _exp(min(-gate, np.float32(88)))) * _read(row, width + column))


@kernel
def gated_backward(gate_up: Any, d_product: Any, d_gate_up: Any) -> None:  # noqa: ANN401
    """Write the gradient with respect to gate and up."""
    width = gate_up.shape[1] // 2
    for token in range(gate_up.shape[0]):
        row, d_row, to = gate_up[token], d_product[token], d_gate_up[token]
        for column in range(width):
            gate, up, change = _read(row, column), _read(row, width + column), _read(d_row, column)
            share = ONE / (ONE + _exp(min(-gate, np.float32(88))))
            active = gate * share
            _write(to, column, change * up * share * (ONE + gate - active))
            _write(to, width + column, change * active)


@kernel
def cross_entropy(logits: Any, targets: Any, weight: float, losses: Any, correct: Any) -> None:  # noqa: ANN401
    """Write each row's loss, in nats, and whether its target is the likeliest; replace logits by `weight` times their gradient."""
    words = logits.shape[1]
    for token in range(logits.shape[0]):
        row, target = logits[token], targets[token]
        highest = _read(row, 0)
        for word in range(words):
            highest = max(highest, _read(row, word))
        total = ZERO
        for word in range(words):
            total += _exp(_read(row, word) - highest)
        goal = _read(row, target)
        losses[token] = np.log(total) + highest - goal
        correct[token] = goal == highest
        if weight == 0:
            continue
        factor = np.float32(weight) / total
        for word in range(words):
            _write(row, word, _exp(_read(row, word) - highest) * factor)
        _write(row, target, (_exp(goal - highest) / total - ONE) * np.float32(weight))
