"""Read a model and its tokenizer from a GGUF file and write them as transformers does.

transformers reads GGUF too, but not all of these families; it takes 23 s for the embedded model, holds all weights twice, and
forgets that SmolLM splits digits.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from three_tutors.language_model import chat_template, gguf_tokenizer
from three_tutors.language_model.gguf_names import FAMILIES, NO_ROPE_INTERVAL, ROPE_FACTORS, Family, transformers_name
from three_tutors.language_model.weights import check_finite, write_one_by_one
from three_tutors.pipeline.diagnostics import TutorError

if TYPE_CHECKING:
    from gguf import GGUFReader, ReaderTensor
    from torch import Tensor
    from transformers import PretrainedConfig

AT_ONCE = 2**24
"""Numbers that are dequantised at a time: 64 MB in fp32."""
LLAMA3_ROPE = {"low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}
"""Of every published Llama 3; a file has only the factors that follow from it."""


def convert(source: Path, folder: Path) -> dict[str, Any]:
    """Write `config.json`, `generation_config.json`, bf16 `model.safetensors`, tokenizer and chat template into `folder`.

    Weights are dequantised one after the other, in pieces: the whole model is never in memory.

    Returns:
        What the file says of itself: `model`, `quantisation`, and `licence` if it names one.

    Raises:
        TutorError: it is no whole GGUF file of a model that is read; says why and what to take instead.

    """
    reader = _open(source)
    try:
        fields = {name: field.contents() for name, field in reader.fields.items() if not name.startswith("GGUF.")}
        family = _family(fields)
        config = _config(fields, reader)
        tokenizer = gguf_tokenizer.read(fields, config.max_position_embeddings)
        tensors = _named(reader, config)
        chat_template.adopt(tokenizer)
    except KeyError as error:
        raise TutorError(f"{source.name} cannot be a base: it does not say {error.args[0]}; take another file.") from None
    except TutorError as error:
        raise TutorError(f"{source.name} cannot be a base: {error}") from None
    heads = {"q_proj": config.num_attention_heads, "k_proj": config.num_key_value_heads} if family.interleaved else {}

    def make(name: str) -> Tensor:
        try:
            value = _dequantised(tensors[name])
        except NotImplementedError:
            kind = tensors[name].tensor_type.name
            raise TutorError(
                f"{source.name} cannot be a base: {name} is quantised as {kind}, which is not read; take Q8_0 or F16."
            ) from None
        check_finite({name: value}, str(source), "take another file, or download it again")
        count = heads.get(name.split(".")[-2])
        return value if count is None else _uninterleaved(value, count)

    shapes = {name: tuple(int(size) for size in reversed(tensor.shape)) for name, tensor in tensors.items()}
    write_one_by_one(folder / "model.safetensors", shapes, make)
    config.eos_token_id, config.pad_token_id = tokenizer.eos_token_id, tokenizer.pad_token_id
    config.save_pretrained(folder)
    _write_generation_config(folder, config)
    tokenizer.save_pretrained(folder)
    kinds = sorted({tensor.tensor_type.name for tensor in tensors.values() if len(tensor.shape) > 1})
    said = {"model": fields.get("general.name") or fields["general.architecture"], "quantisation": f"{', '.join(kinds)}, dequantised"}
    return said | ({"licence": fields["general.license"]} if fields.get("general.license") else {})


def _open(source: Path) -> GGUFReader:
    """Return the file, every tensor of which lies inside it."""
    import gguf  # noqa: PLC0415 - only needed once, when the base is made

    with source.open("rb") as file:
        if file.read(4) != b"GGUF":
            raise TutorError(f"{source.name} is not a GGUF file; name one, a folder, or a model on the hub.")
    try:
        return gguf.GGUFReader(source)
    except (ValueError, IndexError, KeyError, OverflowError) as error:
        raise TutorError(f"{source.name} is damaged or cut off ({error}); download it again.") from None


def _family(fields: Mapping[str, Any]) -> Family:
    name = fields["general.architecture"]
    if fields.get("split.count", 1) > 1:
        raise TutorError("it is one piece of several; put them together with llama.cpp's `llama-gguf-split --merge`.")
    if name not in FAMILIES:
        raise TutorError(
            f"it is a {name} model; GGUF files of {', '.join(FAMILIES)} are read. Take the model's folder, or its name on the hub, "
            "which transformers reads."
        )
    if fields.get(f"{name}.expert_count", 0):
        raise TutorError("it is a mixture of experts, which is not read; take a dense model.")
    return FAMILIES[name]


def _config(fields: Mapping[str, Any], reader: GGUFReader) -> PretrainedConfig:
    import torch  # noqa: PLC0415 - see `_open`
    from transformers import AutoConfig  # noqa: PLC0415

    name = fields["general.architecture"]
    heads, hidden = fields[f"{name}.attention.head_count"], fields[f"{name}.embedding_length"]
    kv_heads = fields.get(f"{name}.attention.head_count_kv", heads)
    if not isinstance(heads, int) or not isinstance(kv_heads, int) or not isinstance(fields[f"{name}.feed_forward_length"], int):
        raise TutorError("its layers differ in size, which is not read; take another model.")
    usual = hidden // heads
    head_dim = fields.get(f"{name}.attention.key_length", usual)
    if {fields.get(f"{name}.attention.value_length", head_dim), fields.get(f"{name}.rope.dimension_count", head_dim)} != {head_dim}:
        raise TutorError("its heads differ in size or are rotated in part, which is not read; take another model.")
    if fields.get(f"{name}.attention.sliding_window"):
        raise TutorError("its layers attend to a sliding window, which is not read from GGUF; take the model's folder from the hub.")
    settings: dict[str, Any] = {
        "architectures": [f"{_CLASSES[name]}ForCausalLM"],
        "vocab_size": len(fields["tokenizer.ggml.tokens"]),
        "hidden_size": hidden,
        "intermediate_size": fields[f"{name}.feed_forward_length"],
        "num_hidden_layers": fields[f"{name}.block_count"],
        "num_attention_heads": heads,
        "num_key_value_heads": kv_heads,
        "max_position_embeddings": fields[f"{name}.context_length"],
        "rms_norm_eps": _rounded(fields[f"{name}.attention.layer_norm_rms_epsilon"]),
        "rope_parameters": _rope(fields, reader, head_dim),
        "tie_word_embeddings": all(tensor.name != "output.weight" for tensor in reader.tensors),
        # Otherwise they are those of the family's best-known model.
        "bos_token_id": fields.get("tokenizer.ggml.bos_token_id"),
        "eos_token_id": fields.get("tokenizer.ggml.eos_token_id"),
        "pad_token_id": fields.get("tokenizer.ggml.padding_token_id"),
        "dtype": torch.bfloat16,
    }
    if head_dim != usual or name == "qwen3":  # which has a default of its own
        settings["head_dim"] = head_dim
    if name == "smollm3":
        settings["no_rope_layer_interval"] = NO_ROPE_INTERVAL
    for setting, key in FAMILIES[name].multipliers.items():
        settings[setting] = _rounded(fields[f"{name}.{key}"])
    return AutoConfig.for_model(name, **settings)


_CLASSES = {"llama": "Llama", "qwen2": "Qwen2", "qwen3": "Qwen3", "smollm3": "SmolLM3", "granite": "Granite"}


def _rounded(number: float) -> float:
    """Return an fp32 number as it was written down: 0.22, not 0.2199999988."""
    return float(f"{number:.6g}")


def _rope(fields: Mapping[str, Any], reader: GGUFReader, head_dim: int) -> dict[str, Any]:
    """Return RoPE as transformers describes it."""
    import numpy as np  # noqa: PLC0415 - see `_open`

    name = fields["general.architecture"]
    theta = fields.get(f"{name}.rope.freq_base", 10000.0)
    factors = next((tensor.data for tensor in reader.tensors if tensor.name == ROPE_FACTORS), None)
    scaling = fields.get(f"{name}.rope.scaling.type", "none")
    if factors is not None:
        rope = {"rope_type": "llama3", "rope_theta": theta, "factor": _rounded(float(factors.max())), **LLAMA3_ROPE}
        if not np.allclose(factors, rope_factors(rope, head_dim), rtol=1e-3):
            raise TutorError("its RoPE is scaled in another way than Llama 3's; take the model's folder from the hub.")
        return rope
    if scaling == "linear":
        return {"rope_type": "linear", "rope_theta": theta, "factor": _rounded(fields[f"{name}.rope.scaling.factor"])}
    if scaling != "none":
        raise TutorError(f"its RoPE is scaled by {scaling}, which is not read; take the model's folder from the hub.")
    return {"rope_type": "default", "rope_theta": theta}


def rope_factors(rope: Mapping[str, Any], head_dim: int) -> list[float]:
    """Return what Llama 3's scaled RoPE divides each frequency by, (head_dim / 2,)."""
    import torch  # noqa: PLC0415 - see `_open`
    from transformers import LlamaConfig  # noqa: PLC0415
    from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS  # noqa: PLC0415

    plain = 1.0 / rope["rope_theta"] ** (torch.arange(0, head_dim, 2) / head_dim)
    config = LlamaConfig(hidden_size=head_dim, num_attention_heads=1, head_dim=head_dim, rope_parameters=dict(rope))
    scaled, _ = ROPE_INIT_FUNCTIONS["llama3"](config, device=torch.device("cpu"))
    return list((plain / scaled).tolist())


def _named(reader: GGUFReader, config: PretrainedConfig) -> dict[str, ReaderTensor]:
    """Return the tensors by transformers' names, exactly those that `config` asks for, in their shapes."""
    import torch  # noqa: PLC0415 - see `_open`
    from transformers import AutoModelForCausalLM  # noqa: PLC0415

    named = {transformers_name(tensor.name) or tensor.name: tensor for tensor in reader.tensors if tensor.name != ROPE_FACTORS}
    with torch.device("meta"):
        asked = {name: tuple(value.shape) for name, value in AutoModelForCausalLM.from_config(config).state_dict().items()}
    if config.tie_word_embeddings:
        del asked["lm_head.weight"]
    if missing := sorted(asked.keys() - named.keys()):
        raise TutorError(f"it lacks {missing[0]} and {len(missing) - 1} more tensors of a {config.model_type} model; take another file.")
    if unknown := sorted(named.keys() - asked.keys()):
        raise TutorError(f"it has {named[unknown[0]].name}, which no {config.model_type} model has; take the model's folder from the hub.")
    for name, shape in asked.items():
        found = tuple(int(size) for size in reversed(named[name].shape))
        if found != shape:
            raise TutorError(f"{named[name].name} has the shape {found} instead of {shape}; take another file.")
    return named


def _dequantised(tensor: ReaderTensor) -> Tensor:
    """Return a tensor in bf16, some rows at a time."""
    import gguf  # noqa: PLC0415 - see `_open`
    import torch  # noqa: PLC0415

    shape = [int(size) for size in reversed(tensor.shape)]
    value = torch.empty(shape, dtype=torch.bfloat16)
    step = max(1, AT_ONCE // (tensor.n_elements // shape[0]))
    for first in range(0, shape[0], step):
        rows = slice(first, first + step)
        value[rows] = torch.tensor(gguf.dequantize(tensor.data[rows], tensor.tensor_type))
    return value


def _uninterleaved(value: Tensor, heads: int) -> Tensor:
    """Put rotary dimensions in transformers' order (two halves) instead of llama.cpp's (pairs side by side)."""
    rows, columns = value.shape
    return value.view(heads, rows // heads // 2, 2, columns).transpose(1, 2).reshape(rows, columns)


def _write_generation_config(folder: Path, config: PretrainedConfig) -> None:
    from transformers import GenerationConfig  # noqa: PLC0415 - see `_open`

    ids = {name: getattr(config, name) for name in ("bos_token_id", "eos_token_id", "pad_token_id")}
    GenerationConfig(**ids).save_pretrained(folder)
