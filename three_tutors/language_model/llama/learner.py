"""Train a Llama with hand-written gradients: low-rank adapters beside frozen weights, or every weight."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import PretrainedConfig

from three_tutors.language_model import adapters, base
from three_tutors.language_model.learner import Sums
from three_tutors.language_model.llama.gradients import Gradients
from three_tutors.language_model.llama.layers import Layer, Weight
from three_tutors.language_model.llama.projections import Adapter, Projection
from three_tutors.language_model.settings import LINEAR, Lora, Settings
from three_tutors.language_model.steps import dealt
from three_tutors.language_model.supervision import Example
from three_tutors.pipeline.diagnostics import ParamsError

GROUPS = {
    "qkv": ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
    "output": ("self_attn.o_proj",),
    "gate_up": ("mlp.gate_proj", "mlp.up_proj"),
    "down": ("mlp.down_proj",),
}
"""The maps that are computed as one, by the field of `Layer` that holds them."""


WORKERS = 2
"""Copies of the gradients, with a thread each; their number decides in which order gradients are summed, whatever the machine."""


class LlamaLearner:
    """A `Learner` (see there) over `Gradients`."""

    tokens_at_once = 1200
    parts_at_once = WORKERS

    def __init__(self, folder: Path, config: PretrainedConfig, settings: Settings, dtype: torch.dtype = torch.bfloat16) -> None:
        """Load the weights in `folder`; new adapters are drawn after seeding, so the same seed gives the same model."""
        self.base, self.config, self.settings = folder, config, settings
        weights = {name: tensor.to(dtype) for name, tensor in load_file(folder / base.WEIGHTS).items()}
        self.parameters: dict[str, Tensor] = {}
        self._initial: dict[str, Tensor] = {}
        self._learned: list[tuple[Tensor, Tensor]] = []
        torch.manual_seed(settings.seed)
        layers = [self._layer(weights, f"model.layers.{index}.") for index in range(config.num_hidden_layers)]
        embedding = self._weight(weights, "model.embed_tokens.weight")
        head = embedding if config.tie_word_embeddings else self._weight(weights, "lm_head.weight")
        model = Gradients(config, embedding, layers, self._weight(weights, "model.norm.weight"), head)
        self.workers = [model, *(model.twin() for _ in range(1, WORKERS))]
        # Several steps on a core each are quicker than one on all, whose every product waits for the slowest core.
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
        return self._each(parts, Gradients.measure)

    def _each(self, parts: Sequence[Sequence[Example]], work: Callable[[Gradients, Sequence[Example]], Sums]) -> Sums:
        """Let every worker do its share of `parts`, which does not depend on who is quicker."""
        if len(parts) == 1:
            return work(self.workers[0], parts[0])
        shares = dealt(parts, len(self.workers), _tokens)
        done = self._threads.map(lambda worker, share: sum((work(worker, part) for part in share), Sums()), self.workers, shares)
        return sum(done, Sums())

    def refresh(self) -> None:
        """See `Learner`."""
        for value, master in self._learned:
            value.copy_(master.detach())
        for projection in self.workers[0].projections:  # the others share their weights
            projection.refresh()

    def export(self, folder: Path) -> None:
        """See `Learner`: an adapter as peft writes it, or a whole model."""
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

    def _layer(self, weights: Mapping[str, Tensor], prefix: str) -> Layer:
        parts = {field: self._projection(weights, prefix, names) for field, names in GROUPS.items()}
        return Layer(
            input_norm=self._weight(weights, prefix + "input_layernorm.weight"),
            mlp_norm=self._weight(weights, prefix + "post_attention_layernorm.weight"),
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
        learned = self._learn(prefix + "+".join(names), fused)
        return Projection(fused, low, scaling=scaling(lora) if lora else 1.0, dropout=lora.dropout if lora else 0.0, gradient=learned)

    def _export_model(self, folder: Path) -> None:
        tensors: dict[str, Tensor] = {}
        for name, parameter in self.parameters.items():
            value = parameter.detach().to(torch.bfloat16)
            if name.endswith(".weight"):
                tensors[name] = value
                continue
            prefix, names = name[: name.index(".", len("model.layers.")) + 1], name[name.index(".", len("model.layers.")) + 1 :].split("+")
            for part, rows in zip(names, value.split(self._heights(names)), strict=True):
                tensors[f"{prefix}{part}.weight"] = rows.clone()
        save_file(tensors, folder / base.WEIGHTS, metadata={"format": "pt"})
        (folder / base.WEIGHTS).chmod(0o644)
        for path in sorted(self.base.iterdir()):
            if path.suffix in {".json", ".jinja"} and path.name != base.SOURCE:
                shutil.copyfile(path, folder / path.name)

    def _heights(self, names: Sequence[str]) -> list[int]:
        width, config = self.config.head_dim, self.config
        heights = {
            "q_proj": config.num_attention_heads * width,
            "k_proj": config.num_key_value_heads * width,
            "v_proj": config.num_key_value_heads * width,
            "o_proj": config.hidden_size,
            "gate_proj": config.intermediate_size,
            "up_proj": config.intermediate_size,
            "down_proj": config.hidden_size,
        }
        return [heights[name.split(".")[1]] for name in names]


def _tokens(part: Sequence[Example]) -> int:
    return sum(len(example.ids) for example in part)


def gradient(parameter: Tensor) -> Tensor:
    """Return where the gradient of `parameter` is summed: its `grad`, zero now."""
    parameter.grad = torch.zeros_like(parameter)
    return parameter.grad


def targets(lora: Lora) -> tuple[str, ...]:
    """Return the names of the adapted maps.

    Raises:
        ParamsError: `target_modules` names one that a Llama does not have.

    """
    if lora.target_modules == "all-linear":
        return LINEAR
    unknown = [name for name in lora.target_modules if name not in LINEAR]
    if unknown or not lora.target_modules:
        raise ParamsError(f"lora.target_modules: {unknown} are not layers of this model; choose among {', '.join(LINEAR)} or `all-linear`.")
    return tuple(lora.target_modules)


def scaling(lora: Lora) -> float:
    """Return the factor of the adapters' product."""
    return float(lora.alpha / math.sqrt(lora.r) if lora.rslora else lora.alpha / lora.r)


def start(weight: Tensor, lora: Lora) -> tuple[Tensor, Tensor, Tensor]:
    """Return new A and B for `weight` in fp32, and the weight that they are added to.

    `default` draws A as peft does (Kaiming uniform with a = √5) and begins with B = 0. The others take the largest
    singular values (PiSSA) or the first columns of a QR decomposition (OLoRA) out of the weight.
    """
    if lora.init == "default":
        down = torch.empty(lora.r, weight.shape[1])
        torch.nn.init.kaiming_uniform_(down, a=math.sqrt(5))
        return down.requires_grad_(), torch.zeros(weight.shape[0], lora.r).requires_grad_(), weight
    wide, factor = weight.float(), scaling(lora)
    if lora.init == "pissa":
        left, values, right = torch.linalg.svd(wide, full_matrices=False)
        root = values[: lora.r].div(factor).sqrt()
        up, down = left[:, : lora.r] * root, root[:, None] * right[: lora.r]
    else:
        left, right = torch.linalg.qr(wide)
        up, down = left[:, : lora.r] / factor, right[: lora.r]
    rest = (wide - factor * up @ down).to(weight.dtype)
    return down.contiguous().requires_grad_(), up.contiguous().requires_grad_(), rest
