"""Bills follow from tokens, prices and assumptions."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pricing.break_even import break_even
from three_tutors.pricing.consumption import Exchange, Talk, consumption
from three_tutors.pricing.costs import Assumptions, Case, bills, case_of, conversation_cost
from three_tutors.pricing.prices import Dates, Model, PromptCache, Rates, Training
from three_tutors.pricing.sensitivity import difference, tornado
from three_tutors.tutoring.dialogue import Dialogue
from three_tutors.tutoring.formats import dspy_rows, openai_row

CHECKED = {"source": "https://example.org/prices", "checked": date(2026, 11, 22)}
ASSUMED = Assumptions(
    as_of=date(2026, 11, 22),
    model="small",
    judge="small",
    conversations_per_month=1000,
    horizon_months=24,
    demonstrations=4,
    optimiser_calls=100,
    epochs="auto",
    runs=2,
    cache_hit_rate=0.0,
    judge_calls=1,
    judge_prompt_tokens=800,
    judge_reply_tokens=100,
    tokens_per_second=100,
    training_tokens_per_second=500,
    price_per_hour=0.1,
    hours_per_month=100,
    peak=4,
    writing_minutes=30,
    teacher_per_hour=40,
)
MODEL = Model(
    service="Somewhere",
    encoding="o200k_base",
    base=Rates(input=0.4, cached=0.1, output=1.6, batch_input=0.2, batch_output=0.8, **CHECKED),
    tuned=Rates(input=0.8, cached=0.2, output=3.2, **CHECKED),
    training=Training(price=5.0, **CHECKED),
    dates=Dates(shutdown=date(2027, 11, 22), **CHECKED),
)
CACHE = PromptCache(minimum=1024, step=128, **CHECKED)


@pytest.fixture
def make_case() -> Callable[..., Case]:
    """Return a maker of cases of three equal talks; its arguments change assumptions."""

    def make(model: Model = MODEL, **changes: Any) -> Case:
        one = Talk(100, (Exchange(30, 40, 44),) * 3)
        return Case(
            assumed=replace(ASSUMED, **changes),
            model=model,
            judge=MODEL,
            cache=CACHE,
            talks=(one, one, one),
            exam=(one,),
            dialogues=3,
            exam_dialogues=1,
            exam_replies=3,
            training_tokens=1000,
            training_examples=40,
            demonstration=500.0,
        )

    return make


def test_the_case_is_what_the_renderer_wrote(fractions: Dialogue) -> None:
    """Rows become talks split by split; the exam is the test split, and writing is paid by the dialogue."""
    rows = {"train": [openai_row(fractions)] * 2, "validation": [], "test": [openai_row(fractions)]}
    case = case_of(ASSUMED, rows, dspy_rows(fractions), {"small": MODEL})
    assert [len(case.talks), len(case.exam), case.training_examples, case.epochs] == [3, 1, 2, 25]
    assert case.writing == 3 * 0.5 * 40 * 1e6


def test_an_unknown_judge_is_an_error_that_names_its_key(fractions: Dialogue) -> None:
    """A judge without a price stops the estimate, and says which key of params.yaml to mend."""
    with pytest.raises(DataError, match=r"estimate_costs\.judge: 'oracle' has no price"):
        case_of(replace(ASSUMED, judge="oracle"), {"train": [openai_row(fractions)], "test": []}, dspy_rows(fractions), {"small": MODEL})


def test_a_conversation_is_billed_by_the_token(make_case: Callable[..., Case]) -> None:
    """Three requests of 133, 207 and 281 tokens and three replies of 40 cost what the price list says."""
    made = bills(make_case())
    assert made["baseline"].conversation == pytest.approx(621 * 0.4 + 120 * 1.6)
    assert made["openai"].conversation == pytest.approx(621 * 0.8 + 120 * 3.2)
    assert made["dspy"].conversation == pytest.approx((621 + 3 * 2000) * 0.4 + 120 * 1.6)


def test_making_is_paid_for_every_run(make_case: Callable[..., Case]) -> None:
    """Training pays tokens × epochs × price × runs, the optimiser its calls, the own machine its hours."""
    made = bills(make_case())
    assert made["openai"].making == pytest.approx(1000 * 3 * 5.0 * 2)
    assert made["dspy"].making == pytest.approx(100 * 2 * (2207 * 0.4 + 40 * 1.6))
    assert made["lora"].making == pytest.approx(1000 * 3 / 500 / 3600 * 0.1 * 1e6 * 2)
    assert made["baseline"].making == 0


def test_the_exam_is_answered_and_judged_at_batch_prices(make_case: Callable[..., Case]) -> None:
    """Nobody waits for the exam: half price for the answers and for three verdicts; no judge, no verdicts."""
    answers, verdicts = 621 * 0.2 + 120 * 0.8, 3 * (800 * 0.2 + 100 * 0.8)
    assert bills(make_case())["baseline"].exam == pytest.approx(answers + verdicts)
    assert bills(make_case(judge_calls=0))["baseline"].exam == pytest.approx(answers)


def test_a_full_cache_flips_the_answer(make_case: Callable[..., Case]) -> None:
    """Without cache the fine-tune pays off against the long prompt; when all that can be is found again, it never does."""
    cases = [make_case(demonstrations=3, optimiser_calls=0, cache_hit_rate=rate) for rate in (0.0, 1.0)]
    assert [break_even(made["openai"], made["dspy"]).outcome for made in map(bills, cases)] == ["reached", "never"]


def test_cached_tokens_are_those_the_cache_can_keep(make_case: Callable[..., Case]) -> None:
    """The hit rate counts on keepable tokens only, and the short plain prompt is never kept."""
    case = make_case(cache_hit_rate=0.5)
    kept = consumption(case.talks, CACHE, case.static).keepable
    saved = conversation_cost(replace(case, cache=None), MODEL.base, case.static) - conversation_cost(case, MODEL.base, case.static)
    assert saved == pytest.approx(kept * 0.5 * 0.3)
    assert conversation_cost(case, MODEL.base) == conversation_cost(replace(case, cache=None), MODEL.base)


def test_an_own_server_carries_what_its_busiest_hour_allows(make_case: Callable[..., Case]) -> None:
    """100 hours at 100 tokens a second and a peak of four carry 75,000 conversations of 120 tokens."""
    lora = bills(make_case())["lora"]
    assert [lora.server_conversations, lora.server_month, lora.conversation, lora.months] == [pytest.approx(75_000), 10e6, 0, 24]


@pytest.mark.parametrize(
    ("dates", "months"),
    [
        ({"shutdown": date(2026, 11, 22)}, 0),
        ({"shutdown": date(2026, 11, 22), "tuned_shutdown": date(2027, 11, 22)}, 12),
        ({"shutdown": date(2027, 11, 22), "new_jobs_until": date(2026, 11, 21)}, 0),
        ({"shutdown": date(2027, 11, 22), "new_jobs_until": date(2026, 11, 22)}, 12),
    ],
)
def test_a_fine_tune_lives_by_its_own_dates(make_case: Callable[..., Case], dates: dict[str, date], months: int) -> None:
    """It ends with its model unless its own date says otherwise, and begins only while jobs can be started."""
    case = make_case(replace(MODEL, dates=Dates(**dates, **CHECKED)))
    assert round(bills(case)["openai"].months) == months


def test_a_model_without_a_training_price_has_no_fine_tune(make_case: Callable[..., Case]) -> None:
    """What nobody could read a price for is left out rather than guessed."""
    assert list(bills(make_case(replace(MODEL, training=None)))) == ["baseline", "dspy", "lora"]


def test_the_tornado_starts_with_what_moves_most(make_case: Callable[..., Case]) -> None:
    """Swings fall, each end is what the estimate says with that value, and what moves nothing is left out."""
    case = make_case()
    swings = tornado(case, "openai", "dspy")
    assert [swing.size for swing in swings] == sorted((swing.size for swing in swings), reverse=True)
    runs = next(swing for swing in swings if swing.assumption == "runs")
    assert (runs.low, runs.high) == ("1", "4")
    assert runs.at_high == difference(make_case(runs=4), "openai", "dspy")
    assert {"peak", "price_per_hour", "tokens_per_second"} & {swing.assumption for swing in swings} == set()


def test_a_model_that_is_gone_has_no_finite_month(make_case: Callable[..., Case]) -> None:
    """What was paid for a model that answers nobody cannot be spread over months."""
    gone = bills(make_case(replace(MODEL, dates=Dates(shutdown=date(2026, 1, 1), **CHECKED))))
    assert {name: math.isfinite(bill.monthly(10)) for name, bill in gone.items()} == {
        "baseline": False,
        "dspy": False,
        "openai": False,
        "lora": True,
    }
