"""What each tutor costs: one bill each, from tokens, prices and assumptions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from statistics import fmean
from typing import Annotated, Literal

from pydantic import Field

from three_tutors.pipeline.params import params
from three_tutors.pipeline.records import Record
from three_tutors.pricing.break_even import Bill, months_left
from three_tutors.pricing.consumption import Talk, consumption, demonstration_tokens, training_epochs
from three_tutors.pricing.counting import Counted, counted, drawn
from three_tutors.pricing.prices import Model, PromptCache, Rates, listed
from three_tutors.pricing.tokens import training_tokens
from three_tutors.tutoring.methods import TUTORS, USUAL, Method
from three_tutors.tutoring.moment import Moment
from three_tutors.tutoring.pairs import as_chats, of_moments

MICRO = 1_000_000
Positive = Annotated[float, Field(gt=0)]


@params
class Assumptions:
    """What the estimate assumes."""

    as_of: date
    """The day of the estimate, "YYYY-MM-DD". The clock is not read, so the same inputs give the same figures."""
    model: str
    """Whose prices are compared; a name in data/raw/prices.yaml."""
    judge: str
    """The model that would read the exam's answers; a name in data/raw/prices.yaml."""
    conversations_per_month: Annotated[int, Field(ge=1)]
    """The number at which monthly bills are compared."""
    horizon_months: Positive
    """Months over which one-time costs are spread, if the model lives that long."""
    demonstrations: Annotated[int, Field(ge=0)]
    """Worked examples in the optimised prompt."""
    optimiser_calls: Annotated[int, Field(ge=0)]
    """Calls to the model in one run of the optimiser."""
    epochs: Literal["auto"] | Annotated[int, Field(ge=1, le=50)]
    """Passes over the training file; `auto` is OpenAI's default."""
    runs: Annotated[int, Field(ge=1)]
    """Paid runs of the optimiser or of training until one is kept; sweeps and failures count."""
    cache_hit_rate: Annotated[float, Field(ge=0, le=1)]
    """Share of the cacheable tokens that are found in the cache, 0–1."""
    judge_calls: Annotated[float, Field(ge=0)]
    """Calls to the judge per reply; 0 if only the rubric judges."""
    judge_prompt_tokens: Positive
    """Tokens that the judge reads per call."""
    judge_reply_tokens: Positive
    """Tokens that it writes per call, thinking included."""
    tokens_per_second: Positive
    """Reply tokens per second of one server under load, including the time to read prompts."""
    training_tokens_per_second: Positive
    """Training tokens per second on that machine."""
    price_per_hour: Positive
    """USD per hour of that machine."""
    hours_per_month: Annotated[float, Field(gt=0, le=744)]
    """Hours per month that the server runs; 730 is day and night."""
    peak: Annotated[float, Field(ge=1)]
    """Load of the busiest hour divided by the mean load; the busiest hour decides how many servers are needed."""
    writing_minutes: Annotated[float, Field(ge=0)]
    """Minutes to write one dialogue. All tutors use the same dialogues, so no break-even depends on it."""
    teacher_per_hour: Annotated[float, Field(ge=0)]
    """USD per hour of a teacher."""


@dataclass(frozen=True)
class Case:
    """Everything that the bills depend on."""

    assumed: Assumptions
    model: Model
    judge: Model
    cache: PromptCache | None
    talks: tuple[Talk, ...]
    """Every dialogue, or many of them: conversations are assumed to look like them in the mean."""
    exam: tuple[Talk, ...]
    """The held-out dialogues, or many of them."""
    dialogues: int
    """How many were written."""
    exam_dialogues: int
    """How many are held out."""
    exam_replies: int
    """How many replies that exam has."""
    training_tokens: int
    """In one epoch."""
    training_examples: int
    demonstration: float
    """Mean tokens of one worked example."""
    tutors: tuple[str, ...] = USUAL
    """Those who are billed."""
    pair_tokens: int = 0
    """Tokens of the pairs of graded replies, read once; for a tutor that learns from pairs."""

    @property
    def epochs(self) -> int:
        """Epochs that are billed."""
        return training_epochs(self.assumed.epochs, self.training_examples)

    @property
    def static(self) -> float:
        """Tokens of the demonstrations, which every request with the optimised prompt repeats."""
        return self.assumed.demonstrations * self.demonstration

    @property
    def writing(self) -> float:
        """Micro-USD for the teachers' time to write the dialogues."""
        return self.dialogues * self.assumed.writing_minutes / 60 * self.assumed.teacher_per_hour * MICRO


def case_of(assumed: Assumptions, rows: Mapping[str, Sequence[Record]], examples: Sequence[Record], models: Mapping[str, Model]) -> Case:
    """Return the case for OpenAI rows (by split) and DSPy examples of the training split, without a prompt cache.

    The models that `assumed` names are replaced by their names in data/raw/prices.yaml.

    Raises:
        DataError: a model that `assumed` names has no price.

    """
    encoding = models[listed(models, assumed.model, "estimate_costs.model")].encoding
    counts = {split: counted(some, encoding) for split, some in rows.items()}
    return case_from(assumed, counts, fmean(demonstration_tokens(example, encoding) for example in examples), models)


def case_from(assumed: Assumptions, counts: Mapping[str, Counted], demonstration: float, models: Mapping[str, Model]) -> Case:
    """Return the case for what was counted of each split, and the mean tokens of a demonstration; see `case_of`."""
    name, judge = (listed(models, getattr(assumed, key), f"estimate_costs.{key}") for key in ("model", "judge"))
    train, test = counts["train"], counts["test"]
    return Case(
        assumed=replace(assumed, model=name, judge=judge),
        model=models[name],
        judge=models[judge],
        cache=None,
        talks=drawn([one for some in counts.values() for one in some.talks]),
        exam=drawn(test.talks),
        dialogues=sum(some.dialogues for some in counts.values()),
        exam_dialogues=test.dialogues,
        exam_replies=test.replies,
        training_tokens=train.tokens,
        training_examples=train.dialogues,
        demonstration=demonstration,
    )


def pair_tokens(moments: Sequence[Moment], encoding: str) -> int:
    """Return the tokens of the pairs of graded replies to these moments, both replies with their conversations."""
    return training_tokens(as_chats(of_moments(moments)), encoding)


def bills(case: Case) -> dict[str, Bill]:
    """Return the bill of each tutor; a fine-tune is left out if training the model has no known price."""
    return {name: bill for name in case.tutors if (bill := _bill(TUTORS[name], case)) is not None}


def _bill(method: Method, case: Case) -> Bill | None:
    model = case.model
    if method.billed == "own server":
        return _own_server(method, case)
    if method.billed == "plain prompt":
        return _by_the_token(method.name, case, model.base, model.shutdown)
    if method.billed == "optimised prompt":
        return _by_the_token(method.name, case, model.base, model.shutdown, making=_optimiser(case), static=case.static)
    if model.tuned is None or model.training is None:
        return None
    making = case.training_tokens * case.epochs * model.training.price * case.assumed.runs
    bill = _by_the_token(method.name, case, model.tuned, model.tuned_shutdown, making=making)
    closed = model.dates and model.dates.new_jobs_until and model.dates.new_jobs_until < case.assumed.as_of
    return replace(bill, months=0.0) if closed else bill


def _by_the_token(tutor: str, case: Case, rates: Rates, shutdown: date | None, *, making: float = 0.0, static: float = 0.0) -> Bill:
    months = months_left(shutdown, case.assumed.as_of, case.assumed.horizon_months)
    return Bill(tutor, making, _exam(case, rates, static), conversation_cost(case, rates, static), months)


def conversation_cost(case: Case, rates: Rates, static: float = 0.0) -> float:
    """Return micro-USD for a mean conversation with `static` extra tokens in each prompt."""
    used = consumption(case.talks, case.cache if rates.cached is not None else None, static)
    return rates.cost(used.prompt, used.reply, used.keepable * case.assumed.cache_hit_rate)


def _exam(case: Case, rates: Rates, static: float = 0.0) -> float:
    """Return micro-USD for the replies to the held-out students and for judging them, at batch prices: nobody waits for them."""
    used = consumption(case.exam, static=static)
    return case.exam_dialogues * rates.offline_cost(used.prompt, used.reply) + _judging(case)


def _judging(case: Case) -> float:
    assumed = case.assumed
    return case.exam_replies * assumed.judge_calls * case.judge.base.offline_cost(assumed.judge_prompt_tokens, assumed.judge_reply_tokens)


def _optimiser(case: Case) -> float:
    """Return micro-USD for the optimiser's runs; each call is one reply with the demonstrations in its prompt."""
    used = consumption(case.talks, static=case.static)
    call = case.model.base.cost(used.prompt / used.replies, used.reply / used.replies)
    return case.assumed.optimiser_calls * case.assumed.runs * call


def making_tokens(method: Method, case: Case) -> float:
    """Return the tokens that making a tutor takes: read and written by the optimiser's calls, or read in all epochs of training."""
    if method.begins_with:  # its pairs are read in one pass, after all that was read before
        return making_tokens(TUTORS[method.begins_with], case) + case.pair_tokens
    if method.is_trained:
        return case.training_tokens * case.epochs
    used = consumption(case.talks, static=case.static)
    return case.assumed.optimiser_calls * case.assumed.runs * (used.prompt + used.reply) / used.replies


def _own_server(method: Method, case: Case) -> Bill:
    """Return the bill for a model on your own machine, which is paid by the hour and never shut down."""
    assumed = case.assumed
    second = assumed.price_per_hour * MICRO / 3600
    reply = consumption(case.talks).reply
    exam_seconds = consumption(case.exam).reply * case.exam_dialogues / assumed.tokens_per_second
    training_seconds = making_tokens(method, case) / assumed.training_tokens_per_second
    return Bill(
        tutor=method.name,
        making=training_seconds * second * assumed.runs,
        exam=exam_seconds * second + _judging(case),
        conversation=0.0,
        months=assumed.horizon_months,
        server_month=assumed.hours_per_month * 3600 * second,
        server_conversations=assumed.hours_per_month * 3600 * assumed.tokens_per_second / (reply * assumed.peak),
    )
