"""The keys and values that a model remembers of its conversations, and attention over them.

What is attended to lies in fixed shapes for each conversation alone, so that nothing it computes depends on the others.
Grouped queries: Ainslie et al. 2023, https://arxiv.org/abs/2305.13245.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

SEGMENT = 64
"""Tokens of a prompt that are read, kept and found again as one; the room of a conversation grows by as many."""


@dataclass(frozen=True)
class Shape:
    """What a model's attention looks like."""

    layers: int
    heads: int
    """Of the queries."""
    shared: int
    """Heads of the keys and values, each shared by `heads / shared` queries."""
    width: int
    """Of a head."""


@dataclass(frozen=True)
class Step:
    """What all layers share when one token is appended to slots of a group."""

    rows: Tensor | None
    """The slots that get a token; None for all of them."""
    places: Tensor
    """Lines of the flattened cache that the new keys and values go to."""
    mask: Tensor
    """0 where a slot has a token, minus infinity elsewhere, (slots * shared heads, 1, capacity)."""


def causal(start: int) -> Tensor:
    """Return 0 where a token of the segment at `start` looks back or at itself, minus infinity where it would look ahead."""
    ahead = torch.full((SEGMENT, SEGMENT), -torch.inf, dtype=torch.bfloat16).triu(1)
    return functional.pad(ahead, (start, 0))


class Cache:
    """The keys and values of a group of slots, as long as its longest conversation needs.

    Those of one layer lie without gaps, (2, slots, shared heads, capacity, width): products copy what does not.
    """

    def __init__(self, shape: Shape, slots: int) -> None:
        """Begin with no room."""
        self.shape, self.slots, self.capacity = shape, slots, 0
        self.layers: list[Tensor] = []
        self.clear()

    def _empty(self) -> Tensor:
        return torch.zeros(2, self.slots, self.shape.shared, self.capacity, self.shape.width, dtype=torch.bfloat16)

    @torch.inference_mode()
    def reserve(self, tokens: int) -> None:
        """Make room for `tokens` a slot, keeping what was read."""
        if tokens <= self.capacity:
            return
        old, self.capacity = self.capacity, -(-tokens // SEGMENT) * SEGMENT
        for index, layer in enumerate(self.layers):
            self.layers[index] = self._empty()
            self.layers[index][:, :, :, :old] = layer

    @torch.inference_mode()
    def clear(self) -> None:
        """Forget every conversation and give back the room."""
        if self.capacity or not self.layers:
            self.capacity = 0
            self.layers = [self._empty() for _ in range(self.shape.layers)]

    @torch.inference_mode()
    def copied(self, row: int, start: int) -> Tensor:
        """Return a copy of what slot `row` holds of the SEGMENT tokens from `start`, (layers, 2, shared heads, SEGMENT, width)."""
        return torch.stack([layer[:, row, :, start : start + SEGMENT] for layer in self.layers])

    @torch.inference_mode()
    def put(self, copied: Tensor, row: int, start: int) -> None:
        """Write back what `copied` returned, to the same `start` of any slot."""
        self.reserve(start + SEGMENT)
        for layer, part in zip(self.layers, copied, strict=True):
            layer[:, row, :, start : start + SEGMENT] = part

    def read(self, index: int, split: Tensor, row: int, start: int, mask: Tensor) -> Tensor:
        """Keep a segment's keys and values in layer `index` and mix the values of what came before and itself.

        Args:
            index: of the layer.
            split: (SEGMENT, heads + 2 shared heads, width).
            row: the slot.
            start: place of the segment's first token, for which there must be room.
            mask: what `causal` returns for `start`.

        Returns:
            (SEGMENT, heads, width).

        """
        shape, end = self.shape, start + SEGMENT
        layer = self.layers[index][:, row]
        layer[:, :, start:end] = split[:, shape.heads :].view(SEGMENT, 2, shape.shared, shape.width).permute(1, 2, 0, 3)
        keys, values = layer[:, None, :, :end]
        query = split[:, : shape.heads].transpose(0, 1)[None]
        mixed = functional.scaled_dot_product_attention(query, keys, values, attn_mask=mask, scale=1.0, enable_gqa=True)
        return mixed[0].transpose(0, 1)

    def step(self, positions: Tensor) -> Step | None:
        """Prepare to append a token at `positions`, (slots,), leaving those of -1 as they are; None where all are -1."""
        if int(positions.max()) < 0:
            return None
        self.reserve(int(positions.max()) + 1)
        shared = self.shape.shared
        mask = torch.where(torch.arange(self.capacity) <= positions[:, None], 0.0, -torch.inf).to(torch.bfloat16)
        mask[positions < 0] = 0.0  # a row without any token would be all NaN
        rows = (positions >= 0).nonzero()[:, 0]
        lines = (torch.arange(2) * self.slots + rows[:, None])[:, :, None] * shared + torch.arange(shared)
        places = lines * self.capacity + positions[rows][:, None, None]
        return Step(rows if len(rows) < self.slots else None, places.flatten(), mask.repeat_interleave(shared, 0)[:, None])

    def attend(self, index: int, split: Tensor, step: Step) -> Tensor:
        """Append keys and values in layer `index` and mix the values; `split` is (slots, heads + 2 shared heads, width)."""
        heads, shared, width = self.shape.heads, self.shape.shared, self.shape.width
        layer = self.layers[index]
        fresh = split[:, heads:] if step.rows is None else split[step.rows, heads:]
        layer.view(-1, width).index_copy_(0, step.places, fresh.reshape(-1, width))
        keys, values = layer.flatten(1, 2)
        query = split[:, :heads].reshape(self.slots * shared, -1, width)
        scores = torch.bmm(query, keys.transpose(1, 2)).add_(step.mask)
        return torch.bmm(torch.softmax(scores, -1), values).view(self.slots, -1)
