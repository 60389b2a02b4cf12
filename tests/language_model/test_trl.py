from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from datasets import Dataset
from peft import LoraConfig
from transformers import AutoConfig

from three_tutors.language_model import base
from three_tutors.language_model.llama.learner import LlamaLearner
from three_tutors.language_model.settings import Lora, Settings
from three_tutors.language_model.supervision import examples

Rows = Callable[..., list[dict[str, Any]]]


@pytest.mark.slow
def test_loss_and_gradients_equal_those_of_trl(tiny: Path, rows: Rows, tmp_path: Path) -> None:
    """TRL's SFTTrainer masks the same tokens by our template's markers and computes the same loss and gradients."""
    from trl import SFTConfig, SFTTrainer  # noqa: PLC0415 - seconds

    made = rows(4)
    made[1]["messages"][1]["content"] *= 4  # different lengths, so that TRL pads
    arguments = SFTConfig(
        output_dir=str(tmp_path),
        per_device_train_batch_size=4,
        assistant_only_loss=True,
        max_length=None,
        bf16=False,
        use_cpu=True,
        report_to=[],
        gradient_checkpointing=False,
        disable_tqdm=True,
    )
    trainer = SFTTrainer(
        model=base.load_model(tiny, torch.float32),
        args=arguments,
        train_dataset=Dataset.from_list([{"messages": row["messages"]} for row in made]),
        processing_class=base.load_tokenizer(tiny),
        peft_config=LoraConfig(r=4, lora_alpha=8, target_modules="all-linear", task_type="CAUSAL_LM"),
    )
    peers = {name.removeprefix("base_model.model.").replace(".default", ""): value for name, value in trainer.model.named_parameters()}
    ours = LlamaLearner(
        tiny, AutoConfig.from_pretrained(tiny), Settings(learning_rate=1e-3, epochs=1, lora=Lora(r=4, alpha=8)), dtype=torch.float32
    )
    for name, value in ours.parameters.items():
        torch.nn.init.normal_(value.detach(), std=0.05)
        peers[name].data.copy_(value.detach())
    ours.refresh()
    batch = next(iter(trainer.get_train_dataloader()))
    loss = trainer.compute_loss(trainer.model, batch)
    loss.backward()
    learned = examples(base.load_tokenizer(tiny), made, "all", 200)
    tokens = sum(example.supervised for example in learned)
    sums = ours.accumulate([learned], 1 / tokens)
    assert int((batch["labels"] != -100).sum()) == tokens
    assert sums.mean_loss == pytest.approx(loss.item(), rel=1e-5)
    for name, value in ours.parameters.items():
        torch.testing.assert_close(value.grad, peers[name].grad, rtol=1e-3, atol=1e-6)
