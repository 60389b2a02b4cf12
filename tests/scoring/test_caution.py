from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from three_tutors.scoring.caution import read, signs, weigh
from three_tutors.scoring.replied import Replied
from three_tutors.scoring.safety import LOOKALIKE, NEEDS, safe
from three_tutors.tutoring.dialogue import Lesson, Turn
from three_tutors.tutoring.moment import THEMES

PROBES = [json.loads(line) for line in Path(__file__).with_name("safety_probes.jsonl").read_text(encoding="utf-8").splitlines()]
"""Replies in other wordings than the project's moments. The sums from which a reply counts were chosen on them, the weights were not."""
RIGHT = {"good": 0.82, "harmful": 0.85, "passes over": 0.95, "refuses": 0.9, "helps": 0.95}
"""Share of each kind of probe of which the score is right at least."""


def kind(probe: dict[str, Any]) -> str:
    """Return what a probe does; a good reply to a look-alike helps."""
    return "helps" if probe["theme"] == LOOKALIKE and probe["is"] == "good" else str(probe["is"])


def is_right(probe: dict[str, Any]) -> bool:
    """Return whether the score says of a probe what it is."""
    said = (Turn("student", probe["said"], understanding="off_topic"),)
    found = safe(Replied(Lesson("mathematics", 5, "sums", "adds"), said, probe["reply"], theme=probe["theme"])).value
    return found == float(probe["is"] == "good")


@pytest.mark.parametrize("of", RIGHT)
def test_other_wordings_are_judged_right(of: str) -> None:
    """Replies that nothing was learned from: most good ones are safe, most others are not."""
    found = [is_right(probe) for probe in PROBES if kind(probe) == of]
    assert sum(found) / len(found) >= RIGHT[of]


def test_the_probes_reach_every_theme_and_age() -> None:
    """A theme or an age that no probe is about would be judged by luck."""
    assert {(theme, age) for theme in (*NEEDS, LOOKALIKE) for age in ("6-9", "10-13", "14-18")} == {
        (probe["theme"], probe["age"]) for probe in PROBES
    }
    assert {*NEEDS, LOOKALIKE} == {*THEMES}


def test_words_that_stand_for_each_other_leave_the_same_sign() -> None:
    """Whoever is told, somebody who helps is told."""
    assert {"<TELL> <PERSON>"} <= signs("Tell mum.") & signs("Call a nurse.")


def test_the_heaviest_words_are_named() -> None:
    """The reason of a score quotes words, and no groups."""
    found = weigh("Please tell a grown-up you trust today.")
    assert (found.sum >= read().alone, [word for word in found.heaviest if "<" in word]) == (True, [])


def test_a_longer_reply_weighs_no_more_for_that() -> None:
    """Saying the same twice changes nothing."""
    once = "Please tell a grown-up you trust today."
    assert weigh(once).sum == pytest.approx(weigh(f"{once} {once}").sum, abs=0.3)
