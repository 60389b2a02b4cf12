"""The learning rate that follows the base: what `auto` means for LoRA and for training every weight.

    rate = RATE · (576 / hidden size) ^ 0.78

The best rate falls with a model's width. Schulman et al. 2025, "LoRA without regret" (https://thinkingmachines.ai/blog/lora), fitted
5e-5 · 10 · (2000 / hidden size) ^ power over 14 models of the Llama and Qwen families, the 10 for adapters alone: 0.781 for Llama and
0.775 for Qwen. The power is taken from there. The rates are ours, the best of a search on the embedded model, whose hidden size is 576
(`make study NAME=rank_and_rate`): training on a few hundred dialogues is short, and short training wants a higher rate than theirs.
The rank is not in it, because adapters are scaled by alpha / r. A rule is a guess for a base that nobody tried: `make study NAME=rates`
tries four rates and asks whether tuning cost sense.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from three_tutors.pipeline.diagnostics import ParamsError

if TYPE_CHECKING:
    from transformers import PretrainedConfig

HIDDEN_SIZE = 576
"""Of the embedded model."""
LORA = 4e-3
"""For adapters on it."""
EVERY_WEIGHT = 2e-4
"""For every weight of it."""
POWER = 0.78
BY_PAIRS = 0.05
"""Factor for learning from pairs, which is slower than learning replies, or all the model's language goes. Customary (TRL: 1e-6 beside
2e-5), not swept."""


def rate_of(config: PretrainedConfig, *, lora: bool) -> float:
    """Return the highest learning rate for a base with this `config`, to two digits.

    Raises:
        ParamsError: the config does not say how wide the model is.

    """
    hidden = getattr(config.get_text_config(), "hidden_size", None)
    if not hidden:
        raise ParamsError(
            f"learning_rate: auto needs the hidden size, which {config.model_type or 'this model'} does not tell; give a number."
        )
    return float(f"{(LORA if lora else EVERY_WEIGHT) * (HIDDEN_SIZE / hidden) ** POWER:.2g}")
