"""Loss and gradients of a Llama, written out by hand for training on a CPU.

Conversations of one batch lie end to end; each attends to itself alone, so nothing leaks between them. Logits are computed
only where a token is learned, in blocks. Frozen weights need no gradient and get none. What lies between the products is
compiled (`fused`), and results are put where earlier ones lay (`arena`): under autograd, transformers spends most of its time
on copies, casts, fills and fresh memory.
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
from three_tutors.language_model.llama.compiled import array
from three_tutors.language_model.llama.layers import Layer, Weight
from three_tutors.language_model.llama.sequence_packing import MULTIPLE, PackedSequences, Places, pack_sequences
from three_tutors.language_model.supervision import Example

LOGIT_ROWS = 128
"""Learned positions whose logits are held at once: 25 MB in fp32 for a vocabulary of 49,152."""
QUERIES = 192
"""Tokens whose attention is gone back through at once: what is computed for them stays in a core's own cache."""


@dataclass
class _Attended:
    """What the backward pass of one conversation's attention needs; the weights themselves are computed again."""

    queries: Tensor
    """(shared, tokens, heads / shared, width), `shared` being the number of keys; see `fused.split_heads`."""
    keys: Tensor
    """(shared, tokens, width), like the values."""
    values: Tensor
    totals: Tensor
    """(shared, heads / shared, tokens), fp32: logarithms of the softmax's denominators."""


@dataclass
class _Saved:
    """What the backward pass of one layer needs of its forward pass."""

    state: Tensor
    scale: Tensor
    normed: Tensor
    attended: list[_Attended]
    mixed: Tensor
    middle: Tensor
    middle_scale: Tensor
    middle_normed: Tensor
    gate_up: Tensor
    product: Tensor


class Gradients:
    """A Llama that can be trained."""

    def __init__(self, config: PretrainedConfig, embedding: Weight, layers: Sequence[Layer], norm: Weight, head: Weight) -> None:
        """Take the weights; `head` is `embedding` itself where they are tied."""
        self.config, self.embedding, self.layers, self.norm, self.head = config, embedding, layers, norm, head
        self.heads, self.shared, self.width = config.num_attention_heads, config.num_key_value_heads, config.head_dim
        self.rotary = LlamaRotaryEmbedding(config)
        self.dtype = embedding.value.dtype
        self.kept, self.passing = Arena(), Arena()
        """What the backward pass needs, and what a layer needs while it is computed."""
        self.generator = torch.Generator()
        self.projections = [projection for layer in self.layers for projection in layer.projections]
        for projection in self.projections:
            projection.generator = self.generator

    def twin(self) -> Gradients:
        """Return the same model of the same weights, with gradients and memory of its own: for another thread."""
        embedding, layers = self.embedding.twin(), [layer.twin() for layer in self.layers]
        head = embedding if self.head is self.embedding else self.head.twin()
        return Gradients(self.config, embedding, layers, self.norm.twin(), head)

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
        """Add the gradients of `weight` times the summed loss of `batch` to those of every learned weight."""
        packed = self._begin(batch, training=True)
        state, saved = self._forward(packed)
        sums, d_state = self._head(state, packed, weight)
        for layer in reversed(self.layers):
            self.passing.release()
            self._layer_backward(layer, saved.pop(), d_state, packed.places)
        if self.embedding.gradient is not None:
            self.embedding.gradient.index_add_(0, packed.ids, d_state.float())
        return sums

    def _begin(self, batch: Sequence[Example], *, training: bool) -> PackedSequences:
        self.kept.release()
        for projection in self.projections:
            projection.training = training
        return pack_sequences(batch, self.rotary)

    def _forward(self, packed: PackedSequences) -> tuple[Tensor, list[_Saved]]:
        state = functional.embedding(packed.ids, self.embedding.value)
        saved = []
        for layer in self.layers:
            self.passing.release()
            state, kept = self._layer(layer, state, packed.places)
            saved.append(kept)
        return state, saved

    def _layer(self, layer: Layer, state: Tensor, places: Sequence[Places]) -> tuple[Tensor, _Saved]:
        tokens, epsilon = len(state), self.config.rms_norm_eps
        normed, scale = layer.qkv.room(tokens, self.kept), self.kept.take(tokens)
        fused.norm(array(state), array(layer.input_norm.value), epsilon, array(normed), array(scale))
        split = layer.qkv.forward(normed, self.passing)
        mixed = layer.output.room(tokens, self.kept)
        attended = [self._attention(split[each.rows], each, layer.output.inputs(mixed)[each.rows]) for each in places]
        middle = layer.output.forward(mixed, self.kept)
        middle_normed, middle_scale = layer.gate_up.room(tokens, self.kept), self.kept.take(tokens)
        fused.add_norm(array(state), array(middle), array(layer.mlp_norm.value), epsilon, array(middle_normed), array(middle_scale))
        gate_up = layer.gate_up.forward(middle_normed, self.kept)
        product = layer.down.room(tokens, self.kept)
        fused.gated(array(gate_up), array(product))
        result = layer.down.forward(product, self.kept).add_(middle)
        return result, _Saved(state, scale, normed, attended, mixed, middle, middle_scale, middle_normed, gate_up, product)

    def _attention(self, split: Tensor, places: Places, out: Tensor) -> _Attended:
        """Write what one conversation's tokens gather from those before them into `out`, (tokens, heads * width)."""
        tokens = len(split)
        queries = self.kept.take(self.shared, tokens, self.heads // self.shared, self.width, dtype=self.dtype)
        keys, values = self.kept.take(2, self.shared, tokens, self.width, dtype=self.dtype)
        fused.split_heads(array(split), array(places.cosines), array(places.sines), array(queries), array(keys), array(values))
        every = (-1, queries.shape[2], -1, -1)
        # The operator behind `scaled_dot_product_attention`, which does not hand out the denominators.
        mixed, totals = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(  # noqa: SLF001
            queries.transpose(1, 2),
            keys[:, None].expand(every),
            values[:, None].expand(every),
            0.0,
            True,  # causal; it takes no names
        )
        out.view(tokens, self.shared, -1, self.width).copy_(mixed.permute(2, 0, 1, 3))
        return _Attended(queries, keys, values, totals.contiguous())

    def _layer_backward(self, layer: Layer, saved: _Saved, d_state: Tensor, places: Sequence[Places]) -> None:
        """Replace the gradient with respect to what the layer returned by that with respect to what it was given."""
        d_product = layer.down.backward(saved.product, d_state, self.passing)
        d_gate_up = self._take(*saved.gate_up.shape)
        fused.gated_backward(array(saved.gate_up), array(d_product), array(d_gate_up))
        d_normed = layer.gate_up.backward(saved.middle_normed, d_gate_up, self.passing)
        self._norm_backward(layer.mlp_norm, saved.middle, saved.middle_scale, d_normed, d_state)
        d_mixed = layer.output.backward(saved.mixed, d_state, self.passing)
        d_split = self._take(len(d_state), (self.heads + 2 * self.shared) * self.width)
        for each, attended in zip(places, saved.attended, strict=True):
            self._attention_backward(attended, each, saved.mixed[each.rows], d_mixed[each.rows], d_split[each.rows])
        d_normed = layer.qkv.backward(saved.normed, d_split, self.passing)
        self._norm_backward(layer.input_norm, saved.state, saved.scale, d_normed, d_state)

    def _attention_backward(self, saved: _Attended, places: Places, mixed: Tensor, d_mixed: Tensor, d_split: Tensor) -> None:
        shared, tokens, group, width = saved.queries.shape
        d_out, inner = self._take(*saved.queries.shape), self.passing.take(shared, tokens, group)
        fused.attended_backward(array(mixed), array(d_mixed), array(d_out), array(inner))
        d_queries = self._take(*saved.queries.shape)
        d_keys, d_values = torch.zeros(2, shared, tokens, width)
        for first in range(0, tokens, QUERIES):  # what comes after the last of these is nothing to them
            mark, rows, last = self.passing.mark, slice(first, first + QUERIES), min(first + QUERIES, tokens)
            queries, d_rows = saved.queries[:, rows].flatten(1, 2), d_out[:, rows].flatten(1, 2)
            keys, values = saved.keys[:, :last], saved.values[:, :last]
            pairs = (shared, queries.shape[1], last)
            weights = torch.bmm(queries, keys.transpose(1, 2), out=self._take(*pairs))
            d_scores = torch.bmm(d_rows, values.transpose(1, 2), out=self._take(*pairs))
            fused.softmax_backward(array(weights), array(d_scores), array(saved.totals), array(inner), first, width**-0.5)
            d_queries[:, rows] = torch.bmm(d_scores, keys).view(shared, -1, group, width)
            d_keys[:, :last] += torch.bmm(d_scores.transpose(1, 2), queries)
            d_values[:, :last] += torch.bmm(weights.transpose(1, 2), d_rows)
            self.passing.release(mark)
        fused.join_heads(array(d_queries), array(d_keys), array(d_values), array(places.cosines), array(places.sines), array(d_split))

    def _take(self, *shape: int) -> Tensor:
        return self.passing.take(*shape, dtype=self.dtype)

    def _norm_backward(self, weight: Weight, state: Tensor, scale: Tensor, d_normed: Tensor, d_state: Tensor) -> None:
        """Add to `d_state` the gradient with respect to the `state` that was normed."""
        d_weight = scale.new_empty(0) if weight.gradient is None else weight.gradient
        fused.norm_backward(array(state), array(scale), array(weight.value), array(d_normed), array(d_weight), array(d_state))

    def _head(self, state: Tensor, packed: PackedSequences, weight: float) -> tuple[Sums, Tensor]:
        """Return the sums over learned tokens and the gradient with respect to `state`; a `weight` of 0 is for the sums alone."""
        rows = state[packed.learned]
        count, filled = len(rows), -(-len(rows) // MULTIPLE) * MULTIPLE
        normed, scale = rows.new_zeros(filled, rows.shape[1]), torch.empty(count)
        fused.norm(array(rows), array(self.norm.value), self.config.rms_norm_eps, array(normed), array(scale))
        d_normed = torch.empty_like(normed)
        # All of them for the head's gradient: adding to it costs more than the product, so it is added to once.
        summed = self.head.gradient if weight else None
        logits = self.passing.take(filled if summed is not None else min(LOGIT_ROWS, filled), len(self.head.value), dtype=self.dtype)
        losses, correct = torch.empty(count), torch.empty(count, dtype=torch.bool)
        for first in range(0, filled, LOGIT_ROWS):
            part, real = slice(first, min(first + LOGIT_ROWS, filled)), slice(first, min(first + LOGIT_ROWS, count))
            some = logits[part] if summed is not None else logits[: part.stop - first]
            torch.mm(normed[part], self.head.value.t(), out=some)
            some[real.stop - first :] = 0
            targets = packed.targets[real]
            fused.cross_entropy(array(some), array(targets), weight, array(losses[real]), array(correct[real]))
            if weight:
                torch.mm(some, self.head.value, out=d_normed[part])
        if summed is not None:
            summed.add_(torch.mm(logits.t(), normed))
        d_state = torch.zeros_like(state)
        if weight:
            d_rows = torch.zeros_like(rows)
            self._norm_backward(self.norm, rows, scale, d_normed, d_rows)
            d_state[packed.learned] = d_rows
        return Sums(float(losses.double().sum()), int(correct.sum()), count), d_state
