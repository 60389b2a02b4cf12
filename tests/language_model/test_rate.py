"""The learning rate follows the base, and is exactly what it always was on the embedded one."""

from __future__ import annotations

from pathlib import Path

import pytest
from transformers import GPT2Config, LlamaConfig, PretrainedConfig

from three_tutors.language_model.rate import rate_of
from three_tutors.openai_server.hyperparameters import Hyperparameters, rate_of_job
from three_tutors.pipeline.diagnostics import ParamsError
from three_tutors.pipeline.records import write_json


def test_the_embedded_base_keeps_its_rates_to_the_last_bit() -> None:
    """Recorded weights were trained with these numbers; another one in the last place would change them."""
    config = LlamaConfig(hidden_size=576)
    assert (rate_of(config, lora=True), rate_of(config, lora=False)) == (4e-3, 2e-4)


@pytest.mark.parametrize(("hidden", "rate"), [(896, 2.8e-3), (1536, 1.9e-3), (2048, 1.5e-3), (4096, 8.7e-4)])
def test_wider_bases_take_lower_rates(hidden: int, rate: float) -> None:
    """A published power of the width, told to two digits; families name their width in their own ways."""
    assert rate_of(LlamaConfig(hidden_size=hidden), lora=True) == rate
    assert rate_of(GPT2Config(n_embd=hidden), lora=True) == rate


def test_a_model_without_a_width_asks_for_a_number() -> None:
    """Nothing is guessed where the rule has nothing to follow."""
    with pytest.raises(ParamsError, match="auto needs the hidden size"):
        rate_of(PretrainedConfig(), lora=True)


@pytest.mark.parametrize(
    ("asked", "rate"),
    [
        (Hyperparameters(), 9.3e-5),
        (Hyperparameters(learning_rate_multiplier=2), 1.86e-4),
        (Hyperparameters(lora=True), 1.9e-3),
        (Hyperparameters(method="dpo"), 4.65e-6),
    ],
)
def test_the_service_multiplies_the_rate_of_its_base(tmp_path: Path, asked: Hyperparameters, rate: float) -> None:
    """`auto` is one time the base's own rate, and a finished job tells the rate that it was trained with."""
    write_json(tmp_path / "config.json", {"model_type": "qwen2", "hidden_size": 1536})
    resolved = asked.resolved(100)
    assert resolved.learning_rate(tmp_path) == pytest.approx(rate)
    assert rate_of_job({"method": resolved.as_method()}, tmp_path) == resolved.learning_rate(tmp_path)
