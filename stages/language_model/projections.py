"""The linear maps of a decoder layer, frozen with low-rank adapters beside them (LoRA) or learned whole.

Maps that read the same input are computed as one: queries, keys and values; gate and up.
LoRA: Hu et al. 2021, https://arxiv.org/abs/2106.09685.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

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

    def room(self, tokens: int) -> Tensor:
        """Return an empty input for `forward`; its first `in` columns are to be filled."""
        return self.weight.new_empty(tokens, self.weight.shape[1])

    def inputs(self, room: Tensor) -> Tensor:
        """Return the part of `room` that the input is written to, (tokens, in)."""
        return room[:, : self._in]

    def forward(self, room: Tensor) -> Tensor:
        """Return the map of what was written into `room`."""
        self._kept = None
        if self.training and self.dropout and self.adapters:
            # One mask for all adapters that read this input.
            self._kept = torch.empty_like(self.inputs(room)).bernoulli_(1 - self.dropout).div_(1 - self.dropout)
        self.complete(room)
        return torch.mm(room, self.weight.t())

    def complete(self, room: Tensor) -> None:
        """Fill in the adapters' share of `room` again, where the input was not kept since `forward`."""
        if self.adapters:
            states = self.inputs(room)
            room[:, self._in :] = torch.mm(states if self._kept is None else states * self._kept, self._down.t())

    def backward(self, room: Tensor, d_result: Tensor) -> Tensor:
        """Sum the gradients of what is learned; return the one with respect to the input of the last `forward`."""
        d_room = torch.mm(d_result, self.weight)
        if self.gradient is not None:
            self.gradient.add_(torch.mm(d_result.t(), room))
        if not self.adapters:
            return d_room
        states, low = self.inputs(room), room[:, self._in :]
        kept, self._kept = self._kept, None
        d_low = d_room[:, self._in :].contiguous()
        d_up = torch.mm(d_result.t(), low)
        d_down = torch.mm(d_low.t(), states if kept is None else states * kept)
        first = 0
        for adapter in self.adapters:
            part = slice(first, first + len(adapter.down))
            _add(adapter.up, d_up[adapter.rows, part], self.scaling)
            _add(adapter.down, d_down[part], 1.0)
            first = part.stop
        d_states = d_room[:, : self._in]
        return torch.addmm(d_states, d_low, self._down) if kept is None else d_states + torch.mm(d_low, self._down).mul_(kept)


def _add(parameter: Tensor, gradient: Tensor, factor: float) -> None:
    if parameter.grad is None:
        parameter.grad = torch.zeros_like(parameter)
    parameter.grad.add_(gradient.float(), alpha=factor)
