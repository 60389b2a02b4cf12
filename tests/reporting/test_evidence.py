"""What a run left is read as it is; what is missing is named, what is broken is refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests import small_run
from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.records import write_jsonl
from three_tutors.reporting.evidence import gather


def test_tutors_come_in_the_order_of_all_tables(tmp_path: Path) -> None:
    """The reference closes the list."""
    assert gather(small_run.write_run(tmp_path)).tutors == ["baseline", "dspy", "openai", "lora", "reference"]


def test_answers_without_scores_are_missing_scores(tmp_path: Path) -> None:
    """A tutor that was asked and not scored is named, and its answers can still be read."""
    root = small_run.write_run(tmp_path)
    (root / "data/processed/scores/openai.jsonl").unlink()
    evidence = gather(root)
    assert "The answers of openai were not scored: run `dvc repro evaluate@openai`." in evidence.missing
    assert ("openai" in evidence.tutors, "openai" in evidence.answers) == (False, True)


def test_a_cut_answer_file_is_refused(tmp_path: Path) -> None:
    """Half a file is no evidence."""
    root = small_run.write_run(tmp_path)
    path = root / "data/processed/answers/lora/answers.jsonl"
    path.write_text("".join(path.read_text(encoding="utf-8").splitlines(keepends=True)[:-2]), encoding="utf-8")
    with pytest.raises(DataError, match="ends after 30 of 32 answers"):
        gather(root)


def test_a_run_without_curves_and_program_is_a_run(tmp_path: Path) -> None:
    """Pictures and prompts that were not made are simply not shown."""
    root = small_run.write_run(tmp_path)
    for folder in ("reports", "models"):
        shutil.rmtree(root / folder)
    evidence = gather(root)
    assert (evidence.optimisation, evidence.plots, evidence.metrics) == (None, {}, {})


def test_preferences_of_people_are_counted(tmp_path: Path) -> None:
    """What the chat page wrote in blind mode is tallied by tutor."""
    root = small_run.write_run(tmp_path)
    row = {"day": "2026-11-22", "subject": "physics", "grade": 9, "shown": ["lora", "dspy"], "preferred": "lora", "versions": ["a", "b"]}
    write_jsonl(root / "data/raw/preferences.jsonl", [{"id": "1", **row}, {"id": "2", **row}])
    assert [(one.tutor, one.shown, one.preferred) for one in gather(root).preferences] == [("dspy", 2, 0), ("lora", 2, 2)]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('"leak":', '"leek":', "holds scores that are not known: leek"),
        ('"length":{"value":', '"length":{"weight":', "length is neither a value with a reason nor unscored with one"),
    ],
)
def test_scores_that_no_one_declares_are_refused(tmp_path: Path, old: str, new: str, expected: str) -> None:
    """A file of another version names its line and what to run, instead of losing a column."""
    root = small_run.write_run(tmp_path)
    path = root / "data/processed/scores/lora.jsonl"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(DataError, match=rf"lora\.jsonl:1: {expected}; run `dvc repro evaluate@lora`"):
        gather(root)
