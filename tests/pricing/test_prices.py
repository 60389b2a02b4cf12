"""Prices are read strictly, checked for sense, and beside litellm's table."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pricing.price_table import differences, litellm_table
from three_tutors.pricing.prices import PRICES_FILE, PromptCache, Rates, listed, old, rates_of, read_caches, read_prices, row_of

ENTRY = """\
prompt_cache: {}
models:
  small:
    service: Somewhere
    encoding: o200k_base
    base:
      input: 0.40
      cached: 0.10
      output: 1.60
      batch_input: 0.20
      batch_output: 0.80
      source: https://example.org/prices
      checked: 2026-11-22
    dates:
      new_jobs_until: 2027-01-06
      shutdown: 2027-01-14
      source: https://example.org/dates
      checked: 2026-11-01
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a price file with one model."""
    file = tmp_path / "prices.yaml"
    file.write_text(ENTRY, encoding="utf-8")
    return file


def test_the_committed_prices_agree_with_litellm(root: Path) -> None:
    """Every figure and date that litellm's table has too is the same there."""
    models = read_prices(root / PRICES_FILE)
    table = litellm_table()
    assert {name for name, model in models.items() if model.table not in table} == set()
    assert differences(models, table) == []


def test_every_service_that_sells_cached_input_says_how_it_caches(root: Path) -> None:
    """A price of cached input without the rule of its cache could not be used."""
    services = {model.service for model in read_prices(root / PRICES_FILE).values() if model.base.cached}
    assert services == set(read_caches(root / PRICES_FILE))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("input: 0.40\n", "input: cheap\n", r":7: models\.small\.base\.input: input should be a valid number"),
        ("input: 0.40\n", "input: 4000\n", r":7: models\.small\.base\.input: input should be less than or equal to 1000"),
        ("      output: 1.60\n", "", r":6: models\.small\.base\.output: is missing"),
        ("cached: 0.10", "chached: 0.10", r":8: models\.small\.base\.chached: is not a known key"),
        ("cached: 0.10", "cached: 0.50", r":3: models\.small: base\.cached is a discount but stands above"),
        ("output: 1.60", "output: 0.20", r":3: models\.small: base\.output is below base\.input"),
        ("https://example.org/prices", "my memory", r":12: models\.small\.base\.source: string should match"),
        ("2027-01-06", "2028-01-06", r":3: models\.small: dates\.new_jobs_until lies after the shutdown on 2027-01-14"),
        ("checked: 2026-11-22", "checked: soon", r":13: models\.small\.base\.checked: "),
        ("    encoding", "    service: Twice\n    encoding", r":5:5: not valid YAML: found duplicate key"),
    ],
)
def test_a_price_that_makes_no_sense_is_an_error_with_its_line(path: Path, before: str, after: str, expected: str) -> None:
    """Slips of type, unit, order, source and date each name the place and what is wrong."""
    path.write_text(ENTRY.replace(before, after), encoding="utf-8")
    with pytest.raises(DataError, match=expected):
        read_prices(path)


def test_an_unknown_model_is_an_error_that_says_how_to_add_it(path: Path) -> None:
    """A name in params.yaml without a price names the known ones and the file."""
    with pytest.raises(DataError, match=r"estimate_costs\.model: 'huge' has no price; name one of small, or add it to .*copy an entry"):
        listed(read_prices(path), "huge", "estimate_costs.model", path)


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("gpt-4.1-mini", "gpt-4.1-mini"),
        ("gpt-4.1-mini-2025-04-14", "gpt-4.1-mini"),
        ("ft:gpt-4.1-mini-2025-04-14:school::abc", "gpt-4.1-mini"),
        ("azure/gpt-4.1-2025-04-14", "azure/gpt-4.1"),
        ("gpt-5-mini-2025-08-07", "gpt-5-mini"),
        ("gpt-4o-2024-05-13", ""),
        ("gpt-4.1-micro", ""),
        ("ft:", ""),
        ("", ""),
    ],
)
def test_every_way_to_name_a_model_finds_its_row(name: str, row: str, root: Path) -> None:
    """The listed name, its dated one and a fine-tune of it are one model; another snapshot of a dated model is another model."""
    models = read_prices(root / PRICES_FILE)
    assert row_of(models, name) == row
    expected = None if not row else models[row].tuned if name.startswith("ft:") else models[row].base
    assert rates_of(models, name) == expected


def test_a_model_is_as_old_as_its_oldest_price(path: Path) -> None:
    """Ninety days after the oldest of its checks, and not a day before, a model's prices are old."""
    models = read_prices(path)
    assert [old(models, date(2027, 1, 30)), old(models, date(2027, 1, 31))] == [[], ["small"]]


def test_a_difference_to_litellm_is_a_sentence(path: Path) -> None:
    """A price or date that litellm has otherwise is named with both figures."""
    path.write_text(ENTRY.replace("    encoding", "    table: row\n    encoding"), encoding="utf-8")
    row = {"input_cost_per_token": 5e-07, "output_cost_per_token": 1.6e-06, "deprecation_date": "2027-02-01"}
    assert differences(read_prices(path), {"row": row}) == [
        "small: base.input is 0.4 here and 0.5 in litellm's table.",
        "small: base stops on 2027-01-14 here and on 2027-02-01 in litellm's table.",
    ]


def test_cached_input_costs_less_and_nothing_where_there_is_no_cache(path: Path) -> None:
    """2,000 static and 500 new tokens with a reply of 150 cost $1.24 per 1,000 calls uncached and $0.64 cached."""
    rates = read_prices(path)["small"].base
    assert [round(rates.cost(2500, 150)), round(rates.cost(2500, 150, cached=2000)), rates.offline_cost(1000, 100)] == [1240, 640, 280]
    plain = Rates(input=1.0, output=2.0, source="https://example.org", checked=date(2026, 1, 1))
    assert [plain.cost(10, 5, cached=8), plain.offline_cost(10, 5)] == [20, 20]


@pytest.mark.parametrize(("prefix", "kept"), [(1023, 0), (1024, 1024), (1151, 1024), (1152, 1152)])
def test_a_prompt_cache_keeps_long_prefixes_in_steps(prefix: int, kept: int) -> None:
    """Shorter than the minimum nothing is kept; above it, whole steps."""
    cache = PromptCache(minimum=1024, step=128, source="https://example.org", checked=date(2026, 1, 1))
    assert cache.kept(prefix) == kept
