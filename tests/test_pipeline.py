"""The whole pipeline, for real, on three dialogues."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from safetensors.torch import load_file, save_file

from tests.language_model.conftest import embedded  # noqa: F401 - a fixture
from three_tutors.language_model import base
from three_tutors.pipeline.records import read_json, write_json

ROOT = Path(__file__).parent.parent
# The shortest: what is proved here needs no long ones.
DIALOGUES = ["mathematics/square-of-a-sum", "spanish/colour-after-the-noun", "economics/who-pays-for-the-free-library"]
LAYERS = 4
SCENARIO = "number-first-comparison"
SMALL = {
    "dspy": {
        "optimizer": "random_search",
        "candidates": 1,
        "demonstrations": [1],
        "training_turns": 2,
        "validation_turns": 2,
        "max_tokens": 4,
    },
    "openai": {"n_epochs": 1, "poll_seconds": 0.2},
    "lora": {"epochs": 1},
    "answer": {"max_tokens": 4},
}


@pytest.fixture
def shallow(tmp_path_factory: pytest.TempPathFactory, embedded: Path) -> Path:  # noqa: F811 - the imported fixture
    """Return the embedded model without all but its first layers: it says words, and takes a seventh of the time."""
    folder = tmp_path_factory.mktemp("shallow") / "base"
    shutil.copytree(embedded, folder)
    (folder / base.SOURCE).unlink()
    config = read_json(folder / "config.json")
    write_json(folder / "config.json", config | {"num_hidden_layers": LAYERS})
    weights = load_file(folder / base.WEIGHTS)
    dropped = tuple(f"model.layers.{layer}." for layer in range(LAYERS, config["num_hidden_layers"]))
    kept = {name: value for name, value in weights.items() if not name.startswith(dropped)}
    save_file(kept, folder / base.WEIGHTS, metadata={"format": "pt"})
    return folder


@pytest.fixture
def project(tmp_path: Path, shallow: Path) -> Path:
    """Return a checkout of this project with three dialogues, one scenario, a shallow model and small params."""
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    dropped = ("data/raw/dialogues/", "data/raw/scenarios/", "data/raw/splits.csv", "reports/", "tests/", "dvc.lock")
    kept = [name for name in tracked if not name.startswith(dropped) and (ROOT / name).exists()]
    kept += [f"data/raw/dialogues/{name}.yaml" for name in DIALOGUES]
    kept.append(f"data/raw/scenarios/{SCENARIO}.yaml")
    for name in kept:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    yaml = YAML()
    params = yaml.load(tmp_path / "params.yaml")
    params["base_model"]["source"] = str(shallow)
    for section, values in SMALL.items():
        params[section].update(values)
    yaml.dump(params, tmp_path / "params.yaml")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    return tmp_path


def repro(folder: Path) -> str:
    """Run `dvc repro` and return what it printed."""
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run([sys.executable, "-m", "dvc", "repro"], cwd=folder, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout


@pytest.mark.slow(100)
def test_three_dialogues_go_from_yaml_to_reports(project: Path) -> None:
    """Every stage runs, every tutor is trained, answers and is scored, the reports are written; a second run does nothing."""
    printed = repro(project)
    assert "Running stage 'report'" in printed
    for name in ["index.html", "comparison.md", "cost_benefit.md", "deployment_plan.md", "reflection.md"]:
        assert (project / "reports" / name).stat().st_size > 500
    for name in ["baseline", "dspy", "openai", "lora"]:
        assert (project / f"data/processed/answers/{name}/answers.jsonl").exists()
    assert "Data and pipelines are up to date." in repro(project)
