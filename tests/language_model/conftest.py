"""The embedded model, made once for all tests, and a tiny randomly initialised one with its tokenizer."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import AutoConfig, AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from three_tutors.language_model import base, chat_template, gguf_tokenizer

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


TINY = {
    "vocab_size": 300,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 2048,
    "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0},
    "tie_word_embeddings": True,
    "bos_token_id": None,
    "eos_token_id": 290,
    "pad_token_id": 288,
}
FAMILIES: dict[str, dict[str, Any]] = {
    "llama": {},
    "qwen2": {"tie_word_embeddings": False},
    "qwen3": {"head_dim": 128},  # transformers reads no other one from GGUF
    "smollm3": {},
    "granite": {"embedding_multiplier": 12.0, "residual_multiplier": 0.25, "attention_multiplier": 0.125, "logits_scaling": 6.0},
}
"""What a tiny model of each family has beside `TINY`."""
CONTROL, THOUGHT = ("<|endoftext|>", "<|im_start|>", "<|im_end|>"), ("<think>", "</think>")


def small_tokenizer() -> PreTrainedTokenizerFast:
    """Return Qwen's tokenizer with a vocabulary of 293: every byte, a few merges, the tokens of ChatML and of thoughts."""
    letters = pre_tokenizers.ByteLevel.alphabet()
    merges = [("t", "h"), ("th", "e"), ("Ġ", "the"), ("i", "n"), ("Ġ", "a"), ("1", "2"), ("Ġ", "i"), ("Ġi", "s"), ("o", "u")]
    names = [*sorted(letters), *("".join(merge) for merge in merges)]
    names += [f"[unused{number}]" for number in range(288 - len(names))]
    names += [*CONTROL, *THOUGHT]
    built = Tokenizer(models.BPE({name: index for index, name in enumerate(names)}, merges))
    gguf_tokenizer.split(built, gguf_tokenizer.SPLITTINGS["qwen2"])
    built.decoder = decoders.ByteLevel()
    built.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in CONTROL])
    built.add_tokens([AddedToken(token, special=False, normalized=False) for token in THOUGHT])
    made = PreTrainedTokenizerFast(tokenizer_object=built, eos_token="<|im_end|>", pad_token="<|endoftext|>")  # noqa: S106 - no secrets
    chat_template.adopt(made)
    return made


def tiny_model(family: str, folder: Path, **settings: object) -> Path:
    """Write a random model of a family into the new `folder`; every weight differs from what it is by default."""
    torch.manual_seed(0)
    config = AutoConfig.for_model(family, **(TINY | FAMILIES[family] | settings), dtype=torch.bfloat16)
    model = AutoModelForCausalLM.from_config(config).to(torch.bfloat16)
    for value in model.parameters():
        if value.dim() == 1:  # norms are ones and biases zeros by default
            torch.nn.init.uniform_(value.detach(), 0.5, 1.5)
    model.save_pretrained(folder)
    small_tokenizer().save_pretrained(folder)
    base.name_as_transformers_4(folder)
    return folder


@pytest.fixture(scope="session", params=FAMILIES)
def family(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a random tiny model, one of each family that our engine computes."""
    return tiny_model(request.param, tmp_path_factory.mktemp(request.param) / "base")


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
