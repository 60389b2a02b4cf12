"""The engine as a `Learner` (see there): adapters beside frozen weights, or every weight."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch
from torch import Tensor
from transformers import PretrainedConfig

from three_tutors.language_model import adapters, base
from three_tutors.language_model.learner import Sums
from three_tutors.language_model.llama.families import additions
from three_tutors.language_model.llama.layers import Layer, Weight
from three_tutors.language_model.llama.projections import Adapter, Projection
from three_tutors.language_model.llama.trainable import TrainableLlama
from three_tutors.language_model.number_format import number_format
from three_tutors.language_model.settings import LINEAR, Lora, Settings
from three_tutors.language_model.steps import dealt
from three_tutors.language_model.supervision import Example
from three_tutors.language_model.weights import check_finite, read_tensors, write_tensors
from three_tutors.pipeline.diagnostics import ParamsError

GROUPS = {
    "qkv": ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
    "output": ("self_attn.o_proj",),
    "gate_up": ("mlp.gate_proj", "mlp.up_proj"),
    "down": ("mlp.down_proj",),
}
"""The projections that are computed as one, by the field of `Layer` that holds them."""
WORKERS = 2
"""Replicas of the model, each with a thread. A fixed number, so that gradients are summed in the same order on every machine."""


class LlamaLearner:
    """Replicas of one model work on the parts of a step at the same time."""

    tokens_at_once = 1200
    parts_at_once = WORKERS

    def __init__(self, folder: Path, config: PretrainedConfig, settings: Settings, dtype: torch.dtype | None = None) -> None:
        """Load the weights in `folder` and draw new adapters; the same seed gives the same ones."""
        self.base, self.config, self.settings = folder, config, settings
        weights = {name: tensor.to(dtype or number_format()) for name, tensor in read_tensors(folder / base.WEIGHTS).items()}
        check_finite(weights, str(folder), "take another base model")
        self.parameters: dict[str, Tensor] = {}
        self._initial: dict[str, Tensor] = {}
        self._learned: list[tuple[Tensor, Tensor]] = []
        self._fused: dict[str, dict[str, int]] = {}
        """Of a parameter that is several of the file's tensors, their names and numbers of rows."""
        torch.manual_seed(settings.seed)
        self.added = additions(config)
        rotated = self.added.rotated or (True,) * config.num_hidden_layers
        layers = [self._layer(weights, f"model.layers.{index}.", rotated=each) for index, each in enumerate(rotated)]
        embedding = self._weight(weights, "model.embed_tokens.weight")
        head = embedding if config.tie_word_embeddings else self._weight(weights, "lm_head.weight")
        model = TrainableLlama(config, embedding, layers, self._weight(weights, "model.norm.weight"), head)
        self.workers = [model, *(model.replica() for _ in range(1, WORKERS))]
        # Parts on a core each are faster than one part on all cores, where every product waits for the slowest core.
        threads = torch.get_num_threads()
        count = min(WORKERS, threads)
        self._threads = ThreadPoolExecutor(count, "worker", torch.set_num_threads, (threads // count,))

    def accumulate(self, parts: Sequence[Sequence[Example]], weight: float) -> Sums:
        """See `Learner`."""
        for number, worker in enumerate(self.workers):
            worker.generator.manual_seed(torch.initial_seed() + (number << 56))
        sums = self._each(parts, lambda worker, part: worker.accumulate(part, weight))
        if len(parts) > 1:
            first, *others = (worker.gradients for worker in self.workers)
            for own, *more in zip(first, *others, strict=True):
                for gradient in more:
                    own.add_(gradient)
                    gradient.zero_()
        return sums

    def measure(self, parts: Sequence[Sequence[Example]]) -> Sums:
        """See `Learner`."""
        return self._each(parts, TrainableLlama.measure)

    def losses(self, examples: Sequence[Example]) -> list[float]:
        """See `ExampleLearner`: each is computed alone."""
        found = [0.0] * len(examples)

        def measure(worker: TrainableLlama, share: Sequence[int]) -> None:
            for place in share:
                found[place] = worker.measure([examples[place]]).loss

        shares = dealt(range(len(examples)), len(self.workers), lambda place: len(examples[place].ids))
        list(self._threads.map(measure, self.workers, shares))
        return found

    def begin_with(self, adapter: Path) -> None:
        """See `ExampleLearner`."""
        adapters.read_into(self.parameters, adapter)
        self.refresh()

    def _each(self, parts: Sequence[Sequence[Example]], work: Callable[[TrainableLlama, Sequence[Example]], Sums]) -> Sums:
        """Deal `parts` out to the workers, whichever of them is faster, and add up what they return."""
        if len(parts) == 1:
            return work(self.workers[0], parts[0])
        shares = dealt(parts, len(self.workers), _tokens)
        done = self._threads.map(lambda worker, share: sum((work(worker, part) for part in share), Sums()), self.workers, shares)
        return sum(done, Sums())

    def refresh(self) -> None:
        """See `Learner`."""
        for value, master in self._learned:
            value.copy_(master.detach())
        for projection in self.workers[0].projections:  # the replicas share them
            projection.refresh()

    def export(self, folder: Path) -> None:
        """See `Learner`."""
        folder.mkdir(parents=True)
        if self.settings.lora is None:
            self._export_model(folder)
        else:
            tensors = {adapters.PREFIX + name: parameter.detach() for name, parameter in self.parameters.items()}
            adapters.write(folder, self.settings.lora, tensors, self._initial)

    def _weight(self, weights: Mapping[str, Tensor], name: str) -> Weight:
        value = weights[name]
        return Weight(value, self._learn(name, value))

    def _learn(self, name: str, value: Tensor) -> Tensor | None:
        """Keep an fp32 master of `value` where every weight is learned; return where its gradient is summed."""
        if self.settings.lora is not None:
            return None
        master = value.float().clone().requires_grad_()
        self.parameters[name] = master
        self._learned.append((value, master))
        return gradient(master)

    def _layer(self, weights: Mapping[str, Tensor], prefix: str, *, rotated: bool) -> Layer:
        parts = {field: self._projection(weights, prefix, names) for field, names in GROUPS.items()}
        norms = [self._weight(weights, f"{prefix}self_attn.{name}_norm.weight") for name in "qk" if self.added.head_norms]
        return Layer(
            input_norm=self._weight(weights, prefix + "input_layernorm.weight"),
            mlp_norm=self._weight(weights, prefix + "post_attention_layernorm.weight"),
            query_norm=norms[0] if norms else None,
            key_norm=norms[1] if norms else None,
            rotated=rotated,
            **parts,
        )

    def _projection(self, weights: Mapping[str, Tensor], prefix: str, names: Sequence[str]) -> Projection:
        lora = self.settings.lora
        parts, low, first = [], [], 0
        for name in names:
            weight = weights[f"{prefix}{name}.weight"]
            if lora is not None and name.split(".")[1] in targets(lora):
                down, up, weight = start(weight, lora)
                for letter, values in (("A", down), ("B", up)):
                    self.parameters[f"{prefix}{name}.lora_{letter}.weight"] = values
                    if lora.init != "default":
                        self._initial[f"{adapters.PREFIX}{prefix}{name}.lora_{letter}.weight"] = values.detach().clone()
                low.append(Adapter(slice(first, first + len(weight)), down, up, gradient(down), gradient(up)))
            parts.append(weight)
            first += len(weight)
        fused = torch.cat(parts) if len(parts) > 1 else parts[0].contiguous()
        whole = prefix + "+".join(names)
        self._fused[whole] = {f"{prefix}{name}.weight": len(weight) for name, weight in zip(names, parts, strict=True)}
        learned = self._learn(whole, fused)
        bias = bias_learned = None
        if self.added.biases and names == GROUPS["qkv"]:
            bias = torch.cat([weights[f"{prefix}{name}.bias"] for name in names])
            self._fused[f"{whole}.bias"] = {f"{prefix}{name}.bias": len(weight) for name, weight in zip(names, parts, strict=True)}
            bias_learned = self._learn(f"{whole}.bias", bias)
        scaling, dropout = (lora.scaling, lora.dropout) if lora else (1.0, 0.0)
        return Projection(fused, low, scaling, dropout, gradient=learned, bias=bias, bias_gradient=bias_learned)

    def _export_model(self, folder: Path) -> None:
        tensors: dict[str, Tensor] = {}
        for name, parameter in self.parameters.items():
            value = parameter.detach().to(torch.bfloat16)
            parts = self._fused.get(name, {name: len(value)})
            tensors |= {part: rows.clone() for part, rows in zip(parts, value.split(list(parts.values())), strict=True)}
        write_tensors(folder / base.WEIGHTS, tensors)
        base.copy_beside_weights(self.base, folder)


def _tokens(part: Sequence[Example]) -> int:
    return sum(len(example.ids) for example in part)


def gradient(parameter: Tensor) -> Tensor:
    """Return where the gradient of `parameter` is summed: its `grad`, zero now."""
    parameter.grad = torch.zeros_like(parameter)
    return parameter.grad


def targets(lora: Lora) -> tuple[str, ...]:
    """Return the names of the adapted projections.

    Raises:
        ParamsError: `target_modules` names one that a Llama does not have.

    """
    if lora.target_modules == "all-linear":
        return LINEAR
    unknown = [name for name in lora.target_modules if name not in LINEAR]
    if unknown or not lora.target_modules:
        raise ParamsError(f"lora.target_modules: {unknown} are not layers of this model; choose among {', '.join(LINEAR)} or `all-linear`.")
    return tuple(lora.target_modules)


def start(weight: Tensor, lora: Lora) -> tuple[Tensor, Tensor, Tensor]:
    """Return new A and B for `weight` in fp32, and the weight that they are added to.

    `default` draws A as peft does (Kaiming uniform with a = √5) and sets B to 0. PiSSA moves the largest singular values from
    the weight into A and B, OLoRA the first columns of its QR decomposition.
    """
    if lora.init == "default":
        down = torch.empty(lora.r, weight.shape[1])
        torch.nn.init.kaiming_uniform_(down, a=math.sqrt(5))
        return down.requires_grad_(), torch.zeros(weight.shape[0], lora.r).requires_grad_(), weight
    wide, factor = weight.float(), lora.scaling
    if lora.init == "pissa":
        left, values, right = torch.linalg.svd(wide, full_matrices=False)
        root = values[: lora.r].div(factor).sqrt()
        up, down = left[:, : lora.r] * root, root[:, None] * right[: lora.r]
    else:
        left, right = torch.linalg.qr(wide)
        up, down = left[:, : lora.r] / factor, right[: lora.r]
    rest = (wide - factor * up @ down).to(weight.dtype)
    return down.contiguous().requires_grad_(), up.contiguous().requires_grad_(), rest
