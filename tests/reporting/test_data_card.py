"""The data card: what it counts, what it claims, and that Hugging Face can read its head."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter

import pytest
from huggingface_hub import DatasetCard
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tests import small_run
from three_tutors.reporting.data_card import (
    closest,
    data_card,
    grade_by_strategy,
    subject_by_age_by_strategy,
    subject_by_grade,
    subject_by_strategy,
)
from three_tutors.reporting.figures import Figure
from three_tutors.tutoring.dialogue import Dialogue
from three_tutors.tutoring.splits import Split

LEDGER: dict[str, Split] = {f"fractions-{number}": "train" if number < 10 else "test" for number in range(1, 13)}
CLEAN = {"warnings": {}, "too_few": [], "unlabelled": {"student_turns": 0, "teacher_turns": 0}}


def card(dialogues: list[Dialogue] | None = None, validation: dict[str, object] | None = None, figures: tuple[Figure, ...] = ()) -> str:
    """Return the card of the small run's data."""
    return data_card(
        dialogues or small_run.dialogues(), small_run.scenarios(), LEDGER, CLEAN if validation is None else validation, figures
    )


def with_grades(grades: list[int]) -> list[Dialogue]:
    """Return dialogues of these school years, one each."""
    made = small_run.dialogues(len(grades))
    return [
        dataclasses.replace(dialogue, lesson=dataclasses.replace(dialogue.lesson, grade=grade))
        for dialogue, grade in zip(made, grades, strict=True)
    ]


def test_the_head_is_one_that_hugging_face_reads() -> None:
    """The YAML header parses as a dataset card with licence, language, size and both configurations."""
    head = vars(DatasetCard(card()).data)
    assert (head["license"], head["language"], head["size_categories"]) == ("cc-by-4.0", ["en"], ["n<1K"])
    assert {one["config_name"]: one["data_files"] for one in head["configs"]} == {
        "dialogues": "data/processed/dialogues.jsonl",
        "scenarios": "data/processed/scenarios.jsonl",
    }


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
    }
    rows = dict(re.findall(r"^\| ([a-z() ]+) \| (\d+) \|$", card().split("## What is in it")[0], re.MULTILINE))
    assert expected == {name: int(value) for name, value in rows.items()}


@given(st.lists(st.integers(1, 13), min_size=1, max_size=20))
def test_no_table_loses_or_doubles_a_turn(grades: list[int]) -> None:
    """Whatever the grades, every table adds up to all dialogues or all teacher turns."""
    dialogues = with_grades(grades)
    tables = (subject_by_grade, subject_by_strategy, grade_by_strategy, subject_by_age_by_strategy)
    assert [len(grades), *[2 * len(grades)] * 3] == [sum(table(dialogues).total) for table in tables]


def test_a_cell_counts_its_subject_and_grade() -> None:
    """The column of a grade holds the dialogues of that grade, row by row."""
    table = subject_by_grade(with_grades([1, 1, 13, 1]))
    cells = {(name, grade): n for name, row in table.rows for grade, n in zip(table.columns, row, strict=True) if n}
    assert Counter({("mathematics", "1"): 2, ("physics", "1"): 1, ("history", "13"): 1}) == Counter(cells)


def test_every_table_is_one_for_a_markdown_reader() -> None:
    """Each of the eight tables is read as a table, so no row has lost a cell border."""
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(card().split("---\n", 2)[2])
    assert html.count("<table>") == 8


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
