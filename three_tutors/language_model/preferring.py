"""Train a supervised tutor further on pairs of replies, and measure what that did to pairs that it has not seen.

python -m three_tutors.language_model.preferring [--pairs data/processed/pairs] [--adapter models/lora] [--out models/preference]

A fifth tutor takes five edits (CONTRIBUTING.md). A score by whose judgement pairs were made measures nothing about it afterwards.
"""

from __future__ import annotations

if __name__ == "__main__":
    from three_tutors.pipeline.starting import start

    start("three_tutors.language_model.preferring")

import argparse
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from three_tutors.language_model import adapters, base
from three_tutors.language_model.finetune import finetune
from three_tutors.language_model.load import load_learner
from three_tutors.language_model.preference import pairs, referred
from three_tutors.language_model.progress import Outcome, metrics, tell
from three_tutors.language_model.settings import Settings
from three_tutors.language_model.stopping import stopping
from three_tutors.pipeline.diagnostics import TutorError
from three_tutors.pipeline.records import Record, read_jsonl, replacing, write_json

LORA = Path("models/lora")
PAIRS = Path("data/processed/pairs")
OUT = Path("models/preference")
SCRATCH = Path(".cache/preference")
MEASURED = "preferences.json"
"""In the folder of the adapter: what training did."""
REWARDED = {"moments": ["ranking"], "samples": [], "choices": ["preferences"]}
"""Scores that a source of pairs rewards, so that they measure nothing about the tutor any more."""


def preferring(
    model: Path, adapter: Path, rows: Sequence[Sequence[Record]], settings: Settings, folder: Path, *, scratch: Path = SCRATCH
) -> Outcome:
    """Train `adapter` further on the first of `rows`, choose the epoch by the second; write it and what it changed into `folder`."""
    train, validation = rows
    with stopping() as stop:
        outcome = finetune(model, train, validation, settings, folder=folder, scratch=scratch, on_event=tell, stop=stop, start=adapter)
    if outcome.status == "stopped":
        raise KeyboardInterrupt
    sources = sorted({row["source"] for row in train})
    measured = {
        **metrics(outcome),
        "pairs": len(train),
        "sources": sources,
        "rewarded_scores": sorted({score for source in sources for score in REWARDED[source]}),
        "before": ranked(model, adapter, validation, settings),
        "after": ranked(model, folder, validation, settings),
    }
    write_json(folder / MEASURED, measured)
    return outcome


def ranked(model: Path, adapter: Path, rows: Sequence[Record], settings: Settings) -> dict[str, Record]:
    """Return how the model with `adapter` ranks the replies of `rows`, by the source of the pairs.

    `share` of the pairs have the preferred reply likelier (log-probabilities are summed, so a shorter reply has it easier);
    `margin` is the mean of log p(preferred) - log p(other), in nats.
    """
    learner = load_learner(model, Settings(settings.learning_rate, settings.epochs, adapters.trained_as(adapter, settings.lora)))
    learner.begin_with(adapter)
    margins: dict[str, list[float]] = defaultdict(list)
    made = referred(learner, pairs(base.load_tokenizer(model), rows, settings.max_length))
    for row, pair in zip(rows, made, strict=True):
        margins[row["source"]].append(pair.reference)
    return {
        source: {
            "pairs": len(some),
            "share": round(sum(margin > 0 for margin in some) / len(some), 4),
            "margin": round(sum(some) / len(some), 3),
        }
        for source, some in sorted(margins.items())
    }


def main() -> None:
    """Read the pairs, train, say what came of it."""
    parser = argparse.ArgumentParser(prog="python -m three_tutors.language_model.preferring", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--base", type=Path, default=base.BASE, help="folder of the base model (default: %(default)s)")
    parser.add_argument("--adapter", type=Path, default=LORA, help="the supervised tutor to begin with (default: %(default)s)")
    parser.add_argument("--pairs", type=Path, default=PAIRS, help="folder that `pairing` wrote (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=OUT, help="new folder for the adapter (default: %(default)s)")
    parser.add_argument(
        "--beta", type=float, default=0.1, help="the higher, the closer it stays to the supervised tutor (default: %(default)s)"
    )
    parser.add_argument("--epochs", type=int, default=1, help="passes over the pairs (default: %(default)s)")
    parser.add_argument("--batch-size", type=int, default=8, help="pairs of a step (default: %(default)s)")
    parser.add_argument("--learning-rate", type=float, default=2e-4, help="a twentieth of a supervised adapter's (default: %(default)s)")
    given = parser.parse_args()
    if given.out.exists():
        raise TutorError(f"{given.out} exists; name a new folder.")
    settings = Settings(given.learning_rate, given.epochs, beta=given.beta, batch_size=given.batch_size, max_length=2048)
    rows = (read_jsonl(given.pairs / "train.jsonl"), read_jsonl(given.pairs / "validation.jsonl"))
    with replacing(given.out) as folder:
        outcome = preferring(given.base, given.adapter, rows, settings, folder)
    best = outcome.epochs[outcome.best_epoch]
    print(f"{given.out}: validation loss {best.valid_loss}, preferred replies gained in {best.valid_accuracy} of the pairs")
