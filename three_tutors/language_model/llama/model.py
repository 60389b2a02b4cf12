"""A Llama's forward pass for answering on a CPU, with what other families add: packed weights, fixed shapes, one key-value cache.

Fast: about ten operations a layer, and nothing is computed for a row that nobody asks for.
Repeatable: results for a row never depend on other rows. So prompts are prefilled in fixed-size segments, and decoding uses
only row counts that were tested to give identical bits (`packed.blocks`).
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
from three_tutors.language_model.llama.families import additions, head_dim
from three_tutors.language_model.llama.head_norms import norm_heads
from three_tutors.language_model.llama.kv_cache import SEGMENT, KVCache, causal_mask
from three_tutors.language_model.llama.packed import blocks, pack
from three_tutors.language_model.llama.packed_layer import pack_layer, times

SEGMENTS = 4
"""Segments that are prefilled at once, of one prompt or of several. One alone is memory-bound; four share each weight load."""
GROUP = 4
"""Slots that share a cache, which is as long as its longest conversation: in larger groups short ones would pay for long ones."""

Attend = Callable[[Tensor, int], Tensor]
"""Takes queries, keys and values of all tokens, (tokens, heads + 2 kv_heads, head_dim), and a layer's index; returns all rows."""


@dataclass(frozen=True)
class Segment:
    """A piece of a prompt that is prefilled at once."""

    ids: Sequence[int]
    """At most SEGMENT tokens; only the last piece of a prompt has fewer."""
    slot: int
    start: int
    """Position of its first token in the prompt, a multiple of SEGMENT."""


@dataclass
class _Rows:
    """Tokens whose rows are multiplied together, padded to a number of rows that `packed.blocks` allows."""

    count: int
    """Of tokens; they come first."""
    rotations: Tensor
    """(tokens, heads + kv_heads, head_dim / 2), complex."""
    attend: Attend
    state: Tensor
    """(rows, hidden_size)."""
    normed: Tensor
    """(rows, hidden_size)."""
    scales: Tensor
    """(tokens,), which the norm writes and nobody reads here."""


class Llama:
    """The model with a key-value cache of `slots` conversations of at most `length` tokens."""

    def __init__(self, config: PretrainedConfig, weights: Mapping[str, Tensor], slots: int, length: int) -> None:
        """Pack `weights` (named as transformers does, all in one format, which is computed in); the cache takes memory as it fills."""
        self.config, self.slots, self.added = config, slots, additions(config)
        self.length = length = -(-length // SEGMENT) * SEGMENT
        self.heads, self.kv_heads, self.head_dim = config.num_attention_heads, config.num_key_value_heads, head_dim(config)
        self.embedding = weights["model.embed_tokens.weight"]
        self.norm = weights["model.norm.weight"]
        head = self.embedding if config.tie_word_embeddings else weights["lm_head.weight"]
        self.head = pack(times(head, 1 / self.added.logits), slots)
        self.layers = [pack_layer(config, weights, index, slots) for index in range(config.num_hidden_layers)]
        self.blocks = blocks(self.head, config.hidden_size, slots, self.embedding.dtype)
        whole = tuple(SEGMENT * (number + 1) for number in range(SEGMENTS))
        self.prefill_blocks = blocks(self.layers[0].qkv, config.hidden_size, whole[-1], self.embedding.dtype, whole)
        """Rows of a prefill: as many as its segments have, where that gives the same bits."""
        rope = LlamaRotaryEmbedding(config)
        angles = torch.arange(length)[:, None].float() * rope.inv_freq[None].float()
        # One complex number rotates one pair of dimensions; the queries' numbers carry the scale of the scores as well.
        rotations = torch.polar(torch.full_like(angles, rope.attention_scaling), angles)[:, None]
        factor = self.head_dim**-0.5 if self.added.scores is None else self.added.scores
        scale = torch.cat([torch.full((self.heads,), factor), torch.ones(self.kv_heads)])
        self.rotations = rotations * scale[None, :, None]
        self.unrotated = scale[None, :, None].to(rotations.dtype)
        """The same for layers without RoPE, at any position."""
        self.groups = [KVCache(config, min(GROUP, slots - first), self.embedding.dtype) for first in range(0, slots, GROUP)]

    def group(self, slot: int) -> KVCache:
        """Return the cache that a slot is in; its row there is `slot % GROUP`."""
        return self.groups[slot // GROUP]

    @torch.inference_mode()
    def prefill(self, segments: Sequence[Segment]) -> Tensor:
        """Run at most SEGMENTS segments through the model into their slots; those of one prompt in order.

        Returns:
            The last layer's states after the final norm, (len(segments), SEGMENT, hidden_size); what lies beyond a segment's
            tokens means nothing.

        """
        ids = torch.zeros(len(segments), SEGMENT, dtype=torch.long)
        positions = torch.zeros(len(segments), SEGMENT, dtype=torch.long)
        for number, segment in enumerate(segments):
            self.group(segment.slot).reserve(segment.start + SEGMENT)
            ids[number, : len(segment.ids)] = torch.tensor(segment.ids)
            positions[number] = torch.arange(segment.start, segment.start + SEGMENT)

        masks = [causal_mask(segment.start, self.embedding.dtype) for segment in segments]
        count = next(rows for rows in self.prefill_blocks if rows >= len(segments) * SEGMENT)
        mixed = torch.zeros(count // SEGMENT, SEGMENT, self.heads, self.head_dim, dtype=self.embedding.dtype)

        def attend(split: Tensor, index: int) -> Tensor:
            for segment, part, mask, out in zip(segments, split.split(SEGMENT), masks, mixed, strict=False):
                out.copy_(self.group(segment.slot).prefill(index, part, segment.slot % GROUP, segment.start, mask))
            return mixed.view(count, -1)

        rows = self._rows(ids.flatten(), positions.flatten(), attend, count)
        self._run([rows])
        return rows.normed.view(-1, SEGMENT, self.embedding.shape[1])[: len(segments)]

    @torch.inference_mode()
    def decode(self, ids: Tensor, positions: Tensor) -> Tensor:
        """Append one token to each slot; `ids` and `positions` are (slots,).

        A slot whose position is -1 stays as it is; not all of them may be.

        Returns:
            Logits, (slots, vocabulary), up to the last slot with a token; a row means nothing where the position is -1.

        """
        most = self.blocks[-1]
        starts = [start for start in range(0, self.slots, most) if int(positions[start : start + most].max()) >= 0]
        parts = [self._decode(ids[start : start + most], positions[start : start + most], start // GROUP) for start in starts]
        self._run(parts)
        logits = torch.empty(starts[-1] + parts[-1].count, len(self.embedding), dtype=self.embedding.dtype)
        for start, part in zip(starts, parts, strict=True):
            logits[start : start + part.count] = self.head(part.normed)[: part.count]
        return logits

    def _decode(self, ids: Tensor, positions: Tensor, first: int) -> _Rows:
        """Prepare to append tokens to slots of the groups from `first` on; not all positions are -1."""
        groups = self.groups[first : first + -(-len(ids) // GROUP)]
        steps = [(number, step) for number, part in enumerate(positions.split(GROUP)) if (step := groups[number].prepare(part))]
        count = min(len(ids), (steps[-1][0] + 1) * GROUP)
        rows = self._block(count)
        mixed = torch.zeros(rows, self.heads * self.head_dim, dtype=self.embedding.dtype)
        outs = mixed[:count].split(GROUP)

        def attend(split: Tensor, index: int) -> Tensor:
            parts = split.split(GROUP)
            for number, step in steps:
                outs[number].copy_(groups[number].decode(index, parts[number], step))
            return mixed

        return self._rows(ids[:count], positions[:count].clamp(min=0), attend, rows)

    @torch.inference_mode()
    def logits(self, states: Tensor) -> Tensor:
        """Return the logits of `states`, (tokens, vocabulary)."""
        parts = states.split(self.blocks[-1])
        padded = [functional.pad(part, (0, 0, 0, self._block(len(part)) - len(part))) for part in parts]
        return torch.cat([self.head(rows)[: len(part)] for part, rows in zip(parts, padded, strict=True)])

    def _block(self, count: int) -> int:
        """Return how many rows are multiplied where `count` are asked for."""
        return next(rows for rows in self.blocks if rows >= count)

    def _rows(self, ids: Tensor, positions: Tensor, attend: Attend, rows: int) -> _Rows:
        state, normed = (torch.zeros(rows, self.embedding.shape[1], dtype=self.embedding.dtype) for _ in range(2))
        state[: len(ids)] = times(functional.embedding(ids, self.embedding), self.added.embedding)
        return _Rows(len(ids), self.rotations[positions], attend, state, normed, torch.empty(len(ids)))

    def _run(self, parts: Sequence[_Rows]) -> None:
        """Run all layers; each product takes one part after the other, while its weights are in the core's cache."""
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
        """Norm queries and keys where that is to be done, rotate them, and attend."""
        layer, split = self.layers[index], mixed.view(len(mixed), -1, self.head_dim)[: part.count]
        if layer.head_norms:
            query, key = map(array, layer.head_norms)
            scales = array(torch.empty(part.count, self.heads + self.kv_heads))
            norm_heads(array(split), query, key, self.heads, self.config.rms_norm_eps, array(split), scales)
        rotated = split[:, : self.heads + self.kv_heads]
        pairs = torch.view_as_complex(rotated.float().view(*rotated.shape[:2], -1, 2))
        pairs.mul_(part.rotations if layer.rotated else self.unrotated)
        if rotated.dtype != torch.float32:  # else they are the same memory
            rotated.copy_(torch.view_as_real(pairs).flatten(2))
        return part.attend(split, index)

    def _norm(self, parts: Sequence[_Rows], weight: Tensor) -> None:
        for part in parts:
            state = part.state[: part.count]
            fused.norm(array(state), array(weight), self.config.rms_norm_eps, array(part.normed), array(part.scales))
