"""What one reply cost, from data/raw/prices.yaml."""

from __future__ import annotations

from collections.abc import Mapping

from three_tutors.chat.roster import is_local
from three_tutors.openai_client.endpoint import Endpoint
from three_tutors.pricing.prices import Model, rates_of


def micro_usd(endpoint: Endpoint | None, models: Mapping[str, Model], prompt_tokens: int, completion_tokens: int) -> float | None:
    """Return the price of one reply in micro-USD: 0 on this machine, None where nobody knows it."""
    if is_local(endpoint):
        return 0.0
    rates = rates_of(models, endpoint.model) if endpoint else None
    return None if rates is None else round(rates.cost(prompt_tokens, completion_tokens), 3)
