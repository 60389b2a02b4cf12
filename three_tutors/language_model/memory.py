"""How much memory a fine-tuning needs, reckoned from the model's shape before anything is loaded.

python -m three_tutors.language_model.memory [FOLDER] [--r 8] [--tokens 1024]

Counted are the weights, what is learned with its gradients and the two moments of AdamW, and what the backward pass
keeps of the forward pass. Logits are taken only at learned tokens, here half of them. A hub model's `config.json` is enough.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transformers import PretrainedConfig

from three_tutors.language_model import base
from three_tutors.language_model.llama.model import fits
from three_tutors.language_model.settings import LINEAR, Lora
from three_tutors.pipeline.diagnostics import ParamsError, run

PROGRAM = 600_000_000
"""Python, PyTorch, transformers and peft themselves: 0.42 GB before anything is loaded, and room for their workspace."""
LEARNED = 16
"""Bytes of a learned number: itself, its gradient and two moments, in fp32."""
NF4 = (4 + 8 / 64 + 32 / (64 * 256)) / 8
"""Bytes of a number in nf4: four bits, a byte for the scale of 64, and four for the scale of 256 such scales."""
PORTION = 1200
"""Tokens that a worker of the lean Llama reads at once (`LlamaLearner.tokens_at_once`), where a conversation is not longer."""
COMPILED = 250_000_000
"""What oneDNN keeps of the products of every size that it met, and the compiler that numba brings."""
LANES = 32
"""See `projections`."""
WORKERS = 2
"""See `llama_learner`: each keeps its own forward pass and, but for the first, its own gradients."""


@dataclass(frozen=True)
class Need:
    """Bytes at the peak of training."""

    weights: int
    """Those that are computed with, bf16."""
    learned: int
    """Adapters, or masters of all weights, with gradients and moments, fp32."""
    activations: int
    """Kept of the forward pass, and the logits."""
    loading: int
    """A second copy of the weights, from which the lean Llama packs its own."""

    @property
    def total(self) -> int:
        """All of it with the program; `loading` is over before anything is kept of a forward pass."""
        return PROGRAM + self.learned + self.weights + max(self.loading, self.activations)


@dataclass(frozen=True)
class Shape:
    """The sizes of a model of the Llama family."""

    vocabulary: int
    hidden: int
    middle: int
    layers: int
    heads: int
    shared: int
    width: int
    tied: bool

    @property
    def linear(self) -> dict[str, tuple[int, int]]:
        """Inputs and outputs of the linear maps of one layer."""
        query, key = self.heads * self.width, self.shared * self.width
        sizes = [(self.hidden, query), (self.hidden, key), (self.hidden, key), (query, self.hidden)]
        return dict(zip(LINEAR, [*sizes, (self.hidden, self.middle), (self.hidden, self.middle), (self.middle, self.hidden)], strict=True))

    @property
    def mapped(self) -> int:
        """Numbers in the linear maps of all layers, which nf4 holds in four bits."""
        return self.layers * sum(inputs * outputs for inputs, outputs in self.linear.values())

    @property
    def parameters(self) -> int:
        """Numbers in the weights; biases, where there are any, are too few to matter."""
        return self.mapped + 2 * self.layers * self.hidden + (1 if self.tied else 2) * self.vocabulary * self.hidden + self.hidden

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
            hidden=config.hidden_size,
            middle=config.intermediate_size,
            layers=config.num_hidden_layers,
            heads=config.num_attention_heads,
            shared=config.num_key_value_heads,
            width=getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads,
            tied=config.tie_word_embeddings,
        )
    except AttributeError:
        raise ParamsError(f"Memory is reckoned for models built like Llama, Qwen or Mistral; {config.model_type} is not.") from None


def need(model: Shape, lora: Lora | None, tokens: int, *, lean: bool) -> Need:
    """Return what training on conversations of at most `tokens` tokens needs; without `lora` every weight is learned.

    Args:
        model: the base model.
        lora: its adapters.
        tokens: of the longest conversation.
        lean: whether our own Llama computes (on CPUs, without DoRA) or transformers under autograd.

    """
    learned = model.adapters(lora) if lora else model.parameters
    kept = _lean(model, lora, tokens) if lean else _autograd(model, lora, tokens)
    each = LEARNED + (4 * (WORKERS - 1) if lean else 0)
    nf4 = lora is not None and lora.precision == "nf4"
    weights = 2 * (model.parameters - model.mapped) + int(NF4 * model.mapped) if nf4 else 2 * model.parameters
    return Need(weights=weights, learned=each * learned, activations=kept, loading=2 * model.parameters if lean else 0)


def _lean(model: Shape, lora: Lora | None, tokens: int) -> int:
    """Return the bytes that the workers' arenas hold, see `llama_gradients`: all layers' forward pass, one's backward pass, logits."""
    read = max(tokens, PORTION)
    # The adapters' share of the inputs of qkv, of the output, of gate and up, and of down, padded.
    adapted = sum(-(-maps * lora.r // LANES) * LANES for maps in (3, 1, 2, 1)) if lora else 0
    attended, shared = model.heads * model.width, model.shared * model.width
    row = 4 * model.hidden + 2 * attended + 2 * shared + 3 * model.middle + adapted + 4
    # Learning the head keeps the gradients of all its logits, else they are dealt with 128 at a time.
    logits = (128 if lora else read // 2) * model.vocabulary * 2
    return WORKERS * (2 * row * read * (model.layers + 1) + logits) + COMPILED


def _autograd(model: Shape, lora: Lora | None, tokens: int) -> int:
    """Return the bytes that autograd saves in bf16 autocast, one conversation at a time, and the logits.

    Of each layer: two norms in fp32; queries, keys, values and their mixture; gate, its activation and up; and for every
    learned map its input in bf16.
    """
    attended, shared = model.heads * model.width, model.shared * model.width
    names = LINEAR if lora is None or lora.target_modules == "all-linear" else lora.target_modules
    inputs = sum(size + (lora.r if lora else 0) for name, (size, _) in model.linear.items() if name in names)
    # A norm that is learned keeps what it scales as well as what it was given.
    norms = 2 * 4 * model.hidden * (1 if lora else 2)
    row = norms + 2 * (2 * attended + 2 * shared + 3 * model.middle + inputs)
    logits = tokens // 2 * model.vocabulary * 12
    return row * tokens * model.layers + logits


def sentences(config: PretrainedConfig, r: int, tokens: int) -> list[str]:
    """Return what each way to train `config` needs, a line each."""
    model = shape(config)
    lines = [f"{model.parameters / 1e9:.2f} billion parameters; conversations of up to {tokens} tokens:"]
    for name, lora in ((f"LoRA, r {r}", Lora(r=r)), (f"QLoRA, r {r}", Lora(r=r, precision="nf4")), ("every weight", None)):
        for place, lean in (("CPU", fits(config) and not (lora and lora.precision == "nf4")), ("GPU", False)):
            lines.append(f"  {name}, {place}: {gigabytes(need(model, lora, tokens, lean=lean))} GB")
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


if __name__ == "__main__":
    run(main)
