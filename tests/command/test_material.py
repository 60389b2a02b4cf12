"""A workspace begins with the files that this repository itself uses."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.conftest import ROOT
from three_tutors.command import material
from three_tutors.pipeline.contents import stages
from three_tutors.pipeline.records import read_jsonl
from three_tutors.trust.labels import read_second_labels

MADE = material.files()
STAGES = YAML(typ="safe").load(MADE["dvc.yaml"])["stages"]


def test_every_stage_comes_with_its_file_as_it_is_here() -> None:
    """The files are those of the repository, byte by byte; so are params.yaml and the template."""
    for name in [*(f"stages/{stage}.py" for stage in STAGES), "params.yaml", "data/raw/template.yaml"]:
        assert MADE[name] == (ROOT / name).read_text(encoding="utf-8")


def test_a_stage_depends_on_the_digests_of_the_rooms_that_it_uses() -> None:
    """Nothing of three_tutors/ lies in a workspace; each room that the repository's stage lists has its digest there."""
    here = YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"]
    rooms = {f"{material.ROOMS}/{room}" for room in material.rooms()}
    for name, stage in STAGES.items():
        deps = stage.get("do", stage)["deps"]
        assert deps == [dep.replace("three_tutors/", f"{material.ROOMS}/") for dep in here[name].get("do", here[name])["deps"]]
        assert {dep for dep in deps if dep.startswith(".")} <= rooms
    assert "three_tutors/" not in re.sub(r"python -m \S+", "", MADE["dvc.yaml"])


def test_what_stages_read_is_there_or_made() -> None:
    """Each file that a stage reads and no stage writes comes with the workspace; the ledgers of splits are written by `split`."""
    bodies = stages(YAML(typ="safe").load(MADE["dvc.yaml"]), YAML(typ="safe").load(MADE["params.yaml"])).values()
    outs = {next(iter(out)) if isinstance(out, dict) else out for body in bodies for out in body.get("outs", [])}
    given = {str(parent) for name in MADE for parent in [Path(name), *Path(name).parents]}
    made = {str(parent) for out in outs for parent in [Path(out), *Path(out).parents]}
    read = {dep for body in bodies for dep in body["deps"] if not dep.startswith(("stages/", ".tutors/", "models/", "$"))}
    assert read - {dep for dep in read if any(Path(dep).is_relative_to(out) for out in outs)} - made - given == set()


def test_what_a_workspace_begins_with_can_be_read() -> None:
    """Tables without rows have the columns that are read today: a first report would fail after all the training before it."""
    raw = material.BUNDLED / "data/raw"
    assert read_second_labels(raw / "second_labels.csv", []) == []
    assert read_jsonl(raw / "ratings.jsonl") == read_jsonl(raw / "preferences.jsonl") == []
    assert (raw / "second_labels.csv").read_text(encoding="utf-8").strip() == header(ROOT / "data/raw/second_labels.csv")


def header(path: Path) -> str:
    """Return the first line of a table."""
    return path.read_text(encoding="utf-8").splitlines()[0]


def test_there_are_enough_dialogues_to_run_the_pipeline() -> None:
    """The pipeline needs five."""
    assert sum(name.startswith(material.EXAMPLES) for name in MADE) == 5


def test_a_rooms_digest_changes_with_it_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stage is run again where a room that it uses changed, and not where another did."""
    for room in ("pipeline", "scoring"):
        (tmp_path / room).mkdir()
        (tmp_path / room / "__init__.py").write_text("", encoding="utf-8")
    monkeypatch.setattr(material, "LIBRARY", tmp_path)
    before = material.rooms()
    (tmp_path / "scoring/score.py").write_text("x = 1\n", encoding="utf-8")
    after = material.rooms()
    assert (after["pipeline"] == before["pipeline"], after["scoring"] == before["scoring"]) == (True, False)
