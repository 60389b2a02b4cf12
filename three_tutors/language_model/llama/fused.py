"""What a Llama computes between its matrix products, as kernels that read and write memory once; see `compiled`.

As separate torch operators each of these is five to ten passes over memory, and takes longer than the products.
Notation: `d_x` is the gradient of the loss with respect to `x`; arrays are (tokens, columns) unless said otherwise.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from three_tutors.language_model.llama.compiled import ONE, ZERO, Array, exponential, kernel, read, write

STEEPEST = np.float32(88)
"""The largest power of e that fp32 holds."""


@njit(inline="always")
def _scaled(row: Array, weight: Array, total: float, epsilon: float, to: Array) -> float:
    """Write the norm of a row, given the sum `total` of its squares; return the factor 1 / rms."""
    scale = ONE / np.sqrt(total / np.float32(len(row)) + np.float32(epsilon))
    for column in range(len(row)):
        write(to, column, read(row, column) * scale * read(weight, column))
    return scale


@kernel
def norm(state: Array, weight: Array, epsilon: float, out: Array, scales: Array) -> None:
    """Write RMSNorm of `state` (Zhang and Sennrich 2019), y = w x / rms(x), into the first columns of `out`, 1 / rms(x) into `scales`."""
    hidden_size = state.shape[1]
    for token in range(state.shape[0]):
        row = state[token]
        total = ZERO
        for column in range(hidden_size):
            number = read(row, column)
            total += number * number
        scales[token] = _scaled(row, weight, total, epsilon, out[token])


@kernel
def add_norm(state: Array, change: Array, weight: Array, epsilon: float, out: Array, scales: Array) -> None:
    """Add `state` to `change`, in place, and write the norm of the sum as `norm` does."""
    hidden_size = state.shape[1]
    for token in range(state.shape[0]):
        row, added = change[token], state[token]
        total = ZERO
        for column in range(hidden_size):
            write(row, column, read(row, column) + read(added, column))
            number = read(row, column)
            total += number * number
        scales[token] = _scaled(row, weight, total, epsilon, out[token])


@kernel
def norm_backward(state: Array, scales: Array, weight: Array, d_normed: Array, d_weight: Array, d_state: Array) -> None:
    """Add the gradient with respect to the normed `state` to `d_state`; with a `d_weight` that is not empty, also sum the weight's."""
    hidden_size = state.shape[1]
    for token in range(state.shape[0]):
        row, d_row, to, scale = state[token], d_normed[token], d_state[token], scales[token]
        inner = ZERO
        for column in range(hidden_size):
            inner += read(d_row, column) * read(weight, column) * read(row, column)
        inner *= scale * scale / np.float32(hidden_size)
        for column in range(hidden_size):
            d_number = read(d_row, column) * read(weight, column) - read(row, column) * inner
            write(to, column, read(to, column) + d_number * scale)
        if len(d_weight):
            for column in range(hidden_size):
                d_weight[column] += read(d_row, column) * read(row, column) * scale


@njit(inline="always")
def _rotate(source: Array, to: Array, cosine: Array, sine: Array) -> None:
    half = len(cosine)
    for column in range(half):
        low, high = read(source, column), read(source, half + column)
        write(to, column, low * cosine[column] - high * sine[column])
        write(to, half + column, high * cosine[column] + low * sine[column])


@njit(inline="always")
def _rotate_back(source: Array, to: Array, cosine: Array, sine: Array) -> None:
    half = len(cosine)
    for column in range(half):
        low, high = read(source, column), read(source, half + column)
        write(to, column, low * cosine[column] + high * sine[column])
        write(to, half + column, high * cosine[column] - low * sine[column])


@kernel
def split_heads(mixed: Array, cosines: Array, sines: Array, queries: Array, keys: Array, values: Array) -> None:
    """Split one conversation's fused projection into rotated queries, rotated keys and values, grouped by key-value head.

    RoPE: Su et al. 2021, https://arxiv.org/abs/2104.09864. Each dimension of a head's first half is rotated with the
    corresponding one of its second half.

    Args:
        mixed: (tokens, (heads + 2 * kv_heads) * head_dim), what is split.
        cosines: (tokens, head_dim / 2).
        sines: the same shape.
        queries: (kv_heads, tokens, heads / kv_heads, head_dim), written.
        keys: (kv_heads, tokens, head_dim), written.
        values: the same shape, written.

    """
    kv_heads, tokens, group, head_dim = queries.shape
    for token in range(tokens):
        row, cosine, sine = mixed[token], cosines[token], sines[token]
        for key in range(kv_heads):
            for head in range(group):
                _rotate(row[(key * group + head) * head_dim :], queries[key, token, head], cosine, sine)
            _rotate(row[(kv_heads * group + key) * head_dim :], keys[key, token], cosine, sine)
            source, to = row[(kv_heads * group + kv_heads + key) * head_dim :], values[key, token]
            for column in range(head_dim):
                to[column] = source[column]


@kernel
def join_heads(d_queries: Array, d_keys: Array, d_values: Array, cosines: Array, sines: Array, d_mixed: Array) -> None:
    """Undo `split_heads` for gradients; those of keys and values are fp32."""
    kv_heads, tokens, group, head_dim = d_queries.shape
    for token in range(tokens):
        row, cosine, sine = d_mixed[token], cosines[token], sines[token]
        for key in range(kv_heads):
            for head in range(group):
                _rotate_back(d_queries[key, token, head], row[(key * group + head) * head_dim :], cosine, sine)
            _rotate_back(d_keys[key, token], row[(kv_heads * group + key) * head_dim :], cosine, sine)
            source, to = d_values[key, token], row[(kv_heads * group + kv_heads + key) * head_dim :]
            for column in range(head_dim):
                write(to, column, source[column])


@kernel
def attended_backward(attended: Array, d_attended: Array, d_out: Array, inner: Array) -> None:
    """Regroup the gradient of one conversation's attention output by key-value head, as `split_heads` does queries.

    Also write `inner`, (kv_heads, tokens, heads / kv_heads): the dot product of each output row and its gradient, which
    the softmax's gradient subtracts (Dao et al. 2022, https://arxiv.org/abs/2205.14135).
    """
    kv_heads, tokens, group, head_dim = d_out.shape
    for token in range(tokens):
        row, d_row = attended[token], d_attended[token]
        for key in range(kv_heads):
            for head in range(group):
                first = (key * group + head) * head_dim
                source, d_source, to = row[first:], d_row[first:], d_out[key, token, head]
                total = ZERO
                for column in range(head_dim):
                    total += read(source, column) * read(d_source, column)
                    to[column] = d_source[column]
                inner[key, token, head] = total


@kernel
def softmax_backward(scores: Array, d_weights: Array, totals: Array, inner: Array, first: int, factor: float) -> None:
    """Replace scores by attention weights, and the weights' gradient by the scores' gradient, in place.

    Args:
        scores: (kv_heads, tokens * heads / kv_heads, keys), products of queries and keys; attention is causal.
        d_weights: gradient with respect to the attention weights, the same shape.
        totals: (kv_heads, heads / kv_heads, all tokens), logarithms of the softmax's denominators.
        inner: what `attended_backward` wrote, for all tokens.
        first: position of the first of these tokens in the conversation.
        factor: what scores are multiplied by.

    """
    group, scale = totals.shape[1], np.float32(factor)
    for key in range(scores.shape[0]):
        for query in range(scores.shape[1]):
            token, head = first + query // group, query % group
            row, d_row, total, common = scores[key, query], d_weights[key, query], totals[key, head, token], inner[key, token, head]
            for column in range(token + 1):
                weight = exponential(read(row, column) * scale - total)
                write(row, column, weight)
                write(d_row, column, weight * (read(d_row, column) - common) * scale)
            for column in range(token + 1, scores.shape[2]):
                row[column] = 0
            for column in range(token + 1, scores.shape[2]):
                d_row[column] = 0


@kernel
def gated(gate_up: Array, out: Array) -> None:
    """Write silu(gate) * up (Shazeer 2020) into the first columns of `out`; gate and up lie side by side."""
    intermediate_size = gate_up.shape[1] // 2
    for token in range(gate_up.shape[0]):
        row, to = gate_up[token], out[token]
        for column in range(intermediate_size):
            gate = read(row, column)
            write(to, column, gate / (ONE + exponential(min(-gate, STEEPEST))) * read(row, intermediate_size + column))


@kernel
def gated_backward(gate_up: Array, d_product: Array, d_gate_up: Array) -> None:
    """Write the gradient with respect to gate and up."""
    intermediate_size = gate_up.shape[1] // 2
    for token in range(gate_up.shape[0]):
        row, d_row, to = gate_up[token], d_product[token], d_gate_up[token]
        for column in range(intermediate_size):
            gate, up, change = read(row, column), read(row, intermediate_size + column), read(d_row, column)
            share = ONE / (ONE + exponential(min(-gate, STEEPEST)))
            active = gate * share
            write(to, column, change * up * share * (ONE + gate - active))
            write(to, intermediate_size + column, change * active)


@kernel
def cross_entropy(logits: Array, targets: Array, weights: Array, losses: Array, correct: Array) -> None:
    """Write each row's loss in nats and whether its target is the likeliest token; replace logits by the gradient of the weighted loss.

    Each row has its weight; without `weights` (an empty array) the logits stay.
    """
    vocabulary = logits.shape[1]
    for token in range(len(targets)):
        row, target = logits[token], targets[token]
        highest = read(row, 0)
        for word in range(vocabulary):
            highest = max(highest, read(row, word))
        total = ZERO
        for word in range(vocabulary):
            total += exponential(read(row, word) - highest)
        goal = read(row, target)
        losses[token] = np.log(total) + highest - goal
        correct[token] = goal == highest
        if len(weights) == 0:
            continue
        factor = weights[token] / total
        for word in range(vocabulary):
            write(row, word, exponential(read(row, word) - highest) * factor)
        write(row, target, (exponential(goal - highest) / total - ONE) * weights[token])
