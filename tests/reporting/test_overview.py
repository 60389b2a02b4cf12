"""The walk needs no installation and no run, and shows what is there."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from tests.reporting.walked import DIALOGUE, ROOT
from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.records import write_jsonl
from three_tutors.reporting.overview import EXPLAINED, markdown, overview
from three_tutors.tutoring.dialogue import Dialogue, Lesson, Turn
from three_tutors.tutoring.methods import METHODS, TUTORS, USUAL, Opened


def test_every_kind_of_method_is_explained() -> None:
    """Whatever a row of the table says of a method, the walk has words for it."""
    assert {*EXPLAINED, "base"} == set(get_args(Opened))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project with one dialogue and no run."""
    path = tmp_path / "data/raw/dialogues/mathematics/adding.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(DIALOGUE, encoding="utf-8")
    return tmp_path


def test_it_runs_with_the_standard_library_alone() -> None:
    """A bare Python without site-packages walks through the committed dialogue to its last page."""
    code = "import runpy, sys; sys.path.insert(0, '.'); runpy.run_module('three_tutors.reporting.overview', run_name='__main__')"
    answer = subprocess.run(
        [sys.executable, "-I", "-S", "-X", "utf8", "-c", code],
        capture_output=True, encoding="utf-8", check=True, cwd=ROOT, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert "1 One dialogue" in answer.stdout
    assert "6 What the last run cost and scored" in answer.stdout


def test_it_shows_the_dialogue_and_all_three_renderings(project: Path) -> None:
    """The first pages hold the YAML as it stands, and what the real renderer makes of it."""
    first, second = (page.text() for page in overview(project)[:2])
    assert "  - teacher: Which is bigger, 2/5 or 1/2?" in first
    assert "one of 1." in first
    assert '{"role": "user", "content": "I got 2/5: is that right?"}' in second
    assert 'strategies: ["", "", "socratic_questioning"]' in second
    assert 'reply: "Which is bigger, 2/5 or 1/2?"' in second


def test_every_method_has_its_page(project: Path) -> None:
    """There is one page a method, in the order of all tables, and the baseline needs none."""
    assert [page.title.split()[1] for page in overview(project)[2:-1]] == [name for name in METHODS if name in USUAL]
    assert [page.title.split()[1] for page in overview(project, tutors=TUTORS)[2:-1]] == list(METHODS)


def test_before_a_run_it_says_that_nothing_has_run(project: Path) -> None:
    """The last page promises nothing and names the command."""
    last = overview(project)[-1].text()
    assert "Nothing has run here yet. After `make repro`" in last
    assert "USD" not in last


def test_after_a_run_it_shows_what_was_measured(project: Path) -> None:
    """Money and scores come from the run's metrics; a tutor without them keeps a dash."""
    metrics = project / "reports/metrics"
    metrics.mkdir(parents=True)
    (metrics / "costs.json").write_text(json.dumps({"training_tokens": 9, "dspy": {"making": 233140, "conversation": 2592}}))
    (metrics.parent / "summary.json").write_text(json.dumps({"dspy": {"matching": 0.716, "leak": 0.1}}))
    rows = {line.split()[0]: line.split()[1:] for line in overview(project)[-1].shown}
    assert rows["dspy"] == ["0.23", "USD", "2.59", "USD", "0.72", "–"]
    assert rows["lora"] == ["–"] * 4


def test_lines_fit_a_terminal(project: Path) -> None:
    """No line is longer than 98 characters, whatever the dialogue holds."""
    path = project / "data/raw/dialogues/mathematics/adding.yaml"
    path.write_text(DIALOGUE.replace("Which is", "Well, " * 60 + "which is"), encoding="utf-8")
    assert max(len(line) for page in overview(project) for line in page.text().splitlines()) <= 98


def test_a_dialogue_it_cannot_read_is_passed_over(project: Path) -> None:
    """A shorter file with a block scalar gives way to the next one; with none left the walk says what to do."""
    hard = project / "data/raw/dialogues/mathematics/a.yaml"
    hard.write_text("id: |\n  a\n", encoding="utf-8")
    assert "adding.yaml, one of 2." in overview(project)[0].text()
    (project / "data/raw/dialogues/mathematics/adding.yaml").unlink()
    with pytest.raises(DataError, match="run `dvc repro validate` first"):
        overview(project)


def test_a_dialogue_of_many_in_one_file_is_walked_through(project: Path) -> None:
    """Where no file can be read plainly, the shortest dialogue that `validate` gathered is shown as it is written."""
    (project / "data/raw/dialogues/mathematics/adding.yaml").unlink()
    line = json.dumps({"id": "one", "turns": [{"student": "why"}, {"teacher": "Why do you ask?"}]})
    (project / "data/raw/dialogues/many.jsonl").write_text(f"\n{line}\n", encoding="utf-8")
    turns = (Turn("student", "why"), Turn("teacher", "Why do you ask?"))
    gathered = Dialogue("one", Lesson("physics", 1, "Asking", "Ask."), turns, "data/raw/dialogues/many.jsonl:2")
    write_jsonl(project / "data/processed/dialogues.jsonl", [gathered.to_record()])
    shown = overview(project)[0].text()
    assert "many.jsonl:2, one of 1." in shown
    assert '{"id": "one"' in shown


def test_as_markdown_it_is_a_page_of_the_readme(project: Path) -> None:
    """Titles become headings and what is shown keeps its lines."""
    text = overview(project)[0].markdown()
    assert text.startswith("### 1 One dialogue\n\nA teacher wrote down a lesson")
    assert "```text\n  id: adding-unlike-fractions\n" in text


def test_all_of_it_as_markdown_leaves_the_run_out(project: Path) -> None:
    """The page has a heading for the dialogue, its renderings and each method, and none for a run, whose figures change."""
    headings = [line for line in markdown(overview(project)).splitlines() if line.startswith("### ")]
    assert [f"### {page.title}" for page in overview(project)[:-1]] == headings
