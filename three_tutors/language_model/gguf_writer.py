"""Write a model with a byte-level BPE tokenizer as GGUF, which llama.cpp reads.

The reverse of `gguf_reader`: same names, same order of rotary dimensions, bf16 kept as it is.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from three_tutors.language_model import base
from three_tutors.language_model.gguf_names import FAMILIES, NO_ROPE_INTERVAL, ROPE_FACTORS, gguf_name
from three_tutors.language_model.gguf_reader import rope_factors
from three_tutors.language_model.gguf_tokenizer import CONTROL_TOKEN, NORMAL_TOKEN, SPLITTINGS, UNUSED_TOKEN, USER_TOKEN, Splitting
from three_tutors.language_model.weights import read_tensors
from three_tutors.pipeline.diagnostics import TutorError
from three_tutors.pipeline.records import read_json

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PretrainedConfig


def write(folder: Path, file: Path) -> None:
    """Write the model in `folder` to the new `file`.

    Raises:
        TutorError: llama.cpp would compute something else, or split text in another way.

    """
    import gguf  # noqa: PLC0415 - only needed for this

    config = base.load_config(folder)
    if problem := _unlike(config):
        raise TutorError(f"{folder} holds a {config.model_type} model with {problem}, which is not written as GGUF.")
    tensors = read_tensors(folder / base.WEIGHTS)
    heads = {"q_proj": config.num_attention_heads, "k_proj": config.num_key_value_heads}
    writer = gguf.GGUFWriter(file, config.model_type)
    writer.add_name(folder.name)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_BF16)
    _write_config(writer, config)
    _write_tokenizer(writer, folder, config.vocab_size)
    if config.rope_parameters.get("rope_type") == "llama3":
        factors = torch.tensor(rope_factors(config.rope_parameters, _head_dim(config)))
        writer.add_tensor(ROPE_FACTORS, factors.numpy())
    for name, tensor in tensors.items():
        count = heads.get(name.split(".")[-2]) if FAMILIES[config.model_type].interleaved else None
        value = _interleaved(tensor, count) if count else tensor
        if value.dim() == 1:
            writer.add_tensor(gguf_name(name), value.float().numpy())
        else:
            raw = value.to(torch.bfloat16).contiguous().view(torch.uint8).numpy()
            writer.add_tensor(gguf_name(name), raw, raw_dtype=gguf.GGMLQuantizationType.BF16)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _unlike(config: PretrainedConfig) -> str:
    """Return what of `config` a GGUF file of its family cannot say; empty if it can say everything."""
    if config.model_type not in FAMILIES:
        return f"an architecture other than {', '.join(FAMILIES)}"
    if (rope := config.rope_parameters.get("rope_type", "default")) not in {"default", "linear", "llama3"}:
        return f"RoPE of the kind {rope}"
    if getattr(config, "attention_bias", False) or getattr(config, "mlp_bias", False):
        return "biases that its family does not have"
    if set(getattr(config, "layer_types", None) or ()) - {"full_attention"}:
        return "layers that attend to a sliding window"
    layers = range(1, config.num_hidden_layers + 1)
    if config.model_type == "smollm3" and config.no_rope_layers != [int(layer % NO_ROPE_INTERVAL != 0) for layer in layers]:
        return f"RoPE left out elsewhere than in every {NO_ROPE_INTERVAL}th layer"
    return ""


def _head_dim(config: PretrainedConfig) -> int:
    return int(getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads)


def _write_config(writer: Any, config: PretrainedConfig) -> None:  # noqa: ANN401 - gguf has no types
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_key_length(_head_dim(config))
    writer.add_value_length(_head_dim(config))
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_dimension_count(_head_dim(config))
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    if config.rope_parameters.get("rope_type") == "linear":
        writer.add_string(f"{config.model_type}.rope.scaling.type", "linear")
        writer.add_rope_scaling_factor(config.rope_parameters["factor"])
    for setting, key in FAMILIES[config.model_type].multipliers.items():
        writer.add_float32(f"{config.model_type}.{key}", getattr(config, setting))
    writer.add_vocab_size(config.vocab_size)


def _splitting(folder: Path, tokenizer: dict[str, Any]) -> str:
    """Return llama.cpp's name for how text is split before BPE; under a wrong name it would read every prompt differently."""
    part = tokenizer["pre_tokenizer"] or {"type": "none"}
    parts = {one["type"]: one for one in part.get("pretokenizers", [part])}
    known = tokenizer["model"]["type"] == "BPE" and tuple(parts) in {("Digits", "ByteLevel"), ("Split", "ByteLevel"), ("ByteLevel",)}
    own = Splitting(
        pattern=parts.get("Split", {}).get("pattern", {"Regex": ""}).get("Regex", "unknown"),
        digits="Digits" in parts,
        composed=(tokenizer["normalizer"] or {}).get("type") == "NFC",
        whole_words=bool(tokenizer["model"].get("ignore_merges")),
    )
    name = next((name for name, splitting in SPLITTINGS.items() if splitting == own), "")
    if not known or not name:
        raise TutorError(f"{folder} splits text by {', '.join(parts)} in a way without a name in GGUF; known are {', '.join(SPLITTINGS)}.")
    return name


def _write_tokenizer(writer: Any, folder: Path, size: int) -> None:  # noqa: ANN401 - see above
    tokenizer, special = read_json(folder / "tokenizer.json"), read_json(folder / "tokenizer_config.json")
    kinds = {token["id"]: CONTROL_TOKEN if token["special"] else USER_TOKEN for token in tokenizer["added_tokens"]}
    ids = {**tokenizer["model"]["vocab"], **{token["content"]: token["id"] for token in tokenizer["added_tokens"]}}
    tokens = {index: token for token, index in ids.items()}
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(_splitting(folder, tokenizer))
    # Models may have more embeddings than tokens.
    writer.add_token_list([tokens.get(index, f"[PAD{index}]") for index in range(size)])
    writer.add_token_types([kinds.get(index, NORMAL_TOKEN) if index in tokens else UNUSED_TOKEN for index in range(size)])
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


def _interleaved(weight: Tensor, heads: int) -> Tensor:
    """Put rotary dimensions in llama.cpp's order (see `gguf_reader`)."""
    rows, columns = weight.shape
    return weight.view(heads, 2, rows // heads // 2, columns).transpose(1, 2).reshape(rows, columns)
