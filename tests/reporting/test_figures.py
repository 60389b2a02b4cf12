"""Pictures are the same bytes for the same data and carry their words."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import small_run
from three_tutors.reporting.data_figures import coverage, moves
from three_tutors.reporting.evidence import gather
from three_tutors.reporting.exam import exam_of
from three_tutors.reporting.pictures import pictures
from three_tutors.reporting.scorecard import findings_of
from three_tutors.reporting.training import curves, loss_figure, overfitted


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
