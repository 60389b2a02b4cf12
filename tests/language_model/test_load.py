from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from three_tutors.language_model.llama.backend import LlamaBackend
from three_tutors.language_model.llama.learner import LlamaLearner
from three_tutors.language_model.load import load_backend, load_learner
from three_tutors.language_model.peft_learner import PeftLearner
from three_tutors.language_model.settings import Lora, Settings
from three_tutors.language_model.transformers_backend import TransformersBackend
from three_tutors.pipeline.records import read_json, write_json

CPU = Settings(learning_rate=1e-3, epochs=1, lora=Lora(r=4), device="cpu")


@pytest.fixture(params=[("model_type", "mistral"), ("attention_bias", True)], ids=str)
def other(request: pytest.FixtureRequest, tiny: Path, tmp_path: Path) -> Path:
    """Return the tiny Llama with a config that the engine does not compute."""
    for path in tiny.iterdir():
        (tmp_path / path.name).symlink_to(path)
    (tmp_path / "config.json").unlink()
    name, value = request.param
    write_json(tmp_path / "config.json", {**read_json(tiny / "config.json"), name: value})
    return tmp_path


def test_a_llama_is_computed_by_our_engine(tiny: Path) -> None:
    """Adapters, every weight and replies of a plain Llama on a CPU go to the engine; DoRA goes to peft."""
    assert isinstance(load_learner(tiny, CPU), LlamaLearner)
    assert isinstance(load_learner(tiny, dataclasses.replace(CPU, lora=None)), LlamaLearner)
    assert isinstance(load_learner(tiny, dataclasses.replace(CPU, lora=Lora(r=4, dora=True))), PeftLearner)
    assert isinstance(load_backend(tiny, None, 2, 64), LlamaBackend)


def test_everything_else_is_computed_by_transformers(other: Path) -> None:
    """A model that differs from a plain Llama in one line of its config is left to transformers and peft."""
    assert isinstance(load_learner(other, CPU), PeftLearner)
    assert isinstance(load_backend(other, None, 2, 64), TransformersBackend)
