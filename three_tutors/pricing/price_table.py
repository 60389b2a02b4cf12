"""Compare our prices with the table of litellm, which is installed with DSPy: both were read from the same pages."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from three_tutors.pricing.prices import Model

# Half a percent: the table holds binary fractions, and some services round theirs.
TOLERANCE = 0.005
COLUMNS = {
    "input": "input_cost_per_token",
    "cached": "cache_read_input_token_cost",
    "output": "output_cost_per_token",
    "batch_input": "input_cost_per_token_batches",
    "batch_output": "output_cost_per_token_batches",
}


def litellm_table() -> dict[str, Any]:
    """Return litellm's table (model → USD per token) without importing litellm, which takes seconds; empty if it is not installed."""
    spec = importlib.util.find_spec("litellm")
    if spec is None or not spec.submodule_search_locations:
        return {}
    path = Path(spec.submodule_search_locations[0]) / "model_prices_and_context_window_backup.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def differences(models: Mapping[str, Model], table: Mapping[str, Any]) -> list[str]:
    """Return one sentence for each price or date that differs from `table`; what only one of them has is ignored."""
    return [sentence for name, model in models.items() for sentence in _differences(name, model, table)]


def _differences(name: str, model: Model, table: Mapping[str, Any]) -> Iterator[str]:
    for group, rates, shutdown, key in (
        ("base", model.base, model.shutdown, model.table),
        ("tuned", model.tuned, model.tuned_shutdown, f"ft:{model.table}"),
    ):
        row = table.get(key or "", {})
        for field, column in COLUMNS.items():
            ours, theirs = getattr(rates, field, None), row.get(column)
            if ours is not None and theirs is not None and abs(theirs * 1e6 - ours) > TOLERANCE * ours:
                yield f"{name}: {group}.{field} is {ours:g} here and {theirs * 1e6:g} in litellm's table."
        if rates and shutdown and row.get("deprecation_date", str(shutdown)) != str(shutdown):
            yield f"{name}: {group} stops on {shutdown} here and on {row['deprecation_date']} in litellm's table."
