"""A Llama forward pass for answering on a CPU: packed bf16 weights, fixed shapes, one static key-value cache.

Made for speed (about ten operations a layer and none of transformers' bookkeeping) and for repeatability: prompts
are read in chunks that begin at multiples of CHUNK, and every decoding step computes the same number of
rows, so that what is computed for a row never depends on the other rows or on what was cached before.
Architecture: Touvron et al. 2023, https://arxiv.org/abs/2302.13971, with grouped queries (Ainslie et al. 2023).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional
from transformers import PretrainedConfig
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

CHUNK = 128
"""Tokens of a prompt that are read at once: reading the weights takes longer than multiplying so few rows with them."""
STEP = 64
"""Step of the attended length; what is left of a prompt is read in so few rows where it fits."""
GROUP = 8
"""Slots are attended in groups of this many, so that one lone conversation does not pay for all slots."""

Linear = Callable[[Tensor], Tensor]
Combined = Callable[[Tensor, Tensor], Tensor]
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
class Step:
    """What all layers share when one token is appended to each slot of a group."""

    places: Tensor
    """Lines of the flattened cache that the new keys and values go to."""
    mask: Tensor
    """0 where a slot has a token, minus infinity elsewhere, (slots * shared heads, 1, capacity)."""


class Cache:
    """The keys and values of a group of slots, as long as its longest conversation needs.

    Those of one layer lie without gaps, (2, slots, shared heads, capacity, width): products copy what does not.
    """

    def __init__(self, model: Llama, slots: int) -> None:
        """Begin with no room."""
        self.model, self.slots, self.capacity = model, slots, 0
        self.layers: list[Tensor] = []
        self.clear()

    def _empty(self) -> Tensor:
        return torch.zeros(2, self.slots, self.model.shared, self.capacity, self.model.width, dtype=torch.bfloat16)

    @torch.inference_mode()
    def reserve(self, tokens: int) -> None:
        """Make room for `tokens` a slot, keeping what was read."""
        if tokens <= self.capacity:
            return
        old, self.capacity = self.capacity, -(-tokens // STEP) * STEP
        for index, layer in enumerate(self.layers):
            self.layers[index] = self._empty()
            self.layers[index][:, :, :, :old] = layer

    @torch.inference_mode()
    def clear(self) -> None:
        """Forget every conversation and give back the room."""
        if self.capacity or not self.layers:
            self.capacity = 0
            self.layers = [self._empty() for _ in range(self.model.config.num_hidden_layers)]

    def step(self, positions: Tensor) -> Step | None:
        """Prepare to append a token at `positions`, (slots,); None where all of them are -1."""
        if int(positions.max()) < 0:
            return None
        self.reserve(int(positions.max()) + 1)
        shared = self.model.shared
        mask = torch.where(torch.arange(self.capacity) <= positions[:, None], 0.0, -torch.inf).to(torch.bfloat16)
        mask[positions < 0] = 0.0  # a row without any token would be all NaN
        lines = (torch.arange(2) * self.slots + torch.arange(self.slots)[:, None])[:, :, None] * shared + torch.arange(shared)
        # What an idle slot appends goes to the last line, which whoever comes next writes before reading it.
        places = lines * self.capacity + torch.where(positions < 0, self.capacity - 1, positions)[:, None, None]
        return Step(places.flatten(), mask.repeat_interleave(shared, 0)[:, None])

    def attend(self, index: int, split: Tensor, step: Step) -> Tensor:
        """Append keys and values in layer `index` and mix the values; `split` is (slots, heads + 2 shared heads, width)."""
        heads, shared, width = self.model.heads, self.model.shared, self.model.width
        layer = self.layers[index]
        layer.view(-1, width).index_copy_(0, step.places, split[:, heads:].reshape(-1, width))
        keys, values = layer.flatten(1, 2)
        query = split[:, :heads].reshape(self.slots * shared, -1, width)
        scores = torch.bmm(query, keys.transpose(1, 2)).add_(step.mask)
        return torch.bmm(torch.softmax(scores, -1), values).view(self.slots, -1)


class Llama:
    """The model with a key-value cache of `slots` rows of at most `length` tokens."""

    def __init__(self, config: PretrainedConfig, weights: Mapping[str, Tensor], slots: int, length: int) -> None:
        """Pack `weights` (named as transformers does, bf16) and reserve the cache, which takes memory as it fills."""
        self.config, self.slots = config, slots
        self.length = length = -(-length // CHUNK) * CHUNK
        self.heads, self.shared, self.width = config.num_attention_heads, config.num_key_value_heads, config.head_dim
        self.embedding = weights["model.embed_tokens.weight"]
        self.norm = weights["model.norm.weight"]
        self.head = _pack(self.embedding if config.tie_word_embeddings else weights["lm_head.weight"], slots)
        self.layers = [self._layer(weights, f"model.layers.{index}.") for index in range(config.num_hidden_layers)]
        rotary = LlamaRotaryEmbedding(config)
        angles = torch.arange(length)[:, None].float() * rotary.inv_freq[None].float()
        # One complex number turns one pair of dimensions; the scale of the scores is folded into the queries' ones.
        turns = torch.polar(torch.full_like(angles, rotary.attention_scaling), angles)[:, None]
        scale = torch.cat([torch.full((self.heads,), self.width**-0.5), torch.ones(self.shared)])
        self.turns = turns * scale[None, :, None]
        self.groups = [Cache(self, min(GROUP, slots - first)) for first in range(0, slots, GROUP)]
        self.causal = torch.full((CHUNK, CHUNK), -torch.inf, dtype=torch.bfloat16).triu(1)

    def _layer(self, weights: Mapping[str, Tensor], prefix: str) -> Layer:
        attention, mlp = prefix + "self_attn.", prefix + "mlp."
        query = interleave(weights[attention + "q_proj.weight"], self.heads)
        key = interleave(weights[attention + "k_proj.weight"], self.shared)
        return Layer(
            input_norm=weights[prefix + "input_layernorm.weight"],
            qkv=_pack(torch.cat([query, key, weights[attention + "v_proj.weight"]]), self.slots),
            output=_pack_with("add", weights[attention + "o_proj.weight"], self.slots),
            mlp_norm=weights[prefix + "post_attention_layernorm.weight"],
            gate=_pack(weights[mlp + "gate_proj.weight"], self.slots, silu=True),
            up=_pack_with("mul", weights[mlp + "up_proj.weight"], self.slots),
            down=_pack_with("add", weights[mlp + "down_proj.weight"], self.slots),
        )

    @torch.inference_mode()
    def read(self, ids: Tensor, slot: int, start: int) -> Tensor:
        """Read `ids` (at most CHUNK of them, from position `start`, a multiple of CHUNK) into `slot`.

        Returns:
            The last layer's states after the final norm, (len(ids), hidden).

        """
        count, rows = len(ids), STEP if len(ids) <= STEP else CHUNK
        end = start + rows
        group, row = self.groups[slot // GROUP], slot % GROUP
        group.reserve(end)
        shares = self.heads // self.shared
        mask = functional.pad(self.causal[:rows, :rows], (start, 0)).repeat(shares, 1)

        def attend(split: Tensor, index: int) -> Tensor:
            fresh = split[:, self.heads :].view(rows, 2, self.shared, self.width)
            cache = group.layers[index][:, row]
            cache[:, :, start:end] = fresh.permute(1, 2, 0, 3)
            keys, values = cache[:, :, :end]
            query = split[:, : self.heads].transpose(0, 1).reshape(self.shared, shares * rows, self.width)
            scores = torch.bmm(query, keys.transpose(1, 2)).add_(mask)
            mixed = torch.bmm(torch.softmax(scores, -1), values)
            return mixed.view(self.heads, rows, self.width).transpose(0, 1).reshape(rows, -1)

        return self._body(functional.pad(ids, (0, rows - count)), self.turns[start:end], attend)[:count]

    @torch.inference_mode()
    def chunk(self, slot: int, start: int) -> Tensor:
        """Return a copy of the keys and values of the CHUNK tokens from `start`, (layers, 2, shared heads, CHUNK, width)."""
        return torch.stack([cache[:, slot % GROUP, :, start : start + CHUNK] for cache in self.groups[slot // GROUP].layers])

    @torch.inference_mode()
    def put(self, chunk: Tensor, slot: int, start: int) -> None:
        """Write back what `chunk` returned, to the same `start` of any slot."""
        group = self.groups[slot // GROUP]
        group.reserve(start + CHUNK)
        for cache, part in zip(group.layers, chunk, strict=True):
            cache[:, slot % GROUP, :, start : start + CHUNK] = part

    @torch.inference_mode()
    def decode(self, ids: Tensor, positions: Tensor) -> Tensor:
        """Append one token to each slot: `ids` and `positions` are (slots,); a position of -1 leaves its slot as it is.

        Returns:
            Logits, (slots, vocabulary), bf16; of no use where the position is -1.

        """
        steps = [(group, group.step(part)) for group, part in zip(self.groups, positions.split(GROUP), strict=True)]

        def attend(split: Tensor, index: int) -> Tensor:
            mixed = [
                group.attend(index, part, step) if step else part.new_zeros(len(part), self.heads * self.width)
                for (group, step), part in zip(steps, split.split(GROUP), strict=True)
            ]
            return torch.cat(mixed)

        return self.head(self._body(ids, self.turns[positions.clamp(min=0)], attend))

    def _body(self, ids: Tensor, turns: Tensor, attend: Attend) -> Tensor:
        """Run all layers; `attend` gets a layer's queries, keys and values, (tokens, heads, width), and its index."""
        epsilon, turned = self.config.rms_norm_eps, self.heads + self.shared
        state = functional.embedding(ids, self.embedding)
        for index, layer in enumerate(self.layers):
            normed = functional.rms_norm(state, state.shape[-1:], layer.input_norm, epsilon)
            split = layer.qkv(normed).view(len(ids), -1, self.width)
            pairs = torch.view_as_complex(split[:, :turned].float().view(len(ids), turned, -1, 2))
            split[:, :turned] = torch.view_as_real(pairs.mul_(turns)).flatten(2)
            state = layer.output(attend(split, index), state)
            normed = functional.rms_norm(state, state.shape[-1:], layer.mlp_norm, epsilon)
            state = layer.down(layer.up(normed, layer.gate(normed)), state)
        return functional.rms_norm(state, state.shape[-1:], self.norm, epsilon)


def interleave(weight: Tensor, heads: int) -> Tensor:
    """Put the two halves of each head's rotary dimensions side by side, as complex numbers lie in memory.

    Queries and keys are reordered alike, so their products stay what they were.
    """
    rows, columns = weight.shape
    return weight.view(heads, 2, rows // heads // 2, columns).transpose(1, 2).reshape(rows, columns)


def uninterleave(weight: Tensor, heads: int) -> Tensor:
    """Undo `interleave`."""
    rows, columns = weight.shape
    return weight.view(heads, rows // heads // 2, 2, columns).transpose(1, 2).reshape(rows, columns)


def _onednn() -> bool:
    return torch.backends.mkldnn.is_available() and torch.ops.mkldnn._is_mkldnn_bf16_supported()  # noqa: SLF001 - there is no public name


def _pack(weight: Tensor, rows: int, *, silu: bool = False) -> Linear:
    """Return the product with `weight` (out, in), laid out for the CPU's matrix units where oneDNN has them."""
    if not _onednn():
        return lambda states: functional.silu(functional.linear(states, weight)) if silu else functional.linear(states, weight)
    packed = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), rows)  # noqa: SLF001 - see `_onednn`
    product = torch.ops.mkldnn._linear_pointwise.default  # noqa: SLF001
    after = "swish" if silu else "none"
    return lambda states: product(states, packed, None, after, [], "")


def _pack_with(operation: Literal["add", "mul"], weight: Tensor, rows: int) -> Combined:
    """Like `_pack`, then added to or multiplied with a second tensor of the same shape."""
    if not _onednn():
        combine = torch.add if operation == "add" else torch.mul
        return lambda states, other: combine(functional.linear(states, weight), other)
    packed = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), rows)  # noqa: SLF001 - see `_onednn`
    product = torch.ops.mkldnn._linear_pointwise.binary  # noqa: SLF001
    return lambda states, other: product(states, other, packed, None, operation)
