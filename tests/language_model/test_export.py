from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf
import pytest
import torch
from peft import PeftModel
from transformers import AutoConfig

from three_tutors.language_model import base, export, gguf_reader, gguf_writer
from three_tutors.language_model.finetune import finetune
from three_tutors.language_model.generate import Generator
from three_tutors.language_model.llama.learner import LlamaLearner
from three_tutors.language_model.replies import Options
from three_tutors.language_model.settings import Lora, Settings
from three_tutors.pipeline.diagnostics import TutorError
from three_tutors.pipeline.records import read_json, write_json

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
    merged = Generator(tmp_path / "merged", slots=2, context=128).replies(said, options)
    assert Generator(tiny, adapter, slots=2, context=128).replies(said, options) == merged
    assert Generator(tiny, slots=2, context=128).replies(said, options) != merged


def test_the_command_writes_a_new_folder_only(tiny: Path, adapter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command merges into a new folder, and refuses one that exists."""
    target = tmp_path / "merged"
    monkeypatch.setattr(sys, "argv", ["export", "--merge", str(target), "--base", str(tiny), "--adapter", str(adapter)])
    export.main()
    base.load_model(target)
    with pytest.raises(TutorError, match="exists; name a new folder"):
        export.main()


def test_older_tools_read_the_same_model(tiny: Path, adapter: Path, tmp_path: Path) -> None:
    """What transformers 4 reads is written too: its name of RoPE's base, without which it takes 10,000, and its class of tokenizers."""
    base.name_as_transformers_4(tiny)
    export.merge(tiny, adapter, tmp_path / "merged")
    config, tokenizer = (read_json(tmp_path / "merged" / name) for name in ("config.json", "tokenizer_config.json"))
    assert config["rope_theta"] == config["rope_parameters"]["rope_theta"]
    assert tokenizer["tokenizer_class"] == "PreTrainedTokenizerFast"
    assert base.load_config(tmp_path / "merged").rope_parameters == base.load_config(tiny).rope_parameters


@pytest.mark.parametrize("rope", [{"rope_type": "linear", "rope_theta": 5e5, "factor": 2.0}, {"rope_type": "default", "rope_theta": 5e5}])
def test_rope_is_named_twice_and_means_the_same(tiny: Path, tmp_path: Path, rope: dict[str, Any]) -> None:
    """A scaled RoPE has its scaling under the old name too, and transformers 5 still reads what it wrote."""
    shutil.copytree(tiny, tmp_path / "base")
    write_json(tmp_path / "base/config.json", {**read_json(tiny / "config.json"), "rope_parameters": rope})
    base.name_as_transformers_4(tmp_path / "base")
    config = read_json(tmp_path / "base/config.json")
    assert config["rope_theta"] == 5e5
    assert config.get("rope_scaling", {"rope_type": "default"})["rope_type"] == rope["rope_type"]
    assert base.load_config(tmp_path / "base").rope_parameters == rope


def test_gguf_says_what_the_model_is(tiny: Path, tmp_path: Path) -> None:
    """Gguf's own reader finds name, sizes, special tokens, template and every tensor; our reader makes the same model of it again."""
    gguf_writer.write(tiny, tmp_path / "tiny.gguf")
    reader = gguf.GGUFReader(tmp_path / "tiny.gguf")
    fields = {name: field.contents() for name, field in reader.fields.items()}
    config, tokenizer = base.load_config(tiny), base.load_tokenizer(tiny)
    assert (fields["general.architecture"], fields["general.name"]) == ("llama", tiny.name)
    assert (fields["llama.embedding_length"], fields["llama.attention.head_count_kv"]) == (config.hidden_size, config.num_key_value_heads)
    assert fields["tokenizer.ggml.eos_token_id"] == tokenizer.eos_token_id
    assert fields["tokenizer.ggml.unknown_token_id"] == tokenizer.unk_token_id
    assert "generation" not in fields["tokenizer.chat_template"].replace("add_generation_prompt", "")
    gguf_reader.convert(tmp_path / "tiny.gguf", tmp_path)
    theirs, ours = (base.load_model(folder, torch.float32).state_dict() for folder in (tiny, tmp_path))
    assert all(torch.equal(value, ours[name]) for name, value in theirs.items())
    assert base.load_tokenizer(tmp_path).get_vocab() == tokenizer.get_vocab()


YARN = {"rope_type": "yarn", "rope_theta": 5e5, "factor": 4.0, "original_max_position_embeddings": 512}


@pytest.mark.parametrize(
    ("file", "change", "match"),
    [
        ("config.json", {"rope_parameters": YARN}, "RoPE of the kind yarn"),
        ("config.json", {"model_type": "mistral"}, "an architecture other than llama, qwen2"),
        ("config.json", {"attention_bias": True}, "biases"),
        (
            "tokenizer.json",
            {
                "pre_tokenizer": {
                    "type": "Sequence",
                    "pretokenizers": [{"type": "Split", "pattern": {"String": " "}}, {"type": "ByteLevel"}],
                }
            },
            "Split, ByteLevel",
        ),
    ],
)
def test_what_llama_cpp_would_read_wrongly_is_not_written(
    tiny: Path, tmp_path: Path, file: str, change: dict[str, Any], match: str
) -> None:
    """Another RoPE, architecture or way to split text would be computed differently without a word, so it is refused."""
    for path in tiny.iterdir():
        (tmp_path / path.name).symlink_to(path)
    (tmp_path / file).unlink()
    write_json(tmp_path / file, {**read_json(tiny / file), **change})
    with pytest.raises(TutorError, match=match):
        gguf_writer.write(tmp_path, tmp_path / "x.gguf")


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
        assert theirs["choices"][0]["message"]["content"] == generator.replies([said], Options(max_tokens=12))[0].text
