"""A Llama forward pass for answering on a CPU: packed bf16 weights, fixed shapes, one static key-value cache.

Made for speed (about ten operations a layer and none of transformers' bookkeeping) and for repeatability: prompts
are read in segments that begin at multiples of SEGMENT, so many of them together, and every decoding step multiplies
the same number of rows, so that what is computed for a row never depends on the other rows or on what was cached.
Whatever is computed for each row alone is left out where nobody asks for the row.
Architecture: Touvron et al. 2023, https://arxiv.org/abs/2302.13971.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional
from transformers import PretrainedConfig
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

from stages.language_model.key_values import SEGMENT, Cache, Shape, causal
from stages.language_model.packed import Combined, Linear, pack, pack_with

TOGETHER = 4
"""Segments that are read at once, of one prompt or of several: so few rows as one has are multiplied faster than weights come."""
GROUP = 4
"""Slots are attended in groups of this many, each as long as its longest conversation: more would wait for the long ones."""

Attend = Callable[[Tensor, int], Tensor]


def fits(config: PretrainedConfig) -> bool:
    """Whether this module computes what `config` describes; other models are left to transformers."""
    return (
        config.model_type == "llama"
        and config.hidden_act == "silu"
        and not config.attention_bias
        and not config.mlp_bias
        and config.rope_parameters.get("rope_type", "default") in {"default", "linear", "llama3"}
    )


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


@dataclass(frozen=True)
class Segment:
    """A piece of a prompt that is read as one."""

    ids: Sequence[int]
    """At most SEGMENT tokens; only the last piece of a prompt has fewer."""
    slot: int
    start: int
    """Place of its first token in the prompt, a multiple of SEGMENT."""


class Llama:
    """The model with a key-value cache of `slots` rows of at most `length` tokens."""

    def __init__(self, config: PretrainedConfig, weights: Mapping[str, Tensor], slots: int, length: int) -> None:
        """Pack `weights` (named as transformers does, bf16) and reserve the cache, which takes memory as it fills."""
        self.config, self.slots = config, slots
        self.length = length = -(-length // SEGMENT) * SEGMENT
        self.heads, self.shared, self.width = config.num_attention_heads, config.num_key_value_heads, config.head_dim
        self.embedding = weights["model.embed_tokens.weight"]
        self.norm = weights["model.norm.weight"]
        self.head = pack(self.embedding if config.tie_word_embeddings else weights["lm_head.weight"], slots)
        self.layers = [self._layer(weights, f"model.layers.{index}.") for index in range(config.num_hidden_layers)]
        rotary = LlamaRotaryEmbedding(config)
        angles = torch.arange(length)[:, None].float() * rotary.inv_freq[None].float()
        # One complex number turns one pair of dimensions; the scale of the scores is folded into the queries' ones.
        turns = torch.polar(torch.full_like(angles, rotary.attention_scaling), angles)[:, None]
        scale = torch.cat([torch.full((self.heads,), self.width**-0.5), torch.ones(self.shared)])
        self.turns = turns * scale[None, :, None]
        shape = Shape(config.num_hidden_layers, self.heads, self.shared, self.width)
        self.groups = [Cache(shape, min(GROUP, slots - first)) for first in range(0, slots, GROUP)]

    def _layer(self, weights: Mapping[str, Tensor], prefix: str) -> Layer:
        attention, mlp = prefix + "self_attn.", prefix + "mlp."
        query = interleave(weights[attention + "q_proj.weight"], self.heads)
        key = interleave(weights[attention + "k_proj.weight"], self.shared)
        return Layer(
            input_norm=weights[prefix + "input_layernorm.weight"],
            qkv=pack(torch.cat([query, key, weights[attention + "v_proj.weight"]]), self.slots),
            output=pack_with("add", weights[attention + "o_proj.weight"], self.slots),
            mlp_norm=weights[prefix + "post_attention_layernorm.weight"],
            gate=pack(weights[mlp + "gate_proj.weight"], self.slots, silu=True),
            up=pack_with("mul", weights[mlp + "up_proj.weight"], self.slots),
            down=pack_with("add", weights[mlp + "down_proj.weight"], self.slots),
        )

    @torch.inference_mode()
    def read(self, segments: Sequence[Segment]) -> Tensor:
        """Read at most TOGETHER segments into their slots; those of one prompt in order.

        Returns:
            The last layer's states after the final norm, (len(segments), SEGMENT, hidden); of no use beyond a segment's tokens.

        """
        ids = torch.zeros(len(segments), SEGMENT, dtype=torch.long)
        places = torch.zeros(len(segments), SEGMENT, dtype=torch.long)
        for number, segment in enumerate(segments):
            self.group(segment.slot).reserve(segment.start + SEGMENT)
            ids[number, : len(segment.ids)] = torch.tensor(segment.ids)
            places[number] = torch.arange(segment.start, segment.start + SEGMENT)

        masks = [causal(segment.start) for segment in segments]
        mixed = torch.zeros(TOGETHER, SEGMENT, self.heads, self.width, dtype=torch.bfloat16)

        def attend(split: Tensor, index: int) -> Tensor:
            for segment, part, mask, room in zip(segments, split.split(SEGMENT), masks, mixed, strict=False):
                room.copy_(self.group(segment.slot).read(index, part, segment.slot % GROUP, segment.start, mask))
            return mixed.view(TOGETHER * SEGMENT, -1)

        states = self._body(ids.flatten(), self.turns[places.flatten()], attend, TOGETHER * SEGMENT)
        return states.view(TOGETHER, SEGMENT, -1)[: len(segments)]

    def group(self, slot: int) -> Cache:
        """Return the cache of a slot; its row there is `slot % GROUP`."""
        return self.groups[slot // GROUP]

    @torch.inference_mode()
    def decode(self, ids: Tensor, positions: Tensor) -> Tensor:
        """Append one token to each slot: `ids` and `positions` are (slots,); a position of -1 leaves its slot as it is.

        Returns:
            Logits, (slots, vocabulary), bf16; of no use where the position is -1.

        """
        groups = zip(self.groups, positions.split(GROUP), strict=True)
        steps = [(number, group, step) for number, (group, part) in enumerate(groups) if (step := group.step(part))]
        rows = min(self.slots, (steps[-1][0] + 1) * GROUP) if steps else 0
        mixed = torch.zeros(self.slots, self.heads * self.width, dtype=torch.bfloat16)
        rooms = mixed.split(GROUP)

        def attend(split: Tensor, index: int) -> Tensor:
            parts = split.split(GROUP)
            for number, group, step in steps:
                rooms[number].copy_(group.attend(index, parts[number], step))
            return mixed

        return self.head(self._body(ids[:rows], self.turns[positions[:rows].clamp(min=0)], attend, self.slots))

    def _body(self, ids: Tensor, turns: Tensor, attend: Attend, rows: int) -> Tensor:
        """Run all layers, multiplying `rows` rows, of which the first `len(ids)` count.

        `attend` gets a layer's queries, keys and values of those, (tokens, heads, width), and its index; it returns all rows.
        """
        count, epsilon, turned = len(ids), self.config.rms_norm_eps, self.heads + self.shared
        state, normed = (torch.zeros(rows, self.embedding.shape[1], dtype=self.embedding.dtype) for _ in range(2))
        state[:count] = functional.embedding(ids, self.embedding)
        wanted = normed[:count]
        for index, layer in enumerate(self.layers):
            wanted.copy_(functional.rms_norm(state[:count], state.shape[-1:], layer.input_norm, epsilon))
            split = layer.qkv(normed).view(rows, -1, self.width)[:count]
            pairs = torch.view_as_complex(split[:, :turned].float().view(count, turned, -1, 2))
            split[:, :turned] = torch.view_as_real(pairs.mul_(turns)).flatten(2)
            state = layer.output(attend(split, index), state)
            wanted.copy_(functional.rms_norm(state[:count], state.shape[-1:], layer.mlp_norm, epsilon))
            state = layer.down(layer.up(normed, layer.gate(normed)), state)
        wanted.copy_(functional.rms_norm(state[:count], state.shape[-1:], self.norm, epsilon))
        return normed


def interleave(weight: Tensor, heads: int) -> Tensor:
    """Put the two halves of each head's rotary dimensions side by side, as complex numbers lie in memory.

    Queries and keys are reordered alike, so their products stay what they were.
    """
    rows, columns = weight.shape
    return weight.view(heads, 2, rows // heads // 2, columns).transpose(1, 2).reshape(rows, columns)
