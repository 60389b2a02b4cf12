"""Fine-tune a tutor through the OpenAI fine-tuning protocol."""

from __future__ import annotations

if __name__ == "__main__":
    from three_tutors.pipeline.starting import start

    start("stages.train_openai")

import json
import time
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from three_tutors.language_model import base
from three_tutors.openai_client import outputs as job_outputs
from three_tutors.openai_client.endpoint import api_key
from three_tutors.openai_client.orders import Done, Ledger, Method, Order, Patience, fine_tune
from three_tutors.openai_client.service import Dialect, JobService
from three_tutors.openai_server.hyperparameters import rate_of_job
from three_tutors.openai_server.trainer import forget, local_trainer, remote_trainer
from three_tutors.pipeline.diagnostics import DataError, ParamsError
from three_tutors.pipeline.params import params, read
from three_tutors.pipeline.records import read_jsonl, write_json, write_text
from three_tutors.pricing import spending
from three_tutors.pricing.consumption import training_epochs
from three_tutors.pricing.prices import read_preference_training, read_prices, row_of
from three_tutors.tutoring.pairs import as_chats

TRAIN = Path("data/processed/openai/train.jsonl")
VALIDATION = Path("data/processed/openai/validation.jsonl")
PAIRS = Path("data/processed/pairs")
BASE = Path("models/base")
OUT = Path("models/openai")
CURVE = Path("reports/plots/openai_curve.csv")
METRICS = Path("reports/metrics/train_openai.json")
TIMING = Path("reports/metrics/timing_train_openai.json")
LEDGER = Path(".cache/train_openai")

Auto = Literal["auto"]


@params
class Params:
    """The service that trains, what it trains, and what it may cost."""

    base_url: str
    """`local`, or the address of a service up to and including `/v1`."""
    model: str
    """Model to fine-tune, as the service names it; `base` at the local one is models/base."""
    api_key_env: str
    """Name of the environment variable that holds the key; the local service needs none."""
    dialect: Dialect
    """What differs between services: `openai` (also local), `azure` or `nebius`."""
    answer_model: str | None
    """Id under which the tuned model answers, where it is not the job's (Azure: the deployment's name)."""
    n_epochs: Annotated[int, Field(ge=1, le=50)] | Auto
    """Times the training file is learned, 1–50, or `auto`."""
    batch_size: Annotated[int, Field(ge=1, le=256)] | Auto
    """Dialogues a step, 1–256, or `auto`."""
    learning_rate_multiplier: Annotated[float, Field(gt=0)] | Auto
    """Factor on the service's own learning rate, above 0, or `auto`, which is 1 here: the local service's own rate follows the base
    (`language_model/rate.py`). Nebius takes it as the rate itself."""
    extra_hyperparameters: dict[str, int | float | bool | str]
    """What one service has beside the protocol's; `{lora: true, lora_r: 16}` trains an adapter here and at Nebius. Of `dpo`: `beta`."""
    suffix: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
    """Part of the tuned model's name, 1–40 letters, digits, `-` and `_`."""
    seed: Annotated[int, Field(ge=0, lt=2**31)]
    """Seed of the job."""
    max_cost_usd: Annotated[float, Field(ge=0)]
    """Most that training may cost, in USD, by the estimate; 0 never spends anything."""
    price: str | None
    """Row of data/raw/prices.yaml to estimate with; null for the one named like the model."""
    poll_seconds: Annotated[float, Field(gt=0)]
    """Time between two looks at the job."""
    deadline_minutes: Annotated[float, Field(gt=0)]
    """How long one run waits for the job; the next run goes on waiting."""
    method: Method = "supervised"
    """`dpo` learns from the pairs that `python -m three_tutors.language_model.pairing` wrote; name an earlier fine-tune as `model`."""

    @property
    def files(self) -> tuple[Path, Path]:
        """What is sent to learn from, and to validate with."""
        return (TRAIN, VALIDATION) if self.method == "supervised" else (PAIRS / "train.service.jsonl", PAIRS / "validation.service.jsonl")


def train_openai(service: JobService, order: Order, ledger: Ledger, patience: Patience) -> Done:
    """Have `order` trained by `service`; an interrupted order is gone on with, never given twice."""
    return fine_tune(service, order, ledger, patience, lambda news: print(f"train_openai: {news}", flush=True))


def make_order(settings: Params) -> Order:
    """Return what is to be trained; the local service is told apart by its base, so that another base is another order.

    Raises:
        DataError: there are no pairs yet.

    """
    train, validation = settings.files
    if settings.method == "dpo" and not train.exists():
        raise DataError(f"There is no {train}; run `python -m three_tutors.language_model.pairing`, which writes pairs.")
    given = {name: getattr(settings, name) for name in ("n_epochs", "batch_size", "learning_rate_multiplier")}
    hyperparameters: dict[str, Any] = {**given, **settings.extra_hyperparameters}
    place = f"local {base.description(BASE)['digest']}" if settings.base_url == "local" else settings.base_url
    contents = train.read_bytes(), validation.read_bytes()
    return Order(place, settings.model, *contents, hyperparameters, settings.suffix, settings.seed, settings.method)


def hired(settings: Params, order: Order, ledger: Ledger) -> JobService:
    """Return the remote service; where nothing was ordered yet, first say what would leave the machine and what it would cost.

    Raises:
        ParamsError: the cost was not allowed, the service does not train so, or there is no key.

    """
    service = JobService(settings.base_url, api_key(settings.api_key_env), settings.api_key_env, settings.dialect)
    if ledger.entry.get("job"):
        return service
    train, validation = settings.files
    rows = read_jsonl(train)
    epochs = training_epochs(settings.n_epochs, len(rows))
    prices = read_prices()
    price = prices.get(row_of(prices, settings.price or settings.model))
    if settings.method == "dpo" and price and price.service not in read_preference_training():
        raise ParamsError(
            f"openai.method: data/raw/prices.yaml knows of no training by preferences at {price.service}; nothing was sent. "
            "Take `supervised`, or add the page on which the service offers it."
        )
    guess = spending.estimate(rows if settings.method == "supervised" else as_chats(rows), epochs, price)
    files = {str(train): len(order.training), str(validation): len(order.validation)}
    print(spending.announcement(settings.base_url, settings.model, files, guess), flush=True)
    spending.check_allowed(guess, settings.max_cost_usd)
    return service


def main() -> None:
    """Order the training, wait for it, keep what came out."""
    settings = read("openai", Params)
    order, local = make_order(settings), settings.base_url == "local"
    ledger = Ledger(LEDGER / f"{order.key}.json")
    started = time.perf_counter()
    with local_trainer(ledger, settings.model, BASE) if local else remote_trainer(hired(settings, order, ledger)) as (service, weights):
        done = train_openai(service, order, ledger, Patience(settings.poll_seconds, settings.deadline_minutes * 60))
        tuned = settings.answer_model or done.job.get("fine_tuned_model")
        kept = job_outputs.timeless(done) if local else done
        tutor = {"base_url": settings.base_url, "model": tuned, "api_key_env": None if local else settings.api_key_env}
        job_outputs.write_tutor(OUT, kept, tutor, weights(str(done.job.get("fine_tuned_model"))))
    figures = job_outputs.metrics(kept, job_outputs.curve(kept))
    if local:
        figures["learning_rate"] = rate_of_job(kept.job, BASE)
    write_text(CURVE, job_outputs.curve_csv(job_outputs.curve(kept)))
    write_json(METRICS, figures)
    write_json(TIMING, {"seconds": round(time.perf_counter() - started, 1)})
    if local:
        forget(ledger)
    print(f"train_openai: {json.dumps(figures)}, in {OUT}")
