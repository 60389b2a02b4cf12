"""All tutors of a class on one page, without their names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from course.class_page import SCENARIOS, main, sealed
from three_tutors.trust.rated_replies import read_rated_replies


def student(folder: Path, word: str, *, turns: int = 2) -> Path:
    """Write a student's folder with recorded replies."""
    folder.mkdir()
    rows = [{"item": f"{name}#{turn}", "reply": f"{word} <b>{turn}</b>"} for name in SCENARIOS for turn in range(turns)]
    (folder / "answers.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return folder


def test_a_class_meets_the_same_students_without_names(tmp_path: Path) -> None:
    """The page has every reply and no name; the key, which it vouches for, says whose they are; the rows can be rated."""
    folders = [student(tmp_path / name, word) for name, word in (("ana", "Draw"), ("ben", "Count"))]
    main([*map(str, folders), "--out", str(tmp_path / "class"), "--turns", "2"])
    page = (tmp_path / "class/index.html").read_text(encoding="utf-8")
    written = json.loads((tmp_path / "class/key.json").read_text(encoding="utf-8"))
    assert page.count("Draw &lt;b&gt;") == page.count("Count &lt;b&gt;") == 2 * len(SCENARIOS)
    assert [word for word in ("<b>", "<script", "ana,", "ben,") if word in page] == []
    assert sealed(written["key"], written["salt"]) in page
    assert all(sorted(letters.values()) == ["ana, answers", "ben, answers"] for letters in written["key"].values())
    rated = read_rated_replies(tmp_path / "class/replies.jsonl")
    assert len(rated) == 4 * len(SCENARIOS)
    whose = written["key"][rated[0].group][rated[0].tutor]
    assert rated[0].reply.startswith("Draw" if whose.startswith("ana") else "Count")


def test_what_is_missing_is_told(tmp_path: Path) -> None:
    """A folder without a tutor, and replies that stop too early, end in a sentence."""
    (tmp_path / "empty").mkdir()
    with pytest.raises(SystemExit, match="no tutor is here"):
        main([str(tmp_path / "empty"), "--out", str(tmp_path / "class")])
    with pytest.raises(SystemExit, match="replies are missing, the first is"):
        main([str(student(tmp_path / "ana", "Draw", turns=1)), "--out", str(tmp_path / "class"), "--turns", "2"])
    with pytest.raises(SystemExit, match="There is no scenario nobody"):
        main([str(tmp_path / "ana"), "--out", str(tmp_path / "class"), "--scenarios", "nobody"])
    assert not (tmp_path / "class").exists()
