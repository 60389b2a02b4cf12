"""The steps of a Llama between its matrix products, each in one pass over memory; see `compiled` for how.

Written with torch's operators they are five to ten passes and as many copies, and take longer than the products.
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
    """Write the norm of a row whose squares add up to `total`; return what it was multiplied by."""
    scale = ONE / np.sqrt(total / np.float32(len(row)) + np.float32(epsilon))
    for column in range(len(row)):
        write(to, column, read(row, column) * scale * read(weight, column))
    return scale


@kernel
def norm(state: Array, weight: Array, epsilon: float, out: Array, scales: Array) -> None:
    """Write RMSNorm of `state` (Zhang and Sennrich 2019), y = w x / rms(x), into the first columns of `out`, 1 / rms(x) into `scales`."""
    width = state.shape[1]
    for token in range(state.shape[0]):
        row = state[token]
        total = ZERO
        for column in range(width):
            number = read(row, column)
            total += number * number
        scales[token] = _scaled(row, weight, total, epsilon, out[token])


@kernel
def add_norm(state: Array, change: Array, weight: Array, epsilon: float, out: Array, scales: Array) -> None:
    """Add `state` to `change`, in place, and write the norm of the sum as `norm` does."""
    width = state.shape[1]
    for token in range(state.shape[0]):
        row, added = change[token], state[token]
        total = ZERO
        for column in range(width):
            write(row, column, read(row, column) + read(added, column))
            number = read(row, column)
            total += number * number
        scales[token] = _scaled(row, weight, total, epsilon, out[token])


@kernel
def norm_backward(state: Array, scales: Array, weight: Array, d_normed: Array, d_weight: Array, d_state: Array) -> None:
    """Add to `d_state` what comes through the norm of `state`; sum the weight's gradient where `d_weight` is not empty."""
    width = state.shape[1]
    for token in range(state.shape[0]):
        row, d_row, to, scale = state[token], d_normed[token], d_state[token], scales[token]
        inner = ZERO
        for column in range(width):
            inner += read(d_row, column) * read(weight, column) * read(row, column)
        inner *= scale * scale / np.float32(width)
        for column in range(width):
            d_number = read(d_row, column) * read(weight, column) - read(row, column) * inner
            write(to, column, read(to, column) + d_number * scale)
        if len(d_weight):
            for column in range(width):
                d_weight[column] += read(d_row, column) * read(row, column) * scale


@njit(inline="always")
def _turn(source: Array, to: Array, cosine: Array, sine: Array) -> None:
    half = len(cosine)
    for column in range(half):
        low, high = read(source, column), read(source, half + column)
        write(to, column, low * cosine[column] - high * sine[column])
        write(to, half + column, high * cosine[column] + low * sine[column])


@njit(inline="always")
def _turn_back(source: Array, to: Array, cosine: Array, sine: Array) -> None:
    half = len(cosine)
    for column in range(half):
        low, high = read(source, column), read(source, half + column)
        write(to, column, low * cosine[column] + high * sine[column])
        write(to, half + column, high * cosine[column] - low * sine[column])


@kernel
def split_heads(mixed: Array, cosines: Array, sines: Array, queries: Array, keys: Array, values: Array) -> None:
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
def join_heads(d_queries: Array, d_keys: Array, d_values: Array, cosines: Array, sines: Array, d_mixed: Array) -> None:
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
                write(to, column, source[column])


@kernel
def attended_backward(attended: Array, d_attended: Array, d_out: Array, inner: Array) -> None:
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
                    total += read(source, column) * read(d_source, column)
                    to[column] = d_source[column]
                inner[key, token, head] = total


@kernel
def softmax_backward(scores: Array, d_weights: Array, totals: Array, inner: Array, first: int, factor: float) -> None:
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
    width = gate_up.shape[1] // 2
    for token in range(gate_up.shape[0]):
        row, to = gate_up[token], out[token]
        for column in range(width):
            gate = read(row, column)
            write(to, column, gate / (ONE + exponential(min(-gate, STEEPEST))) * read(row, width + column))


@kernel
def gated_backward(gate_up: Array, d_product: Array, d_gate_up: Array) -> None:
    """Write the gradient with respect to gate and up."""
    width = gate_up.shape[1] // 2
    for token in range(gate_up.shape[0]):
        row, d_row, to = gate_up[token], d_product[token], d_gate_up[token]
        for column in range(width):
            gate, up, change = read(row, column), read(row, width + column), read(d_row, column)
            share = ONE / (ONE + exponential(min(-gate, STEEPEST)))
            active = gate * share
            write(to, column, change * up * share * (ONE + gate - active))
            write(to, width + column, change * active)


@kernel
def cross_entropy(logits: Array, targets: Array, weight: float, losses: Array, correct: Array) -> None:
    """Write each row's loss, in nats, and whether its target is the likeliest; replace logits by `weight` times their gradient."""
    words = logits.shape[1]
    for token in range(len(targets)):
        row, target = logits[token], targets[token]
        highest = read(row, 0)
        for word in range(words):
            highest = max(highest, read(row, word))
        total = ZERO
        for word in range(words):
            total += exponential(read(row, word) - highest)
        goal = read(row, target)
        losses[token] = np.log(total) + highest - goal
        correct[token] = goal == highest
        if weight == 0:
            continue
        factor = np.float32(weight) / total
        for word in range(words):
            write(row, word, exponential(read(row, word) - highest) * factor)
        write(row, target, (exponential(goal - highest) / total - ONE) * np.float32(weight))
