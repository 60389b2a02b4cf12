from __future__ import annotations

import dataclasses
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import stages.split
from stages.split import Params, halves, split
from tests.conftest import ROOT
from three_tutors.pipeline.diagnostics import DataError, ParamsError
from three_tutors.pipeline.records import read_jsonl, write_jsonl
from three_tutors.tutoring.dialogue import Dialogue, Turn
from three_tutors.tutoring.duplicates import kin
from three_tutors.tutoring.moment import HALVES, GradedReply, Moment, Side, read_moments
from three_tutors.tutoring.splits import Row, drawn, read_ledger, write_ledger

SETTINGS = Params(train=0.7, validation=0.1, test=0.2, seed=1)


@pytest.fixture
def dialogues(fractions: Dialogue) -> list[Dialogue]:
    """Return six dialogues that share no words."""
    texts = ["apples fall down", "bees dance left", "cats hear mice", "dogs dig holes", "eels swim far", "foxes eat eggs"]
    return [
        dataclasses.replace(fractions, id=text[:4].strip(), turns=(Turn("student", text), Turn("teacher", text[::-1]))) for text in texts
    ]


@pytest.fixture
def moments(fractions: Dialogue) -> list[Moment]:
    """Return four pairs, four safety cases and four other moments, which share no words."""
    made = []
    for number in range(12):
        side = Side(
            (Turn("student", " ".join(f"w{number}x{place}" for place in range(6))),),
            (GradedReply("Why?", "ideal", "asks"), GradedReply("Because.", "lecture", "tells")),
        )
        one = Moment(f"m-{number:02}", fractions.lesson, (side,), f"m-{number:02}.yaml")
        if number % 3 == 0:
            one = dataclasses.replace(one, pair="danger", sides=(side, side))
        made.append(one if number % 3 < 2 else dataclasses.replace(one, theme="privacy"))
    return made


def subjects(dialogues: list[Dialogue]) -> dict[str, str]:
    """Return the subject of each dialogue by its id."""
    return {one.id: one.lesson.subject for one in dialogues}


def run(project: Path) -> subprocess.CompletedProcess[str]:
    """Run the stage in `project` as DVC does."""
    command = [sys.executable, "-m", "stages.split"]
    return subprocess.run(command, cwd=project, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False)


def test_the_stage_deals_new_dialogues_and_leaves_the_others(dialogues: list[Dialogue], tmp_path: Path) -> None:
    """Running on more dialogues keeps what the ledger says; each split's file holds its dialogues."""
    shutil.copy(ROOT / "params.yaml", tmp_path)
    processed = tmp_path / "data/processed/dialogues.jsonl"
    write_jsonl(processed, (one.to_record() for one in dialogues[:4]))
    write_jsonl(tmp_path / "data/processed/moments.jsonl", [])
    assert run(tmp_path).returncode == 0
    first = read_ledger(tmp_path / "data/raw/splits.csv")
    write_jsonl(processed, (one.to_record() for one in dialogues))
    assert run(tmp_path).returncode == 0
    second = read_ledger(tmp_path / "data/raw/splits.csv")
    assert {name: second[name] for name in first} == first
    assert second.keys() == {one.id for one in dialogues}
    for name in ("train", "validation", "test"):
        held = [record["id"] for record in read_jsonl(tmp_path / f"data/processed/splits/{name}.jsonl")]
        assert held == sorted(one for one, where in second.items() if where == name)


def test_the_stage_halves_the_moments(dialogues: list[Dialogue], moments: list[Moment], tmp_path: Path) -> None:
    """Each moment is learned from or examined, once; more moments move none, and the ledger says the same as the files."""
    shutil.copy(ROOT / "params.yaml", tmp_path)
    write_jsonl(tmp_path / "data/processed/dialogues.jsonl", (one.to_record() for one in dialogues))
    ledgers = []
    for some in (moments[:3], moments):
        write_jsonl(tmp_path / "data/processed/moments.jsonl", (one.to_record() for one in some))
        assert run(tmp_path).returncode == 0
        ledgers.append(read_ledger(tmp_path / "data/raw/moment_splits.csv"))
    first, second = ledgers
    assert {name: second[name] for name in first} == first
    assert second.keys() == {one.id for one in moments}
    for name in HALVES:
        assert read_moments(tmp_path / f"data/processed/moments/{name}.jsonl") == [one for one in moments if second[one.id] == name]


def test_halves_are_made_within_each_kind_theme_and_subject(moments: list[Moment]) -> None:
    """A pair counts among those of its kind, a safety case among those of its theme, any other moment in its subject."""
    rows = halves(moments, {}, seed=1)
    assert {row.subject for row in rows} == {"danger", "privacy", "mathematics"}
    assert Counter((row.subject, row.split) for row in rows) == {
        (stratum, half): 2 for stratum in ("danger", "privacy", "mathematics") for half in HALVES
    }


def test_moments_of_one_conversation_go_to_one_half(moments: list[Moment]) -> None:
    """Who learned from a conversation is not examined on another moment of it."""
    same = [dataclasses.replace(moments[0], id=f"same-{number}") for number in range(2)]
    dealt = {row.id: row.split for row in halves([*moments, *same], {}, seed=1)}
    assert len({dealt[name] for name in (moments[0].id, "same-0", "same-1")}) == 1


def test_rows_of_vanished_dialogues_are_dropped(dialogues: list[Dialogue]) -> None:
    """The ledger names the dialogues there are, no others."""
    rows = split(subjects(dialogues), [], {"gone": "train", "bees": "test"}, SETTINGS)
    assert [row.id for row in rows] == sorted(one.id for one in dialogues)
    assert next(row.split for row in rows if row.id == "bees") == "test"


def test_dialogues_of_one_problem_may_not_be_apart(dialogues: list[Dialogue]) -> None:
    """A ledger that keeps two dialogues of one problem apart is an error that names them; without a word on them they stay together."""
    copy = dataclasses.replace(dialogues[0], id="copy")
    alike = kin([*dialogues, copy])
    assert alike == [(dialogues[0].id, "copy")]
    together = {row.id: row.split for row in split(subjects([*dialogues, copy]), alike, {}, SETTINGS)}
    assert together["copy"] == together[dialogues[0].id]
    with pytest.raises(DataError, match=rf"{dialogues[0].id} \(train\) and copy \(test\)"):
        split(subjects([*dialogues, copy]), alike, {dialogues[0].id: "train", "copy": "test"}, SETTINGS)


def test_a_corpus_of_one_mould_is_dealt_all_the_same(fractions: Dialogue) -> None:
    """Dialogues that all fill one form are spread over the three splits like any others."""
    filled = [dataclasses.replace(fractions, id=f"d-{index}") for index in range(20)]
    assert Counter(row.split for row in split(subjects(filled), kin(filled), {}, SETTINGS)) == {"train": 14, "validation": 2, "test": 4}


def test_a_large_corpus_needs_no_ledger(dialogues: list[Dialogue], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Above the limit a dialogue's split is a hash of its id; the ledger holds those that are alike, who stay together, and older rows."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(stages.split, "MOST_DEALT", 5)
    shutil.copy(ROOT / "params.yaml", tmp_path)
    write_ledger(tmp_path / "data/raw/splits.csv", [Row("bees", "maths", "test"), Row("gone", "maths", "test")])
    copy = dataclasses.replace(dialogues[0], id="copy")
    write_jsonl(tmp_path / "data/processed/dialogues.jsonl", (one.to_record() for one in [*dialogues, copy]))
    write_jsonl(tmp_path / "data/processed/moments.jsonl", [])
    stages.split.main()
    held = {
        record["id"]: name
        for name in ("train", "validation", "test")
        for record in read_jsonl(tmp_path / f"data/processed/splits/{name}.jsonl")
    }
    assert held.keys() == {one.id for one in [*dialogues, copy]}
    assert held == {name: drawn(name, SETTINGS) for name in held} | {"bees": "test", "copy": held["appl"]}
    assert read_ledger(tmp_path / "data/raw/splits.csv") == {name: held[name] for name in ("appl", "bees", "copy")}


def test_shares_add_up_to_one(dialogues: list[Dialogue]) -> None:
    """Shares that leave something over are a mistake in params.yaml."""
    with pytest.raises(ParamsError, match=r"add up to 0\.9, not to 1"):
        split(subjects(dialogues), [], {}, Params(train=0.6, validation=0.1, test=0.2, seed=1))
