"""The protocol of a model in training: losses, gradients, and how what was learned is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from torch import Tensor

from three_tutors.language_model.supervision import Example, Unit

Unit_contra = TypeVar("Unit_contra", bound=Unit, contravariant=True)


@dataclass(frozen=True)
class Sums:
    """Sums over the learned tokens of a batch, or over its pairs where preferences are learned (see `preference`)."""

    loss: float = 0.0
    """Sum of negative log-likelihoods, in nats."""
    correct: int = 0
    """Tokens that are the likeliest one."""
    tokens: int = 0

    def __add__(self, other: Sums) -> Sums:
        """Return both together."""
        return Sums(self.loss + other.loss, self.correct + other.correct, self.tokens + other.tokens)

    @property
    def mean_loss(self) -> float:
        """Negative log-likelihood of one token, in nats."""
        return self.loss / self.tokens

    @property
    def accuracy(self) -> float:
        """Share of tokens that are the likeliest one."""
        return self.correct / self.tokens


class Learner(Protocol[Unit_contra]):
    """A model with weights to learn."""

    parameters: dict[str, Tensor]
    """The learned weights in fp32; `accumulate` adds to their `grad`."""
    tokens_at_once: int
    """About the most tokens of one part."""
    parts_at_once: int
    """How many parts are worked on at the same time."""

    def accumulate(self, parts: Sequence[Sequence[Unit_contra]], weight: float) -> Sums:
        """Add the gradients of `weight` times the summed loss of the `parts` of a step."""

    def measure(self, parts: Sequence[Sequence[Unit_contra]]) -> Sums:
        """Return the sums of `parts` without learning."""

    def refresh(self) -> None:
        """Compute with changed `parameters` from now on."""

    def export(self, folder: Path) -> None:
        """Write what was learned into the new `folder`, to be loaded by `Generator`, transformers or peft."""


class ExampleLearner(Learner[Example], Protocol):
    """A learner of conversations; in `accumulate` the loss of each counts by its own weight."""

    def losses(self, examples: Sequence[Example]) -> list[float]:
        """Return the summed negative log-likelihood, in nats, of each example's learned tokens; none depends on the others."""

    def begin_with(self, adapter: Path) -> None:
        """Begin with the trained `adapter`, made of the same settings, in place of a new one."""
