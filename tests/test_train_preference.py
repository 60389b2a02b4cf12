from __future__ import annotations

import csv
import dataclasses
import io
import shutil
from pathlib import Path

import pytest

from stages import train_preference
from tests.language_model.conftest import contents, embedded, rows, tiny
from tests.small_run import moments, scenarios
from three_tutors.language_model import adapters
from three_tutors.language_model.finetune import finetune
from three_tutors.language_model.pairing import CHOICES, MOMENTS, SCENARIOS, SPLITS, TURNS, read_choices
from three_tutors.language_model.settings import Lora, Settings
from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.records import read_json, read_jsonl, write_jsonl, write_text
from three_tutors.tutoring.dialogue import Dialogue, Lesson, Turn
from three_tutors.tutoring.formats import dspy_rows, messages
from three_tutors.tutoring.pairs import row

__all__ = ["embedded", "tiny"]  # fixtures

PARAMS = """preference:
  begins_with: [lora]
  pairs: [moments]
  turns: 4
  beta: 0.5
  learning_rate: 1e-2
  epochs: 1
  batch_size: 2
  max_length: 400
  early_stopping_patience: 1
  seed: 0
  device: cpu
"""
LESSON = Lesson("mathematics", 6, "Fractions", "Add fractions.")


@pytest.fixture(scope="module")
def supervised(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a LoRA tutor of the tiny model."""
    folder = tmp_path_factory.mktemp("supervised")
    settings = Settings(learning_rate=5e-3, epochs=1, batch_size=2, lora=Lora(r=4, alpha=8))
    finetune(tiny, rows(4), [], settings, folder=folder / "lora", scratch=folder / "scratch")
    return folder / "lora"


@pytest.fixture
def project(tmp_path: Path, tiny: Path, supervised: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a project with graded moments, a training dialogue, the tiny base model and its LoRA tutor."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models").mkdir()
    (tmp_path / "models/base").symlink_to(tiny)
    shutil.copytree(supervised, tmp_path / "models/lora")
    write_text(tmp_path / "params.yaml", PARAMS)
    graded = [dataclasses.replace(one, id=f"{one.id}-{number}") for number in range(6) for one in moments()]
    write_jsonl(MOMENTS / "train.jsonl", (one.to_record() for one in graded))
    write_jsonl(MOMENTS / "test.jsonl", [])
    write_jsonl(SCENARIOS, (one.to_record() for one in scenarios()))
    for name in ("validation", "test"):
        write_jsonl(SPLITS / f"{name}.jsonl", [])
    turns = (Turn("student", "Why is it 5/6?"), Turn("teacher", "Draw both."))
    write_jsonl(TURNS, [one for number in range(9) for one in dspy_rows(Dialogue(f"halves-{number}", LESSON, turns))])
    (tmp_path / CHOICES).mkdir(parents=True)
    monkeypatch.setattr("sys.argv", ["train_preference", "lora"])
    return tmp_path


def test_the_stage_leaves_an_adapter_its_pairs_metrics_and_a_curve(project: Path) -> None:
    """Everything that the pipeline and a reader need is there, loads on the base, and says what was rewarded; twice the same bytes."""
    train_preference.main()
    first = contents(project / train_preference.OUT)
    assert {
        "README.md",
        "curve.csv",
        "adapter_model.safetensors",
        "adapter_config.json",
        "supervision.json",
        "trained_on.json",
    } == first.keys()
    adapters.check(project / train_preference.OUT, project / "models/base")
    assert adapters.trained_as(project / train_preference.OUT) == adapters.trained_as(project / "models/lora")
    card = (project / train_preference.OUT / "README.md").read_text(encoding="utf-8")
    assert "preferences (DPO)" in card
    assert "nats a pair" in card
    found = read_json(train_preference.METRICS)
    train, validation = (read_jsonl(train_preference.PAIRS / f"{name}.jsonl") for name in ("train", "validation"))
    assert (found["pairs"], found["sources"], len(train) + len(validation)) == (len(train), ["moments"], 18)
    assert found["preferred"]["moments"]["pairs"] == found["preferred_before"]["moments"]["pairs"] == len(validation)
    assert found["preferred"]["moments"]["margin"] > found["preferred_before"]["moments"]["margin"]
    lines = list(csv.DictReader(io.StringIO((train_preference.OUT / "curve.csv").read_text(encoding="utf-8"))))
    assert float(lines[0]["valid_loss"]) == pytest.approx(0.6931, abs=1e-3)
    train_preference.main()
    assert contents(project / train_preference.OUT) == first


def test_lora_is_asked_what_it_would_say_itself(project: Path) -> None:
    """Samples are spread over the training turns and no more of them than wanted; where nobody's reply ended, there are none."""
    text = PARAMS.replace("[moments]", "[moments, samples]")
    write_text(project / "params.yaml", text)
    train_preference.main()
    pairs = [one for name in ("train", "validation") for one in read_jsonl(train_preference.PAIRS / f"{name}.jsonl")]
    sampled = [one["id"] for one in pairs if one["source"] == "samples"]
    assert set(sampled) <= {f"halves-{number}#1" for number in (0, 2, 4, 6)}


def test_choices_about_the_exam_and_broken_ones_stop_the_stage(project: Path) -> None:
    """A choice made while a scripted student of the exam spoke is named, and so is a line that is no choice."""
    write_text(project / "params.yaml", PARAMS.replace("[moments]", "[moments, choices]"))
    asked = [Turn("student", scenarios()[0].turns[0].text)]
    write_jsonl(CHOICES / "mine.jsonl", [row("Ab#1 a", "choices", messages(LESSON, asked), "What is half?", "It is 5/6.")])
    with pytest.raises(DataError, match=r"Ab#1 a \(choices\) tells of the problem of pressure-1"):
        train_preference.main()
    write_jsonl(CHOICES / "mine.jsonl", [{"conversation": "Ab", "blind": True}])
    with pytest.raises(DataError, match=r"mine\.jsonl:1: has no `id`, or its `source` is not `choices`"):
        read_choices()
    assert not (project / train_preference.OUT).exists()


def test_too_few_pairs_are_counted(project: Path) -> None:
    """Without a pair to learn from or to validate with, the stage says how many there are."""
    write_text(project / "params.yaml", PARAMS.replace("[moments]", "[choices]"))
    with pytest.raises(DataError, match="Of choices pairs there are 0 to learn from and 0 to validate with"):
        train_preference.main()
