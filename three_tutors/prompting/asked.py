"""The models that prompt optimisation asks: the one whose prompt is optimised, and the one that rewords instructions."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from pydantic import Field

from three_tutors.openai_client.addresses import BaseUrl, listed
from three_tutors.openai_client.endpoint import Endpoint, api_key
from three_tutors.openai_client.paid_replies import identity
from three_tutors.pipeline.diagnostics import ParamsError
from three_tutors.pipeline.params import params
from three_tutors.prompting.budget import Budget, Price
from three_tutors.prompting.meter import Model
from three_tutors.prompting.plan import Plan


@params
class Asked(Plan):
    """Which models are asked, and what that may take; how far the climb goes is said by `Plan`."""

    base_url: BaseUrl
    """`local` (models/base, served by the stage), or the address of an OpenAI-compatible service up to and including `/v1`, or several."""
    model: str
    """The model, as that service names it; `base` is models/base at the local one."""
    api_key_env: str
    """Name of the environment variable that holds the service's key; the local one needs none."""
    price: Price
    """What the model's tokens cost, USD per 1 million; zero for one's own."""
    reflection_model: str | None
    """Model that rewords instructions for `gepa` and `mipro`; null for the same one."""
    reflection_base_url: BaseUrl | None
    """Where that one answers; null for the same address."""
    reflection_api_key_env: str | None
    """The variable that holds its key; null for the same one."""
    reflection_price: Price
    """What its tokens cost, USD per 1 million."""
    timeout_seconds: Annotated[float, Field(gt=0)]
    """Longest wait for one reply."""
    budget: Budget
    """What the climb may take, at most."""


def asked_models(settings: Asked, local: Model | None = None) -> tuple[Model, Model]:
    """Return the model that is prompted, which is `local` where there is one, and the one that reflects.

    Raises:
        ParamsError: a model has no price though the budget is in dollars, or a second local one is asked for.

    """
    tutor = local or _remote(settings, settings.base_url, settings.model, settings.api_key_env, settings.price)
    tutor = _patient(tutor, settings)
    if settings.reflection_model is None and settings.reflection_base_url is None:
        return tutor, tutor
    address = settings.reflection_base_url or settings.base_url
    if address == "local":
        raise ParamsError("params.yaml: dspy.reflection_model: the local service has one model; name dspy.reflection_base_url too.")
    key = settings.reflection_api_key_env or settings.api_key_env
    reflection = _remote(settings, address, settings.reflection_model or settings.model, key, settings.reflection_price)
    return tutor, _patient(reflection, settings)


def _remote(settings: Asked, base_url: BaseUrl, model: str, key: str, price: Price) -> Model:
    urls = listed(base_url)
    if settings.budget.dollars > 0 and not (price.prompt or price.completion):
        raise ParamsError(
            f"params.yaml: dspy: {model} at {urls[0]} has no price, so the budget of ${settings.budget.dollars:g} could not be kept; "
            "say what its tokens cost (data/raw/prices.yaml lists many), or set dspy.budget.dollars to 0 where it costs nothing."
        )
    return Model(Endpoint(urls[0], model, api_key(key), others=urls[1:]), identity(urls, model), price)


def _patient(model: Model, settings: Asked) -> Model:
    return replace(model, endpoint=replace(model.endpoint, timeout_seconds=settings.timeout_seconds, concurrency=settings.concurrency))
