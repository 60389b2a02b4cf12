"""The state of a training run on disk: safetensors and JSON, complete or not there."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import Tensor

from three_tutors.language_model.weights import explaining, write_tensors
from three_tutors.pipeline.records import read_json, write_json

COMPLETE = "complete.json"
"""Written last, with the size of the tensors: a state without it, or of another size, was cut off."""
TENSORS = "state.safetensors"
RECORD = "state.json"
MOMENTS = ("exp_avg", "exp_avg_sq")


def write(scratch: Path, step: int, parameters: dict[str, Tensor], optimiser: torch.optim.Optimizer, record: dict[str, Any]) -> None:
    """Write the state after `step`, then remove older ones."""
    folder = scratch / f"state-{step:08d}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    tensors = {}
    for name, parameter in parameters.items():
        tensors[f"{name}/value"] = parameter.detach()
        for moment in MOMENTS:
            tensors[f"{name}/{moment}"] = optimiser.state[parameter][moment]
    write_tensors(folder / TENSORS, tensors)
    write_json(folder / RECORD, {**record, "step": step})
    write_json(folder / COMPLETE, {"bytes": (folder / TENSORS).stat().st_size})
    for other in scratch.glob("state-*"):
        if other != folder:
            shutil.rmtree(other)


def latest(scratch: Path, fingerprint: str) -> Path | None:
    """Return the newest complete state of the run with this fingerprint; None where there is none."""
    for folder in sorted(scratch.glob("state-*"), reverse=True):
        if (folder / COMPLETE).exists() and read_json(folder / COMPLETE)["bytes"] == (folder / TENSORS).stat().st_size:
            return folder if read_json(folder / RECORD)["fingerprint"] == fingerprint else None
    return None


def step(folder: Path) -> int:
    """Return after which step the state in `folder` was written."""
    return int(folder.name.rpartition("-")[2])


@torch.no_grad()
def read(folder: Path, parameters: dict[str, Tensor], optimiser: torch.optim.Optimizer) -> dict[str, Any]:
    """Put the state in `folder` into `parameters` and `optimiser`; return its record."""
    record: dict[str, Any] = read_json(folder / RECORD)
    with explaining(folder / TENSORS), safe_open(folder / TENSORS, framework="pt") as tensors:
        for name, parameter in parameters.items():
            parameter.copy_(tensors.get_tensor(f"{name}/value"))
            # On a GPU the fused optimiser wants its state there, the count of steps included.
            moments = {moment: tensors.get_tensor(f"{name}/{moment}").to(parameter.device) for moment in MOMENTS}
            optimiser.state[parameter] = {"step": torch.tensor(float(record["step"]), device=parameter.device), **moments}
    return record
