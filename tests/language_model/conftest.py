"""The embedded model, made once for all tests, and a tiny randomly initialised one with its tokenizer."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from three_tutors.language_model import base

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """models/base of this checkout, or a new one where `dvc repro` has not made it yet."""
    made = PROJECT / "models/base"
    if (made / base.SOURCE).exists():
        return made
    # Workers of one test run share what the first of them makes.
    shared = tmp_path_factory.getbasetemp().parent / "embedded"
    if not shared.exists():
        own = tmp_path_factory.mktemp("base") / "base"
        base.prepare("embedded", None, own)
        try:
            own.rename(shared)
        except OSError:
            assert shared.exists()
    return shared


@pytest.fixture(scope="session")
def tiny(embedded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random two-layer Llama with SmolLM2's tokenizer: everything works on it, nothing makes sense."""
    folder = tmp_path_factory.mktemp("tiny") / "base"
    folder.mkdir()
    for path in embedded.iterdir():
        if path.name.startswith(("tokenizer", "chat_template")):
            shutil.copy(path, folder)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=49152,
        hidden_size=64,
        intermediate_size=160,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=16,
        max_position_embeddings=2048,
        rope_parameters={"rope_type": "default", "rope_theta": 10000.0},
        tie_word_embeddings=True,
        eos_token_id=2,
        pad_token_id=0,
        bos_token_id=1,
        dtype=torch.bfloat16,
    )
    model = LlamaForCausalLM(config).to(torch.bfloat16)
    model.generation_config.eos_token_id = 2
    model.save_pretrained(folder)
    return folder


def rows(count: int, turns: int = 2) -> list[dict[str, Any]]:
    """Return `count` short conversations of `turns` teacher turns, as `formats.hugging_face_row` writes them."""
    made = []
    for number in range(count):
        said = [{"role": "system", "content": "You are a tutor."}]
        for turn in range(turns):
            said += [
                {"role": "user", "content": f"I think {number} + {turn} is {number * turn}."},
                {"role": "assistant", "content": f"What is {turn} more than {number}?"},
            ]
        weights = [int(message["role"] == "assistant") for message in said]
        labels = ["socratic_questioning" if weight else "" for weight in weights]
        made.append({"id": f"sum-{number}", "messages": said, "strategies": labels, "weights": weights})
    return made


@pytest.fixture(name="rows")
def make_rows() -> Callable[..., list[dict[str, Any]]]:
    """Return the function that makes short conversations."""
    return rows


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file in `folder` by name."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
