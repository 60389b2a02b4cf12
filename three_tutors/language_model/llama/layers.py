"""The weights of a Llama's layers in training, frozen or learned. Threads share the weights; each sums gradients of its own."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import torch
from torch import Tensor

from three_tutors.language_model.llama.projections import Projection


@dataclass
class Weight:
    """A weight outside the projections; its gradient is summed only where it is learned."""

    value: Tensor
    gradient: Tensor | None = None
    """fp32, of the same shape; None where it is frozen."""

    def replica(self) -> Weight:
        """Return the same weight with a gradient of its own."""
        return Weight(self.value, None if self.gradient is None else torch.zeros_like(self.gradient))

    @property
    def gradients(self) -> list[Tensor]:
        """Where gradients are summed."""
        return [] if self.gradient is None else [self.gradient]


@dataclass(frozen=True)
class Layer:
    """The weights of one decoder layer."""

    input_norm: Weight
    qkv: Projection
    output: Projection
    mlp_norm: Weight
    gate_up: Projection
    down: Projection
    query_norm: Weight | None = None
    """Of each head's queries; None where the family has none, like `key_norm`."""
    key_norm: Weight | None = None
    rotated: bool = True
    """Whether RoPE rotates queries and keys."""

    @property
    def projections(self) -> tuple[Projection, ...]:
        """The linear maps."""
        return self.qkv, self.output, self.gate_up, self.down

    @property
    def gradients(self) -> list[Tensor]:
        """Where gradients are summed."""
        weights = [self.input_norm, self.mlp_norm, *self.projections, self.query_norm, self.key_norm]
        return [gradient for weight in weights if weight is not None for gradient in weight.gradients]

    def replica(self) -> Layer:
        """Return the same layer with gradients of its own."""
        own = {field.name: getattr(self, field.name) for field in fields(self)}
        replicas: dict[str, Any] = {name: value.replica() for name, value in own.items() if isinstance(value, Weight | Projection)}
        return replace(self, **replicas)
