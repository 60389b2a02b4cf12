"""A study from beginning to end through DVC's real queue, in a project whose stages only pretend to train."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.small_run import moments
from three_tutors.pipeline.records import write_jsonl, write_text
from three_tutors.studies.replies import read_replies
from three_tutors.studies.table import read_rows
from three_tutors.tutoring.choosing import exam, likely

ROOT = Path(__file__).parent.parent.parent
TRAIN = """
import json, pathlib, sys
from ruamel.yaml import YAML
params = YAML(typ="safe").load(pathlib.Path("params.yaml"))
if params["lora"]["seed"] == 13:
    sys.exit("Thirteen is too much.")
with open(params["log"], "a") as log:
    log.write("trained\\n")
for name in ("models/base", "models/lora", "data/processed/answers/lora", "data/processed/scores", "reports/metrics"):
    pathlib.Path(name).mkdir(parents=True, exist_ok=True)
pathlib.Path("models/base/source.json").write_text('{"source": "embedded", "model": "Tiny"}')
pathlib.Path("models/lora/weights").write_text(str(params["lora"]["seed"]))
pathlib.Path("data/processed/answers/lora/choice.jsonl").write_text(pathlib.Path("choice.jsonl").read_text())
metrics = {"valid_loss": 3 + params["lora"]["seed"] / 10, "learning_rate": 9.3e-5}
pathlib.Path("reports/metrics/train_lora.json").write_text(json.dumps(metrics))
scores = [{"item": item, "kind": kind, "sense": {"value": value}} for item, kind, value in (("a#1", "turn", 0.5), ("b#0", "scenario", 0.9))]
pathlib.Path("data/processed/scores/lora.jsonl").write_text("".join(json.dumps(row) + "\\n" for row in scores))
pathlib.Path("reports/metrics/timing_train_lora.json").write_text('{"seconds": 1.5}')
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project with one stage, which writes what training and answering would, and a study of three seeds."""
    outs = ["models/base", "models/lora", "data/processed/answers/lora", "data/processed/scores"]
    metrics = [{f"reports/metrics/{name}.json": {"cache": False}} for name in ("train_lora", "timing_train_lora")]
    moved = {"cmd": "python train.py", "deps": ["train.py", "choice.jsonl"], "params": ["lora"], "outs": [*outs, *metrics]}
    study = {
        "until": "train",
        "figures": ["validation", "matching", "sense", "learning_rate"],
        "always": {"lora.note": "it's, 'so'"},
        "runs": [],
    }
    study["runs"] = [{"tutor": "lora", "lora.seed": [1, 2, 13]}]
    lora = {"seed": 1, "note": "", "base_url": "local"}
    params = {"lora": lora, "base_model": {"source": "embedded"}, "log": str(tmp_path / "log"), "studies": {"seeds": study}}
    folder = tmp_path / "project"
    write_text(folder / "train.py", TRAIN)
    YAML().dump({"stages": {"train_lora": moved}}, folder / "dvc.yaml")
    YAML().dump(params, folder / "params.yaml")
    write_jsonl(folder / "data/processed/moments/test.jsonl", (one.to_record() for one in moments()))
    rows = likely(exam(moments()), lambda asked: [(-2.0 * len(said) + len(turns[-1].text), len(said)) for _, turns, said in asked])
    write_jsonl(folder / "choice.jsonl", (one.to_record() for one in rows))
    for command in (["git", "init", "-q"], [sys.executable, "-m", "dvc", "init", "-q"]):
        subprocess.run(command, cwd=folder, check=True, env=os.environ | {"DVC_NO_ANALYTICS": "1"})
    return folder


def study(folder: Path) -> tuple[dict[str, object], str]:
    """Run the study; return what it says in the end and on the way."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "three_tutors.studies", "seeds", "--json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=environment)
    return json.loads(done.stdout), done.stderr


def state(folder: Path) -> tuple[str, set[str], str]:
    """Return params, the state of Git and its references."""
    changed, references = (
        subprocess.run(["git", *command], cwd=folder, capture_output=True, text=True, check=True).stdout
        for command in (["status", "--short"], ["for-each-ref"])
    )
    return (folder / "params.yaml").read_text(encoding="utf-8"), {*changed.splitlines()}, references


@pytest.mark.slow(40)
def test_a_study_goes_through_the_queue_and_trains_nothing_twice(project: Path) -> None:
    """Figures are kept as runs end, a failure is told and costs no other run, the workspace stays, and a second call goes on."""
    before = state(project)
    ended, said = study(project)
    assert (ended["runs"], ended["run"], list(ended["failed"])) == (3, 2, ["lora lora.seed=13"]), said
    assert "Thirteen is too much." in ended["failed"]["lora lora.seed=13"]
    rows = read_rows(project / "reports/studies/seeds.csv")
    assert [(row.settings, row.figure, row.value) for row in rows if row.figure == "validation"] == [
        ("lora.seed=1", "validation", 3.1),
        ("lora.seed=2", "validation", 3.2),
    ]
    assert {row.figure for row in rows} == {"validation", "matching", "sense", "learning_rate"}
    assert {row.value for row in rows if row.figure == "learning_rate"} == {9.3e-5}
    kept = read_replies(project / "reports/studies/seeds.csv")
    assert [(one.settings, one.figure, one.values) for one in kept] == [(f"lora.seed={seed}", "sense", {"a#1": 0.5}) for seed in (1, 2)]
    assert {(row.base, row.seconds) for row in rows} == {("Tiny", "1.5")}
    after = state(project)
    assert after == (before[0], {*before[1], "?? reports/"}, before[2])
    assert not (project / ".dvc/tmp/studies/seeds").exists()

    params = YAML().load(project / "params.yaml")
    params["studies"]["seeds"]["runs"] = [{"tutor": "lora", "lora.seed": [1, 2]}]
    YAML().dump(params, project / "params.yaml")
    again, _ = study(project)
    assert (again["there"], again["run"]) == (2, 0)
    assert (project.parent / "log").read_text(encoding="utf-8") == "trained\ntrained\n"
