"""The key-value cache of a group of slots, and attention over it.

Each slot is attended to alone and in fixed shapes, so nothing that is computed for it depends on the other slots.
Grouped-query attention: Ainslie et al. 2023, https://arxiv.org/abs/2305.13245.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional
from transformers import PretrainedConfig

from three_tutors.language_model.llama.families import head_dim

SEGMENT = 64
"""Tokens of a prompt that are prefilled, kept and copied together; a cache grows by as many."""


@dataclass(frozen=True)
class DecodeStep:
    """Where a token is appended to slots of a group, the same for all layers."""

    rows: Tensor | None
    """The slots that get a token; None for all of them."""
    lines: Tensor
    """Lines of the flattened cache that the new keys and values go to."""
    mask: Tensor
    """0 where a slot has a token, minus infinity elsewhere, (slots * kv_heads, 1, capacity)."""


def causal_mask(start: int, dtype: torch.dtype = torch.bfloat16) -> Tensor:
    """Return the mask of the segment at `start`: 0 for what comes before a token and for itself, minus infinity for later ones."""
    ahead = torch.full((SEGMENT, SEGMENT), -torch.inf, dtype=dtype).triu(1)
    return functional.pad(ahead, (start, 0))


class KVCache:
    """The keys and values of a group of slots, with the capacity that its longest conversation needs.

    A layer is one contiguous tensor, (2, slots, kv_heads, capacity, head_dim): matrix products would copy anything else.
    """

    def __init__(self, config: PretrainedConfig, slots: int, dtype: torch.dtype = torch.bfloat16) -> None:
        """Begin with a capacity of 0."""
        self.heads, self.kv_heads, self.head_dim = config.num_attention_heads, config.num_key_value_heads, head_dim(config)
        self.slots, self.capacity, self.dtype = slots, 0, dtype
        self.layers = [self._empty() for _ in range(config.num_hidden_layers)]

    def _empty(self) -> Tensor:
        return torch.zeros(2, self.slots, self.kv_heads, self.capacity, self.head_dim, dtype=self.dtype)

    @torch.inference_mode()
    def reserve(self, tokens: int) -> None:
        """Grow to hold at least `tokens` a slot, keeping what is there."""
        if tokens <= self.capacity:
            return
        old, self.capacity = self.capacity, -(-tokens // SEGMENT) * SEGMENT
        for index, layer in enumerate(self.layers):
            self.layers[index] = self._empty()
            self.layers[index][:, :, :, :old] = layer

    @torch.inference_mode()
    def clear(self) -> None:
        """Forget every conversation and free the memory."""
        if self.capacity:
            self.capacity = 0
            self.layers = [self._empty() for _ in self.layers]

    @torch.inference_mode()
    def copy_segment(self, row: int, start: int) -> Tensor:
        """Return a copy of the SEGMENT tokens from `start` of slot `row`, (layers, 2, kv_heads, SEGMENT, head_dim)."""
        return torch.stack([layer[:, row, :, start : start + SEGMENT] for layer in self.layers])

    @torch.inference_mode()
    def restore_segment(self, copied: Tensor, row: int, start: int) -> None:
        """Write what `copy_segment` returned to the same `start` of any slot."""
        self.reserve(start + SEGMENT)
        for layer, part in zip(self.layers, copied, strict=True):
            layer[:, row, :, start : start + SEGMENT] = part

    def prefill(self, index: int, split: Tensor, row: int, start: int, mask: Tensor) -> Tensor:
        """Write a segment's keys and values to layer `index` and attend to everything up to each of its tokens.

        Args:
            index: of the layer.
            split: (SEGMENT, heads + 2 kv_heads, head_dim), queries, keys and values.
            row: the slot.
            start: position of the segment's first token; the capacity must reach to its end.
            mask: what `causal_mask` returns for `start`.

        Returns:
            (SEGMENT, heads, head_dim).

        """
        end = start + SEGMENT
        layer = self.layers[index][:, row]
        layer[:, :, start:end] = split[:, self.heads :].view(SEGMENT, 2, self.kv_heads, self.head_dim).permute(1, 2, 0, 3)
        keys, values = layer[:, None, :, :end]
        query = split[:, : self.heads].transpose(0, 1)[None]
        mixed = functional.scaled_dot_product_attention(query, keys, values, attn_mask=mask, scale=1.0, enable_gqa=True)
        return mixed[0].transpose(0, 1)

    def prepare(self, positions: Tensor) -> DecodeStep | None:
        """Prepare to append a token at `positions`, (slots,), leaving slots at -1 as they are; None where all are -1."""
        if int(positions.max()) < 0:
            return None
        self.reserve(int(positions.max()) + 1)
        mask = torch.where(torch.arange(self.capacity) <= positions[:, None], 0.0, -torch.inf).to(self.dtype)
        mask[positions < 0] = 0.0  # a row without any token would be all NaN
        rows = (positions >= 0).nonzero()[:, 0]
        heads = (torch.arange(2) * self.slots + rows[:, None])[:, :, None] * self.kv_heads + torch.arange(self.kv_heads)
        lines = heads * self.capacity + positions[rows][:, None, None]
        return DecodeStep(rows if len(rows) < self.slots else None, lines.flatten(), mask.repeat_interleave(self.kv_heads, 0)[:, None])

    def decode(self, index: int, split: Tensor, step: DecodeStep) -> Tensor:
        """Append keys and values to layer `index` and attend to the whole of each slot.

        Args:
            index: of the layer.
            split: (slots, heads + 2 kv_heads, head_dim), queries, keys and values.
            step: what `prepare` returned.

        Returns:
            (slots, heads * head_dim).

        """
        layer = self.layers[index]
        fresh = split[:, self.heads :] if step.rows is None else split[step.rows, self.heads :]
        layer.view(-1, self.head_dim).index_copy_(0, step.lines, fresh.reshape(-1, self.head_dim))
        keys, values = layer.flatten(1, 2)
        query = split[:, : self.heads].reshape(self.slots * self.kv_heads, -1, self.head_dim)
        scores = torch.bmm(query, keys.transpose(1, 2)).add_(step.mask)
        return torch.bmm(torch.softmax(scores, -1), values).view(self.slots, -1)
