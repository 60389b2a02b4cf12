"""Conversations end to end, as one batch of them is computed (sequence packing)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

from three_tutors.language_model.supervision import Example

MULTIPLE = 32
"""What numbers of rows are rounded up to: oneDNN compiles the products of every new number (60 ms) and keeps them (10 MB)."""


@dataclass(frozen=True)
class Places:
    """Where a conversation lies in its batch, and the angles that its tokens turn by."""

    rows: slice
    cosines: Tensor
    """(tokens, width / 2), like the sines; fp32."""
    sines: Tensor


@dataclass(frozen=True)
class PackedSequences:
    """Conversations end to end, each filled up to a multiple of `MULTIPLE` tokens; nothing looks back at what fills it."""

    ids: Tensor
    places: list[Places]
    learned: Tensor
    """Places of the states that predict a learned token."""
    targets: Tensor
    """Those tokens."""


def pack_sequences(batch: Sequence[Example], rotary: LlamaRotaryEmbedding) -> PackedSequences:
    """Lay the conversations of `batch` end to end; `rotary` says how fast each pair of dimensions turns."""
    ids: list[int] = []
    places, learned, targets = [], [], []
    for example in batch:
        first, filling = len(ids), -len(example.ids) % MULTIPLE
        ids += [*example.ids, *[0] * filling]
        places.append(_places(slice(first, len(ids)), rotary))
        learned += [first + place - 1 for place in example.positions]
        targets += [example.ids[place] for place in example.positions]
    return PackedSequences(torch.tensor(ids), places, torch.tensor(learned), torch.tensor(targets))


def _places(rows: slice, rotary: LlamaRotaryEmbedding) -> Places:
    angles = torch.arange(rows.stop - rows.start)[:, None].float() * rotary.inv_freq[None].float()
    return Places(rows, angles.cos() * rotary.attention_scaling, angles.sin() * rotary.attention_scaling)
