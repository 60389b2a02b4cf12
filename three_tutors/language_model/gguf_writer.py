"""Write a Llama with a byte-level BPE tokenizer as GGUF, which llama.cpp reads.

The reverse of `gguf_llama`: same names, same order of rotary dimensions, bf16 kept as it is.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from three_tutors.language_model.gguf_llama import CONTROL_TOKEN, LAYER_NAMES, MODEL_NAMES
from three_tutors.pipeline.diagnostics import TutorError
from three_tutors.pipeline.records import read_json

NORMAL_TOKEN = 1


def write(folder: Path, file: Path) -> None:
    """Write the model in `folder` to the new `file`.

    Raises:
        TutorError: it is not a Llama with byte-level BPE.

    """
    import gguf  # noqa: PLC0415 - only needed for this

    config, tokenizer = read_json(folder / "config.json"), read_json(folder / "tokenizer.json")
    if config["model_type"] != "llama" or tokenizer["model"]["type"] != "BPE":
        raise TutorError(f"{folder} holds a {config['model_type']} model; only llama with byte-level BPE is written as GGUF.")
    writer = gguf.GGUFWriter(file, "llama")
    _write_config(writer, config)
    _write_tokenizer(writer, folder, tokenizer, config)
    layer, whole = ({name: part for part, name in names.items()} for names in (LAYER_NAMES, MODEL_NAMES))
    for name, tensor in load_file(folder / "model.safetensors").items():
        if name.startswith("model.layers."):
            index, module = name.removeprefix("model.layers.").removesuffix(".weight").split(".", maxsplit=1)
            target = f"blk.{index}.{layer[module]}.weight"
            heads = {"attn_q": config["num_attention_heads"], "attn_k": config["num_key_value_heads"]}.get(layer[module])
            value = _permute(tensor, heads) if heads else tensor
        else:
            target, value = f"{whole[name.removesuffix('.weight')]}.weight", tensor
        if value.dim() == 1:
            writer.add_tensor(target, value.float().numpy())
        else:
            raw = value.to(torch.bfloat16).contiguous().view(torch.uint8).numpy()
            writer.add_tensor(target, raw, raw_dtype=gguf.GGMLQuantizationType.BF16)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _write_config(writer: Any, config: dict[str, Any]) -> None:  # noqa: ANN401 - gguf has no types
    rope = config.get("rope_parameters") or {"rope_theta": config.get("rope_theta", 10000.0)}
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_dimension_count(config["head_dim"])
    writer.add_rope_freq_base(rope["rope_theta"])
    writer.add_vocab_size(config["vocab_size"])


def _write_tokenizer(writer: Any, folder: Path, tokenizer: dict[str, Any], config: dict[str, Any]) -> None:  # noqa: ANN401 - see above
    control = {token["id"] for token in tokenizer["added_tokens"] if token["special"]}
    ids = {**tokenizer["model"]["vocab"], **{token["content"]: token["id"] for token in tokenizer["added_tokens"]}}
    tokens = sorted(ids, key=lambda token: ids[token])
    digits = any(part["type"] == "Digits" for part in tokenizer["pre_tokenizer"].get("pretokenizers", []))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm" if digits else "gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([CONTROL_TOKEN if ids[token] in control else NORMAL_TOKEN for token in tokens])
    writer.add_token_merges([" ".join(merge) for merge in tokenizer["model"]["merges"]])
    writer.add_eos_token_id(config["eos_token_id"])
    writer.add_bos_token_id(config["bos_token_id"])
    writer.add_pad_token_id(config["pad_token_id"])
    writer.add_add_bos_token(False)
    writer.add_add_space_prefix(False)
    template = (folder / "chat_template.jinja").read_text(encoding="utf-8")
    # llama.cpp knows no training markers.
    writer.add_chat_template(template.replace("{%- generation -%}", "").replace("{%- endgeneration -%}", ""))


def _permute(weight: Tensor, heads: int) -> Tensor:
    """Put rotary dimensions in llama.cpp's order (see `gguf_llama`)."""
    rows, columns = weight.shape
    return weight.view(heads, 2, rows // heads // 2, columns).transpose(1, 2).reshape(rows, columns)
