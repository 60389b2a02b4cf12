"""The floor says which scores a trick can win."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path

import pytest

from tests import small_run
from three_tutors.checking.gate import check
from three_tutors.checking.inspecting import Limits
from three_tutors.pipeline.records import write_jsonl
from three_tutors.scoring.contrast import of_replies
from three_tutors.scoring.replied import Replied, of_side
from three_tutors.scoring.score import Score
from three_tutors.scoring.scores import MEASURES
from three_tutors.trust import floor as module
from three_tutors.trust.floor import CONTRAST, Floor, contrast_floor, floor, table
from three_tutors.tutoring.moment import PAIR_KINDS, Moment

ROOT = Path(__file__).parents[2]
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


@cache
def own_pairs() -> tuple[Moment, ...]:
    """Return the project's own contrast pairs."""
    limits = Limits(max_turns=100, max_words=1000, near_duplicate=1)
    return tuple(moment for moment in check([ROOT / "data/raw/moments"], limits).moments if moment.pair)


@cache
def own_floor() -> Mapping[str, Floor]:
    """Return the floor under the project's own contrast pairs."""
    return contrast_floor(own_pairs(), HELD_OUT)


def test_teachers_win_the_contrast_pairs_and_tricks_do_not() -> None:
    """Ideal replies count in four pairs of five, no bot's in one of twenty, and shuffled ones in less than half as many."""
    found = own_floor()
    assert set(found) == {"", *PAIR_KINDS}
    assert found[""].teachers >= 0.8
    for kind, one in found.items():
        assert one.teachers >= 0.65, kind
        assert one.best <= 0.05, (kind, one.best_bot)
        assert one.shuffled <= one.teachers / 2, kind


def test_every_ideal_reply_counts_and_not_the_first_alone() -> None:
    """Each ideal reply to one side is paired with each to the other."""
    won: list[float] = []
    for first, second in product((0, 1), repeat=2):
        said = [
            of_side(moment, side, f"{name}#1", [one.reply for one in side.replies if one.kind == "ideal"][number])
            for moment in own_pairs()
            for (name, side), number in zip(moment.items(), (first, second), strict=True)
        ]
        won.append(of_replies(said).shares[""].value)
    assert sum(won) / len(won) >= 0.8


def test_contrast_pairs_are_a_line_of_the_table() -> None:
    """It is told like the scores, under a name of its own."""
    assert table({CONTRAST: own_floor()[""]}).splitlines()[1].startswith("Contrast pairs  0.")
