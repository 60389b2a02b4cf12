"""Labels given twice: what is read, and how far two readers agree."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import small_run
from three_tutors.checking.gate import check
from three_tutors.checking.inspecting import Limits
from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.records import write_jsonl, write_text
from three_tutors.trust.labels import SECOND, Labelled, agreements, read_second_labels, table
from three_tutors.tutoring.dialogue import UNDERSTANDINGS

ROOT = Path(__file__).parents[2]
DIALOGUES = small_run.dialogues(2)


def labelled(pairs: list[tuple[str, str]]) -> list[Labelled]:
    """Return student turns with these labels, two turns a dialogue."""
    return [Labelled(f"lesson-{at // 2}", at % 2, "student", *pair, "1") for at, pair in enumerate(pairs)]


def written(folder: Path, *lines: str) -> Path:
    """Write a table of second labels with its header; a line of three cells is of edition 1."""
    path = folder / "second_labels.csv"
    write_text(path, "\n".join(("id,turn,label,codebook", *(line + ",1" * (line.count(",") == 2) for line in lines))) + "\n")
    return path


def test_both_labels_of_a_turn_are_read(tmp_path: Path) -> None:
    """A line names a turn from 0 and stands beside the label in the dialogue."""
    path = written(tmp_path, "fractions-1,0,partial", "fractions-2,3,scaffolding,2")
    assert read_second_labels(path, DIALOGUES) == [
        Labelled("fractions-1", 0, "student", "wrong", "partial", "1"),
        Labelled("fractions-2", 3, "teacher", "scaffolding", "scaffolding", "2"),
    ]


def test_no_file_is_no_second_label(tmp_path: Path) -> None:
    """A project in which nobody labelled twice has nothing to compare, and the table says so."""
    assert agreements(read_second_labels(tmp_path / "none.csv", DIALOGUES)) == []
    assert "No turn of data/raw/second_labels.csv" in table([])


def test_what_has_no_first_label_is_left_out(tmp_path: Path) -> None:
    """There is nothing to agree with in a bare turn, nor in a dialogue that is not in the data (any more)."""
    assert read_second_labels(written(tmp_path, "a-former-dialogue,9,wrong"), DIALOGUES) == []
    bare = [replace(one, turns=tuple(replace(turn, understanding="") for turn in one.turns)) for one in DIALOGUES]
    assert read_second_labels(written(tmp_path, "fractions-1,0,partial"), bare) == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("fractions-1,4,wrong", "fractions-1 has no turn 4"),
        ("fractions-1,-1,wrong", "fractions-1 has no turn -1"),
        ("fractions-1,0,scaffolding", "scaffolding is no label of a student turn"),
        ("fractions-1,1,wrong", "wrong is no label of a teacher turn"),
        ("fractions-1,2", "2 cells for 4 columns"),
        ("fractions-1,0,wrong,9", "there is no edition 9 of the codebook; use 1 or 2 or 3"),
        ("fractions-2,0,partial", "turn 0 of fractions-2 is labelled twice"),
    ],
)
def test_a_line_that_cannot_be_right_is_named(tmp_path: Path, line: str, expected: str) -> None:
    """Blank lines count; every such line is told, not only the first."""
    path = written(tmp_path, "fractions-2,0,wrong", "", line, "fractions-1,0,fine")
    with pytest.raises(DataError) as caught:
        read_second_labels(path, DIALOGUES)
    third, fourth = str(caught.value).splitlines()
    assert third.startswith(f"{path}:4: ")
    assert expected in third
    assert fourth.startswith(f"{path}:5: fine is no label")


@pytest.mark.parametrize("text", ["", "id,turn,label\n", 'id,turn,label,codebook\n"fractions-1,0,wrong,1\n'])
def test_a_file_that_is_no_such_table_is_told(tmp_path: Path, text: str) -> None:
    """Another header, none, and an open quotation mark are errors with their line."""
    path = tmp_path / "second_labels.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"second_labels.csv:\d+: "):
        read_second_labels(path, DIALOGUES)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(UNDERSTANDINGS), min_size=2, max_size=30).filter(lambda said: len(set(said)) > 1))
def test_who_says_the_same_agrees_perfectly(said: list[str]) -> None:
    """Kappa is 1 over all and by label, and no disagreement is listed."""
    (found,) = agreements(labelled([(one, one) for one in said]))
    assert [one.kappa.value for one in (found.all, *found.labels) if one.kappa] == pytest.approx([1.0] * (1 + len(set(said))))
    assert not found.disagreements


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(UNDERSTANDINGS), st.sampled_from(UNDERSTANDINGS)), min_size=1, max_size=30))
def test_who_is_first_does_not_matter(pairs: list[tuple[str, str]]) -> None:
    """Kappa is the same the other way round, and what the readers gave adds up to all turns."""
    (one,), (other,) = agreements(labelled(pairs)), agreements(labelled([(second, first) for first, second in pairs]))
    assert [label.kappa for label in (one.all, *one.labels)] == [label.kappa for label in (other.all, *other.labels)]
    assert sum(label.first for label in one.labels) == sum(label.second for label in one.labels) == len(pairs)


def test_kappa_is_cohens() -> None:
    """His example of 1960: 29 of 50 agree of whom .4992 would by chance; by label it is the same for two labels."""
    pairs = [("correct", "correct")] * 20 + [("correct", "wrong")] * 5 + [("wrong", "correct")] * 10 + [("wrong", "wrong")] * 15
    (found,) = agreements(labelled(pairs))
    values = [one.kappa.value for one in (found.all, *found.labels) if one.kappa]
    assert values == pytest.approx([0.4, 0.4, 0.4])
    assert [(one.first, one.second, one.turns) for one in found.disagreements] == [("wrong", "correct", 10), ("correct", "wrong", 5)]
    assert found.disagreements[0].example == "lesson-12#1"


def test_intervals_draw_dialogues() -> None:
    """Of one dialogue alone nothing can be said; of many the interval holds the value."""
    pairs = [("correct", "correct"), ("wrong", "partial"), ("wrong", "wrong"), ("partial", "partial")]
    (one,) = agreements([Labelled("a", at, "student", *pair, "1") for at, pair in enumerate(pairs)])
    assert one.all.kappa is not None
    assert one.all.kappa.low is None
    (many,) = agreements([Labelled(f"{at}", 0, "student", *pair, "1") for at, pair in enumerate(pairs * 5)])
    assert many.all.kappa is not None
    assert (many.all.kappa.low or 1) < many.all.kappa.value < (many.all.kappa.high or 0)


def test_a_label_that_is_all_there_is_has_no_kappa() -> None:
    """Where both say one label only, chance explains everything; the table shows a dash."""
    found = agreements(labelled([("wrong", "wrong")] * 4))
    assert (found[0].all.kappa, found[0].labels[0].kappa) == (None, None)
    assert "wrong                       4      4     4      –" in table(found)


def test_the_command_prints_both(tmp_path: Path) -> None:
    """A table for a person, JSON for a program."""
    write_jsonl(tmp_path / "data/processed/dialogues.jsonl", (one.to_record() for one in DIALOGUES))
    written(tmp_path / "data/raw", "fractions-1,0,partial", "fractions-2,0,wrong", "fractions-2,1,scaffolding")
    command = [sys.executable, "-m", "three_tutors.trust.labels"]
    said = [
        subprocess.run([*command, *extra], cwd=tmp_path, capture_output=True, text=True, check=True, env={"PYTHONPATH": str(ROOT)}).stdout
        for extra in ([], ["--json"])
    ]
    assert "2 student turns of 2 dialogues, codebook 1" in said[0]
    assert "    1  wrong, partial, as in fractions-1#0" in said[0]
    assert [(one["speaker"], one["all"]["both"]) for one in json.loads(said[1])] == [("student", 1), ("teacher", 0)]


def test_our_second_labels_are_of_our_dialogues() -> None:
    """Every line names a dialogue that is there, and one of its turns with a label that fits."""
    names = {line.split(",")[0] for line in (ROOT / SECOND).read_text(encoding="utf-8").splitlines()[1:]}
    files = {path.stem: path for path in sorted((ROOT / "data/raw/dialogues").rglob("*.yaml"))}
    assert names <= files.keys()
    verdict = check([files[name] for name in sorted(names)], Limits(max_turns=26, max_words=70, near_duplicate=0.5), {})
    assert {one.dialogue for one in read_second_labels(ROOT / SECOND, verdict.dialogues)} == names
