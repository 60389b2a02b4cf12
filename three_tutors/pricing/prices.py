"""What models cost: prices with their dates and sources, read from data/raw/prices.yaml and checked."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

from pydantic import Field

from three_tutors.pipeline.diagnostics import DataError, ParamsError
from three_tutors.pipeline.params import params, read

PRICES_FILE = Path("data/raw/prices.yaml")
OLD_AFTER = timedelta(days=90)
"""The age from which a price is reported as old."""

FINE_TUNED = "ft:"
"""How the name of a fine-tune begins at OpenAI; the model's name and other parts follow, with colons between them."""

# USD per 1 million tokens, which is micro-USD per token. The most expensive model costs a few hundred; more is a wrong unit.
Price = Annotated[float, Field(gt=0, le=1000)]
Source = Annotated[str, Field(pattern=r"^https://\S+$")]


@params
class Rates:
    """Prices of input and output tokens, USD per 1 million."""

    input: Price
    output: Price
    cached: Price | None = None
    """Of input found in the prompt cache; None if the service has none."""
    batch_input: Price | None = None
    """Of work that may take a day; None if there is no such discount."""
    batch_output: Price | None = None
    source: Source
    checked: date

    def cost(self, prompt: float, reply: float, cached: float = 0.0) -> float:
        """Return micro-USD for `prompt` tokens, `cached` of them found in the prompt cache, and `reply` tokens."""
        saved = 0.0 if self.cached is None else cached * (self.input - self.cached)
        return prompt * self.input - saved + reply * self.output

    def offline_cost(self, prompt: float, reply: float) -> float:
        """Return micro-USD for work that can wait a day, at the batch price if there is one."""
        return prompt * (self.batch_input or self.input) + reply * (self.batch_output or self.output)


@params
class Training:
    """Price of training tokens, USD per 1 million; the tokens of the file are billed once per epoch."""

    price: Price
    source: Source
    checked: date


@params
class Dates:
    """When a model can be trained and asked."""

    shutdown: date
    """The first day on which the model no longer answers."""
    tuned_shutdown: date | None = None
    """The same for its fine-tunes; None if it is the same day."""
    new_jobs_until: date | None = None
    """Last day on which a fine-tuning job can be started."""
    closed_to_new: date | None = None
    """From this day, only organisations that have fine-tuned before can start a job."""
    source: Source
    checked: date


@params
class Model:
    """One model of one service. What the service does not sell, or does not publish, is None."""

    service: str
    encoding: str
    table: str | None = None
    """Its row in litellm's price table."""
    reasoning: bool = False
    """It writes thinking tokens, which are billed as output and cannot be counted beforehand."""
    base: Rates
    tuned: Rates | None = None
    training: Training | None = None
    dates: Dates | None = None

    @property
    def shutdown(self) -> date | None:
        """The first day on which the model no longer answers."""
        return self.dates.shutdown if self.dates else None

    @property
    def tuned_shutdown(self) -> date | None:
        """The first day on which a fine-tune of it no longer answers."""
        return (self.dates.tuned_shutdown or self.dates.shutdown) if self.dates else None

    @property
    def checked(self) -> date:
        """The day on which its oldest price was checked."""
        return min(group.checked for group in (self.base, self.tuned, self.training, self.dates) if group is not None)


@params
class PromptCache:
    """The prompt cache of a service."""

    minimum: Annotated[int, Field(ge=1)]
    """Tokens of the shortest prefix that is cached."""
    step: Annotated[int, Field(ge=1)]
    """Longer prefixes are cached in steps of so many tokens."""
    source: Source
    checked: date

    def kept(self, prefix: float) -> float:
        """Return how many of `prefix` tokens are cached."""
        return prefix // self.step * self.step if prefix >= self.minimum else 0.0


@params
class Offer:
    """A page on which a service says that it does something."""

    source: Source
    checked: date


def read_prices(path: Path = PRICES_FILE) -> dict[str, Model]:
    """Return every listed model by its name.

    Raises:
        DataError: the file is missing, a key is unknown, missing or of the wrong type, or figures contradict each other;
            every problem is listed with its line.

    """
    try:
        models = read("models", dict[str, Model], path)
    except ParamsError as error:
        raise DataError(str(error)) from None
    problems = [f"{path}:{_line(path, name)}: models.{name}: {text}" for name, model in models.items() for text in _contradictions(model)]
    if problems:
        raise DataError("\n".join(problems))
    return models


def read_caches(path: Path = PRICES_FILE) -> dict[str, PromptCache]:
    """Return the prompt caches by the service's name."""
    try:
        return read("prompt_cache", dict[str, PromptCache], path)
    except ParamsError as error:
        raise DataError(str(error)) from None


def read_preference_training(path: Path = PRICES_FILE) -> dict[str, Offer]:
    """Return the services that document training by preferences, by name."""
    try:
        return read("preferences", dict[str, Offer], path)
    except ParamsError as error:
        raise DataError(str(error)) from None


def row_of(models: Mapping[str, Model], name: str) -> str:
    """Return the listed name of the model that `name` means; empty where nobody listed it.

    `name` may be the listed name, a dated one such as `gpt-4.1-mini-2025-04-14`, or a fine-tune of either (`ft:<model>:…`).
    Another date is another model, unless what is listed is the name that moves from snapshot to snapshot.
    """
    wanted = name.split(":")[1] if name.startswith(FINE_TUNED) else name
    undated = re.sub(r"-\d{4}-\d{2}-\d{2}$", "", wanted)
    exact = (row for row, model in models.items() if wanted in {row, model.table})
    moving = (row for row, model in models.items() if row == undated and model.table in {None, row})
    return next(itertools.chain(exact, moving), "")


def listed(models: Mapping[str, Model], name: str, key: str, path: Path = PRICES_FILE) -> str:
    """Return the listed name of the model that params.yaml names under `key`.

    Raises:
        DataError: nobody listed it; says how to add it.

    """
    if row := row_of(models, name):
        return row
    raise DataError(f"{key}: {name!r} has no price; name one of {', '.join(models)}, or add it to {path} (copy an entry).")


def rates_of(models: Mapping[str, Model], name: str) -> Rates | None:
    """Return the prices of asking the model `name`, which may be a fine-tune; None if they are unknown."""
    model = models.get(row_of(models, name))
    if model is None:
        return None
    return model.tuned if name.startswith(FINE_TUNED) else model.base


def old(models: Mapping[str, Model], as_of: date) -> list[str]:
    """Return the names of the models whose prices were checked too long before `as_of`."""
    return [name for name, model in models.items() if as_of - model.checked > OLD_AFTER]


def _line(path: Path, name: str) -> int:
    """Return the line on which the entry of model `name` begins."""
    entry = re.compile(rf"\s+[\"']?{re.escape(name)}[\"']?\s*:")
    return next(number for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1) if entry.match(line))


def _contradictions(model: Model) -> Iterator[str]:
    for group, rates in (("base", model.base), ("tuned", model.tuned)):
        if rates is None:
            continue
        if rates.output < rates.input:
            yield f"{group}.output is below {group}.input, which no service does; the two may be swapped."
        for name, price, normal in (
            ("cached", rates.cached, rates.input),
            ("batch_input", rates.batch_input, rates.input),
            ("batch_output", rates.batch_output, rates.output),
        ):
            if price is not None and price > normal:
                yield f"{group}.{name} is a discount but stands above the normal price of {normal}."
    if model.tuned and model.tuned.input < model.base.input:
        yield "tuned.input is below base.input, which no service does; the two may be swapped."
    dates = model.dates
    if dates and dates.new_jobs_until and dates.new_jobs_until > max(dates.shutdown, dates.tuned_shutdown or dates.shutdown):
        yield f"dates.new_jobs_until lies after the shutdown on {dates.shutdown}."
