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
"""Columns that the CPU's matrix units take at once in bf16; the adapters' rank is padded to a multiple."""


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
    """`y = x Wᵀ + b` plus the adapters' products, with its own backward pass.

    With adapters, W and scaling · B lie side by side in one matrix, and x and A x in one input: the adapters add no
    pass over the output, forward or backward. The caller writes the input into `buffer`.
    """

    weight: Tensor
    """(out, in), in the dtype that is computed in."""
    adapters: Sequence[Adapter] = ()
    scaling: float = 1.0
    dropout: float = 0.0
    """Share of the adapters' input that is dropped in training."""
    gradient: Tensor | None = None
    """fp32, of the weight's shape; None where it is frozen."""
    bias: Tensor | None = None
    """(out,); None where the family has none."""
    bias_gradient: Tensor | None = None
    """fp32, of the bias's shape; None where it is frozen."""
    training: bool = False
    generator: torch.Generator | None = None
    """Draws what is dropped."""
    _down: Tensor = field(init=False)
    _mask: Tensor | None = None
    """Of dropout, from `forward` to `backward`."""

    def __post_init__(self) -> None:
        """Make space for the adapters beside the weight."""
        self._in = self.weight.shape[1]
        if not self.adapters:
            return
        rank = sum(len(adapter.down) for adapter in self.adapters)
        padded = -(-rank // LANES) * LANES
        self._down = self.weight.new_zeros(padded, self._in)
        self.weight = torch.nn.functional.pad(self.weight, (0, padded))
        self.refresh()

    def refresh(self) -> None:
        """Copy the adapters' fp32 values into what is computed with; call it after they changed."""
        first = 0
        for adapter in self.adapters:
            part = slice(first, first + len(adapter.down))
            self._down[part] = adapter.down.detach()
            self.weight[adapter.rows, self._in + part.start : self._in + part.stop] = adapter.up.detach() * self.scaling
            first = part.stop

    def replica(self) -> Projection:
        """Return a projection that shares the weights and sums gradients of its own."""
        made = copy(self)
        made.adapters = [replace(each, d_down=torch.zeros_like(each.d_down), d_up=torch.zeros_like(each.d_up)) for each in self.adapters]
        made.gradient = None if self.gradient is None else torch.zeros_like(self.gradient)
        made.bias_gradient = None if self.bias_gradient is None else torch.zeros_like(self.bias_gradient)
        return made

    @property
    def gradients(self) -> list[Tensor]:
        """Where gradients are summed, in a fixed order."""
        own = [gradient for gradient in (self.gradient, self.bias_gradient) if gradient is not None]
        return own + [gradient for adapter in self.adapters for gradient in (adapter.d_down, adapter.d_up)]

    def buffer(self, tokens: int, arena: Arena) -> Tensor:
        """Return an uninitialised input for `forward`, whose first `in` columns the caller fills."""
        return arena.take(tokens, self.weight.shape[1], dtype=self.weight.dtype)

    def inputs(self, buffer: Tensor) -> Tensor:
        """Return the part of `buffer` that the caller fills, (tokens, in)."""
        return buffer[:, : self._in]

    def forward(self, buffer: Tensor, arena: Arena) -> Tensor:
        """Return the projection of what was written into `buffer`."""
        self._mask = None
        states = self.inputs(buffer)
        if self.training and self.dropout and self.adapters:
            # One mask for all adapters that read this input.
            self._mask = torch.empty_like(states).bernoulli_(1 - self.dropout, generator=self.generator).div_(1 - self.dropout)
            states = states * self._mask
        if self.adapters:
            torch.mm(states, self._down.t(), out=buffer[:, self._in :])
        result = arena.take(len(buffer), len(self.weight), dtype=self.weight.dtype)
        if self.bias is not None:
            return torch.addmm(self.bias, buffer, self.weight.t(), out=result)
        return torch.mm(buffer, self.weight.t(), out=result)

    def backward(self, buffer: Tensor, d_result: Tensor, arena: Arena) -> Tensor:
        """Sum the gradients of what is learned; return the gradient with respect to the input of the last `forward`."""
        d_buffer = torch.mm(d_result, self.weight, out=self.buffer(len(buffer), arena))
        if self.gradient is not None:
            self.gradient.add_(torch.mm(d_result.t(), buffer))
        if self.bias_gradient is not None:
            self.bias_gradient.add_(d_result.sum(0, dtype=torch.float32))
        if not self.adapters:
            return d_buffer
        states, low = self.inputs(buffer), buffer[:, self._in :]
        mask, self._mask = self._mask, None
        d_low = d_buffer[:, self._in :].contiguous()
        d_up = torch.mm(low.t(), d_result).t()  # cheaper to transpose than `d_result`
        d_down = torch.mm(d_low.t(), states if mask is None else states * mask)
        first = 0
        for adapter in self.adapters:
            part = slice(first, first + len(adapter.down))
            adapter.d_up.add_(d_up[adapter.rows, part], alpha=self.scaling)
            adapter.d_down.add_(d_down[part])
            first = part.stop
        d_states = d_buffer[:, : self._in]
        if mask is not None:
            return d_states + torch.mm(d_low, self._down).mul_(mask)
        return torch.addmm(d_states, d_low, self._down, out=arena.take(len(buffer), self._in, dtype=self.weight.dtype))
