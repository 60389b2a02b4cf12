from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import AutoConfig, GPTNeoXConfig

from three_tutors.language_model import base, memory
from three_tutors.language_model.llama import trainable
from three_tutors.language_model.llama.learner import LlamaLearner
from three_tutors.language_model.memory import Need, Shape, gigabytes, need, shape
from three_tutors.language_model.number_format import number_format
from three_tutors.language_model.peft_learner import PeftLearner
from three_tutors.language_model.settings import Lora, Settings
from three_tutors.language_model.supervision import Example, examples
from three_tutors.pipeline.diagnostics import ParamsError

Rows = Callable[..., list[dict[str, Any]]]
DOCUMENT = Path(__file__).parents[2] / "docs/models.md"
MODELS = {
    "SmolLM2-135M (embedded)": Shape(49152, 576, 1536, 30, 9, 3, 64, tied=True),
    "SmolLM2-360M": Shape(49152, 960, 2560, 32, 15, 5, 64, tied=True),
    "Qwen2.5-0.5B": Shape(151936, 896, 4864, 24, 14, 2, 64, tied=True, biases=True),
    "Qwen2.5-1.5B": Shape(151936, 1536, 8960, 28, 12, 2, 128, tied=True, biases=True),
    "SmolLM2-1.7B": Shape(49152, 2048, 8192, 24, 32, 32, 64, tied=True),
    "Llama-3.1-8B": Shape(128256, 4096, 14336, 32, 32, 8, 128, tied=False),
}
LORA = Lora(r=4, alpha=8)


@pytest.fixture
def one(tiny: Path, rows: Rows) -> Example:
    """Return one conversation of a few hundred tokens."""
    return examples(base.load_tokenizer(tiny), rows(1, turns=24), "all", 2000)[0]


def test_weights_are_counted_exactly(family: Path) -> None:
    """Of every family, parameters are as many as transformers makes."""
    assert shape(AutoConfig.from_pretrained(family)).parameters == sum(value.numel() for value in base.load_model(family).parameters())


def test_adapters_are_counted_exactly(tiny: Path) -> None:
    """Adapters are as many as peft makes, DoRA's magnitudes included."""
    sizes = shape(AutoConfig.from_pretrained(tiny))
    for lora in (LORA, Lora(r=2, target_modules=["q_proj", "down_proj"]), Lora(r=4, dora=True)):
        learner = PeftLearner(tiny, Settings(learning_rate=1e-3, epochs=1, lora=lora))
        assert sizes.adapters(lora) == sum(value.numel() for value in learner.parameters.values())


def test_four_bits_are_counted_as_they_lie(tiny: Path) -> None:
    """A base in nf4 takes the estimated bytes, within 2 %."""
    pytest.importorskip("bitsandbytes")
    lora = Lora(r=4, precision="nf4")
    learner = PeftLearner(tiny, Settings(learning_rate=1e-3, epochs=1, lora=lora))
    frozen = [value for value in learner.model.parameters() if not value.requires_grad]
    scales = [state for value in frozen if (state := getattr(value, "quant_state", None)) is not None]
    actual = sum(value.untyped_storage().nbytes() for value in frozen)
    actual += sum(state.absmax.nbytes + state.state2.absmax.nbytes for state in scales)
    estimate = need(shape(learner.model.config), lora, 10, ours=False, width=number_format().itemsize)
    assert actual == pytest.approx(estimate.weights, rel=0.02)


@pytest.mark.parametrize("lora", [LORA, None], ids=["lora", "full"])
def test_activations_are_what_autograd_saves(tiny: Path, one: Example, lora: Lora | None) -> None:
    """The formula is within 15 % of the bytes that transformers under autograd really keeps, logits and weights apart."""
    learner = PeftLearner(tiny, Settings(learning_rate=1e-3, epochs=1, lora=lora))
    own = {value.untyped_storage().data_ptr() for value in learner.model.parameters()}
    # Where all weights are learned, their bf16 copies are kept too, in either direction; they count as weights.
    weights = {size for value in learner.model.parameters() for size in (value.shape, value.shape[::-1]) if value.dim() > 1}
    saved: dict[int, Tensor] = {}

    def pack(value: Tensor) -> Tensor:
        if value.untyped_storage().data_ptr() not in own and value.shape not in weights and 49152 not in value.shape:
            saved[value.untyped_storage().data_ptr()] = value
        return value

    learner.model.train()
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda value: value):
        learner._loss(one)
    actual = sum(value.untyped_storage().nbytes() for value in saved.values())
    sizes = shape(learner.model.config)
    estimate = need(sizes, lora, len(one.ids), ours=False, width=number_format().itemsize)
    assert actual == pytest.approx(estimate.activations - len(one.ids) // 2 * sizes.vocabulary * 12, rel=0.15)


def test_activations_are_what_our_engine_saves(tiny: Path, one: Example, monkeypatch: pytest.MonkeyPatch) -> None:
    """The formula is within 5 % of the bytes that our own engine keeps between its two passes."""
    kept: list[int] = []

    forward = trainable.TrainableLlama._forward

    def counting(self: trainable.TrainableLlama, *arguments: Any, **options: Any) -> Any:
        result = forward(self, *arguments, **options)
        full, used = self.activations.mark
        kept.append(sum(len(chunk) for chunk in self.activations._chunks[:full]) + used)
        return result

    monkeypatch.setattr(trainable.TrainableLlama, "_forward", counting)
    learner = LlamaLearner(tiny, AutoConfig.from_pretrained(tiny), Settings(learning_rate=1e-3, epochs=1, lora=LORA))
    learner.accumulate([[one]], 1.0)
    monkeypatch.setattr(LlamaLearner, "tokens_at_once", 1)  # for this one conversation alone
    sizes = shape(learner.config)
    width = number_format().itemsize
    activations = need(sizes, LORA, len(one.ids), ours=True, width=width).activations - memory.COMPILED
    layers = activations / memory.WORKERS - 128 * sizes.vocabulary * width
    assert kept[0] == pytest.approx(layers * sizes.layers / (sizes.layers + 1), rel=0.05)


def test_the_readme_states_the_estimates() -> None:
    """The table of memory in the documentation is the one that the function gives."""

    def row(name: str, model: Shape) -> list[str]:
        asked = ((Lora(r=8), True), (Lora(r=8), False), (Lora(r=8, precision="nf4"), False), (None, False))
        ways: list[Need] = [need(model, lora, 1024, ours=ours) for lora, ours in asked]
        return [name, *(gigabytes(way) for way in ways)]

    table = re.findall(
        r"^\| (.+?) \| ([\d.]+) GB \| ([\d.]+) GB \| ([\d.]+) GB \| ([\d.]+) GB \|$",
        DOCUMENT.read_text(encoding="utf-8"),
        flags=re.MULTILINE,
    )
    assert [row(name, model) for name, model in MODELS.items()] == [list(found) for found in table]


def test_the_command_prints_both_ways(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command reads config.json alone and prints LoRA and all weights, on CPU and GPU."""
    memory.main([str(tiny), "--r", "4"])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0].strip() for line in lines[1:]] == [
        "LoRA, r 4, CPU",
        "LoRA, r 4, GPU",
        "QLoRA, r 4, CPU",
        "QLoRA, r 4, GPU",
        "every weight, CPU",
        "every weight, GPU",
    ]


def test_other_architectures_are_not_guessed() -> None:
    """What is not built like Llama is refused instead of estimated wrongly."""
    with pytest.raises(ParamsError, match="gpt_neox is not"):
        shape(GPTNeoXConfig())
