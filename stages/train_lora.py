"""Fine-tune the base model with LoRA."""

from __future__ import annotations

if __name__ == "__main__":
    from three_tutors.pipeline.starting import start

    start("stages.train_lora")

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from three_tutors.language_model import base, model_card
from three_tutors.language_model.finetune import finetune
from three_tutors.language_model.processes import ALONE, Launcher, Processes, joined, launched
from three_tutors.language_model.progress import Event, Outcome, curve, metrics, tell
from three_tutors.language_model.rate import rate_of
from three_tutors.language_model.settings import Device, Init, Modules, Precision, Schedule, Settings, of_adapters
from three_tutors.language_model.stopping import stopping
from three_tutors.language_model.supervision import Supervision
from three_tutors.pipeline.params import params, read
from three_tutors.pipeline.records import Record, read_jsonl, replacing, write_json, write_text

TRAIN = Path("data/processed/lora/train.jsonl")
VALIDATION = Path("data/processed/lora/validation.jsonl")
BASE = Path("models/base")
OUT = Path("models/lora")
METRICS = Path("reports/metrics/train_lora.json")
TIMING = Path("reports/metrics/timing_train_lora.json")
CURVE = Path("reports/plots/lora_curve.csv")
SCRATCH = Path(".cache/train_lora")


@params
class Params:
    """The adapters, and how they are trained."""

    supervision: Supervision
    """Learned turns: `weight` (all but those with weight 0), `all`, `last`, or a list of strategies."""
    r: Annotated[int, Field(ge=1, le=576)]
    """Rank of the adapters, 1–576."""
    alpha: Annotated[float, Field(gt=0)]
    """The adapters' product is scaled by alpha / r."""
    dropout: Annotated[float, Field(ge=0, lt=1)]
    """Share of the adapters' input that is dropped while training, 0 up to 1."""
    target_modules: Modules
    """`all-linear`, or a list of layer names such as `[q_proj, v_proj]`."""
    rslora: bool
    """Scale by alpha / √r instead, for high ranks."""
    dora: bool
    """Learn the weights' magnitudes apart; several times slower."""
    init: Init
    """How adapters begin: `default`, `pissa` or `olora`."""
    learning_rate: Annotated[float, Field(gt=0, lt=1)] | Literal["auto"]
    """Highest learning rate; `auto` follows the base, 4e-3 for the embedded one (`language_model/rate.py`)."""
    schedule: Schedule
    """How the learning rate falls after the warm-up: `cosine`, `linear` or `constant`."""
    warmup: Annotated[float, Field(ge=0, lt=1)]
    """Share of the steps in which the learning rate rises, 0 up to 1."""
    epochs: Annotated[int, Field(ge=1)]
    """Most passes over the training dialogues."""
    batch_size: Annotated[int, Field(ge=1)]
    """Dialogues of one step."""
    max_length: Annotated[int, Field(ge=16)]
    """Most tokens of a dialogue; a longer one stops the stage, nothing is cut."""
    early_stopping_patience: Annotated[int, Field(ge=0)]
    """Stop after so many epochs without a lower validation loss; 0 never stops early."""
    weight_decay: Annotated[float, Field(ge=0)]
    """Of AdamW."""
    seed: Annotated[int, Field(ge=0)]
    """Of the adapters' beginning, the order of dialogues and dropout."""
    device: Device
    """`auto` (a GPU where there is one), `cpu` or `cuda`."""
    precision: Precision
    """Of the frozen base while training: `bf16`, or `nf4` (QLoRA), which takes a quarter of the memory for it and needs bitsandbytes."""
    launcher: Launcher | None
    """What starts several processes that train together: `torchrun`, `accelerate`, or `ray` on several machines; null trains in one."""
    processes: Annotated[int, Field(ge=1)]
    """How many the launcher starts; each reads its share of every step. One a GPU, or a few cores each."""

    def settings(self, rule: float) -> Settings:
        """Return these params as `finetune` takes them; `rule` is the learning rate that `auto` means."""
        return of_adapters({**asdict(self), "learning_rate": rule if self.learning_rate == "auto" else self.learning_rate})


def train_lora(
    settings: Params,
    train: Sequence[Record],
    validation: Sequence[Record],
    folder: Path,
    on_event: Callable[[Event], object],
    *,
    stop: Callable[[], bool] = lambda: False,
    processes: Processes = ALONE,
) -> Outcome:
    """Train the adapter; the first of the `processes` writes it, its audit and its model card into the new `folder`."""
    rule = rate_of(base.load_config(BASE), lora=True)
    asked = settings.settings(rule)
    options: dict[str, Any] = {"scratch": SCRATCH, "on_event": on_event, "stop": stop, "processes": processes}
    outcome = finetune(BASE, train, validation, asked, folder=folder, **options)
    if outcome.status == "stopped" or not processes.first:
        return outcome
    write_json(folder / "supervision.json", outcome.audit)
    rows = [*train, *validation]
    write_text(folder / "README.md", model_card.card(base.description(BASE), asked, outcome, rows, OUT, rule=rule))
    return outcome


def main() -> None:
    """Read params and rows, train (in several processes where a launcher is set), write the adapter, its metrics and its curve."""
    settings = read("lora", Params)
    if launched(settings.launcher, settings.processes, "stages.train_lora", settings.device):
        return
    with stopping() as stop, joined(settings.device) as processes, replacing(OUT) if processes.first else nullcontext(OUT) as folder:
        outcome = train_lora(settings, read_jsonl(TRAIN), read_jsonl(VALIDATION), folder, tell, stop=stop, processes=processes)
        if outcome.status == "stopped":
            raise KeyboardInterrupt
    if processes.first:
        write_json(METRICS, metrics(outcome))
        write_json(TIMING, {"seconds": round(outcome.seconds, 1), "tokens_per_second": round(outcome.tokens_per_second)})
        write_text(CURVE, curve(outcome))
        print(f"{OUT}: {outcome}")
