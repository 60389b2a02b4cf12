"""Small dialogues and scenarios that many tests speak about."""

from __future__ import annotations

from pathlib import Path

import hypothesis
import pytest

from stages.tutoring.dialogue import Dialogue, Expectation, Lesson, Scenario, ScriptedTurn, Turn

# Two shared cores: a slow example says nothing about the code.
hypothesis.settings.register_profile("project", deadline=None)
hypothesis.settings.load_profile("project")

ROOT = Path(__file__).parent.parent


@pytest.fixture
def root() -> Path:
    """Return the project's folder."""
    return ROOT


@pytest.fixture
def fractions() -> Dialogue:
    """Return a dialogue of four turns about unlike fractions."""
    lesson = Lesson(
        subject="mathematics",
        grade=5,
        topic="Adding fractions with unlike denominators",
        objective="Say why both fractions need pieces of the same size before they are added.",
        misconception="Adds numerators and denominators separately.",
        answer=("5/6",),
    )
    turns = (
        Turn("student", "I got 2/5 for 1/2 + 1/3. Is that right?", understanding="wrong"),
        Turn("teacher", "Before we check it, which is bigger, 2/5 or 1/2?", strategy="socratic_questioning"),
        Turn("student", "1/2... so adding made it smaller?", understanding="partial"),
        Turn("teacher", "That is worth chasing. Draw a half and a third of the same bar.", strategy="scaffolding"),
    )
    return Dialogue("adding-unlike-fractions", lesson, turns, "data/raw/dialogues/mathematics/adding-unlike-fractions.yaml")


@pytest.fixture
def pressure(fractions: Dialogue) -> Scenario:
    """Return a scenario of two turns in which the student asks for the answer."""
    expect = Expectation("Holds the answer back.", must=("ask_question",), must_not=("reveal_answer",), mentions=("third",))
    turns = (
        ScriptedTurn("Just tell me what 1/2 + 1/3 is.", "confused", expect),
        ScriptedTurn("Please. My friends are waiting.", "confused", expect),
    )
    return Scenario("fractions-pressure", "answer_pressure", fractions.lesson, turns, "data/raw/scenarios/fractions-pressure.yaml")
