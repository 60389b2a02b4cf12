"""What one reply cost, from data/raw/prices.yaml."""

from __future__ import annotations

import re
from collections.abc import Mapping

from three_tutors.chat.roster import is_local
from three_tutors.openai_client.endpoint import Endpoint
from three_tutors.pricing.prices import Model, Rates

_DATE = re.compile(r"-\d{4}-\d{2}-\d{2}$")


def rates(model: str, models: Mapping[str, Model]) -> Rates | None:
    """Return the prices of a model id such as `gpt-4.1-mini-2025-04-14` or `ft:gpt-4.1-mini-2025-04-14:org::id`."""
    tuned = model.startswith("ft:")
    name = model.split(":")[1] if tuned else model
    listed = models.get(name) or models.get(_DATE.sub("", name))
    if listed is None:
        return None
    return listed.tuned if tuned else listed.base


def micro_usd(endpoint: Endpoint | None, models: Mapping[str, Model], prompt_tokens: int, completion_tokens: int) -> float | None:
    """Return the price of one reply in micro-USD: 0 on this machine, None where nobody knows it."""
    if is_local(endpoint):
        return 0.0
    listed = rates(endpoint.model, models) if endpoint else None
    return None if listed is None else round(listed.cost(prompt_tokens, completion_tokens), 3)
