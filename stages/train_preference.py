"""Train the LoRA tutor further on pairs of replies (DPO)."""

from __future__ import annotations

if __name__ == "__main__":
    from three_tutors.pipeline.starting import start

    start("stages.train_preference")

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from three_tutors.language_model import adapters, base, model_card
from three_tutors.language_model.finetune import finetune
from three_tutors.language_model.pairing import counted, pairing
from three_tutors.language_model.preferred import preferred
from three_tutors.language_model.progress import Outcome, curve, metrics, tell
from three_tutors.language_model.rate import BY_PAIRS, rate_of
from three_tutors.language_model.settings import Device, Settings
from three_tutors.language_model.stopping import stopping
from three_tutors.pipeline.params import params, read
from three_tutors.pipeline.records import Record, replacing, write_json, write_jsonl, write_text
from three_tutors.tutoring.pairs import Source

BASE = Path("models/base")
MODELS = Path("models")
PAIRS = Path("data/processed/preference")
OUT = Path("models/preference")
METRICS = Path("reports/metrics/train_preference.json")
TIMING = Path("reports/metrics/timing_train_preference.json")
SCRATCH = Path(".cache/train_preference")


@params
class Params:
    """Which pairs are learned from, and how."""

    begins_with: Annotated[list[Literal["lora"]], Field(max_length=1)]
    """The tutor that is trained further; an empty list leaves this stage out of the run."""
    pairs: Annotated[list[Source], Field(min_length=1)]
    """`moments` (graded replies of training moments), `samples` (teachers' turns against its own replies), `choices` (of the chat)."""
    turns: Annotated[int, Field(ge=1)]
    """Most training turns that are replied to for `samples`."""
    beta: Annotated[float, Field(gt=0)]
    """The higher, the closer the tutor stays to the one it begins with."""
    learning_rate: Annotated[float, Field(gt=0, lt=1)] | Literal["auto"]
    """Highest learning rate; `auto` follows the base, as for lora, and is a twentieth of that one's."""
    epochs: Annotated[int, Field(ge=1)]
    """Most passes over the pairs."""
    batch_size: Annotated[int, Field(ge=1)]
    """Pairs of one step."""
    max_length: Annotated[int, Field(ge=16)]
    """Most tokens of a conversation with its reply; a longer one stops the stage, nothing is cut."""
    early_stopping_patience: Annotated[int, Field(ge=0)]
    """Stop after so many epochs without a lower validation loss; 0 never stops early."""
    seed: Annotated[int, Field(ge=0)]
    """Of the order of pairs."""
    device: Device
    """`auto` (a GPU where there is one), `cpu` or `cuda`."""

    def settings(self, adapter: Path, rule: float) -> Settings:
        """Return these params as `finetune` takes them, with the shape of the adapter; `rule` is the learning rate that `auto` means."""
        rate = rule if self.learning_rate == "auto" else self.learning_rate
        same = ("epochs", "beta", "batch_size", "max_length", "early_stopping_patience", "seed", "device")
        return Settings(rate, lora=adapters.trained_as(adapter), **{name: getattr(self, name) for name in same})


def train_preference(settings: Params, adapter: Path, parts: Sequence[Sequence[Record]], folder: Path) -> tuple[Outcome, Record]:
    """Train `adapter` further on the first of `parts`, choose the epoch by the second; return what came of it, and its metrics.

    The adapter, an audit of what was learned, the learning curve and a model card are written into the new `folder`.
    """
    (train, validation), rule = parts, rate_of(base.load_config(BASE), lora=True) * BY_PAIRS
    wanted = settings.settings(adapter, rule)
    options: dict[str, Any] = {"scratch": SCRATCH, "on_event": tell, "start": adapter}
    with stopping() as stop:
        outcome = finetune(BASE, train, validation, wanted, folder=folder, stop=stop, **options)
    if outcome.status == "stopped":
        raise KeyboardInterrupt
    write_json(folder / "supervision.json", outcome.audit)
    write_text(folder / "curve.csv", curve(outcome))
    write_text(folder / "README.md", model_card.card(base.description(BASE), wanted, outcome, [*train, *validation], OUT, rule=rule))
    figures = {
        "pairs": len(train),
        "sources": sorted({row["source"] for row in train}),
        "preferred_before": preferred(BASE, adapter, validation, wanted),
        "preferred": preferred(BASE, folder, validation, wanted),
    }
    return outcome, metrics(outcome) | figures


def main() -> None:
    """Make the pairs, train, write the adapter, what it learned from, and its metrics."""
    settings, adapter = read("preference", Params), MODELS / sys.argv[1]
    parts = pairing(settings.pairs, BASE, adapter, settings.turns)
    print(f"train_preference: {counted(parts[0])}", flush=True)
    with replacing(OUT) as folder:
        outcome, figures = train_preference(settings, adapter, parts, folder)
    for name, rows in zip(("train", "validation"), parts, strict=True):
        write_jsonl(PAIRS / f"{name}.jsonl", rows)
    write_json(METRICS, figures)
    write_json(TIMING, {"seconds": round(outcome.seconds, 1), "tokens_per_second": round(outcome.tokens_per_second)})
    gained = f"{figures['valid_accuracy']:.0%} of the preferred replies gained"
    print(f"train_preference: validation loss {figures['valid_loss']} of a pair, {gained}, in {OUT}")
