"""One part of the check on a GPU in a process of its own: `python -m tests.gpu.parts PART FOLDER DEVICE`; figures are its last line.

FOLDER holds `base`, `train.jsonl` and `validation.jsonl`, and keeps the adapters that later parts answer with.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from three_tutors.language_model import base, generate, memory
from three_tutors.language_model.checkpoints import COMPLETE
from three_tutors.language_model.finetune import finetune
from three_tutors.language_model.generate import Generator
from three_tutors.language_model.likelihood import likelihood
from three_tutors.language_model.number_format import number_format
from three_tutors.language_model.rate import rate_of
from three_tutors.language_model.replies import Options
from three_tutors.language_model.settings import Device, Lora, Precision, Settings
from three_tutors.language_model.transformers_backend import TransformersBackend
from three_tutors.pipeline.records import Record, read_jsonl

PROMPTS = 16
TURNS = 40
"""Turns whose likelihoods are compared; of the validation dialogues."""
SHORT = 12
"""Dialogues of the training that is killed."""
OPTIONS = Options(max_tokens=64)


def settings(folder: Path, device: Device, precision: Precision = "bf16") -> Settings:
    """Return the pipeline's own settings for LoRA on this base."""
    rate = rate_of(base.load_config(folder / "base"), lora=True)
    lora = Lora(r=8, alpha=16, precision=precision)
    return Settings(learning_rate=rate, epochs=1, lora=lora, batch_size=4, seed=1, device=device)


def rows(folder: Path, split: str) -> list[Record]:
    """Return the rows of one split."""
    return read_jsonl(folder / f"{split}.jsonl")


def machine(_folder: Path, device: Device) -> Record:
    """Return what the figures were measured on."""
    found: Record = {"torch": torch.__version__, "cpu_cores": os.cpu_count()}
    for name in ("transformers", "peft", "bitsandbytes"):
        found[name] = importlib.metadata.version(name) if name in _installed() else "not installed"
    if device == "cuda":
        card = torch.cuda.get_device_properties(0)
        capable = ".".join(map(str, torch.cuda.get_device_capability()))
        found |= {"card": card.name, "memory_gb": card.total_memory / 1e9, "cuda": torch.version.cuda, "compute_capability": capable}
    return found


def train(folder: Path, device: Device, precision: Precision = "bf16") -> Record:
    """Train an adapter; return its losses, its speed, and the memory it took beside what was stated before."""
    chosen = settings(folder, device, precision)
    training, validation = rows(folder, "train"), rows(folder, "validation")
    options: dict[str, Any] = {"folder": folder / precision, "scratch": folder / f"scratch-{precision}"}
    outcome = finetune(folder / "base", training, validation, chosen, **options)
    losses = [epoch.valid_loss or 0.0 for epoch in outcome.epochs]
    if losses[-1] >= losses[0]:
        raise SystemExit(f"The validation loss did not fall: {losses[0]:.3f} before, {losses[-1]:.3f} after.")
    found = {"loss_before": losses[0], "loss_after": losses[-1], "tokens_per_second": outcome.tokens_per_second, "seconds": outcome.seconds}
    if device == "cuda":
        need = memory.need(
            memory.shape(base.load_config(folder / "base")),
            chosen.lora,
            1024,
            ours=False,
            width=number_format("cuda").itemsize,
        )
        stated = need.weights + need.learned + need.activations
        found |= {"memory_gb": torch.cuda.max_memory_allocated() / 1e9, "stated_gb_at_1024_tokens": stated / 1e9}
    return found


def train_nf4(folder: Path, device: Device) -> Record:
    """Train beside four bits; skipped where bitsandbytes is not installed."""
    return train(folder, device, "nf4") if "bitsandbytes" in _installed() else {"skipped": "bitsandbytes is not installed"}


def answer(folder: Path, device: Device) -> Record:
    """Reply with the trained adapter by transformers on the device and by our engine on the processor."""
    prompts = [row["messages"][:2] for row in rows(folder, "train")[:PROMPTS]]
    found: Record = {"prompts": len(prompts)}
    said = {}
    for name, generator in _both(folder, device).items():
        begun = time.perf_counter()
        said[name] = generator.replies(prompts, OPTIONS)
        taken = time.perf_counter() - begun
        found[f"{name}.tokens_per_second"] = sum(reply.completion_tokens for reply in said[name]) / taken
        found[f"{name}.empty"] = sum(not reply.text.strip() for reply in said[name])
    one, other = said.values()
    found["equal_replies"] = sum(a.text == b.text for a, b in zip(one, other, strict=True))
    return found


def likelihoods(folder: Path, device: Device) -> Record:
    """Ask both how likely the teachers' turns are; they may differ by rounding and by nothing else."""
    told, found = {}, {}
    for name, generator in _both(folder, device).items():
        begun = time.perf_counter()
        told[name] = likelihood(generator, rows(folder, "validation"))[:TURNS]
        found[f"{name}.seconds"] = time.perf_counter() - begun
    one, other = told.values()
    apart = [abs(a["nll"] - b["nll"]) for a, b in zip(one, other, strict=True)]
    found |= {"turns": len(apart), "mean_nats_apart": sum(apart) / len(apart), "most_nats_apart": max(apart)}
    if found["mean_nats_apart"] > 0.05:  # bf16 rounds to far less
        raise SystemExit(f"The likelihoods are {found['mean_nats_apart']:.3f} nats a token apart.")
    return found


def short(folder: Path, device: Device, name: str = "killed") -> list[float]:
    """Train three short epochs into `name`, or go on with them; return the validation losses."""
    chosen = replace(settings(folder, device), epochs=3, early_stopping_patience=0)
    training, validation = rows(folder, "train")[:SHORT], rows(folder, "validation")[:4]
    out = finetune(folder / "base", training, validation, chosen, folder=folder / name, scratch=folder / f"scratch-{name}")
    return [epoch.valid_loss or 0.0 for epoch in out.epochs]


def kill_and_resume(folder: Path, device: Device) -> Record:
    """Kill a training after its first epoch, go on with it, and hold it against one that was left alone."""
    command = [sys.executable, "-m", "tests.gpu.parts", "short", str(folder), device]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        while not list((folder / "scratch-killed").glob(f"*/{COMPLETE}")) and process.poll() is None:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    if process.returncode != -signal.SIGKILL:
        raise SystemExit(f"The training ended with {process.returncode} before it could be killed.")
    resumed, whole = short(folder, device), short(folder, device, "whole")
    gap = max(abs(one - other) for one, other in zip(resumed, whole, strict=True))
    if gap > 0.02:  # sums on a GPU come in no fixed order
        raise SystemExit(f"After the kill the losses are {gap:.3f} nats from those of a training that was left alone.")
    same = (folder / "killed/adapter_model.safetensors").read_bytes() == (folder / "whole/adapter_model.safetensors").read_bytes()
    for name in ("killed", "whole"):
        shutil.rmtree(folder / name)
    return {"losses": [round(loss, 4) for loss in resumed], "nats_from_an_unbroken_run": gap, "same_bytes": same}


PARTS: dict[str, Callable[[Path, Device], Record]] = {
    "machine": machine,
    "lora_bf16": train,
    "lora_nf4": train_nf4,
    "answer": answer,
    "likelihoods": likelihoods,
    "kill_and_resume": kill_and_resume,
}


def _both(folder: Path, device: Device) -> dict[str, Generator]:
    """Return the tutor as transformers computes it on `device`, and as the pipeline opens it."""
    ours = generate.load_backend
    generate.load_backend = TransformersBackend
    theirs = Generator(folder / "base", folder / "bf16", slots=8, context=2048)
    generate.load_backend = ours
    return {device: theirs, "ours_on_the_cpu": Generator(folder / "base", folder / "bf16", slots=8, context=2048)}


def _installed() -> set[str]:
    return {str(one.metadata["Name"]).lower() for one in importlib.metadata.distributions()}


if __name__ == "__main__":
    part, where, on = sys.argv[1:]
    result = short(Path(where), on) if part == "short" else PARTS[part](Path(where), on)  # type: ignore[arg-type]
    print(json.dumps(result))
