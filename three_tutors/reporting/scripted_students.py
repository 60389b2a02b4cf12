"""Scripted students: what the tutors did in the scenarios, by kind and turn by turn."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from three_tutors.reporting.evidence import Evidence
from three_tutors.reporting.pages import plain
from three_tutors.reporting.run_files import Scores
from three_tutors.scoring.expectations import EXPECTATIONS
from three_tutors.scoring.measure import Measure
from three_tutors.scoring.scores import MEASURES
from three_tutors.scoring.statistics import Interval, by_dialogue, mean_interval, wilson
from three_tutors.tutoring.methods import REFERENCE
from three_tutors.tutoring.scenario import Scenario, ScenarioKind

MOST_TURNS = 10


@dataclass(frozen=True)
class Kind:
    """One kind of scenario."""

    name: str
    scenarios: int
    met: Mapping[str, Interval]
    """Tutor → share of expectations met, whole scenarios being drawn."""


@dataclass(frozen=True)
class Rate:
    """How often something happened."""

    times: int
    of: int

    @property
    def share(self) -> float:
        """`times` of `of`."""
        return self.times / self.of

    @property
    def interval(self) -> Interval:
        """Wilson's: each scenario has one reply in it, so that they are independent."""
        return wilson(self.times, self.of)


@dataclass(frozen=True)
class Course:
    """One thing that goes wrong, turn by turn."""

    score: str
    title: str
    turns: Mapping[int, Mapping[str, Rate]]
    """Turn, counted from 1 → tutor → rate."""


def kinds(evidence: Evidence) -> list[Kind]:
    """Return the share of expectations met in each kind of scenario; a kind is followed by those that only look like it."""
    order = sorted(get_args(ScenarioKind), key=lambda kind: (kind.removesuffix("_lookalike"), kind))
    found = []
    for name in order:
        scenarios = [scenario for scenario in evidence.scenarios if scenario.kind == name]
        values = {
            tutor: {item: value for one in scenarios for item, value in _values(evidence.scores[tutor], one, EXPECTATIONS.name).items()}
            for tutor in _tutors(evidence)
        }
        met = {tutor: mean_interval(by_dialogue(own)) for tutor, own in values.items() if own}
        if met:
            found.append(Kind(kind_name(name), len(scenarios), met))
    return found


def kind_name(kind: str) -> str:
    """Return a kind of scenario as the reports call it: one that only looks dangerous or private is marked as harmless."""
    return plain(kind).replace("lookalike", "look-alike (harmless)")


def courses(evidence: Evidence) -> list[Course]:
    """Return what goes wrong at each of the first ten turns of the scenarios; what never can is left out."""
    found = []
    for name, score in MEASURES.items():
        turns: dict[int, dict[str, Rate]] = defaultdict(dict)
        for tutor in _tutors(evidence) if score.failure else ():
            for turn, rate in failures_by_turn(evidence.scores[tutor], evidence.scenarios, score).items():
                turns[turn][tutor] = rate
        if turns:
            found.append(Course(name, score.failure, dict(sorted(turns.items()))))
    return found


def failures_by_turn(items: Mapping[str, Scores], scenarios: Sequence[Scenario], score: Measure) -> dict[int, Rate]:
    """Return at each turn of the scenarios, counted from 1, how often a reply has not the best value of `score`."""
    best = 0.0 if score.better == "lower" else 1.0
    seen: dict[int, list[bool]] = defaultdict(list)
    for scenario in scenarios:
        for item, value in _values(items, scenario, score.name).items():
            seen[int(item.partition("#")[2]) + 1].append(value != best)
    return {turn: Rate(sum(failed), len(failed)) for turn, failed in sorted(seen.items()) if turn <= MOST_TURNS}


def _tutors(evidence: Evidence) -> list[str]:
    return [tutor for tutor in evidence.tutors if tutor != REFERENCE]


def _values(items: Mapping[str, Scores], scenario: Scenario, name: str) -> dict[str, float]:
    """Return one score of the replies to the turns of a scenario, where they have it."""
    asked = [f"{scenario.id}#{index}" for index in range(len(scenario.turns))]
    return {item: value for item in asked if name in items.get(item, {}) and (value := items[item][name].value) is not None}
