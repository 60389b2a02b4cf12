from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoConfig

from tests.language_model.conftest import contents
from three_tutors.language_model import adapters, base
from three_tutors.language_model.finetune import finetune
from three_tutors.language_model.llama.learner import LlamaLearner
from three_tutors.language_model.peft_learner import PeftLearner
from three_tutors.language_model.preference import Pair, PairLearner, pairs, referred
from three_tutors.language_model.preferred import preferred
from three_tutors.language_model.progress import EpochEvent, StepEvent
from three_tutors.language_model.settings import Lora, Settings
from three_tutors.pipeline.diagnostics import DataError, ParamsError

Rows = Callable[..., list[dict[str, Any]]]
LORA = Settings(learning_rate=5e-3, epochs=2, batch_size=2, lora=Lora(r=4, alpha=8), early_stopping_patience=0)
DPO = dataclasses.replace(LORA, beta=0.5)


def preferences(rows: Rows, count: int) -> list[dict[str, Any]]:
    """Return pairs whose preferred reply asks, and whose other one tells; replies and prompts differ in length."""
    made = []
    for number, row in enumerate(rows(count)):
        prompt = [{**message, "content": message["content"] * (1 + number % 2)} for message in row["messages"][:-1]]
        replies = (f"What is {number} more than one?", f"It is simply {number + 1}, so write that down now." * (1 + number % 3))
        two = [[{"role": "assistant", "content": reply}] for reply in replies]
        made.append({"id": row["id"], "input": {"messages": prompt}, "preferred_output": two[0], "non_preferred_output": two[1]})
    return made


@pytest.mark.slow
def test_loss_and_gradients_equal_those_of_trl(tiny: Path, rows: Rows, tmp_path: Path) -> None:
    """On the same ids both of our learners and TRL's DPOTrainer, its reference being the model without adapters, learn the same."""
    from datasets import Dataset  # noqa: PLC0415 - seconds
    from peft import LoraConfig  # noqa: PLC0415
    from trl import DPOConfig, DPOTrainer  # noqa: PLC0415

    made = pairs(base.load_tokenizer(tiny), preferences(rows, 4), 200)
    arguments = DPOConfig(
        output_dir=str(tmp_path), beta=0.3, bf16=False, use_cpu=True, report_to=[], gradient_checkpointing=False, disable_tqdm=True
    )
    trainer = DPOTrainer(
        model=base.load_model(tiny, torch.float32),
        args=arguments,
        train_dataset=Dataset.from_list([{"prompt": "a", "chosen": "b", "rejected": "c"}]),
        processing_class=base.load_tokenizer(tiny),
        peft_config=LoraConfig(r=4, lora_alpha=8, target_modules="all-linear", task_type="CAUSAL_LM"),
    )
    peers = {name.removeprefix("base_model.model.").replace(".default", ""): value for name, value in trainer.model.named_parameters()}
    single = LlamaLearner(tiny, AutoConfig.from_pretrained(tiny), LORA, dtype=torch.float32)
    made = referred(single, made)
    for name, value in single.parameters.items():
        torch.nn.init.normal_(value.detach(), std=0.05)
        peers[name].data.copy_(value.detach())
    single.refresh()
    batch = trainer.data_collator([_ids(pair) for pair in made])
    trainer.model.zero_grad()
    loss = trainer.compute_loss(trainer.model, batch)
    loss.backward()
    sums = PairLearner(single, 0.3).accumulate([made[:3], made[3:]], 1 / len(made))
    assert sums.mean_loss == pytest.approx(loss.item(), rel=1e-5)
    for name, value in single.parameters.items():
        torch.testing.assert_close(value.grad, peers[name].grad, rtol=1e-3, atol=1e-6)


def _ids(pair: Pair) -> dict[str, list[int]]:
    start = pair.preferred.learned[0][0]
    chosen, rejected = (list(one.ids) for one in (pair.preferred, pair.other))
    return {"prompt_ids": chosen[:start], "chosen_ids": chosen[start:], "rejected_ids": rejected[start:]}


def test_a_supervised_adapter_is_trained_further_by_pairs(tiny: Path, tmp_path: Path, rows: Rows) -> None:
    """It begins as the reference, ends with the preferred replies ahead, and repeats to the byte, also after a stop."""
    supervised = tmp_path / "supervised"
    finetune(tiny, rows(4), [], dataclasses.replace(LORA, epochs=1), folder=supervised, scratch=tmp_path / "scratch")
    train, held_out = preferences(rows, 7)[:5], preferences(rows, 7)[5:]

    def learn(name: str, **options: Any) -> Any:
        folder, scratch = tmp_path / name / "out", tmp_path / name / "scratch"
        return finetune(tiny, train, held_out, DPO, folder=folder, scratch=scratch, start=supervised, **options)

    unbroken = learn("a")
    before, after = unbroken.epochs[0], unbroken.epochs[-1]
    assert before.valid_loss == pytest.approx(torch.tensor(2.0).log().item())
    assert after.valid_loss < before.valid_loss
    assert (after.valid_accuracy, unbroken.steps[0].tokens) == (1.0, 2)
    steps: list[StepEvent | EpochEvent] = []
    stopped = learn("b", on_event=steps.append, stop=lambda: len(steps) > 2)
    resumed = learn("b")
    assert (stopped.status, resumed.status, resumed.steps) == ("stopped", "succeeded", unbroken.steps)
    assert contents(tmp_path / "a/out") == contents(tmp_path / "b/out")
    first, last = (load_file(folder / adapters.WEIGHTS) for folder in (supervised, tmp_path / "a/out"))
    assert first.keys() == last.keys()
    assert adapters.trained_as(tmp_path / "a/out") == adapters.trained_as(supervised)


def test_peft_learns_from_pairs_as_our_engine_does(tiny: Path, tmp_path: Path, rows: Rows) -> None:
    """Both begin with the same adapter and take the same first gradients."""
    finetune(tiny, rows(4), [], dataclasses.replace(LORA, epochs=1), folder=tmp_path / "one", scratch=tmp_path / "scratch")
    settings = dataclasses.replace(LORA, lora=adapters.trained_as(tmp_path / "one", LORA.lora))
    ours, peers = LlamaLearner(tiny, AutoConfig.from_pretrained(tiny), settings), PeftLearner(tiny, settings)
    gradients = []
    for learner in (ours, peers):
        learner.begin_with(tmp_path / "one")
        made = referred(learner, pairs(base.load_tokenizer(tiny), preferences(rows, 3), 200))
        assert PairLearner(learner, 0.5).accumulate([made], 1 / 3).mean_loss == pytest.approx(torch.tensor(2.0).log().item())
        gradients.append(torch.cat([value.grad.flatten() for _, value in sorted(learner.parameters.items())]))
    assert torch.nn.functional.cosine_similarity(*gradients, 0) > 0.98


def test_pairs_that_teach_nothing_are_refused(tiny: Path, rows: Rows) -> None:
    """Every row is named: one that would be cut, one whose replies are the same; and a beta of 0 has no meaning."""
    cut, same = preferences(rows, 2)
    cut["input"] = copy.deepcopy(cut["input"])
    cut["input"]["messages"][1]["content"] *= 30
    same["non_preferred_output"] = same["preferred_output"]
    with pytest.raises(DataError, match=r"(?s)sum-0: has \d+ tokens and would be cut at max_length 200.*sum-1: both replies are the same"):
        pairs(base.load_tokenizer(tiny), [cut, same], 200)
    with pytest.raises(ParamsError, match="beta: 0"):
        dataclasses.replace(DPO, beta=0.0)


def test_unseen_pairs_are_ranked_by_their_source(tiny: Path, tmp_path: Path, rows: Rows) -> None:
    """After training the margin of pairs that were not learned from has grown, and each source is counted by itself."""
    finetune(tiny, rows(4), [], dataclasses.replace(LORA, epochs=1), folder=tmp_path / "one", scratch=tmp_path / "scratch")
    made = [{**row, "source": ("moments", "samples")[number % 2]} for number, row in enumerate(preferences(rows, 8))]
    finetune(tiny, made[:5], made[5:], DPO, folder=tmp_path / "out", scratch=tmp_path / "run", start=tmp_path / "one")
    before, after = (preferred(tiny, tmp_path / name, made[5:], DPO) for name in ("one", "out"))
    assert {source: found["pairs"] for source, found in after.items()} == {"moments": 1, "samples": 2}
    assert all(after[source]["margin"] > before[source]["margin"] for source in after)
