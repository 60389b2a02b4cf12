"""The linear maps of a decoder layer, frozen with low-rank adapters beside them (LoRA) or learned whole.

Maps that read the same input are computed as one: queries, keys and values; gate and up.
LoRA: Hu et al. 2021, https://arxiv.org/abs/2106.09685.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn import functional


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
    """`y = x Wᵀ`, plus the adapters' products; knows its own gradients."""

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
    _up: Tensor = field(init=False)
    _low: Tensor | None = None
    _kept: Tensor | None = None

    def __post_init__(self) -> None:
        """Prepare the copies that are computed with."""
        self.refresh()

    def refresh(self) -> None:
        """Copy the adapters' fp32 values into the dtype that is computed in: call it after they changed."""
        if not self.adapters:
            return
        rank = self.adapters[0].down.shape[0]
        self._down = torch.cat([adapter.down.detach() for adapter in self.adapters]).to(self.weight.dtype)
        up = torch.zeros(self.weight.shape[0], rank * len(self.adapters))
        for index, adapter in enumerate(self.adapters):
            up[adapter.rows, index * rank : (index + 1) * rank] = adapter.up.detach() * self.scaling
        self._up = up.to(self.weight.dtype)

    def forward(self, states: Tensor) -> Tensor:
        """Return the map of `states`, (tokens, in)."""
        result = functional.linear(states, self.weight)
        if not self.adapters:
            return result
        if self.training and self.dropout:
            # One mask for all adapters that read this input.
            self._kept = torch.empty_like(states).bernoulli_(1 - self.dropout).div_(1 - self.dropout)
            states = states * self._kept
        self._low = functional.linear(states, self._down)
        return result.addmm_(self._low, self._up.t())

    def backward(self, states: Tensor, d_result: Tensor) -> Tensor:
        """Sum the gradients of what is learned; return the one with respect to `states`, the input of the last `forward`."""
        d_states = torch.mm(d_result, self.weight)
        if self.gradient is not None:
            self.gradient.add_(torch.mm(d_result.t(), states))
        if not self.adapters or self._low is None:
            return d_states
        kept = self._kept if self.training and self.dropout else None
        d_low = torch.mm(d_result, self._up)
        d_up = torch.mm(d_result.t(), self._low).float()
        d_down = torch.mm(d_low.t(), states if kept is None else states * kept).float()
        rank = self.adapters[0].down.shape[0]
        for index, adapter in enumerate(self.adapters):
            part = slice(index * rank, (index + 1) * rank)
            _add(adapter.up, d_up[adapter.rows, part] * self.scaling)
            _add(adapter.down, d_down[part])
        self._low = self._kept = None
        return d_states.addmm_(d_low, self._down) if kept is None else d_states.add_(torch.mm(d_low, self._down).mul_(kept))


def _add(parameter: Tensor, gradient: Tensor) -> None:
    parameter.grad = gradient.clone() if parameter.grad is None else parameter.grad.add_(gradient)
