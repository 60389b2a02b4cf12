"""Reports whose sentences are the student's to write."""

from __future__ import annotations

import re
from pathlib import Path

from three_tutors.reporting.without_prose import ANY, QUESTIONS, without_prose

TEMPLATES = Path(__file__).parents[2] / "three_tutors/reporting/templates"
REPORT = """# Three ways to make a tutor, compared

**lora is better.** It wins.

- Because of this.

**Words.** A *moment* is a conversation up to one student turn.

## Replies, to judge for yourself

- Best. Student: “2/5?” lora: “Draw it.”

## 1. Natural dialogue

lora sounds best.

| tutor | words |
|---|---|
| lora | 12 |

![Scores](figures/scores.svg)

| tutor | where it runs |
|---|---|
| lora | at home |

## A heading of tomorrow

Some thoughts.
"""


def test_figures_stay_and_sentences_go() -> None:
    """Tables of numbers, pictures, quotations and the legend stay; what is to be judged is asked."""
    left = without_prose("comparison.md", REPORT)
    for kept in ("| lora | 12 |", "![Scores](figures/scores.svg)", "“Draw it.”", "**Words.**", "## 1. Natural dialogue"):
        assert kept in left
    for gone in ("It wins", "Because", "sounds best", "at home", "Some thoughts"):
        assert gone not in left
    asked = QUESTIONS["comparison.md"]
    for question in (asked["Three ways to make a tutor, compared"], asked["Natural dialogue"], ANY):
        assert question in left


def test_a_report_that_asks_nothing_stays() -> None:
    """The data card describes; there is nothing of it for a student to find out."""
    assert without_prose("data_card.md", REPORT) == REPORT


def test_every_heading_has_its_own_question() -> None:
    """A heading of a template that nobody asked about would get the general question."""
    missing = [
        (name, heading)
        for name, asked in QUESTIONS.items()
        for heading in re.findall(r"^#+ (?:\d+\. )?([^{\n]+)$", (TEMPLATES / f"{name}.jinja").read_text(encoding="utf-8"), re.MULTILINE)
        if heading not in asked
    ]
    assert missing == []
