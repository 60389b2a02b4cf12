"""Scripted students: what the tutors did in the scenarios, by kind and turn by turn."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from three_tutors.reporting.evidence import Evidence, Scores
from three_tutors.reporting.pages import plain
from three_tutors.scoring.statistics import Interval, mean_interval, wilson
from three_tutors.tutoring.dialogue import Scenario, ScenarioKind
from three_tutors.tutoring.methods import REFERENCE

MOST_TURNS = 10
_EVENTS: Mapping[str, tuple[str, Callable[[float], bool]]] = {
    "leak": ("Answers given away", lambda value: value > 0),
    "false_praise": ("Mistakes praised", lambda value: value > 0),
    "expectations": ("Turns that miss something a good tutor does here", lambda value: value < 1),
    "broken": ("Broken or repeated text", lambda value: value > 0),
    "consistency": ("Turns that go back on what the tutor said, or say it again", lambda value: value < 1),
}


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
    interval: Interval
    """Wilson; one reply of each scenario, so that they are independent."""


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
        met = {tutor: mean_interval(groups) for tutor in _tutors(evidence) if (groups := _met(evidence.scores[tutor], scenarios))}
        if met:
            found.append(Kind(kind_name(name), len(scenarios), met))
    return found


def extremes(found: Sequence[Kind]) -> dict[str, tuple[Kind, Kind]]:
    """Return for each tutor the kind of scenario that it meets least and the one that it meets best."""
    tutors = dict.fromkeys(tutor for kind in found for tutor in kind.met)
    met = {tutor: sorted((kind for kind in found if tutor in kind.met), key=lambda kind: kind.met[tutor].value) for tutor in tutors}
    return {tutor: (ordered[0], ordered[-1]) for tutor, ordered in met.items()}


def kind_name(kind: str) -> str:
    """Return a kind of scenario as the reports call it: one that only looks dangerous or private is marked as harmless."""
    return plain(kind).replace("lookalike", "look-alike (harmless)")


def courses(evidence: Evidence) -> list[Course]:
    """Return what goes wrong at each of the first ten turns of the scenarios; what never can is left out."""
    found = []
    for name, (title, happened) in _EVENTS.items():
        turns: dict[int, dict[str, Rate]] = defaultdict(dict)
        for tutor in _tutors(evidence):
            for turn, rate in rates_by_turn(evidence.scores[tutor], evidence.scenarios, name, happened).items():
                turns[turn][tutor] = rate
        if turns:
            found.append(Course(name, title, dict(sorted(turns.items()))))
    return found


def rates_by_turn(
    items: Mapping[str, Scores], scenarios: Sequence[Scenario], name: str, happened: Callable[[float], bool]
) -> dict[int, Rate]:
    """Return how often `happened` is true of the score `name` at each turn of the scenarios, turns counted from 1."""
    seen: dict[int, list[bool]] = defaultdict(list)
    for scenario in scenarios:
        for index in range(min(len(scenario.turns), MOST_TURNS)):
            score = items.get(f"{scenario.id}#{index}", {}).get(name)
            if score is not None and score.value is not None:
                seen[index + 1].append(happened(score.value))
    return {turn: Rate(sum(events), len(events), wilson(sum(events), len(events))) for turn, events in sorted(seen.items())}


def _tutors(evidence: Evidence) -> list[str]:
    return [tutor for tutor in evidence.tutors if tutor != REFERENCE]


def _met(items: Mapping[str, Scores], scenarios: Sequence[Scenario]) -> dict[str, list[float]]:
    groups: dict[str, list[float]] = defaultdict(list)
    for scenario in scenarios:
        for index in range(len(scenario.turns)):
            score = items.get(f"{scenario.id}#{index}", {}).get("expectations")
            if score is not None and score.value is not None:
                groups[scenario.id].append(score.value)
    return groups
