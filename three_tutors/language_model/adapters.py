"""LoRA adapters on disk: check them against their base, merge them into its weights."""

from __future__ import annotations

import importlib.metadata
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from three_tutors.language_model import base
from three_tutors.language_model.settings import Lora
from three_tutors.pipeline.diagnostics import TutorError
from three_tutors.pipeline.records import read_json, write_json

if TYPE_CHECKING:
    from transformers import PreTrainedModel

WEIGHTS = "adapter_model.safetensors"
CONFIG = "adapter_config.json"
ORIGIN = "trained_on.json"
"""Beside the adapter: the digest of the base it was trained on."""
PREFIX = "base_model.model."


def check(adapter: Path, folder: Path) -> None:
    """Refuse an adapter that is incomplete or was trained on another base than the model in `folder`.

    Raises:
        TutorError: says which of the two.

    """
    if not (adapter / WEIGHTS).exists() or not (adapter / CONFIG).exists():
        raise TutorError(f"There is no adapter in {adapter}; run `dvc repro`, which trains it.")
    if (adapter / ORIGIN).exists():
        expected, actual = read_json(adapter / ORIGIN)["base_digest"], base.digest(folder)
        if expected != actual:
            raise TutorError(f"The adapter in {adapter} was trained on base {expected}, not on {actual} in {folder}; train it again.")


def is_plain(adapter: Path) -> bool:
    """Whether the adapter is low-rank products alone, which `merged` adds up (DoRA and the like are left to peft)."""
    config: dict[str, Any] = read_json(adapter / CONFIG)
    extras = ("use_dora", "modules_to_save", "rank_pattern", "alpha_pattern", "lora_bias", "fan_in_fan_out")
    return config["peft_type"] == "LORA" and not any(config.get(name) for name in extras)


def scaling(config: Mapping[str, Any]) -> float:
    """Return the factor of the low-rank product: alpha / r, or alpha / √r (Kalajdzievski 2023, rsLoRA)."""
    return float(config["lora_alpha"] / (config["r"] ** 0.5 if config.get("use_rslora") else config["r"]))


def merged(weights: Mapping[str, Tensor], adapter: Path) -> dict[str, Tensor]:
    """Return `weights` with W + scaling · B A in place of each adapted W, summed in fp32 and rounded once."""
    factor = scaling(read_json(adapter / CONFIG))
    low = load_file(adapter / WEIGHTS)
    result = dict(weights)
    for name, down in low.items():
        if not name.endswith(".lora_A.weight"):
            continue
        target = name.removeprefix(PREFIX).replace(".lora_A.", ".")
        up = low[name.replace(".lora_A.", ".lora_B.")]
        weight = result[target]
        result[target] = torch.addmm(weight.float(), up.float(), down.float(), alpha=factor).to(weight.dtype)
    return result


def merged_model(model: PreTrainedModel, adapter: Path) -> PreTrainedModel:
    """Return `model` with the adapter merged by peft, whatever its kind."""
    quiet_bitsandbytes()
    from peft import PeftModel  # noqa: PLC0415 - a second that only this kind of adapter needs

    return PeftModel.from_pretrained(model, adapter).merge_and_unload().eval()


def quiet_bitsandbytes() -> None:
    """Let bitsandbytes, which peft loads where it is installed, not tell of a kernel for CPUs that only answering would use."""
    logging.getLogger("bitsandbytes.backends.cpu.ops").setLevel(logging.ERROR)


def write(folder: Path, lora: Lora, tensors: Mapping[str, Tensor], initial: Mapping[str, Tensor]) -> None:
    """Write an adapter into `folder`; `initial` holds what each tensor began with where that was taken out of the base, by its name.

    W was split into W' + s·B₀A₀, so s·BA - s·B₀A₀ is what is added to W itself: a plain adapter of twice the rank.
    """
    written = dict(tensors)
    for name, first in initial.items():
        up = name.endswith("lora_B.weight")
        written[name] = torch.cat([tensors[name], -first if up else first], 1 if up else 0)
    save_file({name: tensor.contiguous() for name, tensor in written.items()}, folder / WEIGHTS, metadata={"format": "pt"})
    (folder / WEIGHTS).chmod(0o644)
    write_config(folder, lora, doubled=bool(initial))


def write_config(folder: Path, lora: Lora, *, doubled: bool = False) -> None:
    """Write the `adapter_config.json` that peft reads; `doubled` where the exported rank is twice the trained one.

    The scaling stays what it was trained with, no path of this machine enters the file, and what is left out is peft's default:
    to have peft write these lines takes three seconds.
    """
    rank, alpha = lora.r, lora.alpha
    if doubled:
        rank, alpha = 2 * rank, alpha * (2**0.5 if lora.rslora else 2)
    config = {
        "base_model_name_or_path": str(base.BASE),
        "bias": "none",
        "inference_mode": True,
        "lora_alpha": alpha,
        "lora_dropout": lora.dropout,
        "peft_type": "LORA",
        "peft_version": importlib.metadata.version("peft"),
        "r": rank,
        "target_modules": lora.target_modules if isinstance(lora.target_modules, str) else sorted(lora.target_modules),
        "task_type": "CAUSAL_LM",
        "use_dora": False,
        "use_rslora": lora.rslora,
    }
    write_json(folder / CONFIG, config)
