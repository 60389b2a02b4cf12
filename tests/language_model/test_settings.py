from __future__ import annotations

import dataclasses
import math

import pytest

from three_tutors.language_model.settings import Lora, Settings
from three_tutors.pipeline.diagnostics import ParamsError

NUMBERS = ["learning_rate", "warmup", "weight_decay", "max_gradient_norm"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("name", [*NUMBERS, "alpha", "dropout"])
def test_a_hyperparameter_is_a_finite_number(name: str, value: float) -> None:
    """NaN and infinity are refused by name, whoever asks for the training."""
    own = {name: value} if name in NUMBERS else {"lora": dataclasses.replace(Lora(), **{name: value})}
    with pytest.raises(ParamsError, match=f"{name}: .* is not a finite number"):
        Settings(**{"learning_rate": 1e-3, "epochs": 1, **own})


def test_the_adapters_product_is_scaled_by_rank() -> None:
    """The factor is alpha / r, and alpha / √r with rsLoRA."""
    assert (Lora(r=16, alpha=32).scaling, Lora(r=16, alpha=32, rslora=True).scaling) == (2.0, 8.0)
    assert Lora(r=8, alpha=16, rslora=True).scaling == 16 / math.sqrt(8)
