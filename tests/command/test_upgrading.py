"""An upgrade shows what the library changed, and keeps what the user changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from three_tutors.command import material, upgrading, workspace
from three_tutors.pipeline.diagnostics import TutorError

LINES = [f"{number}\n" for number in range(12)]
BEFORE = {name: "".join(LINES) for name in ("same", "changed", "merged", "conflict", "removed", "gone", f"{material.EXAMPLES}a.yaml")}


def with_line(number: int, text: str) -> str:
    """Return the file with another line."""
    return "".join([*LINES[:number], f"{text}\n", *LINES[number + 1 :]])


NOW = {
    "same": "".join(LINES),
    "changed": with_line(2, "library"),
    "merged": with_line(2, "library"),
    "conflict": with_line(2, "library"),
    "removed": with_line(2, "library"),
    "new": "new\n",
    f"{material.EXAMPLES}a.yaml": "another example\n",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a workspace of the former library, changed by its user; the library is now another."""
    for name, text in BEFORE.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    workspace.record(tmp_path, BEFORE)
    (tmp_path / "merged").write_text(with_line(9, "user"), encoding="utf-8")
    (tmp_path / "conflict").write_text(with_line(2, "user"), encoding="utf-8")
    (tmp_path / "removed").unlink()
    monkeypatch.setattr(material, "files", lambda: NOW)
    return tmp_path


def test_each_file_is_told_apart(folder: Path) -> None:
    """Who changed what decides what happens; dialogues are left alone."""
    assert {change.path: change.what for change in upgrading.changes(folder)} == {
        "changed": "changed",
        "merged": "merged",
        "conflict": "conflict",
        "removed": "removed here",
        "gone": "no longer in the library",
        "new": "new",
    }


def test_what_is_shown_is_what_the_library_changed(folder: Path) -> None:
    """The user's own changes are not in the diff, and showing writes nothing."""
    shown = next(change.difference for change in upgrading.changes(folder) if change.path == "merged")
    assert ("-2\n+library\n" in shown, "user" in shown) == (True, False)
    assert (folder / "changed").read_text(encoding="utf-8") == BEFORE["changed"]


def test_writing_loses_nothing(folder: Path) -> None:
    """Both changes stand in a merged file; where they do not fit, the user's file stays and the library's lies beside it."""
    upgrading.write(upgrading.changes(folder), folder)
    texts = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir() if path.is_file()}
    assert texts == {
        "same": NOW["same"],
        "changed": NOW["changed"],
        "merged": with_line(2, "library").replace("9\n", "user\n"),
        "conflict": with_line(2, "user"),
        "conflict.new": NOW["conflict"],
        "gone": BEFORE["gone"],
        "new": NOW["new"],
    }
    assert upgrading.changes(folder) == []
    workspace.check_library(folder)


def test_a_folder_that_init_did_not_make_is_refused(tmp_path: Path) -> None:
    """There is nothing to compare with."""
    with pytest.raises(TutorError, match="tutors init"):
        upgrading.changes(tmp_path)
