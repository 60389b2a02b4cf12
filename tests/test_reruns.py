"""What reruns when something changes: the real dvc.yaml and the real DVC, with the stages that compute for minutes replaced.

`validate`, `split` and `render` run as they are. Every other stage is replaced by one that writes a digest of its
dependencies and params, so its outputs change exactly when something that it says it depends on did.
"""

from __future__ import annotations

import copy
import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from dvc.repo import Repo
from dvc.utils.serialize import parse_yaml
from fsspec.implementations.memory import MemoryFileSystem
from ruamel.yaml import YAML

from tests.copied import copy_code
from three_tutors.pipeline.contents import stages
from three_tutors.pipeline.records import write_json
from three_tutors.studies.profile import settings

ROOT = Path(__file__).parent.parent
REAL = {"validate", "split", "render"}
TRAINED = ["dspy", "openai", "lora"]
ANSWERS = {f"answer@{name}" for name in ["baseline", *TRAINED]}
SCORES = {f"evaluate@{name}" for name in ["baseline", *TRAINED, "reference"]}
TUTOR_SCORES = SCORES - {"evaluate@reference"}
FIFTH = {"answer@preference", "evaluate@preference"}
TRAINING = {f"train_{name}" for name in TRAINED}
FROM_RENDER = {"render", "estimate_costs"} | TRAINING | ANSWERS | SCORES | {"report"}


def one(name: str) -> set[str]:
    """Return what follows from one method's training."""
    return {f"train_{name}", f"answer@{name}", f"evaluate@{name}", "report"}


STAND_IN = """
import hashlib, json, pathlib, sys
import yaml
told = json.loads(pathlib.Path(sys.argv[1]).read_text())
digest = hashlib.sha256()
for dep in map(pathlib.Path, told["deps"]):
    files = sorted(p for p in dep.rglob("*") if p.is_file() and "__pycache__" not in p.parts) if dep.is_dir() else [dep]
    for file in files:
        digest.update(str(file).encode() + file.read_bytes())
params = yaml.load(pathlib.Path("params.yaml").read_text(), yaml.CSafeLoader)
digest.update(repr([params[section] for section in told["params"]]).encode())
for path in map(pathlib.Path, told["outs"]):
    target = path if path.suffix else path / "config.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    # Times differ from run to run; nothing but the report may follow from them.
    target.write_text('{"digest": "%s"}' % digest.hexdigest())
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a copy of the project that was run once."""
    folder = tmp_path_factory.mktemp("project")
    for name in ["dvc.yaml", "params.yaml", ".dvcignore"]:
        shutil.copy(ROOT / name, folder / name)
    copy_code(folder, "stages", "three_tutors", "data/raw", "reports/studies")
    put_stand_ins(folder)
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    subprocess.run([sys.executable, "-m", "dvc", "init", "-q"], cwd=folder, check=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        patch.chdir(folder)
        # DVC parses dvc.yaml, dvc.lock and params.yaml again for each stage, in pure Python; a text that is the same is parsed once.
        for place in ("dvc.utils.strictyaml", "dvc.utils.serialize._yaml"):
            patch.setattr(f"{place}.parse_yaml", parse_once)
        rerun(folder)
        yield folder


def put_stand_ins(folder: Path) -> None:
    """Replace the command of every stage that computes."""
    yaml = YAML()
    tree = yaml.load(folder / "dvc.yaml")
    (folder / "stand_in.py").write_text(STAND_IN, encoding="utf-8")
    for name, stage in tree["stages"].items():
        if name in REAL:
            continue
        body = stage.get("do", stage)
        argument = body["cmd"].rpartition(" ")[2] if "foreach" in stage else ""
        body["cmd"] = f"python stand_in.py stand_ins/{name}{argument}.json"
    yaml.dump(tree, folder / "dvc.yaml")
    tell(folder)


def tell(folder: Path) -> None:
    """Write down what dvc.yaml and params.yaml say of each stage for the one that replaces it."""
    yaml = YAML()
    for entry, body in stages(yaml.load(folder / "dvc.yaml"), yaml.load(folder / "params.yaml")).items():
        told = {
            "deps": list(body["deps"]),
            "params": list(body.get("params", [])),
            "outs": [
                next(iter(out)) if isinstance(out, dict) else out for kind in ("outs", "metrics", "plots") for out in body.get(kind, [])
            ],
        }
        write_json(folder / f"stand_ins/{entry.replace('@', '')}.json", told)


@functools.cache
def parsed(text: str) -> Any:
    """Return what DVC's own parser makes of a text."""
    return parse_yaml(text, "")


def parse_once(text: str, path: str, typ: str = "safe") -> Any:
    """Return a copy of its own for every caller: DVC changes what it has read."""
    # The path stands in messages about broken files; the type may ask to keep comments, and dvc.lock has none.
    del path, typ
    return copy.deepcopy(parsed(text))


def rerun(folder: Path) -> set[str]:
    """Run the pipeline as `dvc repro` does, but write dvc.lock once instead of after every stage; return the stages that ran."""
    # DVC keeps every folder's list of files in memory, and looks through all of them for each one.
    MemoryFileSystem.store.clear()
    with Repo(str(folder)) as repo:
        # What runs is decided before DVC looks for an old run with the same result, which no row here has.
        ran = repo.reproduce(repro_fn=lambda stage, **options: stage.reproduce(**options), run_cache=False)
        if ran:
            ran[0].dvcfile.dump_stages(ran, update_pipeline=False)
        return {stage.addressing for stage in ran}


def change_param(section: str) -> Callable[[Path], None]:
    """Return a change of one value in one section of params.yaml."""
    values = {"validate": ("max_turns", 40), "split": ("seed", 77), "render": ("speaker", "student")}

    def change(folder: Path) -> None:
        yaml = YAML()
        tree = yaml.load(folder / "params.yaml")
        key, value = values.get(section, ("changed", f"{tree[section].get('changed', '')} again"))
        tree[section][key] = value
        yaml.dump(tree, folder / "params.yaml")

    return change


def add_preference(folder: Path) -> None:
    """Set what profiles/preference.yaml sets."""
    yaml = YAML()
    tree = yaml.load(folder / "params.yaml")
    for name, value in settings(ROOT / "profiles/preference.yaml", folder / "params.yaml").items():
        section, _, key = name.partition(".")
        tree[section][key] = {**tree[section][key], **value} if isinstance(value, dict) else value
    yaml.dump(tree, folder / "params.yaml")
    tell(folder)


def append(path: str, text: str) -> Callable[[Path], None]:
    """Return a change that adds `text` to a file."""

    def change(folder: Path) -> None:
        with (folder / path).open("a", encoding="utf-8") as file:
            file.write(text)

    return change


def reword(name: str, split: str) -> Callable[[Path], None]:
    """Return a change of one word in the first dialogue of `split`, or in the first scenario."""

    def change(folder: Path) -> None:
        if name == "scenarios":
            path = min((folder / "data/raw/scenarios").glob("*.yaml"))
        else:
            ledger = (folder / "data/raw/splits.csv").read_text(encoding="utf-8").splitlines()
            found = next(line.split(",") for line in ledger if line.endswith(f",{split}"))
            path = folder / f"data/raw/dialogues/{found[1]}/{found[0]}.yaml"
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("objective: ", "objective: Today, ", 1).replace('Today, "', '"Today, '), encoding="utf-8")

    return change


def comment_and_page(folder: Path) -> None:
    """Change two things on which no stage depends."""
    append("params.yaml", "# read by nobody\n")(folder)
    append("three_tutors/chat/app.py", "# a word\n")(folder)


TABLE: list[tuple[str, Callable[[Path], None], set[str]]] = [
    ("a comment in params, and the page where people talk", comment_and_page, set()),
    ("params: validate", change_param("validate"), {"validate", "report"}),
    ("params: split (nobody moves)", change_param("split"), {"split", "report"}),
    ("params: estimate_costs", change_param("estimate_costs"), {"estimate_costs", "report"}),
    ("params: dspy", change_param("dspy"), one("dspy")),
    ("params: openai", change_param("openai"), one("openai")),
    ("params: lora", change_param("lora"), one("lora")),
    ("params: answer", change_param("answer"), ANSWERS | TUTOR_SCORES | {"report"}),
    ("params: report", change_param("report"), {"report"}),
    (
        "params: base_model",
        change_param("base_model"),
        {"prepare_base"} | TRAINING | ANSWERS | TUTOR_SCORES | {"report"},
    ),
    ("params: preference, which nobody has", change_param("preference"), {"report"}),
    ("a price", append("data/raw/prices.yaml", "# dearer\n"), {"estimate_costs", "report"}),
    ("a comment in a dialogue", append("data/raw/dialogues/physics/one-wire-bulb.yaml", "# thanks\n"), {"validate", "report"}),
    ("a scenario", reword("scenarios", ""), {"validate"} | ANSWERS | SCORES | {"report"}),
    ("a test dialogue", reword("dialogues", "test"), {"validate", "split"} | FROM_RENDER - TRAINING),
    ("a training dialogue", reword("dialogues", "train"), {"validate", "split"} | FROM_RENDER - {"answer@baseline"}),
    ("one stage file", append("stages/train_lora.py", "# a word\n"), one("lora")),
    ("prose of the report", append("three_tutors/reporting/templates/comparison.md.jinja", "A word.\n"), {"report"}),
    ("the room that estimates costs", append("three_tutors/pricing/tokens.py", "# a word\n"), {"estimate_costs"} | one("openai")),
    ("the room that scores", append("three_tutors/scoring/statistics.py", "# a word\n"), SCORES | one("dspy") | {"validate"}),
    ("the room of DSPy", append("three_tutors/prompting/program.py", "# a word\n"), one("dspy") | ANSWERS | TUTOR_SCORES),
    (
        "the engine",
        append("three_tutors/language_model/llama/fused.py", "# a word\n"),
        {"prepare_base"} | TRAINING | ANSWERS | TUTOR_SCORES | {"report"},
    ),
    ("params: render", change_param("render"), FROM_RENDER - {"answer@baseline", "evaluate@baseline", "evaluate@reference"}),
    ("a fifth tutor", add_preference, {"train_preference@lora"} | FIFTH | {"estimate_costs", "report"}),
    ("params: preference", change_param("preference"), {"train_preference@lora", "report"} | FIFTH),
    ("params: lora, with what begins there", change_param("lora"), one("lora") | {"train_preference@lora"} | FIFTH),
]


@pytest.mark.slow(60)
def test_a_change_reruns_exactly_what_depends_on_it(project: Path) -> None:
    """Each row of the table names a change and the stages that run after it: those, and no other."""
    expected = {name: stages for name, _, stages in TABLE}
    actual = {}
    for name, change, _ in TABLE:
        change(project)
        actual[name] = rerun(project)
    assert expected == actual


@pytest.mark.slow(60)
def test_who_computes_makes_no_stage_stale(project: Path) -> None:
    """Another engine, address or number of processes leaves `dvc status` clean, which a change that a stage reads does not."""
    params, yaml = project / "params.yaml", YAML()
    before = params.read_text(encoding="utf-8")

    def status() -> str:
        return subprocess.run([sys.executable, "-m", "dvc", "status"], cwd=project, check=True, capture_output=True, text=True).stdout

    clean = "Data and pipelines are up to date."
    assert status().strip() == clean
    tree = yaml.load(params)
    tree["scale"].update(engine="ray", address="auto", processes=3, in_flight=9)
    yaml.dump(tree, params)
    assert status().strip() == clean
    change_param("render")(project)
    assert "render" in status()
    params.write_text(before, encoding="utf-8")
