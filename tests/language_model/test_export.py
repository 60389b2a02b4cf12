from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel
from transformers import AutoConfig

from three_tutors.language_model import base, export
from three_tutors.language_model.finetune import finetune
from three_tutors.language_model.generate import Generator
from three_tutors.language_model.llama.learner import LlamaLearner
from three_tutors.language_model.replies import Options
from three_tutors.language_model.settings import Lora, Settings
from three_tutors.pipeline.diagnostics import TutorError

Rows = Callable[..., list[dict[str, Any]]]


@pytest.fixture(scope="module")
def adapter(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an adapter whose every product differs from 0."""
    settings = Settings(learning_rate=1e-3, epochs=1, lora=Lora(r=4, alpha=8))
    learner = LlamaLearner(tiny, AutoConfig.from_pretrained(tiny), settings)
    for value in learner.parameters.values():
        torch.nn.init.normal_(value.detach(), std=0.1)
    folder = tmp_path_factory.mktemp("adapter") / "lora"
    learner.export(folder)
    return folder


def test_the_merged_model_is_what_peft_merges(tiny: Path, adapter: Path, tmp_path: Path) -> None:
    """Our sum of weights and adapter is peft's, to bf16 rounding."""
    export.merge(tiny, adapter, tmp_path / "merged")
    ours = base.load_model(tmp_path / "merged", torch.float32).state_dict()
    theirs = PeftModel.from_pretrained(base.load_model(tiny, torch.float32), adapter).merge_and_unload().state_dict()
    assert ours.keys() == theirs.keys()
    for name, value in theirs.items():
        torch.testing.assert_close(ours[name], value, rtol=8e-3, atol=1e-3)


def test_the_merged_model_answers_as_base_and_adapter_do(tiny: Path, adapter: Path, tmp_path: Path) -> None:
    """Merged on disk or while loading, the replies are the same, and they are not the base's."""
    export.merge(tiny, adapter, tmp_path / "merged")
    said: Any = [[{"role": "user", "content": "Hello"}]]
    options = Options(max_tokens=8)
    merged = Generator(tmp_path / "merged", slots=2, context=128).answer(said, options)
    assert Generator(tiny, adapter, slots=2, context=128).answer(said, options) == merged
    assert Generator(tiny, slots=2, context=128).answer(said, options) != merged


def test_the_command_writes_a_new_folder_only(tiny: Path, adapter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command merges into a new folder, and refuses one that exists."""
    target = tmp_path / "merged"
    monkeypatch.setattr(sys, "argv", ["export", "--merge", str(target), "--base", str(tiny), "--adapter", str(adapter)])
    export.main()
    base.load_model(target)
    with pytest.raises(TutorError, match="exists; name a new folder"):
        export.main()


@pytest.mark.slow(10)
def test_llama_cpp_answers_as_we_do(embedded: Path, rows: Rows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The GGUF file, read by llama.cpp, gives our own greedy replies to questions that have one clear answer."""
    xllamacpp = pytest.importorskip("xllamacpp")
    settings = Settings(learning_rate=1e-4, epochs=1, lora=Lora(r=4))
    finetune(embedded, rows(2), [], settings, folder=tmp_path / "lora", scratch=tmp_path / "scratch")
    arguments = ["--merge", str(tmp_path / "merged"), "--base", str(embedded), "--adapter", str(tmp_path / "lora")]
    monkeypatch.setattr(sys, "argv", ["export", *arguments, "--gguf", str(tmp_path / "tutor.gguf")])
    export.main()
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(tmp_path / "tutor.gguf")
    parameters.n_ctx, parameters.n_parallel, parameters.warmup = 512, 1, False
    server = xllamacpp.Server(parameters)
    questions = ["What is the capital of France?", "What is the opposite of hot?", "How many days has a week?"]
    generator = Generator(tmp_path / "merged", slots=4, context=256)
    for question in questions:
        said: Any = [{"role": "user", "content": question}]
        theirs = server.handle_chat_completions({"messages": said, "max_tokens": 12, "temperature": 0})
        assert theirs["choices"][0]["message"]["content"] == generator.answer([said], Options(max_tokens=12))[0].text
