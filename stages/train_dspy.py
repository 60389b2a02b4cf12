"""Optimise the tutor's prompt with DSPy."""

from __future__ import annotations

if __name__ == "__main__":
    from three_tutors.pipeline.starting import start

    start("stages.train_dspy")

import contextlib
import itertools
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from pydantic import Field

from three_tutors.language_model import base
from three_tutors.openai_client.endpoint import Endpoint, Sampling, api_key
from three_tutors.openai_client.paid_replies import PaidReplies
from three_tutors.openai_server.engine import ModelFiles
from three_tutors.openai_server.serving import serving
from three_tutors.pipeline.diagnostics import ParamsError
from three_tutors.pipeline.params import params, read
from three_tutors.pipeline.records import Record, csv_text, read_jsonl, replacing, write_json, write_text
from three_tutors.prompting.adapter import AdapterName
from three_tutors.prompting.budget import Budget, Price
from three_tutors.prompting.climber import Climb, Climber, Plan, Rung
from three_tutors.prompting.meter import Meter, Model
from three_tutors.prompting.optimisers import climb, planned_calls
from three_tutors.prompting.program import TeacherStudentDialogueModel, example, speaker_of
from three_tutors.prompting.program_files import strategy_agreement, usage_record, write_program

TRAIN = Path("data/processed/dspy/train.jsonl")
VALIDATION = Path("data/processed/dspy/validation.jsonl")
BASE = Path("models/base")
OUT = Path("models/dspy")
CURVE = Path("reports/plots/dspy_curve.csv")
METRICS = Path("reports/metrics/train_dspy.json")
TIMING = Path("reports/metrics/timing_train_dspy.json")
LEDGER = Path(".cache/train_dspy/calls.jsonl")


@params
class Params:
    """Which model is prompted, how far the ladder is climbed, and what it may take."""

    optimizer: Rung
    """Last rung of the ladder: `zero_shot`, `reminded`, `redrafted`, `labelled`, `random_search`, `gepa` or `mipro`."""
    base_url: str
    """`local` (models/base, served by this stage), or the address of an OpenAI-compatible service up to and including `/v1`."""
    model: str
    """The model, as that service names it; `base` is models/base at the local one."""
    api_key_env: str
    """Name of the environment variable that holds the service's key; the local one needs none."""
    price: Price
    """What the model's tokens cost, USD per 1 million; zero for one's own."""
    reflection_model: str | None
    """Model that rewords instructions for `gepa` and `mipro`; null for the same one."""
    reflection_base_url: str | None
    """Where that one answers; null for the same address."""
    reflection_api_key_env: str | None
    """The variable that holds its key; null for the same one."""
    reflection_price: Price
    """What its tokens cost, USD per 1 million."""
    adapter: AdapterName
    """`plain` asks for the reply alone; `chat`, `json` and `xml` ask for understanding, strategy and reply, for capable models."""
    demonstrations: Annotated[list[Annotated[int, Field(ge=1, le=16)]], Field(min_length=1)]
    """Numbers of demonstrations to try, 1–16 each."""
    candidates: Annotated[int, Field(ge=1, le=64)]
    """Sets of demonstrations that random search and MIPROv2 try, 1–64."""
    bootstrapped: Annotated[int, Field(ge=1, le=16)]
    """Most demonstrations of such a set that the tutor made itself, 1–16."""
    training_turns: Annotated[int, Field(ge=1)]
    """Training turns that the tutor answers to make them, or that GEPA reflects on."""
    validation_turns: Annotated[int, Field(ge=1)]
    """Validation turns that every candidate is scored on, spread over all validation dialogues."""
    reflections: Annotated[int, Field(ge=1)]
    """Replies that GEPA may score."""
    max_tokens: Annotated[int, Field(ge=1, le=4096)]
    """Most tokens of a reply."""
    temperature: Annotated[float, Field(ge=0, le=2)]
    """0 is greedy and repeats exactly."""
    seed: Annotated[int, Field(ge=0)]
    """Which turns are taken, and in which order."""
    concurrency: Annotated[int, Field(ge=1, le=256)]
    """Requests in flight at once."""
    timeout_seconds: Annotated[float, Field(gt=0)]
    """Longest wait for one reply."""
    budget: Budget
    """What the climb may take, at most."""


def train_dspy(
    settings: Params, train: Sequence[Record], validation: Sequence[Record], *, tutor: Model, reflection: Model, meter: Meter
) -> Climb:
    """Climb the ladder and return everything that was tried on the way."""
    climber = Climber(
        plan=plan(settings),
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


def plan(settings: Params) -> Plan:
    """Return the part of the params that the ladder needs."""
    return Plan(
        optimizer=settings.optimizer,
        demonstrations=settings.demonstrations,
        candidates=settings.candidates,
        bootstrapped=settings.bootstrapped,
        training_turns=settings.training_turns,
        reflections=settings.reflections,
        threads=settings.concurrency,
        seed=settings.seed,
    )


def spread(rows: Sequence[Record], count: int, seed: int) -> list[Record]:
    """Return `count` of `rows`, in their order: as many from each dialogue as can be, which ones the seed says."""
    draw = random.Random(seed)
    by_dialogue: dict[str, list[Record]] = {}
    for row in rows:
        by_dialogue.setdefault(row["dialogue"], []).append(row)
    queues = [draw.sample(own, len(own)) for own in by_dialogue.values()]
    rounds = (queue[turn] for turn in range(len(rows)) for queue in queues if turn < len(queue))
    chosen = {row["id"] for row in itertools.islice(rounds, count)}
    return [row for row in rows if row["id"] in chosen]


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
        print(f"train_dspy: {planned_calls(plan(settings), len(validation))} calls planned; at most {settings.budget}", flush=True)
        tried = train_dspy(settings, train, validation, tutor=tutor, reflection=reflection, meter=meter)
    with replacing(OUT) as folder:
        write_program(folder, tried, validation, train)
        write_json(folder / "tutor.json", {"base_url": settings.base_url, "model": settings.model, "api_key_env": settings.api_key_env})
    write_text(CURVE, curve(tried))
    write_json(METRICS, metrics(tried, validation))
    write_json(TIMING, {"seconds": round(meter.seconds, 1), "paid_calls": meter.paid.calls})
    print(f"train_dspy: {tried.best.name} scores {tried.best.score:.3f}, zero-shot {tried.zero_shot.score:.3f}; {OUT}. {tried.stopped_by}")


def metrics(tried: Climb, validation: Sequence[Record]) -> Record:
    """Return the few figures of `reports/metrics`; how often it chose the teacher's strategy, where it says one."""
    agreement = {"zero_shot": strategy_agreement(tried.zero_shot, validation), "best": strategy_agreement(tried.best, validation)}
    return {
        "validation_zero_shot": round(tried.zero_shot.score, 4),
        "validation_best": round(tried.best.score, 4),
        "candidates": len(tried.candidates),
        **usage_record(tried.usage),
        **{f"strategy_as_intended_{which}": round(share, 4) for which, share in agreement.items() if share is not None},
    }


def curve(tried: Climb) -> str:
    """Return the candidates with their scores as CSV, in the order in which they were tried."""
    rows = ((number, one.rung, one.name, f"{one.score:.4f}") for number, one in enumerate(tried.candidates, start=1))
    return csv_text(("candidate", "rung", "name", "score"), rows)


def _remote(settings: Params, base_url: str, model: str, key: str, price: Price) -> Model:
    if settings.budget.dollars > 0 and not (price.prompt or price.completion):
        raise ParamsError(
            f"params.yaml: dspy: {model} at {base_url} has no price, so the budget of ${settings.budget.dollars:g} could not be kept; "
            "say what its tokens cost (data/raw/prices.yaml lists many), or set dspy.budget.dollars to 0 where it costs nothing."
        )
    return Model(_patient(Endpoint(base_url, model, api_key(key)), settings), f"{base_url} {model}", price)


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
