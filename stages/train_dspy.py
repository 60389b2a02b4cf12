"""Optimise the tutor's prompt with DSPy."""

from __future__ import annotations

if __name__ == "__main__":
    from three_tutors.pipeline.starting import start

    start("stages.train_dspy")

import contextlib
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from pydantic import Field

from three_tutors.language_model import base
from three_tutors.openai_client.addresses import BaseUrl, listed
from three_tutors.openai_client.endpoint import Endpoint, Sampling, api_key
from three_tutors.openai_client.paid_replies import PaidReplies, identity
from three_tutors.openai_server.engine import ModelFiles
from three_tutors.openai_server.serving import serving
from three_tutors.pipeline.diagnostics import ParamsError
from three_tutors.pipeline.params import params, read
from three_tutors.pipeline.records import Record, read_jsonl, replacing, write_json, write_text
from three_tutors.prompting.adapter import AdapterName
from three_tutors.prompting.budget import Budget, Price
from three_tutors.prompting.climber import Climb, Climber
from three_tutors.prompting.examples import example, speaker_of, spread
from three_tutors.prompting.meter import Meter, Model
from three_tutors.prompting.optimisers import climb, planned_calls
from three_tutors.prompting.plan import Plan
from three_tutors.prompting.program import TeacherStudentDialogueModel
from three_tutors.prompting.program_files import curve, metrics, write_program

TRAIN = Path("data/processed/dspy/train.jsonl")
VALIDATION = Path("data/processed/dspy/validation.jsonl")
BASE = Path("models/base")
OUT = Path("models/dspy")
CURVE = Path("reports/plots/dspy_curve.csv")
METRICS = Path("reports/metrics/train_dspy.json")
TIMING = Path("reports/metrics/timing_train_dspy.json")
LEDGER = Path(".cache/train_dspy/calls.jsonl")


@params
class Params(Plan):
    """Which model is prompted and what the climb may take; how far it goes is said by `Plan`."""

    base_url: BaseUrl
    """`local` (models/base, served by this stage), or the address of an OpenAI-compatible service up to and including `/v1`, or several."""
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
    adapter: AdapterName
    """`plain` asks for the reply alone; `chat`, `json` and `xml` ask for understanding, strategy and reply, for capable models."""
    validation_turns: Annotated[int, Field(ge=1)]
    """Validation turns that every candidate is scored on, spread over all validation dialogues."""
    max_tokens: Annotated[int, Field(ge=1, le=4096)]
    """Most tokens of a reply."""
    temperature: Annotated[float, Field(ge=0, le=2)]
    """0 is greedy and repeats exactly."""
    timeout_seconds: Annotated[float, Field(gt=0)]
    """Longest wait for one reply."""
    budget: Budget
    """What the climb may take, at most."""


def train_dspy(
    settings: Params, train: Sequence[Record], validation: Sequence[Record], *, tutor: Model, reflection: Model, meter: Meter
) -> Climb:
    """Climb the ladder and return everything that was tried on the way."""
    climber = Climber(
        plan=settings,
        train=[example(row) for row in train],
        validation=[example(row) for row in validation],
        start=TeacherStudentDialogueModel(settings.adapter, speaker_of(train[0]["frame"])),
        tutor=tutor,
        reflector=reflection,
        sampling=Sampling(settings.max_tokens, settings.temperature, settings.seed),
        meter=meter,
    )
    out = sys.stdout  # DSPy's own prints are kept off it while we climb
    return climb(climber, say=lambda line: print(line, file=out, flush=True))


@contextlib.contextmanager
def models(settings: Params) -> Iterator[tuple[Model, Model]]:
    """Yield the model that is prompted and the one that reflects; the local one is served as long as the block lasts."""
    if settings.base_url == "local":
        identity = f"local-{base.description(BASE)['digest']}"
        with serving({identity: ModelFiles(BASE)}) as server:
            tutor = Model(_patient(server.endpoint(identity), settings), identity, settings.price)
            yield tutor, _reflection(settings, tutor)
    else:
        tutor = _remote(settings, settings.base_url, settings.model, settings.api_key_env, settings.price)
        yield tutor, _reflection(settings, tutor)


def main() -> None:
    """Read params and examples, say what it may take, climb, write the program and how it was found."""
    settings = read("dspy", Params)
    train, validation = read_jsonl(TRAIN), spread(read_jsonl(VALIDATION), settings.validation_turns, settings.seed)
    with models(settings) as (tutor, reflection):
        meter = Meter(PaidReplies(LEDGER), settings.budget)
        print(f"train_dspy: {planned_calls(settings, len(validation))} calls planned; at most {settings.budget}", flush=True)
        tried = train_dspy(settings, train, validation, tutor=tutor, reflection=reflection, meter=meter)
    with replacing(OUT) as folder:
        write_program(folder, tried, validation, train)
        write_json(folder / "tutor.json", {"base_url": settings.base_url, "model": settings.model, "api_key_env": settings.api_key_env})
    write_text(CURVE, curve(tried))
    write_json(METRICS, metrics(tried, validation))
    write_json(TIMING, {"seconds": round(meter.seconds, 1), "paid_calls": meter.paid.calls})
    print(f"train_dspy: {tried.best.name} scores {tried.best.score:.3f}, zero-shot {tried.zero_shot.score:.3f}; {OUT}. {tried.stopped_by}")
    for remark in tutor.endpoint.remarks(meter.estimated):
        print(f"train_dspy: {remark}")


def _remote(settings: Params, base_url: BaseUrl, model: str, key: str, price: Price) -> Model:
    urls = listed(base_url)
    if settings.budget.dollars > 0 and not (price.prompt or price.completion):
        raise ParamsError(
            f"params.yaml: dspy: {model} at {urls[0]} has no price, so the budget of ${settings.budget.dollars:g} could not be kept; "
            "say what its tokens cost (data/raw/prices.yaml lists many), or set dspy.budget.dollars to 0 where it costs nothing."
        )
    return Model(_patient(Endpoint(urls[0], model, api_key(key), others=urls[1:]), settings), identity(urls, model), price)


def _reflection(settings: Params, tutor: Model) -> Model:
    if settings.reflection_model is None and settings.reflection_base_url is None:
        return tutor
    address = settings.reflection_base_url or settings.base_url
    if address == "local":
        raise ParamsError("params.yaml: dspy.reflection_model: the local service has one model; name dspy.reflection_base_url too.")
    key = settings.reflection_api_key_env or settings.api_key_env
    return _remote(settings, address, settings.reflection_model or settings.model, key, settings.reflection_price)


def _patient(endpoint: Endpoint, settings: Params) -> Endpoint:
    return replace(endpoint, timeout_seconds=settings.timeout_seconds, concurrency=settings.concurrency)
