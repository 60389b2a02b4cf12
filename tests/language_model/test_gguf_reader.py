from __future__ import annotations

from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, GgufConfig

from tests.language_model.conftest import tiny_model
from three_tutors.language_model import base, chat_template, gguf_reader, gguf_tokenizer, gguf_writer
from three_tutors.pipeline.diagnostics import ParamsError, TutorError
from three_tutors.pipeline.records import read_json

TRICKY = ["the 1234 Is\n\n  you'LL  \u4f60\u597d \U0001f600 e\u0301", "<think>\n\n</think>\n\nHi<|im_end|>\n"]


def rewritten(source: Path, file: Path, change: dict[str, Any], drop: tuple[str, ...] = ()) -> Path:
    """Copy a GGUF file with other metadata, its matrices in Q8_0."""
    reader = gguf.GGUFReader(source)
    writer = gguf.GGUFWriter(file, change.pop("general.architecture", reader.fields["general.architecture"].contents()))
    for name, field in reader.fields.items():
        if name.startswith("GGUF.") or name in {"general.architecture", *change, *drop}:
            continue
        sub_type = field.types[-1] if field.types[0] == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(name, field.contents(), field.types[0], sub_type)
    for name, value in change.items():
        kind = gguf.GGUFValueType.STRING if isinstance(value, str) else gguf.GGUFValueType.UINT32
        writer.add_key_value(name, value, kind)
    for tensor in reader.tensors:
        if tensor.name not in drop:
            values = gguf.dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
            kind = gguf.GGMLQuantizationType.Q8_0 if values.ndim > 1 else gguf.GGMLQuantizationType.F32
            writer.add_tensor(tensor.name, gguf.quantize(values, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return file


def test_what_is_written_is_read_again(family: Path, tmp_path: Path) -> None:
    """Of every family: weights, config, tokenizer and template come back from GGUF as they were."""
    gguf_writer.write(family, tmp_path / "tiny.gguf")
    said = base.prepare(str(tmp_path / "tiny.gguf"), None, tmp_path / "base")
    assert (said["source"], said["quantisation"]) == ("tiny.gguf", "BF16, dequantised")
    ours, theirs = (read_json(folder / "config.json") for folder in (tmp_path / "base", family))
    for config in (ours, theirs):
        config.pop("layer_types", None)
    assert {name: ours.get(name) for name in theirs} == theirs
    ours, theirs = (base.load_model(folder).state_dict() for folder in (tmp_path / "base", family))
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], value) for name, value in theirs.items())
    read, written = base.load_tokenizer(tmp_path / "base"), base.load_tokenizer(family)
    assert [read.encode(text) for text in TRICKY] == [written.encode(text) for text in TRICKY]
    assert (read.chat_template, read.eos_token, read.pad_token) == (written.chat_template, written.eos_token, written.pad_token)


def test_weights_are_those_that_transformers_reads(family: Path, tmp_path: Path) -> None:
    """Quantised weights are dequantised, named and ordered as by transformers' own reader, where it knows the family."""
    if family.parent.name.startswith(("smollm3", "granite")):
        pytest.skip("transformers does not read it")
    gguf_writer.write(family, tmp_path / "bf16.gguf")
    rewritten(tmp_path / "bf16.gguf", tmp_path / "q8.gguf", {})
    base.prepare(str(tmp_path / "q8.gguf"), None, tmp_path / "base")
    options: dict[str, Any] = {"quantization_config": GgufConfig(dequantize=True), "dtype": torch.bfloat16}
    theirs = AutoModelForCausalLM.from_pretrained(tmp_path, gguf_file="q8.gguf", **options).state_dict()
    ours = base.load_model(tmp_path / "base").state_dict()
    assert ours.keys() == theirs.keys()
    for name, value in theirs.items():
        torch.testing.assert_close(ours[name], value, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("change", "drop", "match"),
    [
        ({"general.architecture": "gemma3"}, (), "it is a gemma3 model; GGUF files of llama, qwen2"),
        ({"qwen2.expert_count": 8}, (), "mixture of experts"),
        ({"split.count": 3}, (), "one piece of several"),
        ({"qwen2.rope.scaling.type": "yarn"}, (), "RoPE is scaled by yarn"),
        ({"qwen2.attention.sliding_window": 64}, (), "sliding window"),
        ({"qwen2.feed_forward_length": 64}, (), r"has the shape \(96, 64\) instead of \(64, 64\)"),
        ({"tokenizer.ggml.model": "llama"}, (), "only byte-level BPE"),
        ({"tokenizer.ggml.pre": "tekken"}, (), "splits text in the way 'tekken'"),
        ({}, ("tokenizer.ggml.pre",), "does not say how it splits text"),
        ({}, ("qwen2.block_count",), "does not say qwen2.block_count"),
        ({}, ("blk.3.attn_q.bias",), "lacks model.layers.3.self_attn.q_proj.bias"),
    ],
)
def test_what_cannot_be_a_base_is_refused(
    tiny_gguf: Path, tmp_path: Path, change: dict[str, Any], drop: tuple[str, ...], match: str
) -> None:
    """The sentence says what is wrong with the file; nothing is left behind."""
    file = rewritten(tiny_gguf, tmp_path / "x.gguf", change, drop)
    with pytest.raises(TutorError, match=rf"x\.gguf cannot be a base: .*{match}"):
        gguf_reader.convert(file, tmp_path)
    assert not (tmp_path / "model.safetensors").exists()


@pytest.fixture(scope="module")
def tiny_gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a tiny Qwen2 as GGUF."""
    folder = tmp_path_factory.mktemp("gguf")
    gguf_writer.write(tiny_model("qwen2", folder / "base"), folder / "tiny.gguf")
    return folder / "tiny.gguf"


@pytest.mark.parametrize("share", [0.01, 0.3, 0.99])
def test_a_cut_off_file_is_refused(tiny_gguf: Path, tmp_path: Path, share: float) -> None:
    """Cut in the header, in the vocabulary or in the last tensor, it is said that the file is cut off."""
    whole = tiny_gguf.read_bytes()
    (tmp_path / "cut.gguf").write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(TutorError, match=r"cut\.gguf is damaged or cut off"):
        gguf_reader.convert(tmp_path / "cut.gguf", tmp_path)


def test_other_files_are_refused(tmp_path: Path) -> None:
    """No such file, and a file that is no GGUF."""
    with pytest.raises(ParamsError, match=r"base_model\.source: there is no file .*no\.gguf"):
        base.prepare(str(tmp_path / "no.gguf"), None, tmp_path / "base")
    (tmp_path / "page.gguf").write_text("<html>")
    with pytest.raises(TutorError, match=r"page\.gguf is not a GGUF file"):
        gguf_reader.convert(tmp_path / "page.gguf", tmp_path)


def test_a_file_without_a_template_says_what_to_take(tiny_gguf: Path) -> None:
    """A base model that was never taught to answer has no template and no ChatML."""
    fields = {name: field.contents() for name, field in gguf.GGUFReader(tiny_gguf).fields.items()}
    fields["tokenizer.ggml.tokens"] = [token.replace("<|im_", "<|_") for token in fields["tokenizer.ggml.tokens"]]
    tokenizer = gguf_tokenizer.read({**fields, "tokenizer.chat_template": None}, 64)
    with pytest.raises(TutorError, match="has no chat template; choose an instruction-tuned one"):
        chat_template.adopt(tokenizer)


def test_llama_3s_scaled_rope_is_found_in_its_factors(tmp_path: Path) -> None:
    """A file has only what frequencies are divided by; the parameters that lead to it are written."""
    rope = {"rope_type": "llama3", "rope_theta": 500000.0, "factor": 32.0, **gguf_reader.LLAMA3_ROPE}
    gguf_writer.write(tiny_model("llama", tmp_path / "tiny", rope_parameters=rope, max_position_embeddings=131072), tmp_path / "x.gguf")
    gguf_reader.convert(tmp_path / "x.gguf", tmp_path / "base")
    assert base.load_config(tmp_path / "base").rope_parameters == rope
