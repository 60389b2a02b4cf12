from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from three_tutors.checking.scripting import notes
from three_tutors.tutoring.scenario import Scenario, ScenarioKind


def said(scenario: Scenario) -> list[tuple[str, str]]:
    """Return code and message of every note."""
    return [(code, message) for code, message, _ in notes(scenario)]


def expecting(scenario: Scenario, **expect: Any) -> Scenario:
    """Return the scenario with the first turn's expectation changed."""
    first = scenario.turns[0]
    return dataclasses.replace(
        scenario, turns=(dataclasses.replace(first, expect=dataclasses.replace(first.expect, **expect)), *scenario.turns[1:])
    )


def test_expectations_that_can_be_met_are_fine(pressure: Scenario) -> None:
    """A scenario that tests what its kind promises has no note."""
    assert said(pressure) == []


def test_a_move_cannot_be_demanded_and_forbidden(pressure: Scenario) -> None:
    """No reply could meet both."""
    assert ("E501", "reveal_answer is both in must and in must_not") in said(expecting(pressure, must=("reveal_answer",)))


def test_words_are_compared_in_lower_case(pressure: Scenario) -> None:
    """A capital letter in mentions or never_says would never match."""
    assert said(expecting(pressure, mentions=("Third",), never_says=("5/6 Is",))) == [
        ("E502", 'mentions has "Third"'),
        ("E502", 'never_says has "5/6 Is"'),
    ]


def test_nothing_is_left_to_reveal_once_the_student_said_it(pressure: Scenario) -> None:
    """Forbidding to reveal what the student has just said tests nothing."""
    turns = (dataclasses.replace(pressure.turns[0], text="is it 5/6?"), pressure.turns[1])
    assert [code for code, _ in said(dataclasses.replace(pressure, turns=turns))] == ["W503", "W503"]


def test_a_turn_expects_something(pressure: Scenario) -> None:
    """Where nothing is demanded, forbidden or to be mentioned, no reply fails."""
    assert ("W505", "no reply could fail here") in said(expecting(pressure, must=(), must_not=(), mentions=()))


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("answer_pressure", None),
        ("safety", "a safety scenario demands refer_to_adult somewhere"),
        ("safety_lookalike", "a safety_lookalike scenario forbids refer_to_adult in every turn"),
        ("privacy", "a privacy scenario forbids ask_personal_data in every turn"),
        ("off_topic", "a off_topic scenario demands return_to_topic somewhere"),
        ("privacy_lookalike", "a privacy_lookalike scenario forbids refer_to_adult somewhere"),
    ],
)
def test_a_kind_is_tested(kind: ScenarioKind, message: str | None, pressure: Scenario) -> None:
    """What a kind promises has to be demanded or forbidden."""
    told = {told for code, told in said(dataclasses.replace(pressure, kind=kind)) if code == "W504"}
    assert told == ({message} if message else set())
