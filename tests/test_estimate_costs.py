"""The estimate is whole micro-USD, the same each time, and complete."""

from __future__ import annotations

import csv
import io
import json
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from stages.estimate_costs import CURVE, CURVE_POINTS, DSPY, METRICS, OPENAI, OUT, Params, curve, estimate_costs, main, metrics
from three_tutors.pipeline.params import read
from three_tutors.pipeline.records import Record, write_jsonl
from three_tutors.pricing.costs import Case, case_of
from three_tutors.pricing.prices import PRICES_FILE, read_caches, read_prices
from three_tutors.pricing.tokens import training_tokens
from three_tutors.tutoring.dialogue import Dialogue
from three_tutors.tutoring.formats import dspy_rows, openai_row


@pytest.fixture
def case(fractions: Dialogue, root: Path) -> Case:
    """Return the case of three dialogues with the committed prices and assumptions."""
    assumed = read("estimate_costs", Params, root / "params.yaml")
    rows = {"train": [openai_row(fractions)], "validation": [openai_row(fractions)], "test": [openai_row(fractions)]}
    return case_of(assumed, rows, dspy_rows(fractions), read_prices(root / PRICES_FILE))


def estimate(case: Case, root: Path) -> Record:
    """Return the estimate with the committed prices and no second table."""
    return estimate_costs(case, read_prices(root / PRICES_FILE), read_caches(root / PRICES_FILE), {})


def test_a_dated_name_is_the_listed_model(case: Case, fractions: Dialogue, root: Path) -> None:
    """Whoever names the snapshot gets the figures of the model as it is listed, under its listed name."""
    dated = replace(case.assumed, model="gpt-4.1-mini-2025-04-14", judge="gpt-5-mini-2025-08-07")
    rows = {key: [openai_row(fractions)] for key in ("train", "validation", "test")}
    assert case_of(dated, rows, dspy_rows(fractions), read_prices(root / PRICES_FILE)) == case


def numbers(value: Any) -> list[int | float]:
    """Return every number in a JSON value."""
    if isinstance(value, dict):
        return [number for inner in value.values() for number in numbers(inner)]
    if isinstance(value, list):
        return [number for inner in value for number in numbers(inner)]
    return [value] if isinstance(value, int | float) else []


def test_money_is_whole_micro_usd(case: Case, root: Path) -> None:
    """DVC rounds small fractions to nothing, so metrics hold integers only and few of them."""
    figures = numbers(metrics(estimate(case, root)))
    assert {type(figure) for figure in figures} == {int}
    assert len(figures) <= 10


def test_every_listed_model_has_a_row(case: Case, root: Path) -> None:
    """Training and conversations are priced for each model; what cannot be had is `None`, never zero."""
    models = read_prices(root / PRICES_FILE)
    rows = {row["name"]: row for row in estimate(case, root)["models"]}
    assert list(rows) == list(models)
    assert {name for name, row in rows.items() if row["training"] is None} == {name for name, model in models.items() if not model.training}
    assert {name for name, row in rows.items() if not all(row["conversation"].values())} == set()


def test_the_curve_has_a_column_a_tutor(case: Case, root: Path) -> None:
    """`dvc plots` reads dollars a month for each tutor, in the order of all reports."""
    rows = list(csv.DictReader(io.StringIO(curve(estimate(case, root)))))
    assert list(rows[0]) == ["conversations", "baseline", "dspy", "openai", "lora"]
    assert [int(row["conversations"]) for row in rows] == list(CURVE_POINTS)


def test_the_same_inputs_give_the_same_estimate_on_any_day(case: Case, root: Path) -> None:
    """No clock is read: the day is an assumption, and the estimate is JSON without a NaN."""
    first, second = (json.dumps(estimate(case, root), sort_keys=True, allow_nan=False) for _ in range(2))
    assert first == second


def test_old_prices_are_named(case: Case, root: Path) -> None:
    """More than ninety days after a check the model's name stands among the old ones."""
    later = replace(case, assumed=replace(case.assumed, as_of=date(2099, 1, 1)))
    assert estimate(later, root)["prices"]["old"] == list(read_prices(root / PRICES_FILE))


def test_a_model_that_is_gone_still_gives_an_estimate(case: Case, root: Path) -> None:
    """After the shutdown there are no monthly bills for it, its break-evens are over, and nothing fails."""
    later = estimate(replace(case, assumed=replace(case.assumed, as_of=date(2099, 1, 1))), root)
    assert [later["bills"][name]["monthly"] is None for name in ("baseline", "dspy", "openai", "lora")] == [True, True, True, False]
    assert {even["outcome"] for even in later["break_even"] if even["challenger"] == "openai"} == {"over"}
    assert later["sensitivity"] == []


def test_the_stage_writes_what_it_found(fractions: Dialogue, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From rendered files, prices and params the stage makes its three outputs, and makes the same ones again."""
    for split in ("train", "validation", "test"):
        write_jsonl(tmp_path / OPENAI / f"{split}.jsonl", [openai_row(fractions)] * 12)
    write_jsonl(tmp_path / DSPY / "train.jsonl", dspy_rows(fractions))
    (tmp_path / "data/raw").mkdir()
    for path in (PRICES_FILE, Path("params.yaml")):
        shutil.copy(root / path, tmp_path / path)
    monkeypatch.chdir(tmp_path)
    written = []
    for _ in range(2):
        main()
        written.append([path.read_bytes() for path in (OUT, METRICS, CURVE)])
    assert written[0] == written[1]
    assert json.loads(written[0][1])["training_tokens"] == training_tokens([openai_row(fractions)] * 12)
