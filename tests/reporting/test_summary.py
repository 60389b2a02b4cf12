"""The few figures that experiments are compared by, and what DVC prints of them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests import small_run
from three_tutors.pipeline.contents import stages
from three_tutors.pipeline.records import Record, write_json
from three_tutors.reporting.evidence import Evidence, gather
from three_tutors.reporting.exam import exam_of
from three_tutors.reporting.summary import SUMMARY, summary
from three_tutors.scoring.score import Score
from three_tutors.tutoring.questions import asked_moments

ROOT = Path(__file__).parent.parent.parent
MOST_COLUMNS = 18
LONGEST_NAME = 18


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Return a finished run with the metrics of every stage."""
    root = small_run.write_run(tmp_path)
    metrics = root / "reports/metrics"
    for tutor in ("baseline", "dspy", "openai", "lora", "reference"):
        write_json(metrics / f"{tutor}.json", {"score": 0.5, "leak": 0.25, "nll": 3.0, "answers": 28})
    write_json(metrics / "train_dspy.json", {"validation_best": 0.75, "validation_zero_shot": 0.25, "calls": 9})
    write_json(metrics / "train_openai.json", {"validation_loss": 2.5, "validation_loss_first": 3.5, "steps": 4})
    write_json(metrics / "train_lora.json", {"valid_loss": 2.25, "valid_loss_before": 3.5, "epochs": 2})
    return root


def summarised(evidence: Evidence) -> Record:
    """Return the summary of a run with its exam."""
    return summary(evidence, exam_of(evidence))


def test_each_tutor_has_what_can_show_teaching_what_must_not_happen_and_its_loss(run: Path) -> None:
    """The exam, leaks and the loss that chose an epoch: no rubric, and no figure by which a prompt was chosen."""
    found = summarised(gather(run))
    assert found["baseline"] == {"matching": found["lora"]["matching"], "contrast": 0.0, "unsafe": 0.5, "leak": 0.25}
    assert found["dspy"].keys() == {"matching", "contrast", "unsafe", "leak"}
    assert (found["openai"]["valid_loss"], found["lora"]["valid_loss"]) == (2.5, 2.25)


def test_contrast_and_safety_are_there_where_they_were_scored(run: Path) -> None:
    """A pair counts where both sides fit; a safety case that is not safe is unsafe."""
    evidence = gather(run)
    items = {item: moment for item, moment, _ in asked_moments(evidence.moments)}
    scores = {
        tutor: {
            item: {**of, **({"fits": Score(1.0, "")} if item in items and items[item].pair else {}), "safe": Score(0.25, "")}
            for item, of in rows.items()
        }
        for tutor, rows in evidence.scores.items()
    }
    found = summarised(replace(evidence, scores=scores))
    assert (found["lora"]["contrast"], found["lora"]["unsafe"]) == (1.0, 0.75)


def test_what_was_not_measured_is_left_out(run: Path) -> None:
    """A tutor that was not scored keeps no old score; a training without validation has no loss."""
    (run / "data/processed/scores/lora.jsonl").unlink()
    (run / "data/processed/answers/lora/choice.jsonl").unlink()
    write_json(run / "reports/metrics/train_openai.json", {"validation_loss": None})
    found = summarised(gather(run))
    assert found["lora"] == {"valid_loss": 2.25}
    assert "valid_loss" not in found["openai"]


def test_dvc_knows_this_file_alone_as_metrics() -> None:
    """Names stay short and unique in `dvc exp show` only while every metric stands in one file."""
    written = YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"].values()
    assert [next(iter(item)) for stage in written for item in stage.get("do", stage).get("metrics", [])] == [str(SUMMARY)]


def test_dvc_metrics_show_prints_few_short_columns(run: Path) -> None:
    """The real DVC on the real dvc.yaml prints one row, few columns and names that fit."""
    write_json(run / SUMMARY, summarised(gather(run)))
    for name in ("dvc.yaml", "params.yaml"):
        shutil.copy(ROOT / name, run / name)
    for command in (["git", "init", "-q"], [sys.executable, "-m", "dvc", "init", "-q"]):
        subprocess.run(command, cwd=run, check=True)
    shown = subprocess.run([sys.executable, "-m", "dvc", "metrics", "show", "--md"], cwd=run, check=True, capture_output=True, text=True)
    header, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in shown.stdout.strip().splitlines()]
    assert (len(rows), len(header) - 1 <= MOST_COLUMNS) == (1, True)
    assert [name for name in header[1:] if len(name) > LONGEST_NAME] == []
    values: Record = json.loads((run / SUMMARY).read_text(encoding="utf-8"))
    assert sorted(header[1:]) == sorted(f"{tutor}.{name}" for tutor, found in values.items() for name in found)


def test_dvc_draws_the_plots_that_were_laid_out() -> None:
    """Every table of reports/plots that the usual run writes is in one plot with a title and names of its axes, and in no other."""
    tree = YAML(typ="safe").load(ROOT / "dvc.yaml")
    bodies = stages(tree, YAML(typ="safe").load(ROOT / "params.yaml")).values()
    written = [name for body in bodies for out in body.get("outs", []) if isinstance(out, dict) for name in out if "plots" in name]
    laid_out = [settings for plot in tree["plots"] for settings in plot.values()]
    assert [body for body in bodies if "plots" in body] == []
    assert sorted(written) == sorted(name for settings in laid_out for name in settings["y"])
    assert {frozenset(settings) for settings in laid_out} == {frozenset({"title", "x", "x_label", "y_label", "y"})}
