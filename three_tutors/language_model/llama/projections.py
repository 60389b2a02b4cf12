"""The linear maps of a decoder layer, frozen with low-rank adapters beside them (LoRA) or learned whole.

Maps that read the same input are computed as one: queries, keys and values; gate and up.
LoRA: Hu et al. 2021, https://arxiv.org/abs/2106.09685.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from three_tutors.language_model.llama.arena import Arena

LANES = 32
"""Columns that the CPU's matrix units take at once in bf16; the adapters' share is padded to a multiple."""


@dataclass
class Adapter:
    """The low-rank adapter of the rows `rows` of a fused weight: scaling · up · down, in fp32."""

    rows: slice
    down: Tensor
    """(r, in): A."""
    up: Tensor
    """(out, r): B."""
    d_down: Tensor
    """Where the gradient is summed, like `d_up`."""
    d_up: Tensor


@dataclass
class Projection:
    """`y = x Wᵀ`, plus the adapters' products; knows its own gradients.

    With adapters, W and scaling · B lie side by side in one matrix, and x beside A x in one input: the adapters add no
    pass over the output, forward or backward. Whoever makes the input writes it into `room`.
    """

    weight: Tensor
    """(out, in), in the dtype that is computed in."""
    adapters: Sequence[Adapter] = ()
    scaling: float = 1.0
    dropout: float = 0.0
    """Share of the adapters' input that is dropped while training."""
    gradient: Tensor | None = None
    """fp32, of the weight's shape; None where it is frozen."""
    training: bool = False
    generator: torch.Generator | None = None
    """Draws what is dropped."""
    _down: Tensor = field(init=False)
    _kept: Tensor | None = None

    def __post_init__(self) -> None:
        """Put the weight where the adapters' share fits beside it."""
        self._in = self.weight.shape[1]
        if not self.adapters:
            return
        rank = sum(len(adapter.down) for adapter in self.adapters)
        width = -(-rank // LANES) * LANES
        self._down = self.weight.new_zeros(width, self._in)
        self.weight = torch.nn.functional.pad(self.weight, (0, width))
        self.refresh()

    def refresh(self) -> None:
        """Copy the adapters' fp32 values into the dtype that is computed in: call it after they changed."""
        first = 0
        for adapter in self.adapters:
            part = slice(first, first + len(adapter.down))
            self._down[part] = adapter.down.detach()
            self.weight[adapter.rows, self._in + part.start : self._in + part.stop] = adapter.up.detach() * self.scaling
            first = part.stop

    def twin(self) -> Projection:
        """Return the same map of the same weights, with gradients of its own."""
        made = copy(self)
        made.adapters = [replace(each, d_down=torch.zeros_like(each.d_down), d_up=torch.zeros_like(each.d_up)) for each in self.adapters]
        made.gradient = None if self.gradient is None else torch.zeros_like(self.gradient)
        return made

    @property
    def gradients(self) -> list[Tensor]:
        """Where gradients are summed, in a fixed order."""
        own = [] if self.gradient is None else [self.gradient]
        return own + [gradient for adapter in self.adapters for gradient in (adapter.d_down, adapter.d_up)]

    def room(self, tokens: int, arena: Arena) -> Tensor:
        """Return an empty input for `forward`; its first `in` columns are to be filled."""
        return arena.take(tokens, self.weight.shape[1], dtype=self.weight.dtype)

    def inputs(self, room: Tensor) -> Tensor:
        """Return the part of `room` that the input is written to, (tokens, in)."""
        return room[:, : self._in]

    def forward(self, room: Tensor, arena: Arena) -> Tensor:
        """Return the map of what was written into `room`."""
        self._kept = None
        states = self.inputs(room)
        if self.training and self.dropout and self.adapters:
            # One mask for all adapters that read this input.
            self._kept = torch.empty_like(states).bernoulli_(1 - self.dropout, generator=self.generator).div_(1 - self.dropout)
            states = states * self._kept
        if self.adapters:
            torch.mm(states, self._down.t(), out=room[:, self._in :])
        return torch.mm(room, self.weight.t(), out=arena.take(len(room), len(self.weight), dtype=self.weight.dtype))

    def backward(self, room: Tensor, d_result: Tensor, arena: Arena) -> Tensor:
        """Sum the gradients of what is learned; return the one with respect to the input of the last `forward`."""
        d_room = torch.mm(d_result, self.weight, out=self.room(len(room), arena))
        if self.gradient is not None:
            self.gradient.add_(torch.mm(d_result.t(), room))
        if not self.adapters:
            return d_room
        states, low = self.inputs(room), room[:, self._in :]
        kept, self._kept = self._kept, None
        d_low = d_room[:, self._in :].contiguous()
        d_up = torch.mm(low.t(), d_result).t()  # this way round the small one is turned
        d_down = torch.mm(d_low.t(), states if kept is None else states * kept)
        first = 0
        for adapter in self.adapters:
            part = slice(first, first + len(adapter.down))
            adapter.d_up.add_(d_up[adapter.rows, part], alpha=self.scaling)
            adapter.d_down.add_(d_down[part])
            first = part.stop
        d_states = d_room[:, : self._in]
        if kept is not None:
            return d_states + torch.mm(d_low, self._down).mul_(kept)
        return torch.addmm(d_states, d_low, self._down, out=arena.take(len(room), self._in, dtype=self.weight.dtype))
