"""Read a Llama and its byte-level BPE tokenizer from GGUF and write them as transformers does.

transformers reads GGUF too, but takes 23 s and forgets that SmolLM splits digits.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from three_tutors.language_model import chat_template
from three_tutors.language_model.weights import check_finite, write_tensors
from three_tutors.pipeline.diagnostics import TutorError

if TYPE_CHECKING:
    import numpy as np
    from gguf import GGUFReader
    from numpy.typing import NDArray
    from transformers import LlamaConfig

CONTROL_TOKEN = 3
"""`tokenizer.ggml.token_type` of a token that text never makes."""
PAD_TOKEN = "<|endoftext|>"  # noqa: S105 - not a secret
"""Not the end-of-turn token, although SmolLM2 pads with it: a trainer that masks padding by id would then never learn to stop."""

LAYER_NAMES = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
MODEL_NAMES = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}


def convert(source: Path, folder: Path) -> None:
    """Write `config.json`, `generation_config.json`, bf16 `model.safetensors`, tokenizer and chat template into `folder`.

    Raises:
        TutorError: the file holds another architecture or tokenizer than this reads.

    """
    import gguf  # noqa: PLC0415 - only needed once, when the base is made
    import torch  # noqa: PLC0415

    reader = gguf.GGUFReader(source)
    fields = {name: field.contents() for name, field in reader.fields.items() if not name.startswith("GGUF.")}
    kind = (fields["general.architecture"], fields["tokenizer.ggml.model"])
    if kind != ("llama", "gpt2"):
        raise TutorError(f"{source.name} is a {kind[0]} model with a {kind[1]} tokenizer; only llama with byte-level BPE is read.")
    config = _config(fields, reader)
    heads = {"attn_q": config.num_attention_heads, "attn_k": config.num_key_value_heads}
    tensors = {}
    for tensor in reader.tensors:
        values: NDArray[np.float32] = gguf.dequantize(tensor.data, tensor.tensor_type)
        part = tensor.name.split(".")[-2]
        if part in heads:
            values = _unpermute(values, heads[part])
        tensors[_name(tensor.name)] = torch.tensor(values).to(torch.bfloat16)
    check_finite(tensors, str(source), "install the package again")
    write_tensors(folder / "model.safetensors", tensors)
    config.save_pretrained(folder)
    _write_generation_config(folder, config)
    _write_tokenizer(fields, folder)


def _config(fields: dict[str, Any], reader: GGUFReader) -> LlamaConfig:
    import torch  # noqa: PLC0415
    from transformers import LlamaConfig  # noqa: PLC0415

    return LlamaConfig(
        architectures=["LlamaForCausalLM"],
        vocab_size=len(fields["tokenizer.ggml.tokens"]),
        hidden_size=fields["llama.embedding_length"],
        intermediate_size=fields["llama.feed_forward_length"],
        num_hidden_layers=fields["llama.block_count"],
        num_attention_heads=fields["llama.attention.head_count"],
        num_key_value_heads=fields["llama.attention.head_count_kv"],
        max_position_embeddings=fields["llama.context_length"],
        rms_norm_eps=float(f"{fields['llama.attention.layer_norm_rms_epsilon']:.6g}"),
        rope_parameters={"rope_type": "default", "rope_theta": fields["llama.rope.freq_base"]},
        tie_word_embeddings=all(tensor.name != "output.weight" for tensor in reader.tensors),
        bos_token_id=fields["tokenizer.ggml.bos_token_id"],
        eos_token_id=fields["tokenizer.ggml.eos_token_id"],
        pad_token_id=fields["tokenizer.ggml.tokens"].index(PAD_TOKEN),
        dtype=torch.bfloat16,
    )


def _write_generation_config(folder: Path, config: LlamaConfig) -> None:
    from transformers import GenerationConfig  # noqa: PLC0415

    ids = {name: getattr(config, name) for name in ("bos_token_id", "eos_token_id", "pad_token_id")}
    GenerationConfig(**ids).save_pretrained(folder)


def _write_tokenizer(fields: dict[str, Any], folder: Path) -> None:
    """Build SmolLM's tokenizer: digits one by one, then GPT-2's words, then byte-level BPE."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers  # noqa: PLC0415
    from transformers import PreTrainedTokenizerFast  # noqa: PLC0415

    tokens: list[str] = fields["tokenizer.ggml.tokens"]
    merges = [tuple(merge.split(" ", maxsplit=1)) for merge in fields["tokenizer.ggml.merges"]]
    built = Tokenizer(models.BPE({token: index for index, token in enumerate(tokens)}, merges))
    words = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    digits = [pre_tokenizers.Digits(individual_digits=True)] if fields["tokenizer.ggml.pre"] == "smollm" else []
    built.pre_tokenizer = pre_tokenizers.Sequence([*digits, words])
    built.decoder = decoders.ByteLevel()
    control = [token for token, kind in zip(tokens, fields["tokenizer.ggml.token_type"], strict=True) if kind == CONTROL_TOKEN]
    built.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in control])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=built,
        bos_token=tokens[fields["tokenizer.ggml.bos_token_id"]],
        eos_token=tokens[fields["tokenizer.ggml.eos_token_id"]],
        unk_token=tokens[fields["tokenizer.ggml.unknown_token_id"]],
        pad_token=PAD_TOKEN,
        model_max_length=fields["llama.context_length"],
        clean_up_tokenization_spaces=False,
    )
    chat_template.adopt(tokenizer)
    tokenizer.save_pretrained(folder)


def _name(tensor: str) -> str:
    """Return transformers' name of a GGUF tensor: `blk.0.attn_q.weight` is `model.layers.0.self_attn.q_proj.weight`."""
    if tensor.startswith("blk."):
        _, layer, part, kind = tensor.split(".")
        return f"model.layers.{layer}.{LAYER_NAMES[part]}.{kind}"
    part, kind = tensor.split(".")
    return f"{MODEL_NAMES[part]}.{kind}"


def _unpermute(values: NDArray[np.float32], heads: int) -> NDArray[np.float32]:
    """Put rotary dimensions in transformers' order (two halves) instead of llama.cpp's (pairs side by side).

    Source: `LlamaModel.permute` in llama.cpp's convert_hf_to_gguf.py, read backwards.
    """
    rows, columns = values.shape
    return values.reshape(heads, rows // heads // 2, 2, columns).swapaxes(1, 2).reshape(rows, columns)
