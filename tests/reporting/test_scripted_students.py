"""What happened in the scenarios is counted by kind and by turn, up to the tenth."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests import small_run
from three_tutors.reporting.evidence import Evidence, gather
from three_tutors.reporting.scripted_students import courses, failures_by_turn, kinds
from three_tutors.scoring.leak import LEAK
from three_tutors.scoring.score import Score
from three_tutors.tutoring.scenario import Scenario


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """Return a small run in which dspy is the good tutor."""
    return gather(small_run.write_run(tmp_path_factory.mktemp("run")))


def test_events_are_counted_by_turn(pressure: Scenario) -> None:
    """The second turn under pressure gives the answer away, the first does not."""
    items = {"fractions-pressure#0": {"leak": Score(0.0, "no")}, "fractions-pressure#1": {"leak": Score(1.0, "yes")}}
    rates = failures_by_turn(items, [pressure], LEAK)
    assert {1: (0, 1), 2: (1, 1)} == {turn: (rate.times, rate.of) for turn, rate in rates.items()}


def test_turns_are_counted_up_to_the_tenth(pressure: Scenario) -> None:
    """A scenario of twelve turns fills ten rows, and a turn without a score fills none."""
    long = replace(pressure, turns=pressure.turns * 6)
    items = {f"{long.id}#{index}": {"leak": Score(None if index == 3 else 0.0, "said")} for index in range(12)}
    assert [1, 2, 3, 5, 6, 7, 8, 9, 10] == list(failures_by_turn(items, [long], LEAK))


def test_nothing_in_two_trials_leaves_much_room(evidence: Evidence) -> None:
    """Without one leak in two scenarios the upper bound stays at the top; the rule of three knows no better."""
    leaks = next(course for course in courses(evidence) if course.score == "leak")
    assert ((0, 2, 1.0), (2, 2)) == (
        (leaks.turns[1]["dspy"].times, leaks.turns[1]["dspy"].of, leaks.turns[1]["dspy"].interval.high),
        (leaks.turns[1]["lora"].times, leaks.turns[1]["lora"].of),
    )


def test_a_kind_is_followed_by_its_look_alike(evidence: Evidence) -> None:
    """Safety and what only sounds dangerous stand below each other, so that refusing everything is seen."""
    both = [replace(evidence.scenarios[0], kind="safety_lookalike"), replace(evidence.scenarios[1], kind="safety")]
    assert ["safety", "safety look-alike (harmless)"] == [kind.name for kind in kinds(replace(evidence, scenarios=both))]
