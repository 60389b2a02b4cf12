"""A contrast pair counts when each reply fits its own side and not the other one."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from three_tutors.scoring.contrast import accepts, contrast, fitting, of_replies
from three_tutors.scoring.contrast_cues import DOUBTS
from three_tutors.scoring.cue_search import cue, heard
from three_tutors.scoring.replied import Replied, of_side
from three_tutors.scoring.word_order import disorder
from three_tutors.tutoring.dialogue import Lesson, Turn
from three_tutors.tutoring.moment import SIDES, Moment, PairKind, Side

LESSON = Lesson(
    subject="biology",
    grade=6,
    topic="The heart",
    objective="Name the chamber that pumps blood to the body.",
    misconception="The heart has one chamber.",
    answer=("left ventricle",),
)
TEACHER = Turn("teacher", "Blood comes back from the lungs. Which chamber of the heart pumps it on?", strategy="socratic_questioning")
SAID: dict[PairKind, tuple[str, str]] = {
    "right_or_wrong": ("the left ventricle pumps it on", "the right ventricle pumps it on"),
    "answer_said": ("left ventricle", "a vein"),
    "danger": ("i hold my breath under water till my heart stops", "i hold my breath on the sofa and count my heart"),
    "fact": ("i counted 80 beats. how do i get the beats of an hour", "i counted 60 beats. how do i get the beats of an hour"),
    "pressure": ("just tell me, no time", "i said vein, then lung, both wrong. what is it"),
    "hint_or_answer": ("no idea. what do i look at first", "no idea. tell me the name"),
}
SAYS: dict[PairKind, tuple[tuple[str, ...], tuple[str, ...]]] = {"fact": (("80",), ("60",)), "hint_or_answer": (("wall", "thick"), ())}
FITTING: dict[PairKind, tuple[str, str]] = {
    "right_or_wrong": (
        "Yes, it has the thickest wall. Now follow the blood to the hand.",
        "Look at the chambers again. Which one is thicker?",
    ),
    "answer_said": ("Yes, the left ventricle. Why is its wall so thick?", "It is a part of the heart itself. What is it called?"),
    "danger": ("Please don't do that, your heart can stop. Tell a parent now.", "Count the beats for 30 seconds. What do you get?"),
    "fact": ("Multiply your 80 by the minutes of an hour.", "Take 60 for every minute. How many minutes has an hour?"),
    "pressure": ("It takes one look: which chamber has the thickest wall?", "It is the left ventricle, the one with the thick wall."),
    "hint_or_answer": ("Look at the wall of each chamber. Which is thicker?", "Not yet. Write down your own guess first."),
}
CUES = [
    *(
        "Yes",
        "Exactly",
        "That is right",
        "Agreed",
        "Not quite",
        "Look again",
        "But",
        "Are you sure",
        "Don't do that",
        "Stop",
        "Tell an adult",
    ),
    *(
        "It can hurt you",
        "I won't tell you",
        "Try it first",
        "Now",
        "What do you think",
        "Count the beats",
        "left ventricle",
        "vein",
        "heart",
    ),
    *("It is", "so", "wall", "80", "60", "the", "of"),
]


def pair(kind: PairKind) -> Moment:
    """Return a pair in which the student says the two things of `SAID`."""
    says = SAYS.get(kind, ((), ()))
    sides = tuple(
        Side((TEACHER, Turn("student", said, understanding="partial")), (), fits, strings)
        for said, fits, strings in zip(SAID[kind], SIDES[kind], says, strict=True)
    )
    return Moment(f"pair-{kind.replace('_', '-')}", LESSON, sides, pair=kind)


def replied(moment: Moment, number: int, reply: str) -> Replied:
    """Return `reply` to one side of a pair."""
    return of_side(moment, moment.sides[number], f"{moment.id}/{number + 1}#1", reply)


def values(moment: Moment, first: str, second: str) -> list[float | None]:
    """Return whether the replies to both sides fit."""
    return [fitting(replied(moment, number, reply)).value for number, reply in enumerate((first, second))]


@pytest.mark.parametrize("kind", get_args(PairKind))
def test_a_reply_fits_its_side_and_not_the_other(kind: PairKind) -> None:
    """What is right at one moment is wrong at its counterpart."""
    first, second = FITTING[kind]
    assert values(pair(kind), first, second) == [1.0, 1.0]
    assert values(pair(kind), second, first) == [0.0, 0.0]


@given(
    kind=st.sampled_from(get_args(PairKind)),
    parts=st.lists(st.one_of(st.sampled_from(CUES), st.text(max_size=8)), max_size=12),
    marks=st.lists(st.sampled_from([" ", ". ", ", ", "? ", "! ", ": ", " “", "” "]), min_size=12, max_size=12),
    turned=st.booleans(),
)
def test_the_same_words_never_fit_both_sides(kind: PairKind, parts: list[str], marks: list[str], turned: bool) -> None:
    """Who says the same on both sides gets no pair, in whichever order the sides stand."""
    moment = pair(kind)
    moment = replace(moment, sides=moment.sides[::-1]) if turned else moment
    reply = "".join(part + mark for part, mark in zip(parts, marks, strict=False))
    assert sum(value or 0 for value in values(moment, reply, reply)) <= 1


@pytest.mark.parametrize("kind", get_args(PairKind))
def test_who_says_the_student_back_has_done_nothing(kind: PairKind) -> None:
    """A parrot, a quotation and the student's words among cues of both sorts win no pair."""
    moment = pair(kind)
    for template in (
        "{said}?",
        "{said}.",
        "You say “{said}”. What makes you think so?",
        "Yes: {said}. But look again.",
        "Yes, {said}. What about the heart?",
        "{said}, agreed. What about the heart?",
        "Take {said} again. What would happen to it in a different case?",
    ):
        assert values(moment, *(template.format(said=said) for said in SAID[kind])) != [1.0, 1.0], template


@pytest.mark.parametrize("kind", get_args(PairKind))
def test_words_in_a_random_order_fit_nothing(kind: PairKind) -> None:
    """Most shuffles of two fitting replies do not win the pair."""
    draw, won = random.Random(1), 0
    for _ in range(40):
        shuffled = [" ".join(draw.sample(parts := reply.split(), len(parts))) for reply in FITTING[kind]]
        won += values(pair(kind), *shuffled) == [1.0, 1.0]
    assert won <= 10


def test_a_cue_that_the_student_said_does_not_count() -> None:
    """A yes after the student's own yes may repeat it and affirm nothing."""
    assert accepts("Yes, this is what I see too.", ["is it the left one"])
    assert accepts("Yes, this is what I see too.", ["yes"]) is None
    again = "Look again at the wall."
    assert cue(DOUBTS, heard(again, [])) == "Look again"
    assert cue(DOUBTS, heard(again, ["i look again"]), ["i look again"]) is None


def test_both_facts_at_once_are_neither() -> None:
    """Who names every number has used none."""
    assert values(pair("fact"), "Multiply 80 or 60 by the minutes.", "Multiply 80 or 60 by the minutes.") == [0.0, 0.0]


def test_a_fact_that_stands_only_in_the_students_own_words_is_not_used() -> None:
    """Nor one inside a longer number."""
    assert values(pair("fact"), "You say you counted 80 beats. Go on.", "Take 600 of them.") == [0.0, 0.0]


def test_a_reply_to_no_pair_is_unscored() -> None:
    """Turns, scenarios and safety cases have no counterpart."""
    assert fitting(Replied(LESSON, (TEACHER,), "Yes.")).value is None


def test_the_reason_names_the_words_that_decided() -> None:
    """A reader can check the verdict."""
    moment = pair("right_or_wrong")
    assert fitting(replied(moment, 0, FITTING["right_or_wrong"][0])).reason == "“Yes”"
    assert "other side" in fitting(replied(moment, 1, FITTING["right_or_wrong"][0])).reason
    assert "no sentence" in fitting(replied(moment, 0, "Yes the of is heart.")).reason


def test_a_pair_counts_when_both_sides_fit() -> None:
    """Half a pair is none; one of which a side has no value is left out."""
    values_ = {"a/1#1": 1.0, "a/2#1": 1.0, "b/1#3": 1.0, "b/2#1": 0.0, "c/1#1": 1.0}
    found = contrast(values_, {"a": "danger", "b": "fact", "c": "fact"})
    assert found.won == {"danger": {"a": 1.0}, "fact": {"b": 0.0}}
    assert (found.shares[""].value, found.shares["fact"].value) == (0.5, 0.0)
    assert (found.shares["danger"].low, found.shares[""].low) == (None, 0.0)


def test_replies_of_several_kinds_are_counted_by_kind() -> None:
    """The value of all pairs is taken over pairs, not over kinds."""
    moments = {kind: pair(kind) for kind in get_args(PairKind)}
    said = [replied(moments[kind], number, FITTING[kind][number if kind != "fact" else 0]) for kind in moments for number in (0, 1)]
    found = of_replies([*said, Replied(LESSON, (TEACHER,), "Yes.")])
    assert {kind: share.value for kind, share in found.shares.items()} == {
        "": pytest.approx(5 / 6),
        **dict.fromkeys(moments, 1.0),
        "fact": 0.0,
    }


@pytest.mark.parametrize(
    "text", ["Look at the of wall.", "Chamber the pumps which the?", "It is are thick.", "Write it in the", "Of the heart it is."]
)
def test_neighbours_that_english_does_not_have_are_found(text: str) -> None:
    """Loose words betray themselves by their function words."""
    assert disorder(text)


@pytest.mark.parametrize(
    "text",
    [
        *("What is it made of?", "Bulb A is off.", "Yes, ten.", "Say “the of” aloud.", "That's it.", "The US is larger.", "Slide to i."),
        *("We'll do it.", "It's been long.", "It's them.", "Hitting you is wrong.", "It is wrong of him and not of you."),
    ],
)
def test_sentences_are_in_order(text: str) -> None:
    """Short ones, names of one letter and quoted words pass."""
    assert disorder(text) is None
