"""The floor says which scores a trick can win."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests import small_run
from three_tutors.pipeline.records import write_jsonl
from three_tutors.scoring.replied import Replied
from three_tutors.scoring.score import Score
from three_tutors.scoring.scores import MEASURES
from three_tutors.trust import floor as module
from three_tutors.trust.floor import floor, table

HELD_OUT = small_run.dialogues()


def test_a_score_that_a_template_wins_does_not_tell_teaching() -> None:
    """The rubric pays a bot at least half of what it pays the teachers."""
    found = floor(HELD_OUT, HELD_OUT)["score"]
    assert found.best > found.teachers / 2
    assert (found.tells, bool(found.example)) == (False, True)


@pytest.mark.parametrize(("better", "teachers", "others"), [("higher", 1.0, 0.4), ("lower", 0.0, 0.6)])
def test_a_score_that_only_the_teachers_get_tells(monkeypatch: pytest.MonkeyPatch, better: str, teachers: float, others: float) -> None:
    """Tricks get at most half of it, in whichever direction is better."""
    own = [
        replace(one, turns=tuple(replace(turn, text=f"{turn.text} Think of {one.id}, turn {at}.") for at, turn in enumerate(one.turns)))
        for one in HELD_OUT
    ]

    def said_by_the_teacher(one: Replied) -> Score:
        return Score(teachers if one.reference and one.reply == one.reference.text else others, "")

    monkeypatch.setattr(module, "MEASURES", {"score": replace(MEASURES["score"], better=better, of=said_by_the_teacher)})
    found = floor(own, own)["score"]
    assert found.tells
    assert (found.teachers, found.best, found.shuffled) == pytest.approx((teachers, others, others))


def test_scores_that_only_describe_have_no_floor() -> None:
    """Neither has one that compares with the teacher's words, or that asks the tutor's model."""
    assert {"words", "reading_level", "chrf", "nll"}.isdisjoint(floor(HELD_OUT, HELD_OUT))


def test_the_command_prints_a_table_and_json(tmp_path: Path) -> None:
    """A person and a program read the same figures."""
    for split in ("train", "test"):
        write_jsonl(tmp_path / f"data/processed/splits/{split}.jsonl", (one.to_record() for one in HELD_OUT))
    command = [sys.executable, "-m", "three_tutors.trust.floor"]
    environment = {"PYTHONPATH": str(Path(__file__).parents[2])}
    shown, read = (
        subprocess.run([*command, *words], capture_output=True, text=True, check=True, cwd=tmp_path, env=environment).stdout
        for words in ([], ["--json"])
    )
    assert "tells teaching from tricks" in shown
    assert json.loads(read)["score"]["tells"] is False
    assert shown.strip() == table(floor(HELD_OUT, HELD_OUT))
