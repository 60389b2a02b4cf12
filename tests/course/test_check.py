"""A notebook is run without Jupyter, and what is missing is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from course.check import main, run
from course.lab import ROOT
from course.notebooks import Cell, rendered


def test_the_first_check_that_does_not_hold_is_named() -> None:
    """What holds before it is counted; nothing after it runs."""
    made = [
        Cell("code", "x = 1"),
        Cell("code", "# check: 1 x\nassert x == 1"),
        Cell("markdown", "## Gap 2"),
        Cell("code", "# check: 2 y\nassert x == 2, 'x should be 2'"),
        Cell("code", "raise SystemExit"),
    ]
    result = run(made, "made")
    assert (result.held, result.of, result.failed, result.why) == (["1 x"], 2, "2 y", "x should be 2")


def test_an_error_is_shown_with_its_line() -> None:
    """Whoever mistypes sees the line of the cell and not ours."""
    result = run([Cell("markdown", "## Gap 1"), Cell("code", "a = 1\nb = a + c\n")], "made")
    assert result.failed == "Gap 1"
    assert [word in result.why for word in ("b = a + c", "NameError", "check.py")] == [True, True, False]


def test_a_students_file_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """By its path; the exit status says whether all checks hold."""
    monkeypatch.chdir(ROOT)
    path = tmp_path / "own.ipynb"
    path.write_text(rendered([Cell("code", "print('seen')"), Cell("code", "# check: 1 all\nassert True")]), encoding="utf-8")
    main([str(path), "--quiet"])
    assert capsys.readouterr().out == "own: 1 of 1 checks hold.\n"
    with pytest.raises(SystemExit, match="There is no notebook"):
        main([str(tmp_path / "none.ipynb")])
