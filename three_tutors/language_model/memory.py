"""How much memory a fine-tuning needs, estimated from the model's sizes before anything is loaded.

python -m three_tutors.language_model.memory [FOLDER] [--r 8] [--tokens 1024]

Counted are the weights, what is learned with its gradients and the two moments of AdamW, and what the forward pass keeps for
the backward pass. Logits are computed only at learned tokens, here half of them. A hub model's `config.json` is enough.
"""

from __future__ import annotations

if __name__ == "__main__":
    from three_tutors.pipeline.starting import start

    start("three_tutors.language_model.memory")

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transformers import PretrainedConfig

from three_tutors.language_model import base
from three_tutors.language_model.llama.families import fits, head_dim
from three_tutors.language_model.llama.learner import WORKERS, LlamaLearner
from three_tutors.language_model.llama.projections import LANES
from three_tutors.language_model.llama.trainable import LOGIT_ROWS
from three_tutors.language_model.number_format import number_format
from three_tutors.language_model.settings import LINEAR, Lora
from three_tutors.pipeline.diagnostics import ParamsError

PROGRAM = 600_000_000
"""Python, PyTorch, transformers and peft: 0.42 GB before anything is loaded, and their workspace."""
LEARNED = 16
"""Bytes of a learned number: itself, its gradient and two moments, in fp32."""
NF4 = (4 + 8 / 64 + 32 / (64 * 256)) / 8
"""Bytes of a number in nf4: four bits, a byte for the scale of 64, and four for the scale of 256 such scales."""
SHARED = {"k_proj": "q_proj", "v_proj": "q_proj", "up_proj": "gate_proj"}
"""Maps that read what another one reads."""
COMPILED = 250_000_000
"""The products that oneDNN compiled and keeps for every size it met, and the compiler that numba brings."""


@dataclass(frozen=True)
class Need:
    """Bytes at the peak of training."""

    weights: int
    """In the format they are computed with, or nf4."""
    learned: int
    """Adapters, or an fp32 copy of all weights, with gradients and moments."""
    activations: int
    """Kept from the forward pass, and the logits."""
    loading: int
    """A second copy of the weights, while our engine builds its own from it."""

    @property
    def total(self) -> int:
        """All of it with the program; loading is over before the first forward pass."""
        return PROGRAM + self.learned + self.weights + max(self.loading, self.activations)


@dataclass(frozen=True)
class Shape:
    """The sizes of a model of the Llama family."""

    vocabulary: int
    hidden_size: int
    intermediate_size: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    tied: bool
    biases: bool = False
    """Of queries, keys and values."""
    head_norms: bool = False
    """Of queries and keys."""

    @property
    def linear(self) -> dict[str, tuple[int, int]]:
        """Inputs and outputs of the linear maps of one layer."""
        hidden, mlp, query, key = self.hidden_size, self.intermediate_size, self.heads * self.head_dim, self.kv_heads * self.head_dim
        sizes = [(hidden, query), (hidden, key), (hidden, key), (query, hidden), (hidden, mlp), (hidden, mlp), (mlp, hidden)]
        return dict(zip(LINEAR, sizes, strict=True))

    @property
    def mapped(self) -> int:
        """Numbers in the linear maps of all layers, which nf4 stores in four bits."""
        return self.layers * sum(inputs * outputs for inputs, outputs in self.linear.values())

    @property
    def parameters(self) -> int:
        """Numbers in the weights."""
        extra = self.biases * (self.heads + 2 * self.kv_heads) * self.head_dim + self.head_norms * 2 * self.head_dim
        return (
            self.mapped
            + self.layers * (2 * self.hidden_size + extra)
            + (1 if self.tied else 2) * self.vocabulary * self.hidden_size
            + self.hidden_size
        )

    def adapters(self, lora: Lora) -> int:
        """Numbers in the adapters."""
        names = LINEAR if lora.target_modules == "all-linear" else lora.target_modules
        sizes = [size for name, size in self.linear.items() if name in names]
        return self.layers * sum(lora.r * (inputs + outputs) + lora.dora * outputs for inputs, outputs in sizes)


def shape(config: PretrainedConfig) -> Shape:
    """Return the sizes that `config` describes.

    Raises:
        ParamsError: it is not of the Llama family.

    """
    try:
        return Shape(
            vocabulary=config.vocab_size,
            hidden_size=config.hidden_size,
            intermediate_size=config.intermediate_size,
            layers=config.num_hidden_layers,
            heads=config.num_attention_heads,
            kv_heads=config.num_key_value_heads,
            head_dim=head_dim(config),
            tied=config.tie_word_embeddings,
            biases=config.model_type == "qwen2" or getattr(config, "attention_bias", False),
            head_norms=config.model_type == "qwen3",
        )
    except AttributeError:
        raise ParamsError(f"Memory is estimated for models built like Llama, Qwen or Mistral; {config.model_type} is not.") from None


def need(model: Shape, lora: Lora | None, tokens: int, *, ours: bool, width: int = 2) -> Need:
    """Return what training on conversations of at most `tokens` tokens needs; without `lora` every weight is learned.

    Args:
        model: the base model.
        lora: its adapters.
        tokens: of the longest conversation.
        ours: whether our own engine computes (on CPUs, without DoRA and nf4) or transformers under autograd.
        width: bytes of a number as it is computed with (see `number_format`): 2 in bf16, 4 in fp32.

    """
    learned = model.adapters(lora) if lora else model.parameters
    activations = (_engine if ours else _autograd)(model, lora, tokens, width)
    each = LEARNED + (4 * (WORKERS - 1) if ours else 0)  # every worker but the first has gradients of its own
    nf4 = lora is not None and lora.precision == "nf4"
    weights = width * (model.parameters - model.mapped) + int(NF4 * model.mapped) if nf4 else width * model.parameters
    return Need(weights=weights, learned=each * learned, activations=activations, loading=width * model.parameters if ours else 0)


def _engine(model: Shape, lora: Lora | None, tokens: int, width: int) -> int:
    """Return the bytes of the workers' arenas (see `llama.trainable`): all layers' forward pass, one's backward pass, logits."""
    rows = max(tokens, LlamaLearner.tokens_at_once)
    # The adapters' part of the inputs of qkv, of the output, of gate and up, and of down, padded.
    adapted = sum(-(-maps * lora.r // LANES) * LANES for maps in (3, 1, 2, 1)) if lora else 0
    query, key = model.heads * model.head_dim, model.kv_heads * model.head_dim
    row = 4 * model.hidden_size + 2 * query + 2 * key + 3 * model.intermediate_size + adapted + 4
    # Heads that are normed are kept as they were before, with 1 / rms of each in fp32.
    row += model.head_norms * (query + 2 * key + 4 * (model.heads + model.kv_heads) // width)
    # A head that is learned needs all logits at once.
    logits = (LOGIT_ROWS if lora else rows // 2) * model.vocabulary * width
    return WORKERS * (width * row * rows * (model.layers + 1) + logits) + COMPILED


def _autograd(model: Shape, lora: Lora | None, tokens: int, width: int) -> int:
    """Return the bytes that autograd saves, in bf16 under autocast, one conversation at a time, and the logits.

    Of each layer: two norms in fp32; queries, keys, values and the attention output; gate, its activation and up; and the
    input of every learned map, in numbers of `width` bytes.
    """
    query, key = model.heads * model.head_dim, model.kv_heads * model.head_dim
    names = LINEAR if lora is None or lora.target_modules == "all-linear" else lora.target_modules
    # Autocast copies its input for every map; in fp32 queries, keys and values share one, and so do gate and up.
    reads = {name: name if width == 2 else SHARED.get(name, name) for name in names}  # noqa: PLR2004 - bytes of bf16
    inputs = sum(model.linear[name][0] for name in set(reads.values())) + (lora.r * len(reads) if lora else 0)
    # A norm that is learned keeps what it scaled as well as its input.
    norms = 4 * (2 * model.hidden_size + model.head_norms * (query + key)) * (1 if lora else 2)
    row = norms + width * (2 * query + 2 * key + 3 * model.intermediate_size + inputs)
    logits = tokens // 2 * model.vocabulary * 12
    return row * tokens * model.layers + logits


def sentences(config: PretrainedConfig, r: int, tokens: int) -> list[str]:
    """Return what each way to train `config` needs, a line each."""
    model = shape(config)
    lines = [f"{model.parameters / 1e9:.2f} billion parameters; conversations of up to {tokens} tokens:"]
    for name, lora in ((f"LoRA, r {r}", Lora(r=r)), (f"QLoRA, r {r}", Lora(r=r, precision="nf4")), ("every weight", None)):
        for place, ours in (("CPU", fits(config) and not (lora and lora.precision == "nf4")), ("GPU", False)):
            width = number_format("cpu" if place == "CPU" else "cuda").itemsize
            lines.append(f"  {name}, {place}: {gigabytes(need(model, lora, tokens, ours=ours, width=width))} GB")
    return lines


def gigabytes(needed: Need) -> str:
    """Return the total in 10⁹ bytes, as one would say it."""
    value = needed.total / 1e9
    return f"{value:.1f}" if value < 10 else f"{value:.0f}"  # noqa: PLR2004 - two digits are enough


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the memory that the model in a folder needs."""
    parser = argparse.ArgumentParser(prog="python -m three_tutors.language_model.memory", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("folder", type=Path, nargs="?", default=base.BASE, help="with the model's config.json (default: %(default)s)")
    parser.add_argument("--r", type=int, default=8, help="rank of the adapters (default: %(default)s)")
    parser.add_argument("--tokens", type=int, default=1024, help="of the longest conversation (default: %(default)s)")
    asked: Any = parser.parse_args(arguments)
    print("\n".join(sentences(base.load_config(asked.folder), asked.r, asked.tokens)))
