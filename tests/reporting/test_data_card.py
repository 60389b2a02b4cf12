"""The data card: what it counts, what it claims, and that Hugging Face can read its head."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest
from huggingface_hub import DatasetCard
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tests import small_run
from three_tutors.reporting.data_card import (
    Table,
    closest,
    data_card,
    grade_by_strategy,
    kind_by_half,
    pair_by_half,
    situation_by_outcome,
    subject_by_age_by_strategy,
    subject_by_grade,
    subject_by_strategy,
    theme_by_band,
)
from three_tutors.reporting.figures import Figure
from three_tutors.trust.labels import Labelled, agreements
from three_tutors.tutoring.dialogue import Dialogue
from three_tutors.tutoring.splits import Split

LEDGER: dict[str, Split] = {f"fractions-{number}": "train" if number < 10 else "test" for number in range(1, 13)}
CLEAN = {"warnings": {}, "too_few": [], "unlabelled": {"student_turns": 0, "teacher_turns": 0}}


HALVES: dict[str, Split] = {"halves": "train", "pair-sum": "test", "safe-mixing": "train", "safe-kill": "test"}


def card(dialogues: list[Dialogue] | None = None, validation: dict[str, object] | None = None, **more: Any) -> str:
    """Return the card of the small run's data."""
    held = (dialogues or small_run.dialogues(), small_run.scenarios(), LEDGER, CLEAN if validation is None else validation)
    return data_card(*held, **{"moments": small_run.moments(), "halves": HALVES, **more})


def cells(table: Table) -> dict[tuple[str, str], int]:
    """Return the cells of a table that are not empty."""
    return {(name, column): n for name, row in table.rows for column, n in zip(table.columns, row, strict=True) if n}


AGREED = agreements(
    [
        Labelled(f"lesson-{number}", 0, "student", *labels, "1")
        for number, labels in enumerate(
            [("off_topic", "off_topic")] * 4 + [("wrong", "wrong"), ("confused", "confused"), ("wrong", "confused"), ("confused", "wrong")]
        )
    ]
)


def with_grades(grades: list[int]) -> list[Dialogue]:
    """Return dialogues of these school years, one each."""
    made = small_run.dialogues(len(grades))
    return [
        dataclasses.replace(dialogue, lesson=dataclasses.replace(dialogue.lesson, grade=grade))
        for dialogue, grade in zip(made, grades, strict=True)
    ]


def test_the_head_is_one_that_hugging_face_reads() -> None:
    """The YAML header parses as a dataset card with licence, language, size and all configurations, moments only where there are some."""
    head = vars(DatasetCard(card()).data)
    assert (head["license"], head["language"], head["size_categories"]) == ("cc-by-4.0", ["en"], ["n<1K"])
    assert {one["config_name"]: one["data_files"] for one in head["configs"]} == {
        "dialogues": "data/processed/dialogues.jsonl",
        "scenarios": "data/processed/scenarios.jsonl",
        "moments": "data/processed/moments.jsonl",
    }
    bare = card(moments=())
    assert [one["config_name"] for one in vars(DatasetCard(bare).data)["configs"]] == ["dialogues", "scenarios"]
    assert "graded replies" not in bare


def test_its_figures_are_those_of_the_dialogues() -> None:
    """Dialogues, turns, splits and scenarios stand in the first table as counted."""
    expected = {
        "dialogues": 12,
        "student turns": 24,
        "teacher turns": 24,
        "dialogues for train": 9,
        "dialogues for validation": 0,
        "dialogues for test": 3,
        "scenarios (scripted students)": 2,
        "scripted student turns": 4,
        "moments with graded replies, contrast pairs included": 4,
        "contrast pairs": 1,
        "graded replies": 11,
    }
    rows = dict(re.findall(r"^\| ([a-z(), ]+) \| (\d+) \|$", card().split("## What is in it")[0], re.MULTILINE))
    assert expected == {name: int(value) for name, value in rows.items()}


@given(st.lists(st.integers(1, 13), min_size=1, max_size=20))
def test_no_table_loses_or_doubles_a_turn(grades: list[int]) -> None:
    """Whatever the grades, every table adds up to all dialogues or all teacher turns."""
    dialogues = with_grades(grades)
    tables = (subject_by_grade, situation_by_outcome, subject_by_strategy, grade_by_strategy, subject_by_age_by_strategy)
    assert [*[len(grades)] * 2, *[2 * len(grades)] * 3] == [sum(table(dialogues).total) for table in tables]


def test_a_cell_counts_its_subject_and_grade() -> None:
    """The column of a grade holds the dialogues of that grade, row by row."""
    found = cells(subject_by_grade(with_grades([1, 1, 13, 1])))
    assert found == {("mathematics", "1"): 2, ("physics", "1"): 1, ("history", "13"): 1}


def test_a_cell_counts_its_situation_and_outcome() -> None:
    """A dialogue that says neither stands where there is no label; such a row and column are there only if they are needed."""
    first, second, third = small_run.dialogues(3)
    told = [dataclasses.replace(one, situation="angry", outcome="told") for one in (first, second)]
    assert cells(situation_by_outcome([*told, third])) == {("angry", "told"): 2, ("no label", "no label"): 1}
    assert "no label" not in situation_by_outcome(told).columns


def test_moments_are_counted_by_half() -> None:
    """Replies count by kind, pairs by kind, safety cases by theme and age; every one in the half of its moment."""
    moments = small_run.moments()
    assert cells(kind_by_half(moments, HALVES)) == {
        ("ideal (3)", "train"): 3,
        ("ideal (3)", "test"): 5,
        ("template (1)", "train"): 1,
        ("overrefusal (1)", "test"): 1,
        ("harmful (0)", "train"): 1,
    }
    assert cells(pair_by_half(moments, HALVES)) == {("right or wrong", "test"): 1}
    assert cells(theme_by_band(moments, HALVES)) == {
        ("dangerous experiments", "grades 1–3, train"): 1,
        ("lookalike", "grades 1–3, test"): 1,
    }


def test_every_table_is_one_for_a_markdown_reader() -> None:
    """Each of the eighteen tables is read as a table, so no row has lost a cell border."""
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(card(agreed=AGREED).split("---\n", 2)[2])
    assert html.count("<table>") == 18


def test_it_says_how_far_the_labels_agree() -> None:
    """Kappa by label with its interval; labels below .6 are warned of by name; where nobody labelled again, it says so."""
    text = card(agreed=AGREED)
    assert "without seeing the first labels: 8 student turns by edition 1. Cohen" in text
    assert re.search(r"^\| \*\*all student turns\*\* \| 8, 8, 6 \| 0\.\d\d \(−?0\.\d\d – 1\.00\) \|$", text, re.MULTILINE)
    assert "| off topic | 4, 4, 4 | 1.00 (1.00 – 1.00) |" in text
    assert "By edition 1, two readers agree below 0.6 on wrong (mixed up with confused in 2 of 8 turns) and confused" in text
    assert "Nobody labelled the turns a second time" not in text
    assert "Nobody labelled the turns a second time" in card()


@pytest.mark.parametrize(
    ("validation", "sentence"),
    [
        (CLEAN, "the gate found no error and no warning. Every turn is labelled."),
        (CLEAN | {"warnings": {"T7": 2, "D1": 1}}, "the gate found no error and 3 warnings (D1: 1, T7: 2)."),
        (CLEAN | {"unlabelled": {"student_turns": 1, "teacher_turns": 0}}, "1 turn has no label."),
        (CLEAN | {"too_few": ["encouragement labels 3 turns"]}, "- encouragement labels 3 turns"),
        ({}, "What the gate counted in this version is not available"),
    ],
)
def test_it_says_what_the_gate_counted(validation: dict[str, object], sentence: str) -> None:
    """Warnings, unlabelled turns and shortages are told; without them the card does not claim a clean bill."""
    assert sentence in card(validation=validation)


def test_a_picture_has_its_words() -> None:
    """A picture is shown from figures/ with its alternative text."""
    assert "![12 dialogues.](figures/coverage.svg)" in card(figures=(Figure("coverage", "Coverage", "12 dialogues.", "<svg/>"),))


def test_the_two_most_alike_dialogues_are_named() -> None:
    """A copy is found among the others and told with the share of what it has in common; one dialogue alone has nobody to be like."""
    made = small_run.dialogues(3)
    copy = dataclasses.replace(made[2], id="a-copy")
    assert closest([*made, copy]) == ("fractions-3", "a-copy", 1.0)
    assert "`fractions-3` and `a-copy`, share 100.0 % of their word triples" in card([*made, copy])
    assert (closest(made[:1]), "most alike" in card(made[:1])) == (None, False)
