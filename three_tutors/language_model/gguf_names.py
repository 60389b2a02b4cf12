"""What GGUF files call things, and which families of models are read from them and written to them.

Keys and tensors: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md and `gguf.constants`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

LAYER_NAMES = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
"""transformers' names of what a layer has; `.weight` or `.bias` follows either name."""
MODEL_NAMES = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}
"""The same outside the layers."""
ROPE_FACTORS = "rope_freqs.weight"
"""What llama.cpp divides RoPE's frequencies by; transformers computes it from `rope_parameters`."""


@dataclass(frozen=True)
class Family:
    """How files of one architecture differ from each other; transformers calls it by the same name."""

    interleaved: bool
    """Whether rows of queries and keys lie so that the two dimensions that are rotated together are neighbours."""
    multipliers: Mapping[str, str] = field(default_factory=dict)
    """Further keys, without the architecture's name before them, by their names in `config.json`."""


FAMILIES = {
    "llama": Family(interleaved=True),
    "qwen2": Family(interleaved=False),
    "qwen3": Family(interleaved=False),
    "smollm3": Family(interleaved=True),
    "granite": Family(
        interleaved=True,
        multipliers={
            "embedding_multiplier": "embedding_scale",
            "residual_multiplier": "residual_scale",
            "attention_multiplier": "attention.scale",
            "logits_scaling": "logit_scale",
        },
    ),
}
"""By `general.architecture`. The order of rows is that of llama.cpp's converter: `LlamaModel.permute` and what inherits it."""
NO_ROPE_INTERVAL = 4
"""Every so manieth layer of a SmolLM3 has no RoPE; llama.cpp takes it as given and no key says it."""


def transformers_name(tensor: str) -> str:
    """Return transformers' name of a GGUF tensor, empty if no family has it.

    `blk.0.attn_q.weight` is `model.layers.0.self_attn.q_proj.weight`.
    """
    match tensor.split("."):
        case ["blk", layer, part, kind] if part in LAYER_NAMES:
            return f"model.layers.{layer}.{LAYER_NAMES[part]}.{kind}"
        case [part, kind] if part in MODEL_NAMES:
            return f"{MODEL_NAMES[part]}.{kind}"
    return ""


def gguf_name(tensor: str) -> str:
    """Return the GGUF name of a tensor of transformers."""
    module, kind = tensor.rsplit(".", maxsplit=1)
    if tensor.startswith("model.layers."):
        layer, part = module.removeprefix("model.layers.").split(".", maxsplit=1)
        return f"blk.{layer}.{_LAYER_PARTS[part]}.{kind}"
    return f"{_MODEL_PARTS[module]}.{kind}"


_LAYER_PARTS = {name: part for part, name in LAYER_NAMES.items()}
_MODEL_PARTS = {name: part for part, name in MODEL_NAMES.items()}
