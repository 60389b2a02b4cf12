"""`tutors init` makes a folder where the pipeline runs, and `tutors run` knows which library it is for.

Git and DVC are really set up, and stages really run, in `.ci/package`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from three_tutors.command import material, workspace
from three_tutors.pipeline.diagnostics import TutorError


@pytest.fixture(autouse=True)
def _no_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workspace, "_set_up", lambda _: None)


def test_a_new_workspace_is_for_the_installed_library(tmp_path: Path) -> None:
    """Its files are written, it is recognised as a workspace, and it depends on this library."""
    made = workspace.init(tmp_path / "new")
    assert {path.relative_to(tmp_path / "new").as_posix() for path in (tmp_path / "new").rglob("*") if path.is_file()} >= set(made)
    assert workspace.is_workspace(tmp_path / "new")
    workspace.check_library(tmp_path / "new")


def test_nothing_is_written_over(tmp_path: Path) -> None:
    """One file that exists stops everything before the first file is written."""
    (tmp_path / "params.yaml").write_text("mine\n", encoding="utf-8")
    with pytest.raises(TutorError, match=r"params\.yaml already"):
        workspace.init(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["params.yaml"]


def test_another_library_is_not_used_silently(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a room changed since, `tutors run` stops and says how to go on."""
    workspace.init(tmp_path)
    monkeypatch.setattr(material, "rooms", lambda: {"pipeline": "other"})
    with pytest.raises(TutorError, match="tutors upgrade --write"):
        workspace.check_library(tmp_path)
    workspace.record(tmp_path, material.files())
    workspace.check_library(tmp_path)
