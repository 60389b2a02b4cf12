"""Norms of each head's queries and keys, as kernels (see `fused`, also for the notation).

Source: Dehghani et al. 2023, https://arxiv.org/abs/2302.05442, as Qwen3 uses them.
"""

from __future__ import annotations

import numpy as np

from three_tutors.language_model.llama.compiled import ONE, ZERO, Array, kernel, read, write


@kernel
def norm_heads(split: Array, query: Array, key: Array, heads: int, epsilon: float, out: Array, scales: Array) -> None:
    """Write RMSNorm of every head of queries and keys, and the values as they are, into `out`, which may be `split` itself.

    Args:
        split: (tokens, heads + 2 * kv_heads, head_dim).
        query: the queries' weight, (head_dim,), the same for all heads.
        key: the keys' weight, the same shape.
        heads: of queries.
        epsilon: of the norm.
        out: like `split`.
        scales: (tokens, heads + kv_heads), written: 1 / rms of each head.

    """
    head_dim, normed = split.shape[2], scales.shape[1]
    for token in range(split.shape[0]):
        for head in range(split.shape[1]):
            row, to = split[token, head], out[token, head]
            if head >= normed:
                for column in range(head_dim):
                    to[column] = row[column]
                continue
            weight = query if head < heads else key
            total = ZERO
            for column in range(head_dim):
                number = read(row, column)
                total += number * number
            scale = ONE / np.sqrt(total / np.float32(head_dim) + np.float32(epsilon))
            scales[token, head] = scale
            for column in range(head_dim):
                write(to, column, read(row, column) * scale * read(weight, column))


@kernel
def norm_heads_backward(
    split: Array, scales: Array, query: Array, key: Array, heads: int, d_split: Array, d_query: Array, d_key: Array
) -> None:
    """Turn the gradient with respect to the normed heads into the one with respect to `split`, in place.

    With a `d_query` and a `d_key` that are not empty, also sum the weights' gradients.
    """
    head_dim, normed = split.shape[2], scales.shape[1]
    for token in range(split.shape[0]):
        for head in range(normed):
            row, d_row, scale = split[token, head], d_split[token, head], scales[token, head]
            weight, d_weight = (query, d_query) if head < heads else (key, d_key)
            if len(d_weight):
                for column in range(head_dim):
                    d_weight[column] += read(d_row, column) * read(row, column) * scale
            inner = ZERO
            for column in range(head_dim):
                inner += read(d_row, column) * read(weight, column) * read(row, column)
            inner *= scale * scale / np.float32(head_dim)
            for column in range(head_dim):
                write(d_row, column, (read(d_row, column) * read(weight, column) - read(row, column) * inner) * scale)
