"""How often a model finds the preferred reply of a pair likelier than the other one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from three_tutors.language_model import adapters, base
from three_tutors.language_model.load import load_learner
from three_tutors.language_model.preference import pairs, referred
from three_tutors.language_model.settings import Settings
from three_tutors.pipeline.records import Record


def preferred(model: Path, adapter: Path, rows: Sequence[Record], settings: Settings) -> dict[str, Record]:
    """Return how the model with `adapter` ranks the replies of `rows`, by the source of the pairs.

    `share` of the pairs have the preferred reply likelier (log-probabilities are summed, so a shorter reply has it easier);
    `margin` is the mean of log p(preferred) - log p(other), in nats.
    """
    learner = load_learner(model, replace(settings, lora=adapters.trained_as(adapter, settings.lora)))
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
