"""Attention of one conversation while training, forward and backward; notation as in `trainable`."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from three_tutors.language_model.llama import fused
from three_tutors.language_model.llama.arena import Arena
from three_tutors.language_model.llama.compiled import array
from three_tutors.language_model.llama.sequence_packing import Span

QUERIES = 192
"""Tokens whose attention is differentiated at once, so that the intermediate results stay in a core's own cache."""


@dataclass
class Attended:
    """What the backward pass of one conversation's attention needs; it computes the attention weights again."""

    queries: Tensor
    """(kv_heads, tokens, heads / kv_heads, head_dim); see `fused.split_heads`."""
    keys: Tensor
    """(kv_heads, tokens, head_dim)."""
    values: Tensor
    """The same shape."""
    totals: Tensor
    """(kv_heads, heads / kv_heads, tokens), fp32: logarithms of the softmax's denominators."""


@dataclass(frozen=True)
class Attention:
    """Causal attention with grouped queries."""

    heads: int
    kv_heads: int
    head_dim: int
    scores: float | None
    """What products of queries and keys are multiplied with; None for 1 / √head_dim."""
    activations: Arena
    """For what `backward` needs of `forward`."""
    scratch: Arena

    def forward(self, split: Tensor, span: Span, out: Tensor) -> Attended:
        """Write the attention output of one conversation into `out`, (tokens, heads * head_dim)."""
        tokens, dtype = len(split), split.dtype
        queries = self.activations.take(self.kv_heads, tokens, self.heads // self.kv_heads, self.head_dim, dtype=dtype)
        keys, values = self.activations.take(2, self.kv_heads, tokens, self.head_dim, dtype=dtype)
        fused.split_heads(array(split), array(span.cosines), array(span.sines), array(queries), array(keys), array(values))
        every = (-1, queries.shape[2], -1, -1)
        # The operator behind `scaled_dot_product_attention`, which does not hand out the denominators.
        mixed, totals = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(  # noqa: SLF001
            queries.transpose(1, 2),
            keys[:, None].expand(every),
            values[:, None].expand(every),
            0.0,
            True,  # causal; it takes no names
            scale=self.scores,
        )
        out.view(tokens, self.kv_heads, -1, self.head_dim).copy_(mixed.permute(2, 0, 1, 3))
        return Attended(queries, keys, values, totals.contiguous())

    def backward(self, saved: Attended, span: Span, mixed: Tensor, d_mixed: Tensor, d_split: Tensor) -> None:
        """Write the gradient with respect to `split` into `d_split`; `d_mixed` is the one with respect to what `forward` wrote, `mixed`."""
        (kv_heads, tokens, group, head_dim), dtype = saved.queries.shape, saved.queries.dtype
        factor = head_dim**-0.5 if self.scores is None else self.scores
        d_out, inner = self.scratch.take(*saved.queries.shape, dtype=dtype), self.scratch.take(kv_heads, tokens, group)
        fused.attended_backward(array(mixed), array(d_mixed), array(d_out), array(inner))
        d_queries = self.scratch.take(*saved.queries.shape, dtype=dtype)
        d_keys, d_values = torch.zeros(2, kv_heads, tokens, head_dim)
        for first in range(0, tokens, QUERIES):  # tokens do not attend to later ones
            mark, rows, last = self.scratch.mark, slice(first, first + QUERIES), min(first + QUERIES, tokens)
            queries, d_rows = saved.queries[:, rows].flatten(1, 2), d_out[:, rows].flatten(1, 2)
            keys, values = saved.keys[:, :last], saved.values[:, :last]
            pairs = (kv_heads, queries.shape[1], last)
            weights = torch.bmm(queries, keys.transpose(1, 2), out=self.scratch.take(*pairs, dtype=dtype))
            d_scores = torch.bmm(d_rows, values.transpose(1, 2), out=self.scratch.take(*pairs, dtype=dtype))
            fused.softmax_backward(array(weights), array(d_scores), array(saved.totals), array(inner), first, factor)
            d_queries[:, rows] = torch.bmm(d_scores, keys).view(kv_heads, -1, group, head_dim)
            d_keys[:, :last] += torch.bmm(d_scores.transpose(1, 2), queries)
            d_values[:, :last] += torch.bmm(weights.transpose(1, 2), d_rows)
            self.scratch.release(mark)
        fused.join_heads(array(d_queries), array(d_keys), array(d_values), array(span.cosines), array(span.sines), array(d_split))
