"""Write a Llama with a byte-level BPE tokenizer as GGUF, which llama.cpp reads.

The reverse of `gguf_llama`: same names, same order of rotary dimensions, bf16 kept as it is.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from three_tutors.language_model.gguf_llama import CONTROL_TOKEN, LAYER_NAMES, MODEL_NAMES
from three_tutors.language_model.weights import read_tensors
from three_tutors.pipeline.diagnostics import TutorError
from three_tutors.pipeline.records import read_json

NORMAL_TOKEN = 1


def write(folder: Path, file: Path) -> None:
    """Write the model in `folder` to the new `file`.

    Raises:
        TutorError: it is another model than a Llama with SmolLM's or GPT-2's tokenizer.

    """
    import gguf  # noqa: PLC0415 - only needed for this

    config, tokenizer = read_json(folder / "config.json"), read_json(folder / "tokenizer.json")
    rope = config.get("rope_parameters") or {"rope_theta": config.get("rope_theta", 10000.0)}
    plain = rope.get("rope_type", "default") == "default" and not config.get("attention_bias") and not config.get("mlp_bias")
    if config["model_type"] != "llama" or not plain:
        raise TutorError(f"{folder} holds a {config['model_type']} model; only a Llama with plain RoPE and no biases is written as GGUF.")
    writer = gguf.GGUFWriter(file, "llama")
    writer.add_name(folder.name)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_BF16)
    _write_config(writer, config, rope["rope_theta"])
    _write_tokenizer(writer, folder, tokenizer)
    layer, whole = ({name: part for part, name in names.items()} for names in (LAYER_NAMES, MODEL_NAMES))
    for name, tensor in read_tensors(folder / "model.safetensors").items():
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


def _write_config(writer: Any, config: dict[str, Any], rope_theta: float) -> None:  # noqa: ANN401 - gguf has no types
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_dimension_count(config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"])
    writer.add_rope_freq_base(rope_theta)
    writer.add_vocab_size(config["vocab_size"])


def _pre_tokenizer(folder: Path, tokenizer: dict[str, Any]) -> str:
    """Return llama.cpp's name for how text is split before BPE; under a wrong name it would read every prompt differently."""
    part = tokenizer["pre_tokenizer"] or {"type": "none"}
    parts = [one["type"] for one in part.get("pretokenizers", [part])]
    known = {("Digits", "ByteLevel"): "smollm", ("ByteLevel",): "gpt-2"}
    if tokenizer["model"]["type"] != "BPE" or tuple(parts) not in known:
        raise TutorError(f"{folder} splits text by {', '.join(parts)}; only the tokenizers of SmolLM and GPT-2 are written as GGUF.")
    return known[tuple(parts)]


def _write_tokenizer(writer: Any, folder: Path, tokenizer: dict[str, Any]) -> None:  # noqa: ANN401 - see above
    control = {token["id"] for token in tokenizer["added_tokens"] if token["special"]}
    ids = {**tokenizer["model"]["vocab"], **{token["content"]: token["id"] for token in tokenizer["added_tokens"]}}
    tokens = sorted(ids, key=lambda token: ids[token])
    special = read_json(folder / "tokenizer_config.json")
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(_pre_tokenizer(folder, tokenizer))
    writer.add_token_list(tokens)
    writer.add_token_types([CONTROL_TOKEN if ids[token] in control else NORMAL_TOKEN for token in tokens])
    writer.add_token_merges([" ".join(merge) for merge in tokenizer["model"]["merges"]])
    writes = {
        "eos": writer.add_eos_token_id,
        "bos": writer.add_bos_token_id,
        "pad": writer.add_pad_token_id,
        "unk": writer.add_unk_token_id,
    }
    for name, write_id in writes.items():
        if token := special.get(f"{name}_token"):
            write_id(ids[token["content"] if isinstance(token, dict) else token])
    writer.add_add_bos_token(False)
    writer.add_add_space_prefix(False)
    template = (folder / "chat_template.jinja").read_text(encoding="utf-8")
    # llama.cpp knows no training markers.
    writer.add_chat_template(template.replace("{%- generation -%}", "").replace("{%- endgeneration -%}", ""))


def _permute(weight: Tensor, heads: int) -> Tensor:
    """Put rotary dimensions in llama.cpp's order (see `gguf_llama`)."""
    rows, columns = weight.shape
    return weight.view(heads, 2, rows // heads // 2, columns).transpose(1, 2).reshape(rows, columns)
