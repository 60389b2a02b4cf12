"""Loss and gradients of a Llama, written out by hand for training on a CPU.

Conversations of one batch lie end to end without padding; each attends to itself alone, so nothing leaks between
them. Logits are computed only where a token is learned, in blocks. Frozen weights need no gradient and get none.
Compared with transformers under autograd this saves the copies, casts and fills that take most of its time.
Notation: `d_x` is the gradient of the loss with respect to `x`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional
from transformers import PretrainedConfig
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

from stages.language_model.learner import Sums
from stages.language_model.projections import Projection
from stages.language_model.supervision import Example

LOGIT_ROWS = 128
"""Learned positions whose logits are held at once: 25 MB in fp32 for a vocabulary of 49,152."""


@dataclass(frozen=True)
class Layer:
    """The weights of one decoder layer."""

    input_norm: Weight
    qkv: Projection
    output: Projection
    mlp_norm: Weight
    gate_up: Projection
    down: Projection


@dataclass
class Weight:
    """A weight outside the projections; its gradient is summed only where it is learned."""

    value: Tensor
    gradient: Tensor | None = None
    """fp32, of the same shape; None where it is frozen."""


@dataclass
class _Saved:
    """What the backward pass of one layer needs of its forward pass."""

    state: Tensor
    scale: Tensor
    normed: Tensor
    attended: list[tuple[Tensor, Tensor, Tensor, Tensor]]
    mixed: Tensor
    middle: Tensor
    middle_scale: Tensor
    middle_normed: Tensor
    gate_up: Tensor


class Gradients:
    """A Llama that can be trained."""

    def __init__(self, config: PretrainedConfig, embedding: Weight, layers: Sequence[Layer], norm: Weight, head: Weight) -> None:
        """Take the weights; `head` is `embedding` itself where they are tied."""
        self.config, self.embedding, self.layers, self.norm, self.head = config, embedding, layers, norm, head
        self.heads, self.shared, self.width = config.num_attention_heads, config.num_key_value_heads, config.head_dim
        self.rotary = LlamaRotaryEmbedding(config)
        self.dtype = embedding.value.dtype

    @torch.no_grad()
    def measure(self, batch: Sequence[Example]) -> Sums:
        """Return the loss of `batch`."""
        state, *_ = self._forward(batch, save=False)
        return self._head(state, batch, None)[0]

    @torch.no_grad()
    def accumulate(self, batch: Sequence[Example], weight: float) -> Sums:
        """Add the gradients of `weight` times the summed loss of `batch` to those of every learned weight."""
        state, saved, turns, lengths = self._forward(batch, save=True)
        sums, d_state = self._head(state, batch, weight)
        if d_state is None:
            return sums
        for layer in reversed(self.layers):
            d_state = self._layer_backward(layer, saved.pop(), d_state, turns, lengths)
        if self.embedding.gradient is not None:
            self.embedding.gradient.index_add_(0, _ids(batch), d_state.float())
        return sums

    def _forward(self, batch: Sequence[Example], *, save: bool) -> tuple[Tensor, list[_Saved], Tensor, list[int]]:
        lengths = [len(example.ids) for example in batch]
        places = torch.cat([torch.arange(length) for length in lengths])
        angles = places[:, None].float() * self.rotary.inv_freq[None].float()
        turns = torch.polar(torch.full_like(angles, self.rotary.attention_scaling), angles)[:, None]
        state = functional.embedding(_ids(batch), self.embedding.value)
        masks = {length: self._mask(length) for length in set(lengths)}
        saved = []
        for layer in self.layers:
            state, kept = self._layer(layer, state, turns, lengths, masks)
            if save:
                saved.append(kept)
        return state, saved, turns, lengths

    def _mask(self, length: int) -> Tensor:
        """Return minus infinity above the diagonal, for all the query heads that share a key."""
        return torch.full((length, length), -torch.inf, dtype=self.dtype).triu_(1).repeat(self.heads // self.shared, 1)

    def _layer(self, layer: Layer, state: Tensor, turns: Tensor, lengths: list[int], masks: dict[int, Tensor]) -> tuple[Tensor, _Saved]:
        tokens = len(state)
        normed = layer.qkv.room(tokens)
        scale = self._norm(layer.input_norm, state, layer.qkv.inputs(normed))
        split = layer.qkv.forward(normed).view(tokens, -1, self.width)
        _rotate(split[:, : self.heads + self.shared], turns)
        attended = []
        mixed = layer.output.room(tokens)
        mixed_heads = layer.output.inputs(mixed).view(tokens, self.heads, self.width)
        first = 0
        for length in lengths:
            query, key, value = self._by_head(split[first : first + length])
            query *= self.width**-0.5
            scores = torch.baddbmm(masks[length], query, key.transpose(1, 2))
            weights = torch.softmax(scores, -1)
            out = torch.bmm(weights, value).view(self.heads, length, self.width)
            mixed_heads[first : first + length] = out.transpose(0, 1)
            attended.append((query, key, value, weights))
            first += length
        middle = layer.output.forward(mixed).add_(state)
        middle_normed = layer.gate_up.room(tokens)
        middle_scale = self._norm(layer.mlp_norm, middle, layer.gate_up.inputs(middle_normed))
        gate_up = layer.gate_up.forward(middle_normed)
        gate, up = gate_up.chunk(2, -1)
        product = layer.down.room(tokens)
        torch.mul(functional.silu(gate), up, out=layer.down.inputs(product))
        result = layer.down.forward(product).add_(middle)
        return result, _Saved(state, scale, normed, attended, mixed, middle, middle_scale, middle_normed, gate_up)

    def _norm(self, weight: Weight, state: Tensor, out: Tensor) -> Tensor:
        """Write RMSNorm of `state` (Zhang and Sennrich 2019), y = w x / rms(x), into `out`; return 1 / rms(x), (tokens, 1)."""
        wide = state.to(torch.float32, copy=True)
        scale = torch.linalg.vector_norm(wide, dim=-1, keepdim=True).square_().div_(state.shape[-1]).add_(self.config.rms_norm_eps).rsqrt_()
        out.copy_(wide.mul_(scale).mul_(weight.value))
        return scale

    def _by_head(self, split: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return queries (shared, length * queries per key, width), keys and values (shared, length, width) of one conversation."""
        heads = split.transpose(0, 1).contiguous()
        query, key, value = heads.split([self.heads, self.shared, self.shared])
        return query.view(self.shared, -1, self.width), key, value

    def _layer_backward(self, layer: Layer, saved: _Saved, d_state: Tensor, turns: Tensor, lengths: list[int]) -> Tensor:
        gate, up = saved.gate_up.chunk(2, -1)
        active = functional.silu(gate)
        product = layer.down.room(len(d_state))
        torch.mul(active, up, out=layer.down.inputs(product))
        layer.down.complete(product)
        d_product = layer.down.backward(product, d_state)
        d_gate_up = torch.empty_like(saved.gate_up)
        d_gate, d_up = d_gate_up.chunk(2, -1)
        torch.mul(d_product, active, out=d_up)
        torch.ops.aten.silu_backward.grad_input(torch.mul(d_product, up), gate, grad_input=d_gate)
        d_normed = layer.gate_up.backward(saved.middle_normed, d_gate_up)
        d_middle = self._norm_backward(layer.mlp_norm, saved.middle, saved.middle_scale, d_normed).add_(d_state)
        d_mixed = layer.output.backward(saved.mixed, d_middle).view(len(d_state), self.heads, self.width)
        d_split = torch.empty(len(d_state), self.heads + 2 * self.shared, self.width, dtype=d_state.dtype)
        first = 0
        for length, (query, key, value, weights) in zip(lengths, saved.attended, strict=True):
            d_out = d_mixed[first : first + length].transpose(0, 1).contiguous().view(self.shared, -1, self.width)
            d_weights = torch.bmm(d_out, value.transpose(1, 2))
            d_scores = torch._softmax_backward_data(d_weights, weights, -1, weights.dtype)  # noqa: SLF001 - has no public name
            target = d_split[first : first + length].transpose(0, 1)
            d_query = torch.bmm(d_scores, key).mul_(self.width**-0.5)
            target[: self.heads] = d_query.view(self.heads, length, self.width)
            target[self.heads : self.heads + self.shared] = torch.bmm(d_scores.transpose(1, 2), query)
            target[self.heads + self.shared :] = torch.bmm(weights.transpose(1, 2), d_out)
            first += length
        _rotate(d_split[:, : self.heads + self.shared], turns.conj())
        d_normed = layer.qkv.backward(saved.normed, d_split.flatten(1))
        return self._norm_backward(layer.input_norm, saved.state, saved.scale, d_normed).add_(d_middle)

    def _norm_backward(self, weight: Weight, state: Tensor, scale: Tensor, d_normed: Tensor) -> Tensor:
        """Return the gradient with respect to the `state` that `_norm` was given."""
        wide = state.to(torch.float32, copy=True).mul_(scale)
        d_wide = d_normed.to(torch.float32, copy=True)
        if weight.gradient is not None:
            weight.gradient.add_((d_wide * wide).sum(0))
        d_wide.mul_(weight.value)
        inner = torch.linalg.vecdot(d_wide, wide).div_(state.shape[-1])[:, None]
        return d_wide.addcmul_(wide, inner, value=-1).mul_(scale).to(state.dtype)

    def _head(self, state: Tensor, batch: Sequence[Example], weight: float | None) -> tuple[Sums, Tensor | None]:
        """Return the sums over learned tokens and, with a `weight`, the gradient with respect to `state`."""
        firsts = [0]
        for example in batch:
            firsts.append(firsts[-1] + len(example.ids))
        # The state before a token predicts it.
        places = torch.tensor([first + place - 1 for example, first in zip(batch, firsts, strict=False) for place in example.positions])
        targets = _ids(batch)[places + 1]
        rows = state[places]
        normed = torch.empty_like(rows)
        scale = self._norm(self.norm, rows, normed)
        d_normed = torch.empty_like(normed)
        # All of them for the head's gradient: adding to it costs more than the product, so it is added to once.
        d_logits = (
            None if weight is None else rows.new_empty(len(places) if self.head.gradient is not None else LOGIT_ROWS, len(self.head.value))
        )
        loss, correct = 0.0, 0
        for first in range(0, len(places), LOGIT_ROWS):
            part = slice(first, first + LOGIT_ROWS)
            logprobs = torch.log_softmax(functional.linear(normed[part], self.head.value), -1, dtype=torch.float32)
            goal = targets[part, None]
            goals = logprobs.gather(1, goal)
            loss -= float(goals.sum())
            correct += int((goals == logprobs.amax(-1, keepdim=True)).sum())
            if d_logits is None or weight is None:
                continue
            d_part = d_logits[part] if self.head.gradient is not None else d_logits[: len(goal)]
            d_part.copy_(logprobs.exp_().scatter_add_(1, goal, torch.full_like(goal, -1, dtype=torch.float32)).mul_(weight))
            torch.mm(d_part, self.head.value, out=d_normed[part])
        if d_logits is not None and self.head.gradient is not None:
            self.head.gradient.add_(torch.mm(d_logits.t(), normed))
        sums = Sums(loss, correct, len(places))
        if weight is None:
            return sums, None
        d_state = torch.zeros_like(state)
        d_state[places] = self._norm_backward(self.norm, rows, scale, d_normed)
        return sums, d_state


def _ids(batch: Sequence[Example]) -> Tensor:
    return torch.tensor([token for example in batch for token in example.ids])


def _rotate(split: Tensor, turns: Tensor) -> None:
    """Turn each pair of dimensions of `split`, (tokens, heads, width), by the complex numbers `turns`, in place."""
    pairs = torch.view_as_complex(split.float().view(*split.shape[:2], -1, 2))
    split.copy_(torch.view_as_real(pairs.mul_(turns)).flatten(2))
