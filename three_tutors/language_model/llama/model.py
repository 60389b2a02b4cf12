"""A Llama forward pass for answering on a CPU: packed bf16 weights, fixed shapes, one static key-value cache.

Made for speed (about ten operations a layer and none of transformers' bookkeeping) and for repeatability: prompts
are read in segments that begin at multiples of SEGMENT, so many of them together, and decoding steps multiply blocks of rows
that give a row the same bits (see `packed.blocks`), so that what is computed for a row never depends on the other rows or on
what was cached. Whatever is computed for each row alone is left out where nobody asks for the row.
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

from three_tutors.language_model.llama import fused
from three_tutors.language_model.llama.compiled import array
from three_tutors.language_model.llama.key_values import SEGMENT, Cache, Shape, causal
from three_tutors.language_model.llama.packed import Combined, Linear, blocks, pack, pack_with

TOGETHER = 4
"""Segments that are read at once, of one prompt or of several: so few rows as one has are multiplied faster than weights come."""
GROUP = 4
"""Slots are attended in groups of this many, each as long as its longest conversation: more would wait for the long ones."""

Attend = Callable[[Tensor, int], Tensor]
"""Takes a layer's queries, keys and values of all tokens, (tokens, heads, width), and its index; returns all rows."""


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


@dataclass
class _Rows:
    """Tokens whose rows are multiplied together, and what fills the rows up."""

    count: int
    """Of the tokens; they come first."""
    turns: Tensor
    """(tokens, heads + shared heads, width / 2), complex."""
    attend: Attend
    state: Tensor
    """(rows, hidden), like `normed`."""
    normed: Tensor


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
        self.blocks = blocks(self.head, config.hidden_size, slots)
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

        rows = self._rows(ids.flatten(), places.flatten(), attend, TOGETHER * SEGMENT)
        self._run([rows])
        return rows.normed.view(TOGETHER, SEGMENT, -1)[: len(segments)]

    def group(self, slot: int) -> Cache:
        """Return the cache of a slot; its row there is `slot % GROUP`."""
        return self.groups[slot // GROUP]

    @torch.inference_mode()
    def decode(self, ids: Tensor, positions: Tensor) -> Tensor:
        """Append one token to each slot: `ids` and `positions` are (slots,); a position of -1, not of all, leaves its slot as it is.

        Returns:
            Logits, (slots, vocabulary), bf16, as far as there are tokens; of no use where the position is -1.

        """
        most = self.blocks[-1]
        starts = [start for start in range(0, self.slots, most) if int(positions[start : start + most].max()) >= 0]
        parts = [self._step(ids[start : start + most], positions[start : start + most], start // GROUP) for start in starts]
        self._run(parts)
        logits = torch.empty(starts[-1] + parts[-1].count, len(self.embedding), dtype=self.embedding.dtype)
        for start, part in zip(starts, parts, strict=True):
            logits[start : start + part.count] = self.head(part.normed)[: part.count]
        return logits

    def _step(self, ids: Tensor, positions: Tensor, first: int) -> _Rows:
        """Prepare to append tokens to slots of the groups from `first` on; not all positions are -1."""
        groups = self.groups[first : first + -(-len(ids) // GROUP)]
        steps = [(number, step) for number, part in enumerate(positions.split(GROUP)) if (step := groups[number].step(part))]
        count = min(len(ids), (steps[-1][0] + 1) * GROUP)
        rows = next(rows for rows in self.blocks if rows >= count)
        mixed = torch.zeros(rows, self.heads * self.width, dtype=torch.bfloat16)
        rooms = mixed[:count].split(GROUP)

        def attend(split: Tensor, index: int) -> Tensor:
            parts = split.split(GROUP)
            for number, step in steps:
                rooms[number].copy_(groups[number].attend(index, parts[number], step))
            return mixed

        return self._rows(ids[:count], positions[:count].clamp(min=0), attend, rows)

    @torch.inference_mode()
    def logits(self, states: Tensor) -> Tensor:
        """Return the logits of `states`, (tokens, vocabulary), bf16."""
        found = []
        for part in states.split(self.blocks[-1]):
            rows = next(rows for rows in self.blocks if rows >= len(part))
            found.append(self.head(functional.pad(part, (0, 0, 0, rows - len(part))))[: len(part)])
        return torch.cat(found)

    def _rows(self, ids: Tensor, places: Tensor, attend: Attend, rows: int) -> _Rows:
        state, normed = (torch.zeros(rows, self.embedding.shape[1], dtype=self.embedding.dtype) for _ in range(2))
        state[: len(ids)] = functional.embedding(ids, self.embedding)
        return _Rows(len(ids), self.turns[places], attend, state, normed)

    def _run(self, parts: Sequence[_Rows]) -> None:
        """Run all layers, each product for one part after the other: its weights are still in the core's cache then."""
        for index, layer in enumerate(self.layers):
            self._norm(parts, layer.input_norm)
            split = [layer.qkv(part.normed) for part in parts]
            mixed = [self._attend(part, each, index) for part, each in zip(parts, split, strict=True)]
            for part, each in zip(parts, mixed, strict=True):
                part.state = layer.output(each, part.state)
            self._norm(parts, layer.mlp_norm)
            gates = [layer.gate(part.normed) for part in parts]
            products = [layer.up(part.normed, gate) for part, gate in zip(parts, gates, strict=True)]
            for part, product in zip(parts, products, strict=True):
                part.state = layer.down(product, part.state)
        self._norm(parts, self.norm)

    def _attend(self, part: _Rows, mixed: Tensor, index: int) -> Tensor:
        split = mixed.view(len(mixed), -1, self.width)[: part.count]
        turned = split[:, : self.heads + self.shared]
        pairs = torch.view_as_complex(turned.float().view(*turned.shape[:2], -1, 2))
        turned.copy_(torch.view_as_real(pairs.mul_(part.turns)).flatten(2))
        return part.attend(split, index)

    def _norm(self, parts: Sequence[_Rows], weight: Tensor) -> None:
        for part in parts:
            state, scales = part.state[: part.count], torch.empty(part.count)
            fused.norm(array(state), array(weight), self.config.rms_norm_eps, array(part.normed), array(scales))


def interleave(weight: Tensor, heads: int) -> Tensor:
    """Put the two halves of each head's rotary dimensions side by side, as complex numbers lie in memory.

    Queries and keys are reordered alike, so their products stay what they were.
    """
    rows, columns = weight.shape
    return weight.view(heads, 2, rows // heads // 2, columns).transpose(1, 2).reshape(rows, columns)
