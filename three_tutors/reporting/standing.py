"""Standing: whether one reply is better than, the same as or worse than another to the same student turn."""

from __future__ import annotations

from typing import Literal

Standing = Literal["better", "same", "worse", "unscored"]
"""How a reply stands to another one by its score; unscored where either has none."""


def standing(score: float | None, other: float | None) -> Standing:
    """Return how a score stands to another one for the same student turn."""
    if score is None or other is None:
        return "unscored"
    if abs(score - other) < 1e-9:  # noqa: PLR2004 - equal but for rounding
        return "same"
    return "better" if score > other else "worse"
