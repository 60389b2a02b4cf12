"""The course's pages say what the files say."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "course").rglob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_and_file_that_is_named_exists(page: Path) -> None:
    """Modules run, options are theirs, and links lead somewhere."""
    text = page.read_text(encoding="utf-8")
    for module in set(re.findall(r"python -m ((?:stages|three_tutors|course)[\w.]*\w)", text)):
        assert (ROOT / module.replace(".", "/")).with_suffix(".py").exists(), module
    for link in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (page.parent / link).exists(), link
    for path in re.findall(r"`((?:data|course|three_tutors)/[\w./-]*\.\w+)`", text):
        assert (ROOT / path).exists(), path
    for target in re.findall(r"^make ([a-z-]+)|`make ([a-z-]+)", text, flags=re.MULTILINE):
        assert re.search(rf"^{''.join(target)}:", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)


@pytest.mark.parametrize("module", ["course.check", "course.class_page"])
def test_every_option_that_is_named_is_an_option(module: str) -> None:
    """What a page tells somebody to type is in `--help`."""
    asked = subprocess.run([sys.executable, "-m", module, "--help"], capture_output=True, text=True, check=True, cwd=ROOT)
    lines = [line for page in PAGES for line in page.read_text(encoding="utf-8").splitlines() if f"python -m {module}" in line]
    assert lines
    for option in re.findall(r"(--[a-z]+)", " ".join(line.partition("#")[0] for line in lines)):
        assert option in asked.stdout


def test_the_points_add_up() -> None:
    """The marking scheme gives the assignment's points, and each table the points of its criterion."""
    text = (ROOT / "course/marking.md").read_text(encoding="utf-8")
    wanted = [int(points) for _, points in re.findall(r"^\| ([a-z ]+) \| (\d+) \|", text, flags=re.MULTILINE)]
    assert wanted == [35, 35, 20, 10]
    tables = re.split(r"^## ", text, flags=re.MULTILINE)[1:5]
    assert [sum(map(int, re.findall(r"^\| (\d+) \|", table, flags=re.MULTILINE))) for table in tables] == wanted
