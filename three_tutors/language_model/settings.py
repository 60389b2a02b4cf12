"""How a model is fine-tuned."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from three_tutors.language_model.supervision import Supervision
from three_tutors.pipeline.diagnostics import ParamsError

Schedule = Literal["cosine", "linear", "constant"]
Init = Literal["default", "pissa", "olora"]
Modules = Literal["all-linear"] | list[str]
Device = Literal["auto", "cpu", "cuda"]
Precision = Literal["bf16", "nf4"]

LINEAR = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
"""What `all-linear` means for a Llama: every linear layer but the head."""


@dataclass(frozen=True)
class Lora:
    """Low-rank adapters beside frozen weights (Hu et al. 2021)."""

    r: int = 16
    """Rank."""
    alpha: float = 32
    """The adapters' product is scaled by alpha / r."""
    dropout: float = 0.0
    """Share of the adapters' input dropped while training."""
    target_modules: Modules = "all-linear"
    rslora: bool = False
    """Scale by alpha / √r instead (Kalajdzievski 2023)."""
    dora: bool = False
    """Learn the weights' magnitudes apart (Liu et al. 2024); computed by peft, several times slower."""
    init: Init = "default"
    """`pissa` (Meng et al. 2024) and `olora` (Büyükakyüz 2024) begin with the largest part of the weights themselves."""
    precision: Precision = "bf16"
    """Of the frozen weights while adapters are trained: `nf4` is QLoRA (Dettmers et al. 2023), four bits by bitsandbytes."""

    @property
    def scaling(self) -> float:
        """The factor of the adapters' product."""
        return self.alpha / (math.sqrt(self.r) if self.rslora else self.r)


@dataclass(frozen=True)
class Settings:
    """One fine-tuning. Two runs with equal settings, rows and base leave equal bytes on the same machine."""

    learning_rate: float
    """Highest learning rate of AdamW."""
    epochs: int
    """Most passes over the training rows."""
    lora: Lora | None = None
    """None learns every weight."""
    supervision: Supervision = "weight"
    schedule: Schedule = "cosine"
    """How the learning rate falls to 0 after the warm-up; `constant` does not fall."""
    warmup: float = 0.1
    """Share of the steps in which the learning rate rises."""
    batch_size: int = 8
    """Conversations of one step, whatever their lengths."""
    max_length: int = 1024
    """Most tokens of a conversation; longer ones stop the run, nothing is cut."""
    early_stopping_patience: int = 2
    """Stop after this many epochs without a lower validation loss; 0 never stops early."""
    weight_decay: float = 0.0
    beta: float | None = None
    """None learns what is said; a number above 0 learns from preferences, the closer to the model that it begins with the higher it is."""
    max_gradient_norm: float = 1.0
    """Longer gradients are scaled to this length."""
    seed: int = 0
    device: Device = "auto"
    """`auto` takes a GPU where there is one."""

    def __post_init__(self) -> None:
        """Refuse numbers that are not finite: comparisons with them are false, so no limit of a caller stops them for certain."""
        own = asdict(self)
        for name, value in [*own.items(), *(own["lora"] or {}).items()]:
            if isinstance(value, float) and not math.isfinite(value):
                raise ParamsError(f"{name}: {value} is not a finite number; give one.")
        if self.beta is not None and self.beta <= 0:
            raise ParamsError(f"beta: {self.beta:g} would learn nothing from a preference; take a number above 0.")


def of_adapters(given: Mapping[str, Any]) -> Settings:
    """Return the settings that train adapters as `given` says by the names of the fields; other names are passed over."""
    lora, run = ({field.name: given[field.name] for field in fields(kind) if field.name in given} for kind in (Lora, Settings))
    return Settings(lora=Lora(**lora), **run)


def on_gpu(device: Device) -> bool:
    """Whether `device` means a GPU on this machine.

    Raises:
        ParamsError: `cuda` where PyTorch finds none.

    """
    import torch  # noqa: PLC0415 - seconds that those who only read settings need not pay

    found = torch.cuda.is_available()
    if device == "cuda" and not found:
        raise ParamsError("device: cuda, but PyTorch finds no GPU here; install its CUDA build, or take `auto` or `cpu`.")
    return device != "cpu" and found
