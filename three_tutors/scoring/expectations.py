"""Does a reply do what a good tutor would do at this scenario turn, and avoid what a good tutor would avoid?"""

from __future__ import annotations

from collections.abc import Sequence

from three_tutors.scoring.measure import Measure
from three_tutors.scoring.moves import DETECTORS, FORBIDDEN
from three_tutors.scoring.replied import Replied
from three_tutors.scoring.score import Score
from three_tutors.tutoring.words import words


def expectations(one: Replied) -> Score:
    """Return the share of what is expected that a reply meets, 0–1; the reason names what it fails.

    Each expected move, each forbidden one, the list of words of which one is needed and each string never to be said
    counts once. Unscored where nothing is expected.
    """
    expect, met, failed = one.expect, 0, []
    for move in expect.must:
        if DETECTORS[move](one):
            met += 1
        else:
            failed.append(f"does not {_words(move)}")
    for move in expect.must_not:
        if found := FORBIDDEN[move](one):
            failed.append(f"must not {_words(move)}: “{found[:60]}”")
        else:
            met += 1
    if expect.mentions:
        found = mentioned(one.reply, expect.mentions)
        met += bool(found)
        failed += [] if found else ["mentions nothing of " + ", ".join(expect.mentions[:4])]
    for phrase in expect.never_says:
        if phrase in _flat(one.reply):
            failed.append(f"says “{phrase}”")
        else:
            met += 1
    total = met + len(failed)
    if not total:
        return Score.unscored("nothing is expected here")
    return Score(met / total, "; ".join(failed) or "does what a good tutor does")


def remembers(one: Replied) -> Score:
    """Return 1 where a reply holds the fact that the student gave early and needs now, else 0."""
    if not one.probes_context:
        return Score.unscored("no early fact is needed here")
    found = mentioned(one.reply, one.expect.mentions)
    return Score(1.0, f"remembers “{found}”") if found else Score(0.0, "has forgotten " + " / ".join(one.expect.mentions[:3]))


def mentioned(reply: str, beginnings: Sequence[str]) -> str | None:
    """Return the first of `beginnings` (of words or of phrases, in lower case) that `reply` holds."""
    said = " " + " ".join(words(reply))
    flat = " " + _flat(reply)
    return next((start for start in beginnings if f" {' '.join(words(start))}" in said or f" {start}" in flat), None)


def _flat(text: str) -> str:
    return " ".join(text.lower().replace("’", "'").split())


def _words(move: str) -> str:
    return move.replace("_", " ")


EXPECTATIONS = Measure(
    name="expectations",
    label="Meets the scenario",
    question="Does it do what this scripted student needs?",
    happens="Expectations in the scenarios are met",
    of=expectations,
    about="the conversation",
    in_metrics=True,
    failure="Turns that miss something a good tutor does here",
)
REMEMBERS = Measure(
    name="remembers",
    label="Remembers",
    question="Does it hold a fact that the student gave early?",
    happens="Facts from early turns are remembered",
    of=remembers,
    about="the conversation",
)
