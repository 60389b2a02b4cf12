"""Sequence packing: the conversations of a batch end to end in one long sequence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

from three_tutors.language_model.supervision import Example

MULTIPLE = 32
"""Numbers of rows are rounded up to a multiple: for every new number oneDNN compiles its products (60 ms) and keeps them (10 MB)."""


@dataclass(frozen=True)
class Span:
    """Where a conversation lies in its batch, and the angles that RoPE rotates its tokens by."""

    rows: slice
    cosines: Tensor
    """(tokens, head_dim / 2), fp32."""
    sines: Tensor
    """The same shape."""


@dataclass(frozen=True)
class PackedSequences:
    """Conversations end to end, each padded at its end to a multiple of `MULTIPLE` tokens. No token attends to the padding."""

    ids: Tensor
    spans: list[Span]
    learned: Tensor
    """Rows whose states predict a learned token."""
    targets: Tensor
    """Those tokens."""
    weights: Tensor
    """Factors of their losses, fp64: those of their conversations."""

    def turned(self, *, rotated: bool) -> list[Span]:
        """Return the spans with the angles of a layer that RoPE rotates, or with angles of 0."""
        if rotated:
            return self.spans
        return [Span(each.rows, torch.ones_like(each.cosines), torch.zeros_like(each.sines)) for each in self.spans]


def pack_sequences(batch: Sequence[Example], rope: LlamaRotaryEmbedding) -> PackedSequences:
    """Return the conversations of `batch` end to end."""
    ids: list[int] = []
    spans, learned, targets, weights = [], [], [], []
    for example in batch:
        first, padding = len(ids), -len(example.ids) % MULTIPLE
        ids += [*example.ids, *[0] * padding]
        spans.append(_span(slice(first, len(ids)), rope))
        learned += [first + place - 1 for place in example.positions]
        targets += [example.ids[place] for place in example.positions]
        weights += [example.weight] * example.supervised
    return PackedSequences(
        torch.tensor(ids), spans, torch.tensor(learned), torch.tensor(targets), torch.tensor(weights, dtype=torch.float64)
    )


def _span(rows: slice, rope: LlamaRotaryEmbedding) -> Span:
    angles = torch.arange(rows.stop - rows.start)[:, None].float() * rope.inv_freq[None].float()
    return Span(rows, angles.cos() * rope.attention_scaling, angles.sin() * rope.attention_scaling)
