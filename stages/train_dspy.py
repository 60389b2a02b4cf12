"""Optimise the tutor's prompt with DSPy."""

from __future__ import annotations

if __name__ == "__main__":
    from three_tutors.pipeline.starting import start

    start("stages.train_dspy")

import contextlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field

from three_tutors.language_model import base
from three_tutors.openai_client.endpoint import Sampling
from three_tutors.openai_client.paid_replies import PaidReplies
from three_tutors.openai_server.engine import ModelFiles
from three_tutors.openai_server.serving import serving
from three_tutors.pipeline.params import params, read
from three_tutors.pipeline.records import Record, read_jsonl, replacing, write_json, write_text
from three_tutors.prompting.adapter import AdapterName
from three_tutors.prompting.asked import Asked, asked_models
from three_tutors.prompting.climber import Climb, Climber
from three_tutors.prompting.examples import example, speaker_of, spread
from three_tutors.prompting.meter import Meter, Model
from three_tutors.prompting.optimisers import climb, planned_calls
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
class Params(Asked):
    """How replies are asked for; `Asked` says which models are asked, `Plan` how far the climb goes."""

    adapter: AdapterName
    """`plain` asks for the reply alone; `chat`, `json` and `xml` ask for understanding, strategy and reply, for capable models."""
    validation_turns: Annotated[int, Field(ge=1)]
    """Validation turns that every candidate is scored on, spread over all validation dialogues."""
    max_tokens: Annotated[int, Field(ge=1, le=4096)]
    """Most tokens of a reply."""
    temperature: Annotated[float, Field(ge=0, le=2)]
    """0 is greedy and repeats exactly."""


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
            yield asked_models(settings, Model(server.endpoint(identity), identity, settings.price))
    else:
        yield asked_models(settings)


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
