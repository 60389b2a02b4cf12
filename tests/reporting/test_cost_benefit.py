"""The report on money says what its figures say, and turns round when they do."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from stages.estimate_costs import Params, estimate_costs
from three_tutors.pipeline.params import read
from three_tutors.pipeline.records import Record
from three_tutors.pricing.costs import case_of
from three_tutors.pricing.prices import PRICES_FILE, read_caches, read_prices
from three_tutors.reporting.cost_benefit import about_usd, break_even_point, cost_benefit, rounded, usd
from three_tutors.reporting.cost_figures import cost_figures
from three_tutors.reporting.kept_program import KeptProgram, with_kept_program
from three_tutors.tutoring.dialogue import Dialogue
from three_tutors.tutoring.formats import dspy_rows, openai_row

Estimate = Callable[..., Record]


@pytest.fixture
def estimate(fractions: Dialogue, root: Path) -> Estimate:
    """Return a maker of estimates from the committed prices; its arguments change assumptions."""
    models, caches = read_prices(root / PRICES_FILE), read_caches(root / PRICES_FILE)
    committed = read("estimate_costs", Params, root / "params.yaml")
    rows = {split: [openai_row(fractions)] * 20 for split in ("train", "validation", "test")}

    def make(**changes: Any) -> Record:
        assumed = replace(committed, **{"model": "gpt-4.1-mini", "as_of": date(2026, 11, 22), **changes})
        case = case_of(assumed, rows, dspy_rows(fractions), models)
        return estimate_costs(replace(case, cache=caches.get(case.model.service)), models, caches, {})

    return make


def changed(costs: Record, path: str, value: Any) -> Record:
    """Return a copy of an estimate with one figure changed; list items are found by their number."""
    copied = copy.deepcopy(costs)
    *way, last = path.split(".")
    place: Any = copied
    for key in way:
        place = place[int(key)] if isinstance(place, list) else place[key]
    place[last] = value
    return copied


def against_dspy(costs: Record) -> int:
    """Return the place of the break-even of the fine-tune with the optimised prompt."""
    return next(n for n, one in enumerate(costs["break_even"]) if (one["challenger"], one["incumbent"]) == ("openai", "dspy"))


@pytest.mark.parametrize(
    ("outcome", "conversations", "sentence"),
    [
        ("reached", 5000, "breaks even at about 5,000 conversations a month**; at 1,000 conversations it does not pay"),
        ("reached", 500, "breaks even at about 500 conversations a month**, so at 1,000 conversations it pays"),
        ("never", None, "fine-tuning **never breaks even**"),
        ("always", None, "fine-tuning is cheaper **from the first conversation** on"),
        ("small", None, "fine-tuning is cheaper **only for few conversations**"),
    ],
)
def test_the_break_even_sentence_follows_the_figure(estimate: Estimate, outcome: str, conversations: int | None, sentence: str) -> None:
    """The same report says that fine-tuning pays, does not pay yet, never pays or always does."""
    costs = estimate(conversations_per_month=1000)
    costs["break_even"][against_dspy(costs)] |= {"outcome": outcome, "conversations": conversations}
    assert sentence in cost_benefit(costs)


def test_the_cheapest_is_whoever_costs_least(estimate: Estimate) -> None:
    """When another tutor's bill falls below all, the first sentence names that one."""
    costs = estimate()
    assert "**baseline (plain prompt)** is cheapest" in cost_benefit(costs)
    assert "**lora (own server)** is cheapest at 0.03 USD" in cost_benefit(changed(costs, "bills.lora.monthly", 30_000))


def test_after_the_shutdown_the_report_says_so(estimate: Estimate) -> None:
    """A model that answers nobody has no monthly bill and no fine-tuning, and the reader learns what to do."""
    text = cost_benefit(estimate(as_of=date(2027, 2, 1)))
    assert "gpt-4.1-mini no longer exists: it was shut down on 2027-01-14." in text
    assert "Fine-tuning gpt-4.1-mini is **over**: the model stopped on 2027-01-14." in text
    assert "breaks even at" not in text


def test_after_the_last_job_fine_tuning_is_over_though_the_model_lives(estimate: Estimate) -> None:
    """Between the last day for jobs and the shutdown the reason is the former."""
    assert "no new job could be started after 2027-01-06." in cost_benefit(estimate(as_of=date(2027, 1, 10)))


def test_old_prices_are_a_warning_and_fresh_ones_are_not(estimate: Estimate) -> None:
    """Ninety days after the check the report warns; before, it says until when it may be used."""
    assert "Warning" not in cost_benefit(estimate())
    assert "check the prices again before you use this page after 2027-02-20" in cost_benefit(estimate())
    assert "were checked more than 90 days before 2027-03-01" in cost_benefit(estimate(as_of=date(2027, 3, 1)))


def test_a_difference_to_litellm_is_shown(estimate: Estimate) -> None:
    """A second reading that disagrees is counted on top and quoted below."""
    costs = changed(estimate(), "prices.differences", ["gpt-4.1: base.input is 2 here and 3 in litellm's table."])
    text = cost_benefit(costs)
    assert "1 price or date differs" in text
    assert "- gpt-4.1: base.input is 2 here and 3 in litellm's table." in text


def test_a_cache_that_saves_nothing_is_not_praised(estimate: Estimate) -> None:
    """With long prompts the saving is named, without hits or without worked examples it is not."""
    assert "With a prompt cache that finds 50 % of what can be cached" in cost_benefit(estimate(demonstrations=30, cache_hit_rate=0.5))
    assert "The estimate assumes no prompt cache." in cost_benefit(estimate(demonstrations=30, cache_hit_rate=0.0))
    assert "A prompt cache saves nothing here" in cost_benefit(estimate(demonstrations=0, cache_hit_rate=0.5))


def test_a_slower_machine_than_assumed_is_told(estimate: Estimate) -> None:
    """The assumed speed of the server is held against the one that the run measured; unmeasured, nothing is said of it."""
    costs = estimate(tokens_per_second=300)
    slow, quick, near = (cost_benefit(costs, measured=speed) for speed in (150.0, 600.0, 310.0))
    assert "300 reply tokens a second under load; lora wrote 150 in the last run." in slow
    assert "one server would handle only 50 % of the conversations assumed here" in slow
    assert "The estimate is cautious." in quick
    assert ("would handle" in near, "is cautious" in near, "lora wrote" in cost_benefit(costs)) == (False, False, False)


def test_what_the_money_buys_follows_the_tests(estimate: Estimate) -> None:
    """Only a tutor that a test shows to be better is named with what it costs more; a higher share alone buys nothing."""
    costs = estimate()
    shares = {"baseline": 0.4, "dspy": 0.7, "openai": 0.6, "lora": None}
    won, level = cost_benefit(costs, shares, better=["dspy"]), cost_benefit(costs, shares)
    assert re.search(r"dspy \(optimised prompt\) is shown to be better than the baseline in contrast, by 30 points, for .+ USD more", won)
    assert "openai (fine-tune) is shown to be better" not in won
    assert "is shown to be better than the baseline in contrast, by" not in level
    assert "so nothing shows that the money bought teaching" in level
    assert "| 70 % |" not in won, "a share of this run's model stands beside another model's price"
    nothing = cost_benefit(costs)
    assert "Nothing that could show teaching was measured" in nothing
    assert "money bought" not in nothing


def test_people_are_dearer_only_where_they_are(estimate: Estimate) -> None:
    """The sentence about teachers' time stands while a year of the dearest tutor costs less than writing did."""
    assert "People cost more than machines" in cost_benefit(estimate(writing_minutes=6000))
    assert "People cost more than machines" not in cost_benefit(estimate(writing_minutes=1))
    assert "teachers' time" not in cost_benefit(estimate(writing_minutes=0))


def test_a_model_without_training_price_still_has_a_report(estimate: Estimate) -> None:
    """Where a fine-tune cannot be priced the report says that, compares the others and shows no empty column."""
    text = cost_benefit(estimate(model="gpt-5-mini"))
    assert "Whether fine-tuning gpt-5-mini pays cannot be said" in text
    assert "| openai (fine-tune) |" not in text


def test_no_figure_of_money_is_typed_by_hand(root: Path) -> None:
    """The template holds no amount, date or count of its own; 1,000 conversations are a unit and 90 days a rule."""
    source = (root / "three_tutors/reporting/templates/cost_benefit.md.jinja").read_text(encoding="utf-8")
    prose = re.sub(r"\{[{%#].*?[}%#]\}", "", source, flags=re.DOTALL)
    assert set(re.findall(r"\d[\d.,]*", prose)) <= {"1,000", "90"}


def test_every_table_row_has_the_columns_of_its_head(estimate: Estimate) -> None:
    """A Markdown reader shows every table whole."""
    for table in re.findall(r"(?:^\|.*\n)+", cost_benefit(estimate(), {"baseline": 0.4, "dspy": 0.7}), flags=re.MULTILINE):
        widths = {len(re.split(r"(?<!\\)\|", row)) for row in table.strip().splitlines()}
        assert len(widths) == 1, table


def test_figures_are_pictures_with_words_and_repeat(estimate: Estimate) -> None:
    """Each picture is well-formed SVG, says in words what it shows, and comes out the same twice."""
    costs = estimate()
    figures = cost_figures(costs)
    assert [figure.name for figure in figures] == ["cost_curve", "cost_tornado_openai_dspy", "cost_tornado_lora_dspy"]
    assert figures == cost_figures(costs)
    assert {ET.fromstring(figure.svg).tag for figure in figures} == {"{http://www.w3.org/2000/svg}svg"}  # noqa: S314 - our own
    assert "lora 73.00 USD" in figures[0].alt


def test_a_model_that_is_gone_is_not_drawn(estimate: Estimate) -> None:
    """After the shutdown the curve shows the own server alone and no tornado."""
    figures = cost_figures(estimate(as_of=date(2027, 2, 1)))
    assert [figure.name for figure in figures] == ["cost_curve"]
    assert "baseline" not in figures[0].alt.split("Break-even")[0]


@pytest.mark.parametrize(
    ("micro", "text"),
    [
        (0, "0.00 USD"), (4_000, "under 0.01 USD"), (5_000, "0.01 USD"), (2_592_000, "2.59 USD"),
        (-960_000, "−0.96 USD"), (1_234_500_000, "1,234 USD"), (None, "–"),
    ],
)  # fmt: skip
def test_amounts_read_as_money(micro: int | None, text: str) -> None:
    """Cents up to a hundred dollars, whole dollars above, and nothing small is shown as nothing."""
    assert usd(micro) == text


@pytest.mark.parametrize(
    ("micro", "text"),
    [(4_112_345_678, "4,100 USD"), (73_014_000, "73 USD"), (3_640_000, "3.6 USD"), (980_000, "0.98 USD"), (998_000, "1.0 USD"),
     (134_000, "0.13 USD"), (14_000, "0.01 USD"), (1_000, "under 0.01 USD"), (-2_080_000, "−2.1 USD"), (0, "0.00 USD"), (None, "–")],
)  # fmt: skip
def test_who_decides_gets_two_digits(micro: int | None, text: str) -> None:
    """A sum that was estimated is not told to the cent."""
    assert about_usd(micro) == text


@pytest.mark.parametrize(("value", "shown"), [(7, 7), (94, 94), (101, 110), (1_293, 1_300), (77_171, 78_000)])
def test_a_point_is_shown_with_two_figures(value: int, shown: int) -> None:
    """An estimate pretends no more precision than it has, and rounds to the side where the claim holds."""
    even = {"outcome": "reached", "conversations": value}
    assert (rounded(value), break_even_point(even)) == (shown, f"{shown:,} a month")


def test_never_breaks_even_is_said_of_the_kept_prompt(estimate: Estimate) -> None:
    """The sentence names the prompt that was kept, and not the assumed one, and turns round with its drafts."""
    costs = estimate(conversations_per_month=1000)
    once, often = (cost_benefit(with_kept_program(costs, KeptProgram(0, 0, drafts))) for drafts in (1.0, 9.0))
    assert "Compared with the prompt that was kept, fine-tuning **never breaks even**" in once
    assert "never breaks even" not in often
    assert "as long as the plain one, no worked example, 1.0 drafts a reply" in once
    assert "the prompt that `params.yaml` assumes (4 worked examples), not with the kept one" in once
    assert "prompt that was kept" not in cost_benefit(costs)
