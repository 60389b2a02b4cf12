"""LoRA adapters on disk: check them against their base, merge them into its weights."""

from __future__ import annotations

import importlib.metadata
import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from three_tutors.language_model import base
from three_tutors.language_model.settings import Lora
from three_tutors.language_model.weights import read_tensors, write_tensors
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


def trained_as(adapter: Path, wished: Lora | None = None) -> Lora:
    """Return `wished` with the shape of a trained adapter, to train it further."""
    config: dict[str, Any] = read_json(adapter / CONFIG)
    return replace(
        wished or Lora(),
        r=config["r"],
        alpha=config["lora_alpha"],
        target_modules=list(config["target_modules"]),
        rslora=config.get("use_rslora", False),
        dora=config.get("use_dora", False),
        init="default",
    )


@torch.no_grad()
def read_into(parameters: Mapping[str, Tensor], adapter: Path) -> None:
    """Copy a trained adapter into `parameters`, named as in its file, with or without the prefix.

    Raises:
        TutorError: it has other tensors than the parameters.

    """
    found = {name.removeprefix(PREFIX): value for name, value in read_tensors(adapter / WEIGHTS).items()}
    # peft leaves the last word off the magnitudes of DoRA.
    wanted = {name.removeprefix(PREFIX).replace("_vector.weight", "_vector"): value for name, value in parameters.items()}
    if {name: value.shape for name, value in found.items()} != {name: value.shape for name, value in wanted.items()}:
        raise TutorError(f"The adapter in {adapter} does not fit this base model; train it again.")
    for name, value in wanted.items():
        value.copy_(found[name])


def is_plain(adapter: Path) -> bool:
    """Whether `merged` can add the adapter: low-rank products and nothing else. DoRA and the like are left to peft."""
    config: dict[str, Any] = read_json(adapter / CONFIG)
    extras = ("use_dora", "modules_to_save", "rank_pattern", "alpha_pattern", "lora_bias", "fan_in_fan_out")
    return config["peft_type"] == "LORA" and not any(config.get(name) for name in extras)


def merged(weights: Mapping[str, Tensor], adapter: Path) -> dict[str, Tensor]:
    """Return `weights` with W + scaling · B A in place of each adapted W, summed in fp32 and rounded once."""
    config = read_json(adapter / CONFIG)
    factor = Lora(r=config["r"], alpha=config["lora_alpha"], rslora=config.get("use_rslora", False)).scaling
    low = read_tensors(adapter / WEIGHTS)
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
    """Silence a warning of bitsandbytes, which peft loads where it is installed, about a CPU kernel that is not used here."""
    logging.getLogger("bitsandbytes.backends.cpu.ops").setLevel(logging.ERROR)


def write(folder: Path, lora: Lora, tensors: Mapping[str, Tensor], initial: Mapping[str, Tensor]) -> None:
    """Write an adapter for peft into `folder`.

    PiSSA and OLoRA subtract s·B₀A₀ from the base when they start (`initial` has A₀ and B₀, by the names of `tensors`). To load
    on the original base, export s·BA - s·B₀A₀, an ordinary adapter of twice the rank.
    """
    written = dict(tensors)
    for name, first in initial.items():
        up = name.endswith("lora_B.weight")
        written[name] = torch.cat([tensors[name], -first if up else first], 1 if up else 0)
    write_tensors(folder / WEIGHTS, written)
    rank, alpha = lora.r, lora.alpha
    if initial:  # so that the scaling stays the same
        rank, alpha = 2 * rank, alpha * (2**0.5 if lora.rslora else 2)
    # Other servers do not know `all-linear`.
    modules = (
        {name.split(".")[-3] for name in tensors if ".lora_A." in name} if lora.target_modules == "all-linear" else lora.target_modules
    )
    # What peft would write as well, without its defaults and without a path of this machine.
    config = {
        "base_model_name_or_path": str(base.BASE),
        "bias": "none",
        "inference_mode": True,
        "lora_alpha": alpha,
        "lora_dropout": lora.dropout,
        "peft_type": "LORA",
        "peft_version": importlib.metadata.version("peft"),
        "r": rank,
        "target_modules": sorted(modules),
        "task_type": "CAUSAL_LM",
        "use_dora": lora.dora,
        "use_rslora": lora.rslora,
    }
    write_json(folder / CONFIG, config)
