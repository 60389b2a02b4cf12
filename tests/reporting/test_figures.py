"""Pictures are the same bytes for the same data and carry their words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests import small_run
from three_tutors.reporting.data_figures import coverage, moves
from three_tutors.reporting.evidence import gather
from three_tutors.reporting.exam import exam_of
from three_tutors.reporting.figures import ranges, share_bars
from three_tutors.reporting.pictures import pictures
from three_tutors.reporting.scorecard import findings_of
from three_tutors.reporting.svg import Scale
from three_tutors.reporting.training import curves, loss_figure, overfitted
from three_tutors.scoring.statistics import Interval


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a finished small run."""
    return small_run.write_run(tmp_path_factory.mktemp("run"))


def test_every_picture_says_in_words_what_it_shows(run: Path) -> None:
    """The alternative text names the tutors and their values."""
    evidence = gather(run)
    alts = {figure.name: figure.alt for figure in pictures(evidence, findings_of(evidence), exam_of(evidence))}
    assert sorted(alts) == ["differences", "exam", "leaks_by_turn", "learning_curves", "lengths", "scores"] + [
        f"strategies_{tutor}" for tutor in ("baseline", "dspy", "lora", "openai", "reference")
    ]
    assert "dspy 0 %" in alts["scores"]
    assert "baseline: 100 % at turn 1 (of 2) and 100 % at turn 2 (of 2)." in alts["leaks_by_turn"]
    assert "openai, validation: starts at 3.20 and ends at 2.50." in alts["learning_curves"]


def test_coverage_names_what_is_not_there() -> None:
    """An empty cell of subject and age is said, not only left white."""
    assert "There is none for history in grades 1–4" in coverage(small_run.dialogues(5)).alt


def test_moves_count_the_answers_to_each_kind_of_turn() -> None:
    """The words count teacher turns after student turns."""
    assert "after a turn that is wrong, most often socratic questioning (5 of 5)" in moves(small_run.dialogues(5)).alt


def test_a_curve_leaves_out_what_was_not_measured() -> None:
    """Validation is measured at some steps only; the empty cells are no zeros."""
    rows = [{"step": "1", "train_loss": "3.0", "valid_loss": ""}, {"step": "2", "train_loss": "2.0", "valid_loss": "2.5"}]
    assert [(curve.what, curve.points) for curve in curves({"lora_curve": rows})] == [
        ("training", [(1.0, 3.0), (2.0, 2.0)]),
        ("validation", [(2.0, 2.5)]),
    ]
    assert loss_figure({}) is None


def test_a_rising_validation_loss_is_overfitting() -> None:
    """Only a loss that ended clearly above its lowest point counts."""
    rising = [{"step": str(step), "valid_loss": str(loss)} for step, loss in enumerate((3.0, 2.0, 2.3))]
    level = [{"step": str(step), "valid_loss": str(loss)} for step, loss in enumerate((3.0, 2.0, 2.01))]
    assert overfitted({"lora_curve": rising, "openai_curve": level}) == ["lora"]


def test_no_line_crosses_a_label() -> None:
    """The lines of the teachers and of the best bot stop where a tutor's name stands, and each has its own name beside it."""
    bars = [(name, "method", "#000000", Interval(share, None, None)) for name, share in (("One", 0.1), ("Two", 0.4))]
    svg = share_bars(bars, [("human teachers", 0.8), ("best bot", 0.04)], "words")
    labels = [float(y) for y in re.findall(r'<text x="2.0%" y="(\d+)"', svg)]
    lines = [(float(top), float(bottom)) for top, bottom in re.findall(r'y1="(\d+)" y2="(\d+)" [^>]*stroke-dasharray="5 3"', svg)]
    assert (len(labels), len(lines)) == (2, 6)
    assert [line for line in lines for y in labels if line[0] < y and line[1] > y - 10] == []
    assert {"human teachers 80 %", "best bot 4 %"} <= set(re.findall(r">([^<]+)</text>", svg))


@pytest.mark.parametrize(("value", "beyond"), [(0.5, "start"), (1.0, "end"), (-0.5, "end"), (-1.0, "start")])
def test_the_name_of_a_range_stands_beside_its_bar(value: float, beyond: str) -> None:
    """It stands beyond the bar's end, or on the other side where the picture ends there; never on the bar."""
    svg = ranges([("hours", (value, "twice"), (0.0, "none"))], 0.0, Scale(-1, 1, str), "words")
    start, wide = map(float, re.search(r'<rect x="([\d.]+)%" y="\d+" width="([\d.]+)%"', svg).groups())  # type: ignore[union-attr]
    x, anchor = re.search(r'<text x="([\d.]+)%"[^>]*?font-size="11"( text-anchor="end")?>twice', svg).groups()  # type: ignore[union-attr]
    assert ("end" if anchor else "start") == beyond
    assert float(x) < start if anchor else float(x) > start + wide
