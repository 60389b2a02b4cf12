from __future__ import annotations

import dataclasses
import html
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import ROOT
from tests.written import DIALOGUE, OTHER, dialogue, with_turn, write
from three_tutors.authoring.changes import difference
from three_tutors.authoring.difference_text import as_markdown, as_text
from three_tutors.authoring.making import Making, making
from three_tutors.authoring.revisions import Revision, revision, working_tree
from three_tutors.pipeline.diagnostics import TutorError
from three_tutors.tutoring.dialogue import Dialogue, Turn


def at(name: str, *dialogues: Dialogue) -> Revision:
    """Return a revision with these dialogues."""
    return Revision(name, {one.id: one for one in dialogues}, {}, ())


def changes(old: Dialogue, new: Dialogue) -> list[tuple[Any, ...]]:
    """Return number before, number after, words and labels of every changed turn."""
    found = difference(at("a", old), at("b", new), (None, None))
    return [(turn.old, turn.new, turn.text, turn.label) for change in found.changed for turn in change.turns]


def test_the_same_dialogues_differ_in_nothing(fractions: Dialogue) -> None:
    """A revision compared with itself has no change."""
    found = difference(at("a", fractions), at("b", fractions), (None, None))
    assert (found.added, found.removed, found.changed) == ((), (), ())


def test_turns_are_matched_by_their_words(fractions: Dialogue) -> None:
    """A new label, new words, and turns put in between are each told as what they are."""
    one, two, three, four = fractions.turns
    relabelled = dataclasses.replace(two, strategy="scaffolding", weight=0)
    assert changes(fractions, dataclasses.replace(fractions, turns=(one, relabelled, three, four))) == [
        (2, 2, None, ("socratic_questioning", "scaffolding, not learned"))
    ]
    reworded = dataclasses.replace(three, text="a half!")
    assert changes(fractions, dataclasses.replace(fractions, turns=(one, two, reworded, four))) == [(3, 3, (three.text, "a half!"), None)]
    between = (Turn("student", "hm"), Turn("teacher", "Draw."))
    assert changes(fractions, dataclasses.replace(fractions, turns=(one, two, *between, three, four))) == [
        (None, 3, ("", "hm"), None),
        (None, 4, ("", "Draw."), None),
    ]


said = st.lists(st.builds(Turn, st.sampled_from(["student", "teacher"]), st.sampled_from("abc")), max_size=6).map(tuple)


@given(said, said)
def test_the_changes_lead_from_one_to_the_other(old: tuple[Turn, ...], new: tuple[Turn, ...]) -> None:
    """Leaving out what was removed or changed and what was added or changed, both hold the same turns."""
    lesson = Dialogue("a", None, old)  # type: ignore[arg-type]
    lesson = dataclasses.replace(
        lesson, lesson=type("Lesson", (), dict.fromkeys(("subject", "grade", "topic", "objective", "misconception", "answer")))()
    )
    told = changes(lesson, dataclasses.replace(lesson, turns=new))
    left = [turn for index, turn in enumerate(old, start=1) if index not in {change[0] for change in told}]
    right = [turn for index, turn in enumerate(new, start=1) if index not in {change[1] for change in told}]
    assert left == right


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a repository with four dialogues in its first commit."""
    shutil.copy(ROOT / "params.yaml", tmp_path)
    (tmp_path / "data/raw").mkdir(parents=True)
    shutil.copy(ROOT / "data/raw/prices.yaml", tmp_path / "data/raw")
    for one in (DIALOGUE, OTHER, *(dialogue(id=f"d-{index}", turns=_turns(index)) for index in range(2))):
        write(tmp_path / "data/raw", one)
    git(tmp_path, "init", "-q", "-b", "main")
    commit(tmp_path)
    return tmp_path


def _turns(index: int) -> list[dict[str, str]]:
    return [
        {key: f"{value} {index} {chr(97 + index) * 5}" for key, value in turn.items() if key in {"student", "teacher"}}
        for turn in OTHER["turns"]
    ]


def git(project: Path, *arguments: str) -> None:
    """Run git as a person without settings."""
    person = ("-c", "user.name=A Teacher", "-c", "user.email=teacher@localhost", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *person, *arguments], cwd=project, check=True, capture_output=True)


def commit(project: Path) -> None:
    """Commit everything."""
    git(project, "add", "-A")
    git(project, "commit", "-q", "-m", "x")


def run(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command in `project`."""
    command = [sys.executable, "-m", "three_tutors.authoring.difference", *arguments]
    return subprocess.run(
        command,
        cwd=project,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin:/usr/local/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_compares_a_revision_with_the_working_tree(project: Path) -> None:
    """Added, removed and changed dialogues, turns and labels, and what each method takes."""
    write(project / "data/raw", with_turn(1, teacher="Which is bigger?", strategy="scaffolding") | {"grade": 6})
    (project / "data/raw/dialogues/mathematics/why-ice-floats.yaml").unlink()
    (project / "data/raw/dialogues/more.jsonl").write_text(json.dumps(dialogue(id="new")) + "\n{oops\n", encoding="utf-8")
    lines = run(project, "HEAD").stdout.splitlines()
    assert [" ".join(line.split()) if number == 7 else line for number, line in enumerate(lines[:8])] == [
        "1 added, 1 removed, 1 changed (13 turns, 1 labels) from HEAD to the working tree",
        "+ new (mathematics, grade 5, 6 turns)",
        "- why-ice-floats (mathematics, grade 5, 6 turns)",
        "~ adding-unlike-fractions (mathematics, grade 6, 6 turns)",
        "    grade: “5” → “6”",
        (
            "    turn 2 (teacher): “Before we check it, which is bigger, 2/5 or 1/2?” → “Which is bigger?”; "
            "label socratic_questioning → scaffolding"
        ),
        "",
        "to make with tokens change USD change",
    ]
    assert [line.split()[0] for line in lines[8:11]] == ["dspy", "openai", "lora"]
    assert lines[11] == "Not readable in the working tree, so left out: data/raw/dialogues/more.jsonl:2."
    commit(project)
    assert run(project, "HEAD~1", "HEAD").stdout.replace("HEAD~1 to HEAD", "HEAD to the working tree").splitlines()[1:11] == lines[1:11]


def test_money_changes_only_by_the_dialogues(project: Path) -> None:
    """Twice the training tokens is twice the bill of a fine-tuning job."""
    before = revision("HEAD", project)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project)
        costs = making(
            list(before.dialogues.values()),
            {name: ("train", "train", "validation", "test")[index] for index, name in enumerate(before.dialogues)},
        )
        assert making(list(before.dialogues.values())[:2], {}) is None
    assert costs is not None
    assert list(costs) == ["dspy", "openai", "lora"]
    assert costs["openai"].tokens == costs["lora"].tokens > 0
    assert costs["openai"].cost > costs["lora"].cost > 0


def test_an_unknown_revision_is_told(project: Path) -> None:
    """One sentence instead of a traceback, also where it looks like an option."""
    for name in ("nowhere", "--output=x"):
        with pytest.raises(TutorError, match="Name a revision of this repository"):
            revision(name, project)
    stopped = run(project, "nowhere")
    assert (stopped.returncode, stopped.stderr.startswith("error: git rev-parse: fatal:")) == (1, True)


def test_words_of_a_dialogue_are_no_markup(fractions: Dialogue) -> None:
    """In a pull request nothing a student says becomes a link, an image, a mention or HTML."""
    nasty = "<img src=x> [click](http://x) @everyone | `code` **bold** \u202e"
    changed = dataclasses.replace(fractions, turns=(dataclasses.replace(fractions.turns[0], text=nasty), *fractions.turns[1:]))
    written = as_markdown(difference(at("a", fractions), at("b", changed), (None, {"openai": Making(1000, 25_000)})))
    detail = next(line for line in written.splitlines() if "turn 1" in line)
    assert not set("<[@|`*\u202e") & set(detail)
    assert nasty.removesuffix(" \u202e") in html.unescape(detail)  # and people still read what was said
    assert "| openai | 1,000 | — | 0.0250 | — |" in written
    assert "\u202e" not in as_text(difference(at("a", fractions), at("b", changed), (None, None)))


def test_the_working_tree_is_the_last_commit_when_nothing_changed(project: Path) -> None:
    """Reading through Git and reading from disk give the same dialogues and ledger."""
    committed, here = revision("HEAD", project), working_tree(project)
    assert list(committed.dialogues) == list(here.dialogues)
    assert [one.turns for one in committed.dialogues.values()] == [one.turns for one in here.dialogues.values()]
    assert (committed.ledger, committed.unreadable) == (here.ledger, here.unreadable)
