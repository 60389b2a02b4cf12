"""Before anything leaves the machine: what a fine-tuning job at a service would cost, and whether params.yaml allows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from three_tutors.pipeline.diagnostics import ParamsError
from three_tutors.pipeline.records import Record
from three_tutors.pricing.prices import Model
from three_tutors.pricing.tokens import DEFAULT_ENCODING, training_tokens


@dataclass(frozen=True)
class Estimate:
    """What would be billed: the tokens of the training file times the epochs. Validation tokens are free."""

    tokens: int
    """Tokens of one epoch, counted with the model's encoding (for open models an estimate)."""
    epochs: int
    micro_usd: int | None
    """None if the price is unknown."""
    shutdown: date | None
    """The first day on which the tuned model no longer answers."""


def estimate(rows: Sequence[Record], epochs: int, price: Model | None) -> Estimate:
    """Return what training on `rows` would cost at `price`."""
    tokens = training_tokens(rows, price.encoding if price else DEFAULT_ENCODING)
    cost = round(tokens * epochs * price.training.price) if price and price.training else None
    return Estimate(tokens, epochs, cost, price.tuned_shutdown if price else None)


def announcement(base_url: str, model: str, files: Mapping[str, int], guess: Estimate) -> str:
    """Return what will leave the machine and what it would cost, one sentence per line."""
    sent = ", ".join(f"{name} ({size / 1000:.0f} kB)" for name, size in files.items())
    price = "at a price that data/raw/prices.yaml does not know" if guess.micro_usd is None else f"about {guess.micro_usd / 1e6:.2f} USD"
    lines = [
        f"These files go to {base_url}: {sent}.",
        f"Training {model} on them: {guess.tokens} tokens × {guess.epochs} epochs, {price}.",
    ]
    if guess.shutdown is not None:
        lines.append(f"The tuned model answers until {guess.shutdown}, when the service shuts it down.")
    return "\n".join(lines)


def check_allowed(guess: Estimate, max_cost_usd: float) -> None:
    """Stop before any money is spent that was not allowed.

    Raises:
        ParamsError: the estimate is above `max_cost_usd`, or there is no price to estimate with.

    """
    if guess.micro_usd is None:
        raise ParamsError(
            "openai.price: there is no training price for this model, so its cost cannot be estimated; nothing was sent. "
            "Add it to data/raw/prices.yaml and name it in `openai.price`."
        )
    if guess.micro_usd > max_cost_usd * 1e6:
        raise ParamsError(
            f"openai.max_cost_usd: training would cost about {guess.micro_usd / 1e6:.2f} USD, more than the {max_cost_usd:.2f} allowed; "
            "nothing was sent. Raise `openai.max_cost_usd` if that is what you want."
        )
