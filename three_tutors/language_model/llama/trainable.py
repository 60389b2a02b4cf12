"""A Llama's forward and backward pass for training on a CPU, written by hand, with what other families add (see `families`).

Conversations of one batch lie end to end, and each attends to itself alone. Logits are computed only where a token is learned,
in blocks. Frozen weights get no gradients. Everything between the matrix products is compiled (`fused`), and memory is used
again from step to step (`arena`): under autograd most of the time goes into copies, casts, fills and fresh memory.
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

from three_tutors.language_model.learner import Sums
from three_tutors.language_model.llama import fused
from three_tutors.language_model.llama.arena import Arena
from three_tutors.language_model.llama.attention import Attended, Attention
from three_tutors.language_model.llama.compiled import array
from three_tutors.language_model.llama.families import additions, head_dim
from three_tutors.language_model.llama.head_norms import norm_heads, norm_heads_backward
from three_tutors.language_model.llama.layers import Layer, Weight
from three_tutors.language_model.llama.sequence_packing import MULTIPLE, PackedSequences, Span, pack_sequences
from three_tutors.language_model.supervision import Example

LOGIT_ROWS = 128
"""Learned positions whose logits are held at once: 25 MB in fp32 for a vocabulary of 49,152."""


@dataclass
class _Saved:
    """What the backward pass of one layer needs of its forward pass."""

    state: Tensor
    scale: Tensor
    normed: Tensor
    attended: list[Attended]
    mixed: Tensor
    residual: Tensor
    residual_scale: Tensor
    residual_normed: Tensor
    gate_up: Tensor
    product: Tensor
    split: Tensor
    """Queries, keys and values before their heads are normed; without such norms it means nothing, like `head_scales`."""
    head_scales: Tensor


class TrainableLlama:
    """A Llama with its loss and gradients."""

    def __init__(self, config: PretrainedConfig, embedding: Weight, layers: Sequence[Layer], norm: Weight, head: Weight) -> None:
        """Take the weights; `head` is `embedding` itself where they are tied."""
        self.config, self.embedding, self.layers, self.norm, self.head = config, embedding, layers, norm, head
        self.heads, self.kv_heads, self.head_dim = config.num_attention_heads, config.num_key_value_heads, head_dim(config)
        self.added = additions(config)
        self.rope = LlamaRotaryEmbedding(config)
        self.dtype = embedding.value.dtype
        self.activations, self.scratch = Arena(), Arena()
        """For what the backward pass needs, and for what only the layer that is being computed needs."""
        self.attention = Attention(self.heads, self.kv_heads, self.head_dim, self.added.scores, self.activations, self.scratch)
        self.generator = torch.Generator()
        """Draws dropout."""
        self.projections = [projection for layer in self.layers for projection in layer.projections]
        for projection in self.projections:
            projection.generator = self.generator

    def replica(self) -> TrainableLlama:
        """Return a model for another thread: it shares the weights and has gradients and memory of its own."""
        embedding, layers = self.embedding.replica(), [layer.replica() for layer in self.layers]
        head = embedding if self.head is self.embedding else self.head.replica()
        return TrainableLlama(self.config, embedding, layers, self.norm.replica(), head)

    @property
    def gradients(self) -> list[Tensor]:
        """Where gradients are summed, in a fixed order."""
        outside: list[Weight | Layer] = [self.embedding, self.norm, *([] if self.head is self.embedding else [self.head])]
        return [gradient for part in (*outside, *self.layers) for gradient in part.gradients]

    @torch.no_grad()
    def measure(self, batch: Sequence[Example]) -> Sums:
        """Return the loss of `batch`."""
        packed = self._begin(batch, training=False)
        state, _ = self._forward(packed)
        return self._head(state, packed, 0.0)[0]

    @torch.no_grad()
    def accumulate(self, batch: Sequence[Example], weight: float) -> Sums:
        """Add the gradients of `weight` times the summed loss of `batch`, each by its own weight, to those of every learned weight."""
        packed = self._begin(batch, training=True)
        state, saved = self._forward(packed)
        sums, d_state = self._head(state, packed, weight)
        for layer in reversed(self.layers):
            self.scratch.release()
            self._layer_backward(layer, saved.pop(), d_state, packed.turned(rotated=layer.rotated))
        if self.embedding.gradient is not None:
            self.embedding.gradient.index_add_(0, packed.ids, d_state.float(), alpha=self.added.embedding)
        return sums

    def _begin(self, batch: Sequence[Example], *, training: bool) -> PackedSequences:
        self.activations.release()
        for projection in self.projections:
            projection.training = training
        return pack_sequences(batch, self.rope)

    def _forward(self, packed: PackedSequences) -> tuple[Tensor, list[_Saved]]:
        state = _times_(functional.embedding(packed.ids, self.embedding.value), self.added.embedding)
        saved = []
        for layer in self.layers:
            self.scratch.release()
            state, activations = self._layer(layer, state, packed.turned(rotated=layer.rotated))
            saved.append(activations)
        return state, saved

    def _layer(self, layer: Layer, state: Tensor, spans: Sequence[Span]) -> tuple[Tensor, _Saved]:
        tokens, epsilon = len(state), self.config.rms_norm_eps
        normed, scale = layer.qkv.buffer(tokens, self.activations), self.activations.take(tokens)
        fused.norm(array(state), array(layer.input_norm.value), epsilon, array(normed), array(scale))
        split = layer.qkv.forward(normed, self.activations if self.added.head_norms else self.scratch)
        heads, head_scales = self._norm_heads(layer, split)
        mixed = layer.output.buffer(tokens, self.activations)
        attended = [self.attention.forward(heads[each.rows], each, layer.output.inputs(mixed)[each.rows]) for each in spans]
        residual = _times_(layer.output.forward(mixed, self.activations), self.added.residual)
        residual_normed, residual_scale = layer.gate_up.buffer(tokens, self.activations), self.activations.take(tokens)
        fused.add_norm(array(state), array(residual), array(layer.mlp_norm.value), epsilon, array(residual_normed), array(residual_scale))
        gate_up = layer.gate_up.forward(residual_normed, self.activations)
        product = layer.down.buffer(tokens, self.activations)
        fused.gated(array(gate_up), array(product))
        result = _times_(layer.down.forward(product, self.activations), self.added.residual).add_(residual)
        rest = (residual, residual_scale, residual_normed, gate_up, product, split, head_scales)
        return result, _Saved(state, scale, normed, attended, mixed, *rest)

    def _norm_heads(self, layer: Layer, split: Tensor) -> tuple[Tensor, Tensor]:
        """Return `split` with the heads of queries and keys normed, where the family does so, and what 1 / rms they had."""
        if layer.query_norm is None or layer.key_norm is None:
            return split, split
        heads, scales = self._take(*split.shape), self.activations.take(len(split), self.heads + self.kv_heads)
        weights, sizes = (array(layer.query_norm.value), array(layer.key_norm.value)), (len(split), -1, self.head_dim)
        norm_heads(array(split.view(sizes)), *weights, self.heads, self.config.rms_norm_eps, array(heads.view(sizes)), array(scales))
        return heads, scales

    def _layer_backward(self, layer: Layer, saved: _Saved, d_state: Tensor, spans: Sequence[Span]) -> None:
        """Turn `d_state`, the gradient with respect to the layer's output, into the one with respect to its input, in place."""
        d_product = layer.down.backward(saved.product, self._residual(d_state), self.scratch)
        d_gate_up = self._take(*saved.gate_up.shape)
        fused.gated_backward(array(saved.gate_up), array(d_product), array(d_gate_up))
        d_normed = layer.gate_up.backward(saved.residual_normed, d_gate_up, self.scratch)
        self._norm_backward(layer.mlp_norm, saved.residual, saved.residual_scale, d_normed, d_state)
        d_mixed = layer.output.backward(saved.mixed, self._residual(d_state), self.scratch)
        d_split = self._take(len(d_state), (self.heads + 2 * self.kv_heads) * self.head_dim)
        for each, attended in zip(spans, saved.attended, strict=True):
            self.attention.backward(attended, each, saved.mixed[each.rows], d_mixed[each.rows], d_split[each.rows])
        if layer.query_norm is not None and layer.key_norm is not None:
            weights, sizes = (array(layer.query_norm.value), array(layer.key_norm.value)), (len(d_split), -1, self.head_dim)
            gradients = [array(self._gradient(norm)) for norm in (layer.query_norm, layer.key_norm)]
            split, scales = array(saved.split.view(sizes)), array(saved.head_scales)
            norm_heads_backward(split, scales, *weights, self.heads, array(d_split.view(sizes)), *gradients)
        d_normed = layer.qkv.backward(saved.normed, d_split, self.scratch)
        self._norm_backward(layer.input_norm, saved.state, saved.scale, d_normed, d_state)

    def _take(self, *shape: int) -> Tensor:
        return self.scratch.take(*shape, dtype=self.dtype)

    def _norm_backward(self, weight: Weight, state: Tensor, scale: Tensor, d_normed: Tensor, d_state: Tensor) -> None:
        """Add the gradient with respect to the normed `state` to `d_state`."""
        d_weight = array(self._gradient(weight))
        fused.norm_backward(array(state), array(scale), array(weight.value), array(d_normed), d_weight, array(d_state))

    def _gradient(self, weight: Weight) -> Tensor:
        """Return where a norm's gradient is summed; empty where it is frozen."""
        return torch.empty(0) if weight.gradient is None else weight.gradient

    def _residual(self, d_state: Tensor) -> Tensor:
        """Return the gradient with respect to what is added to the state."""
        return d_state if self.added.residual == 1 else d_state * self.added.residual

    def _head(self, state: Tensor, packed: PackedSequences, weight: float) -> tuple[Sums, Tensor]:
        """Return the sums over learned tokens and the gradient with respect to `state`; with a `weight` of 0 only the sums are computed."""
        rows = state[packed.learned]
        count, padded = len(rows), -(-len(rows) // MULTIPLE) * MULTIPLE
        normed, scale = rows.new_zeros(padded, rows.shape[1]), torch.empty(count)
        fused.norm(array(rows), array(self.norm.value), self.config.rms_norm_eps, array(normed), array(scale))
        _times_(normed, 1 / self.added.logits)  # the same as dividing the logits
        d_normed = torch.empty_like(normed)
        # A head that is learned needs all logits at once: adding to its gradient block by block would cost more than the products.
        head_gradient = self.head.gradient if weight else None
        logits = self.scratch.take(padded if head_gradient is not None else min(LOGIT_ROWS, padded), len(self.head.value), dtype=self.dtype)
        losses, correct = torch.empty(count), torch.empty(count, dtype=torch.bool)
        weights = (packed.weights * weight).float() if weight else torch.empty(0)
        for first in range(0, padded, LOGIT_ROWS):
            part, real = slice(first, min(first + LOGIT_ROWS, padded)), slice(first, min(first + LOGIT_ROWS, count))
            some = logits[part] if head_gradient is not None else logits[: part.stop - first]
            torch.mm(normed[part], self.head.value.t(), out=some)
            some[real.stop - first :] = 0
            targets = packed.targets[real]
            fused.cross_entropy(array(some), array(targets), array(weights[real]), array(losses[real]), array(correct[real]))
            if weight:
                torch.mm(some, self.head.value, out=d_normed[part])
        if head_gradient is not None:
            head_gradient.add_(torch.mm(logits.t(), normed))
        d_state = torch.zeros_like(state)
        if weight:
            d_rows = torch.zeros_like(rows)
            self._norm_backward(self.norm, rows, scale, _times_(d_normed, 1 / self.added.logits), d_rows)
            d_state[packed.learned] = d_rows
        return Sums(float(losses.double().sum()), int(correct.sum()), count), d_state


def _times_(tensor: Tensor, factor: float) -> Tensor:
    """Return `tensor` times `factor`, in place; a family without the factor computes nothing."""
    return tensor if factor == 1 else tensor.mul_(factor)
