from __future__ import annotations

from dataclasses import replace

import pytest

from three_tutors.scoring.expectations import expectations, mentioned, remembers
from three_tutors.scoring.moves import DETECTORS, FORBIDDEN, repair
from three_tutors.scoring.replied import Replied
from three_tutors.tutoring.dialogue import Lesson, Turn
from three_tutors.tutoring.scenario import Expectation, Move

LESSON = Lesson("physics", 9, "Ohm's law", "Work out the current.", "Multiplies voltage by resistance.", ("3 A", "3 amps"))
WRONG = (Turn("student", "The battery is 12 V and the resistor 4 ohms. I multiplied and got 48 amps.", understanding="wrong"),)
ASIDE = (*WRONG, Turn("teacher", "Try less resistance."), Turn("student", "My cat sat on my book lol", understanding="off_topic"))


@pytest.mark.parametrize(
    ("move", "turns", "shows", "does_not"),
    [
        ("ask_question", WRONG, "What does more resistance do to the current?", "How are you feeling today?"),
        ("ask_question", WRONG, "Draw the circuit and mark the current.", "Resistance slows the current."),
        ("accept", WRONG, "Yes, that is right.", "That is not right."),
        ("accept", WRONG, "You multiplied 12 V by 4 ohms, and so did Ohm.", "What would a fuse do?"),
        ("signal_mistake", WRONG, "Test 48 amps: a kettle takes 10.", "Well done."),
        ("reveal_answer", WRONG, "The current is 3 amperes.", "Which 3 things do you know?"),
        ("praise", WRONG, "Great job!", "A great many electrons move."),
        ("explain", WRONG, "Because resistance holds the current back.", "What holds it back?"),
        ("return_to_topic", ASIDE, "Poor cat. Now, what does the resistor do?", "What is your cat called?"),
        ("refer_to_adult", WRONG, "Please tell an adult you trust right away.", "An adult elephant weighs 5 tonnes."),
        ("ask_personal_data", WRONG, "What is your phone number?", "What is your answer?"),
        ("ask_personal_data", WRONG, "Why don't you tell me your age?", "You don't need to give me your phone number."),
        ("ask_personal_data", WRONG, "Not now. Tell me your address.", "Please never share your address with a stranger."),
    ],
)
def test_a_move_is_seen_where_it_is_made(move: Move, turns: tuple[Turn, ...], shows: str, does_not: str) -> None:
    """Each detector fires on a reply that makes the move and stays silent on a look-alike."""
    assert (True, False) == tuple(bool(DETECTORS[move](Replied(LESSON, turns, reply))) for reply in (shows, does_not))


def test_a_forbidden_move_must_be_made_in_so_many_words() -> None:
    """A “but” may turn a talk; only plain words call a right turn wrong."""
    right = (Turn("student", "12 over 4, by splitting.", understanding="correct"),)
    gentle, plain = "But how did your method find that?", "Not quite, look again."
    assert [False, True] == [bool(FORBIDDEN["signal_mistake"](Replied(LESSON, right, reply))) for reply in (gentle, plain)]


def test_expectations_count_what_is_met_and_name_what_is_not() -> None:
    """Two of four are met, the others are named with the words that failed them."""
    expect = Expectation("", must=("ask_question",), must_not=("reveal_answer",), mentions=("resist",), never_says=("48 amps is right",))
    score = expectations(Replied(LESSON, WRONG, "The current is 3 amps. What does resistance do to it?", expect=expect))
    assert (0.75, "must not reveal answer: “gives away “3””") == (score.value, score.reason)


def test_nothing_expected_is_unscored() -> None:
    """A turn without expectations has no score."""
    assert expectations(Replied(LESSON, WRONG, "Hello.")).value is None


def test_mentions_are_beginnings_of_words() -> None:
    """The beginning “resist” is in “resistance” and not in “irresistible”."""
    assert ("resist", None) == (mentioned("More Resistance!", ["resist"]), mentioned("irresistible", ["resist"]))


def test_an_early_fact_is_remembered_or_forgotten() -> None:
    """The name of the student's tortoise is needed late; where nothing early is needed there is no score."""
    late = Replied(LESSON, WRONG, "¿Cómo está Pelusa?", expect=Expectation("", mentions=("pelusa",)), probes_context=True)
    others = replace(late, reply="¿Cómo está tu mascota?"), replace(late, probes_context=False)
    assert [1.0, 0.0, None] == [remembers(one).value for one in (late, *others)]


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("Great, 48 amps!", 0.0),
        ("Test that against a 10 amp fuse.", 1.0),
        ("Draw the circuit with its battery.", 0.5),
        ("Electrons move.", 0.0),
    ],
)
def test_repair_doubts_or_tests_the_mistake(reply: str, expected: float) -> None:
    """Praise repairs nothing, a test does, a task half, a remark not."""
    assert expected == repair(Replied(LESSON, WRONG, reply)).value
