"""One decoder layer's weights as `model` multiplies with them: packed, queries, keys and values in one product."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import PretrainedConfig

from three_tutors.language_model.llama.families import additions
from three_tutors.language_model.llama.packed import Combined, Linear, pack, pack_with


@dataclass(frozen=True)
class Layer:
    """The packed weights of one decoder layer."""

    input_norm: Tensor
    qkv: Linear
    output: Combined
    """Added to the state."""
    mlp_norm: Tensor
    gate: Linear
    """With SiLU applied."""
    up: Combined
    """Multiplied with the gate."""
    down: Combined
    """Added to the state."""
    head_norms: tuple[Tensor, Tensor] | None
    """Of queries and keys, where the family has them."""
    rotated: bool
    """Whether RoPE rotates its queries and keys."""


def pack_layer(config: PretrainedConfig, weights: Mapping[str, Tensor], index: int, slots: int) -> Layer:
    """Return the weights of layer `index`, packed for decoding `slots` rows; factors of the family are multiplied in."""
    added, prefix = additions(config), f"model.layers.{index}."
    attention, mlp = prefix + "self_attn.", prefix + "mlp."

    def fused(kind: str) -> Tensor:
        query, key, value = (weights[f"{attention}{name}_proj.{kind}"] for name in "qkv")
        return torch.cat([interleave(query, config.num_attention_heads), interleave(key, config.num_key_value_heads), value])

    norms = [interleave(weights[f"{attention}{name}_norm.weight"], 1) for name in "qk" if added.head_norms]
    return Layer(
        input_norm=weights[prefix + "input_layernorm.weight"],
        qkv=pack(fused("weight"), slots, fused("bias") if added.biases else None),
        output=pack_with("add", times(weights[attention + "o_proj.weight"], added.residual), slots),
        mlp_norm=weights[prefix + "post_attention_layernorm.weight"],
        gate=pack(weights[mlp + "gate_proj.weight"], slots, silu=True),
        up=pack_with("mul", weights[mlp + "up_proj.weight"], slots),
        down=pack_with("add", times(weights[mlp + "down_proj.weight"], added.residual), slots),
        head_norms=(norms[0], norms[1]) if norms else None,
        rotated=not added.rotated or added.rotated[index],
    )


def interleave(weight: Tensor, heads: int) -> Tensor:
    """Reorder each head's rows so that the two dimensions that are rotated together lie side by side, like a complex number.

    Queries and keys are reordered in the same way, so their products do not change.
    """
    return weight.view(heads, 2, len(weight) // heads // 2, -1).transpose(1, 2).reshape(weight.shape)


def times(tensor: Tensor, factor: float) -> Tensor:
    """Return `tensor` times `factor`; a family without the factor computes nothing."""
    return tensor if factor == 1 else tensor * factor
