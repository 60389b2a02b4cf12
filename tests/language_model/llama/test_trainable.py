from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from torch import Tensor
from transformers import AutoConfig

from three_tutors.language_model import base
from three_tutors.language_model.llama.learner import LlamaLearner
from three_tutors.language_model.settings import Lora, Settings
from three_tutors.language_model.supervision import Example, examples

Rows = Callable[..., list[dict[str, Any]]]
LORA = Settings(learning_rate=1e-3, epochs=1, lora=Lora(r=4, alpha=8))


def learner(folder: Path, settings: Settings) -> LlamaLearner:
    """Return our learner in fp32, its adapters moved away from B = 0 so that every gradient shows."""
    made = LlamaLearner(folder, AutoConfig.from_pretrained(folder), settings, dtype=torch.float32)
    for name, value in made.parameters.items():
        if "lora_B" in name:
            torch.nn.init.normal_(value.detach(), std=0.05)
    made.refresh()
    return made


def autograd_loss(model: torch.nn.Module, batch: Sequence[Example]) -> Tensor:
    """Return transformers' summed loss over the learned tokens."""
    total = torch.zeros(())
    for example in batch:
        ids, places = torch.tensor(example.ids), torch.tensor(example.positions)
        logits = model(ids[None]).logits[0, places - 1]
        total = total + torch.nn.functional.cross_entropy(logits, ids[places], reduction="sum")
    return total


def conversations(folder: Path, rows: Rows) -> list[Example]:
    """Return three conversations of different lengths."""
    made = rows(3)
    made[1]["messages"][1]["content"] *= 4
    return examples(base.load_tokenizer(folder), made, "all", 500)


@pytest.fixture
def batch(tiny: Path, rows: Rows) -> list[Example]:
    """Return three conversations as the tiny Llama reads them."""
    return conversations(tiny, rows)


def test_adapters_gradients_equal_autograd(family: Path, rows: Rows) -> None:
    """Of every family, loss and every adapter's gradient are those of transformers and peft, to fp32 rounding."""
    ours, batch = learner(family, LORA), conversations(family, rows)
    sums = ours.accumulate([batch], 1.0)
    config = LoraConfig(r=4, lora_alpha=8, target_modules="all-linear", task_type="CAUSAL_LM")
    theirs = get_peft_model(base.load_model(family, torch.float32), config)
    peers = {name.removeprefix("base_model.model.").replace(".default", ""): value for name, value in theirs.named_parameters()}
    for name, value in ours.parameters.items():
        peers[name].data.copy_(value.detach())
    loss = autograd_loss(theirs, batch)
    loss.backward()
    assert sums.loss == pytest.approx(loss.item(), rel=1e-5)
    for name, value in ours.parameters.items():
        torch.testing.assert_close(value.grad, peers[name].grad, rtol=1e-4, atol=1e-4)


def test_whole_model_gradients_equal_autograd(family: Path, rows: Rows) -> None:
    """Of every family, every weight's gradient is autograd's without adapters; embeddings, norms and biases included."""
    ours, batch = learner(family, Settings(learning_rate=1e-3, epochs=1)), conversations(family, rows)
    ours.accumulate([batch], 1.0)
    theirs = base.load_model(family, torch.float32)
    autograd_loss(theirs, batch).backward()
    peers = dict(theirs.named_parameters())
    for name, value in ours.parameters.items():
        parts = ours._fused.get(name, {name: len(value)})
        assert value.grad is not None
        for part, gradient in zip(parts, value.grad.split(list(parts.values())), strict=True):
            torch.testing.assert_close(gradient, peers.pop(part).grad, rtol=1e-4, atol=1e-4)
    assert not peers


def test_conversations_do_not_leak_into_each_other(tiny: Path, batch: list[Example]) -> None:
    """Packed together, one by one, or dealt out to the threads, conversations add up to the same loss and gradients."""
    together, apart, dealt_out = (learner(tiny, LORA) for _ in range(3))
    sums = together.accumulate([batch], 0.5)
    losses = [apart.accumulate([[example]], 0.5).loss for example in batch]
    assert sum(losses) == pytest.approx(sums.loss, rel=1e-5)
    assert dealt_out.accumulate([[example] for example in batch], 0.5).loss == pytest.approx(sums.loss, rel=1e-5)
    for name, value in together.parameters.items():
        for other in (apart, dealt_out):
            torch.testing.assert_close(value.grad, other.parameters[name].grad, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("lora", [Lora(r=4, alpha=8, dropout=0.3), None], ids=["lora", "full"])
def test_threads_do_not_change_a_bit(tiny: Path, batch: list[Example], lora: Lora | None) -> None:
    """However the threads take turns, gradients are the same to the last bit, dropout included, step after step."""
    twice = [learner(tiny, Settings(learning_rate=1e-3, epochs=1, lora=lora)) for _ in range(2)]
    for made in twice:
        for seed in (1, 2):
            torch.manual_seed(seed)
            made.accumulate([[example] for example in batch], 0.5)
    for name, value in twice[0].parameters.items():
        assert torch.equal(value.grad, twice[1].parameters[name].grad)


def test_dropout_keeps_the_expected_loss(tiny: Path, batch: list[Example]) -> None:
    """Dropout changes the training loss, not the measured one, and its gradients are finite."""
    dropping = learner(tiny, Settings(learning_rate=1e-3, epochs=1, lora=Lora(r=4, alpha=8, dropout=0.5)))
    measured = dropping.measure([batch])
    trained = dropping.accumulate([batch], 1.0)
    assert measured == dropping.measure([batch])
    assert trained.loss != measured.loss
    assert all(bool(value.grad.isfinite().all()) for value in dropping.parameters.values() if value.grad is not None)


@pytest.mark.parametrize("init", ["pissa", "olora"])
def test_other_beginnings_leave_the_model_as_it_was(tiny: Path, batch: list[Example], init: Any) -> None:
    """PiSSA and OLoRA move a part of the weights into the adapters; before training the sum is the base itself."""
    plain = LlamaLearner(tiny, AutoConfig.from_pretrained(tiny), LORA, dtype=torch.float32)
    settings = Settings(learning_rate=1e-3, epochs=1, lora=Lora(r=4, alpha=8, init=init))
    split = LlamaLearner(tiny, AutoConfig.from_pretrained(tiny), settings, dtype=torch.float32)
    assert split.measure([batch]).loss == pytest.approx(plain.measure([batch]).loss, rel=1e-5)
    assert any(bool(value.detach().any()) for name, value in split.parameters.items() if "lora_B" in name)
