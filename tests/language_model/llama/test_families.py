"""Every family that the engine computes, held against transformers and taken from training to GGUF."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoConfig, PretrainedConfig

from tests.language_model.conftest import contents, tiny_model
from three_tutors.language_model import base, export, gguf_writer
from three_tutors.language_model.finetune import finetune
from three_tutors.language_model.generate import Generator
from three_tutors.language_model.llama.backend import LlamaBackend
from three_tutors.language_model.llama.families import fits
from three_tutors.language_model.llama.kv_cache import SEGMENT
from three_tutors.language_model.llama.learner import LlamaLearner
from three_tutors.language_model.llama.model import Llama, Segment
from three_tutors.language_model.load import load_learner
from three_tutors.language_model.replies import Options
from three_tutors.language_model.settings import Lora, Settings
from three_tutors.language_model.weights import read_tensors

Rows = Callable[..., list[dict[str, Any]]]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_logits_are_those_of_transformers(family: Path, dtype: torch.dtype) -> None:
    """Prefilled in segments and decoded token by token, in fp32 to its rounding, in bf16 as near as transformers is to its own fp32."""
    ids = [(7 * number * number) % 288 for number in range(SEGMENT + 14)]
    weights = {name: tensor.to(dtype) for name, tensor in read_tensors(family / base.WEIGHTS).items()}
    ours = Llama(AutoConfig.from_pretrained(family), weights, slots=2, length=2 * SEGMENT)
    states = ours.prefill([Segment(ids[:SEGMENT], 1, 0), Segment(ids[SEGMENT : SEGMENT + 10], 1, SEGMENT)])
    found = [ours.logits(torch.cat([states[0], states[1, :10]]))]
    places = range(SEGMENT + 10, len(ids))
    found += [ours.decode(torch.tensor([0, ids[place]]), torch.tensor([-1, place]))[1:] for place in places]
    with torch.inference_mode():
        expected, theirs = (base.load_model(family, kind)(torch.tensor([ids])).logits[0].float() for kind in (torch.float32, dtype))
    wrong, allowed = (torch.cat(found).float() - expected).norm(), (theirs - expected).norm()
    assert wrong <= 2 * allowed + 1e-5 * expected.norm()


def test_from_training_to_gguf(family: Path, tmp_path: Path, rows: Rows) -> None:
    """Two steps, a stop between them; the tutor answers alike from adapter, merged folder and GGUF file, and not as its base does."""
    settings = Settings(learning_rate=3e-2, epochs=1, batch_size=2, lora=Lora(r=4), device="cpu")
    assert isinstance(load_learner(family, settings), LlamaLearner)
    for name, stops in (("whole", [False]), ("broken", [True, False])):
        for stop in stops:
            folder, scratch = tmp_path / name, tmp_path / f"{name}-scratch"
            outcome = finetune(family, rows(4), rows(1), settings, folder=folder, scratch=scratch, stop=partial(bool, stop))
    assert outcome.audit["thinking"] == ""
    assert contents(tmp_path / "whole") == contents(tmp_path / "broken")
    export.merge(family, tmp_path / "whole", tmp_path / "merged")
    gguf_writer.write(tmp_path / "merged", tmp_path / "merged.gguf")
    base.prepare(str(tmp_path / "merged.gguf"), None, tmp_path / "again")

    said: Any = [[{"role": "user", "content": "What is the 12?"}]]
    options = Options(max_tokens=6)
    adapted = Generator(family, tmp_path / "whole", slots=2, context=128)
    assert isinstance(adapted.backend, LlamaBackend)
    replies = [adapted, *(Generator(folder, slots=2, context=128) for folder in (tmp_path / "merged", tmp_path / "again", family))]
    texts = [each.replies(said, options)[0].text for each in replies]
    assert texts[0] == texts[1] == texts[2]
    assert texts[3] != texts[0]


def test_every_weight_is_learned_and_written(tmp_path: Path, rows: Rows) -> None:
    """Full training moves biases too, and what is written has every tensor of the base."""
    folder = tiny_model("qwen2", tmp_path / "base")
    finetune(folder, rows(2), [], Settings(1e-2, 1), folder=tmp_path / "tuned", scratch=tmp_path / "scratch")
    before, after = (read_tensors(each / base.WEIGHTS) for each in (folder, tmp_path / "tuned"))
    assert before.keys() == after.keys()
    assert not any(torch.equal(before[name], after[name]) for name in before)


@pytest.mark.parametrize(
    ("family", "settings"),
    [
        ("qwen2", {"use_sliding_window": True, "sliding_window": 64, "max_window_layers": 0}),
        ("smollm3", {"use_sliding_window": True, "sliding_window": 64}),
        ("granite", {"attention_bias": True}),
        ("qwen3", {"hidden_act": "gelu"}),
        ("mistral", {}),
    ],
)
def test_what_the_engine_does_not_compute_is_left_to_transformers(family: str, settings: dict[str, Any]) -> None:
    """Sliding windows, other biases, other activations and other families."""
    plain: PretrainedConfig = AutoConfig.for_model(family)
    assert fits(plain) == (family != "mistral")
    assert not fits(AutoConfig.for_model(family, **settings))
