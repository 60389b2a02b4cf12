"""How fast we fine-tune, beside TRL's SFTTrainer with peft on the same dialogues, rank and batch.

    python -m tests.benchmarks.bench_training

Each is a process of its own on the same cores, one after the other: bf16, rank 16 on all linear layers, 8 dialogues a
step, one step to warm up. Speeds are tokens read a second. TRL gets the tokens that we mask, by our template's markers.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from three_tutors.pipeline.records import read_jsonl

ROOT = Path(__file__).parent.parent.parent
BASE = ROOT / "models/base"
TRAIN = ROOT / "data/processed/lora/train.jsonl"
BATCH = 8
STEPS = 3
"""Measured after one to warm up."""
PEERS = ("lora", "full", "trl")


def measure() -> dict[str, Any]:
    """Return tokens a second and peak memory of each, and ours as a multiple of TRL's."""
    figures = {peer: _in_process(peer) for peer in PEERS}
    return {
        "dialogues_a_step": BATCH,
        "steps": STEPS,
        **{f"{peer}_tokens_per_second": round(figure["tokens_per_second"]) for peer, figure in figures.items()},
        **{f"{peer}_memory_mb": round(figure["memory_mb"]) for peer, figure in figures.items()},
        "times_trl": round(figures["lora"]["tokens_per_second"] / figures["trl"]["tokens_per_second"], 1),
        "trl": version("trl"),
        "transformers": version("transformers"),
        "peft": version("peft"),
    }


def _in_process(peer: str) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.benchmarks.bench_training", peer]
    result = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    figure: dict[str, float] = json.loads(result.stdout.strip().splitlines()[-1])
    return figure


def ours(*, full: bool) -> dict[str, float]:
    """Train through `finetune` and read the speed of all steps but the first off its events."""
    from three_tutors.language_model.finetune import finetune  # noqa: PLC0415 - each process loads its own
    from three_tutors.language_model.progress import Event, StepEvent  # noqa: PLC0415
    from three_tutors.language_model.settings import Lora, Settings  # noqa: PLC0415

    rows = read_jsonl(TRAIN)[: BATCH * (STEPS + 1)]
    settings = Settings(learning_rate=1e-4, epochs=1, batch_size=BATCH, lora=None if full else Lora(r=16))
    times: list[float] = []

    def hear(event: Event) -> None:
        if isinstance(event, StepEvent):
            times.append(time.perf_counter())

    with tempfile.TemporaryDirectory() as folder:
        outcome = finetune(BASE, rows, [], settings, folder=Path(folder) / "out", scratch=Path(folder) / "scratch", on_event=hear)
    tokens = outcome.trained_tokens * STEPS / (STEPS + 1)
    return {"tokens_per_second": tokens / (times[-1] - times[0]), "memory_mb": _memory()}


def trl() -> dict[str, float]:
    """Train with SFTTrainer and time all steps but the first."""
    import torch  # noqa: PLC0415
    from datasets import Dataset  # noqa: PLC0415
    from peft import LoraConfig  # noqa: PLC0415
    from transformers import TrainerCallback  # noqa: PLC0415
    from trl import SFTConfig, SFTTrainer  # noqa: PLC0415

    from three_tutors.language_model import base  # noqa: PLC0415

    rows = [{"messages": row["messages"]} for row in read_jsonl(TRAIN)[: BATCH * (STEPS + 1)]]
    times: list[float] = []

    class Clock(TrainerCallback):
        def on_step_end(self, *_: object, **__: object) -> None:
            times.append(time.perf_counter())

    with tempfile.TemporaryDirectory() as folder:
        arguments = SFTConfig(
            output_dir=folder,
            per_device_train_batch_size=BATCH,
            max_steps=STEPS + 1,
            assistant_only_loss=True,
            max_length=None,
            bf16=True,
            use_cpu=True,
            report_to=[],
            save_strategy="no",
            disable_tqdm=True,
        )
        trainer = SFTTrainer(
            model=base.load_model(BASE, torch.bfloat16),
            args=arguments,
            train_dataset=Dataset.from_list(rows),
            processing_class=base.load_tokenizer(BASE),
            peft_config=LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM"),
            callbacks=[Clock()],
        )
        trainer.train()
        tokens = sum(len(row["input_ids"]) for row in trainer.train_dataset) * STEPS / (STEPS + 1)
    return {"tokens_per_second": tokens / (times[-1] - times[0]), "memory_mb": _memory()}


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Measure everything, or print one peer's figures for the process that asked."""
    peer = sys.argv[1] if len(sys.argv) > 1 else ""
    figures = trl() if peer == "trl" else ours(full=peer == "full") if peer else measure()
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
