"""Dialogues that say only what they must go through every light stage, and the reports say what could not be computed."""

from __future__ import annotations

import gc
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stages import estimate_costs, evaluate, render, report, split, validate
from tests.conftest import ROOT
from three_tutors.authoring import difference
from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.records import read_json, read_jsonl

TALKS = {
    "pumps": ("the pump sucks the water up right?", "What pushes on the water outside?", "um the air maybe", "How could air push?"),
    "seasons": ("in summer we are closer", "In which month are we closest?", "no clue. july?", "It is January. And your idea?"),
    "levers": ("heavier kid always goes down", "Where could a light kid sit?", "at the end?", "Try two coins and a ruler."),
    "shadows": ("my shadow was tiny at lunch", "Where was the sun at lunch?", "above me kinda", "So which way does it fall?"),
    "magnets": ("magnets pull all metal", "Which coins have you tried?", "none yet lol", "Sort five things from home first."),
}
Change = Callable[[int, dict[str, Any]], None]


def leave(_: int, __: dict[str, Any]) -> None:
    """Leave a dialogue with what it must say."""


def write_project(folder: Path, change: Change = leave) -> None:
    """Write five dialogues with nothing but their required keys, `change`d one by one, no scenario and no moment."""
    for name in ("params.yaml", "data/raw/prices.yaml"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    lines = []
    for number, (name, said) in enumerate(TALKS.items()):
        turns: list[dict[str, Any]] = [{("student", "teacher")[index % 2]: text} for index, text in enumerate(said)]
        head = {"id": name, "subject": "physics", "grade": 9, "topic": f"About {name}", "objective": f"Explain {name}."}
        written = head | {"turns": turns}
        change(number, written)
        lines.append(json.dumps(written))
    for name in ("dialogues", "scenarios", "moments"):
        (folder / "data/raw" / name).mkdir(exist_ok=True)
        (folder / "data/raw" / name / ".gitkeep").touch()
    (folder / "data/raw/dialogues/five.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return what runs the stages of a project, one after the other, with the words of its command line."""
    monkeypatch.chdir(tmp_path)

    def run(*modules: Any, words: tuple[str, ...] = ()) -> None:
        for module in modules:
            monkeypatch.setattr(sys, "argv", ["stage", *words])
            module.main()
            gc.enable()

    return run


def teacher_opens(_: int, written: dict[str, Any]) -> None:
    """Let the teacher say the first word."""
    del written["turns"][0]
    written["opening"] = "teacher"


def grades_at_both_ends(number: int, written: dict[str, Any]) -> None:
    """Let the youngest and the oldest learn, and name no answer on purpose."""
    written |= {"grade": (1, 13)[number % 2], "answer": []}


def half_labelled(number: int, written: dict[str, Any]) -> None:
    """Label one teacher turn in all with a strategy, and every second student turn."""
    written["turns"][0]["understanding"] = "wrong"
    if number == 0:
        written["turns"][1]["strategy"] = "socratic_questioning"


@pytest.mark.parametrize("change", [leave, teacher_opens, grades_at_both_ends, half_labelled])
def test_the_light_stages_run_to_the_end(change: Change, tmp_path: Path, stage: Callable[..., None]) -> None:
    """Every dialogue is dealt, rendered, priced and scored; nothing that is missing is null in any file."""
    write_project(tmp_path, change)
    stage(validate, split, render, estimate_costs)
    stage(evaluate, words=("reference",))
    assert len(read_jsonl(tmp_path / "data/processed/dialogues.jsonl")) == 5
    files = [*(tmp_path / "data/processed").glob("*.jsonl"), *(tmp_path / "data/processed").glob("*/*.jsonl")]
    assert [path.name for path in files if "null" in path.read_text(encoding="utf-8")] == []
    [test] = read_jsonl(tmp_path / "data/processed/splits/test.jsonl")
    scored = read_jsonl(tmp_path / "data/processed/scores/reference.jsonl")
    assert len(scored) == sum(turn["speaker"] == "student" for turn in test["turns"])
    assert {row["strategy"].get("unscored") for row in scored} == {"no teacher's strategy to compare with"}


@pytest.mark.slow(6)
def test_the_reports_say_what_could_not_be_computed(tmp_path: Path, stage: Callable[..., None]) -> None:
    """Without a tutor, a scenario, an answer or a label the reports are written, and name each of these gaps."""
    write_project(tmp_path)
    stage(validate, split, render, estimate_costs)
    stage(evaluate, words=("reference",))
    stage(report)
    card = (tmp_path / "reports/data_card.md").read_text(encoding="utf-8")
    for sentence in read_json(tmp_path / "reports/metrics/data.json")["too_few"][:4]:
        assert f"- {sentence}" in card
    assert "| no label | 10 | 100 % |" in card
    assert "| `answer` |" in card
    assert "five.jsonl:3, one of 5" in (tmp_path / "reports/overview.md").read_text(encoding="utf-8")
    page = (tmp_path / "reports/index.html").read_text(encoding="utf-8")
    assert "There is no scenario: how a tutor holds up under pressure" in page


def test_a_dialogue_in_which_nothing_is_learned_is_left_out(tmp_path: Path, stage: Callable[..., None]) -> None:
    """Its turns keep their place in the splits and are no rows to learn from; where all are so, rendering stops with a sentence."""

    def unlearned(_: int, written: dict[str, Any]) -> None:
        written["turns"] = [turn | ({"weight": 0} if "teacher" in turn and written["id"] in zero else {}) for turn in written["turns"]]

    zero: set[str] = set()
    write_project(tmp_path)
    stage(validate, split)
    first, *others = (row["id"] for row in read_jsonl(tmp_path / "data/processed/splits/train.jsonl"))
    zero.add(first)
    write_project(tmp_path, unlearned)
    stage(validate, split, render, estimate_costs)
    assert len(read_jsonl(tmp_path / "data/processed/openai/train.jsonl")) == len(others)
    zero.update(others)
    write_project(tmp_path, unlearned)
    stage(validate, split)
    with pytest.raises(DataError, match="holds nothing to learn: no turn of a teacher there answers anything with weight 1"):
        stage(render)


def test_the_difference_between_two_such_data_sets_is_told(
    tmp_path: Path, stage: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    """A reworded turn, a first label and an answer that was left out before are told; where nothing is learned there is no price."""
    write_project(tmp_path)
    for words in (["init", "-q"], ["add", "."], ["-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-qm", "Five"]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)

    def changed(number: int, written: dict[str, Any]) -> None:
        if number == 0:
            written["answer"] = ["air pressure"]
            written["turns"][0]["understanding"] = "wrong"

    write_project(tmp_path, changed)
    stage(difference, words=("HEAD",))
    told = capsys.readouterr().out
    assert "answer: “none” → “air pressure”" in told
    assert "turn 1 (student): label no label → wrong" in told
    assert "0 added, 0 removed, 1 changed" in told
