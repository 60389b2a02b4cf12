"""What families of models add to a Llama's arithmetic: one table, which answering and training read alike.

Where a family adds nothing, nothing is computed: a Llama's operations are the same ones in the same order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from transformers import PretrainedConfig


@dataclass(frozen=True)
class Additions:
    """What one model adds."""

    biases: bool = False
    """Of queries, keys and values."""
    head_norms: bool = False
    """Each head's queries and keys are normed before RoPE."""
    rotated: tuple[bool, ...] = ()
    """By layer, whether RoPE rotates its queries and keys; all layers if empty."""
    embedding: float = 1.0
    """What embeddings are multiplied by."""
    residual: float = 1.0
    """What attention and MLP are multiplied by before they are added to the state."""
    scores: float | None = None
    """What products of queries and keys are multiplied by; 1 / √head_dim if None."""
    logits: float = 1.0
    """What logits are divided by."""


FAMILIES: Mapping[str, Callable[[PretrainedConfig], dict[str, Any]]] = {
    "llama": lambda _: {},
    "qwen2": lambda _: {"biases": True},
    "qwen3": lambda _: {"head_norms": True},
    "smollm3": lambda config: {"rotated": tuple(bool(layer) for layer in config.no_rope_layers)},
    "granite": lambda config: {
        "embedding": float(config.embedding_multiplier),
        "residual": float(config.residual_multiplier),
        "scores": float(config.attention_multiplier),
        "logits": float(config.logits_scaling),
    },
}
"""By transformers' `model_type`: fields of `Additions`. Yang et al. 2024, https://arxiv.org/abs/2407.10671 (Qwen2); Yang et al. 2025,
https://arxiv.org/abs/2505.09388 (Qwen3); Bakouch et al. 2025, https://huggingface.co/blog/smollm3; IBM 2024, Granite 3.0."""


def additions(config: PretrainedConfig) -> Additions:
    """Return what the model that `config` describes adds."""
    return Additions(**FAMILIES[config.model_type](config))


def fits(config: PretrainedConfig) -> bool:
    """Whether this engine computes what `config` describes; other models are left to transformers."""
    return (
        config.model_type in FAMILIES
        and config.hidden_act == "silu"
        and not getattr(config, "attention_bias", False)
        and not getattr(config, "mlp_bias", False)
        and config.rope_parameters.get("rope_type", "default") in {"default", "linear", "llama3"}
        and set(getattr(config, "layer_types", None) or ()) <= {"full_attention"}
    )


def head_dim(config: PretrainedConfig) -> int:
    """Return the size of a head, which not every family says."""
    return int(getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads)
