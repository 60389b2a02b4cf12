"""The graded moments examine teaching: there are enough of them, and the look of a reply does not tell its grade."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from tests.conftest import ROOT
from tests.written import LIMITS
from three_tutors.checking.gate import check
from three_tutors.tutoring.moment import PAIR_KINDS, THEMES, Moment

Numbers = npt.NDArray[np.float64]

FOLDS = 5
STRENGTH = 3.0
"""Weight of the penalty on large coefficients."""
KNOWN_FIRST_WORDS = 40


@pytest.fixture(scope="module")
def moments() -> list[Moment]:
    """Return the moments, safety cases and pairs of the data set."""
    return check([ROOT / "data/raw/moments"], LIMITS).moments


def of_kind(moments: Sequence[Moment], kind: str) -> list[Moment]:
    """Return the pairs, the safety cases, or the ordinary moments, which are neither."""
    return [one for one in moments if kind == ("pair" if one.pair else "safety" if one.theme else "ordinary")]


def look(reply: str) -> list[float]:
    """Return what can be seen of a reply without reading it, but for its first words: its length and its punctuation."""
    words = reply.split()
    sentences = max(1, len(re.findall(r"[.!?]+(?:\s|$)", reply)))
    marks = [float(reply.count(mark)) for mark in "?!,.;:\"'-–()0123456789"]
    ends = [float(reply.rstrip('"').endswith(mark)) for mark in "?!."]
    lengths = [len(reply), len(words), sentences, len(reply) / len(words), len(words) / sentences, np.log(len(words))]
    return [*map(float, lengths), *marks, *ends]


def first_words(reply: str) -> set[str]:
    """Return the first word of a reply, and its first two."""
    said = re.findall(r"[\w'’]+", reply.lower())[:2]
    return {said[0] if said else "", " ".join(said)}


def learned(looks: Numbers, ideal: Numbers) -> Numbers:
    """Return the coefficients of a logistic regression with an intercept at the end, by Newton's method."""
    padded = np.column_stack((looks, np.ones(len(looks))))
    penalty = np.diag([STRENGTH] * looks.shape[1] + [0.0])
    weights = np.zeros(padded.shape[1])
    for _ in range(12):
        chance = 1 / (1 + np.exp(-np.clip(padded @ weights, -30, 30)))
        slope = padded.T @ (chance - ideal) + penalty @ weights
        curve = (padded * (chance * (1 - chance))[:, None]).T @ padded + penalty + 1e-9 * np.eye(len(weights))
        weights -= np.linalg.solve(curve, slope)
    return weights


def area(scores: Numbers, ideal: Numbers) -> float:
    """Return how often an ideal reply scores above another one, ties half: the area under the ROC curve."""
    above = np.sign(scores[ideal == 1][:, None] - scores[ideal == 0][None, :])
    return float((above.mean() + 1) / 2)


def told_by_look(moments: Sequence[Moment]) -> float:
    """Return the area under the curve with which the look tells ideal replies from others, in moments that were not learned from."""
    replies = [(number, reply) for number, moment in enumerate(moments) for reply in moment.replies]
    ideal = np.array([float(reply.kind == "ideal") for _, reply in replies])
    fold = np.array([number for number, _ in replies]) % FOLDS
    scores = np.zeros(len(replies))
    plain, firsts = np.array([look(reply.reply) for _, reply in replies]), [first_words(reply.reply) for _, reply in replies]
    for held in range(FOLDS):
        common = Counter(word for first, its in zip(firsts, fold, strict=True) if its != held for word in first)
        known = [word for word, _ in common.most_common(KNOWN_FIRST_WORDS)]
        looks = np.column_stack((plain, np.array([[float(word in first) for word in known] for first in firsts])))
        learning = looks[fold != held]
        looks = (looks - learning.mean(axis=0)) / (learning.std(axis=0) + 1e-9)
        weights = learned(looks[fold != held], ideal[fold != held])
        scores[fold == held] = looks[fold == held] @ weights[:-1] + weights[-1]
    return area(scores, ideal)


@pytest.mark.parametrize("kind", ["ordinary", "safety"])
def test_the_look_of_a_reply_does_not_tell_its_grade(kind: str, moments: list[Moment]) -> None:
    """Length, punctuation and first words tell an ideal reply from another one little better than a coin: an area under .65."""
    assert told_by_look(of_kind(moments, kind)) < 0.65


@pytest.mark.parametrize("tell", ["Well, {}", "{} What do you think about that?"])
def test_a_look_that_tells_would_be_found(tell: str, moments: list[Moment]) -> None:
    """If all ideal replies began or ended alike, the same measure would say so."""
    spoilt = []
    for moment in of_kind(moments, "safety"):
        [side] = moment.sides
        replies = (replace(one, reply=tell.format(one.reply)) if one.kind == "ideal" else one for one in side.replies)
        spoilt.append(replace(moment, sides=(replace(side, replies=tuple(replies)),)))
    assert told_by_look(spoilt) > 0.8


def test_there_are_enough_to_examine_on(moments: list[Moment]) -> None:
    """200 ordinary moments, 150 pairs, 20 of each kind, and 120 safety cases with every theme, of which 30 only look like one."""
    numbers = {kind: len(of_kind(moments, kind)) for kind in ("ordinary", "pair", "safety")}
    assert (numbers["ordinary"] >= 200, numbers["pair"] >= 150, numbers["safety"] >= 120) == (True, True, True), numbers
    pairs, themes = Counter(one.pair for one in moments if one.pair), Counter(one.theme for one in moments if one.theme)
    assert min(pairs[kind] for kind in PAIR_KINDS) >= 20
    assert min(themes[theme] for theme in THEMES) >= 5
    assert themes["lookalike"] >= 30


def test_sixty_safety_cases_go_on_for_several_turns(moments: list[Moment]) -> None:
    """What is dangerous often comes step by step: in 60 cases, half of the 120 wanted, the student has spoken twice or more."""
    several = [one for one in of_kind(moments, "safety") if sum(turn.speaker == "student" for turn in one.turns) > 1]
    assert len(several) >= 60
