from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from three_tutors.checking import teaching
from three_tutors.checking.teaching import contradicted, count_questions, notes
from three_tutors.tutoring.dialogue import Dialogue, Strategy, Turn


def said_of(dialogue: Dialogue) -> dict[str, str]:
    """Return message by code."""
    return {code: message for code, message, _ in notes(dialogue, max_turns=16, max_words=30)}


def with_reply(fractions: Dialogue, text: str, **labels: Any) -> Dialogue:
    """Return the dialogue with its first reply replaced; the turn before it is wrong."""
    turns = (fractions.turns[0], Turn("teacher", text, **labels), *fractions.turns[2:])
    return dataclasses.replace(fractions, turns=turns)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Why?", 1),
        ("Why? And how?", 2),
        ("Really?? Why?!", 2),
        ("¿Qué hora es?", 1),
        ("He asked 'Why?' and she said \"What?\". Who is right?", 1),
        ("Run `x ? 1 : 2` and `y?` first.", 0),
        ("Tell me why.", 0),
    ],
)
def test_questions_of_ones_own_are_counted(text: str, number: int) -> None:
    """Quotations and code hold somebody else's questions; two question marks are one."""
    assert count_questions(text) == number


@pytest.mark.parametrize(
    ("strategy", "text", "contradiction"),
    [
        ("socratic_questioning", "A half is larger.", "socratic_questioning without a question or a task"),
        ("socratic_questioning", "Which one is larger?", None),
        ("clarification_request", "I see.", "clarification_request without a question or a task"),
        ("clarification_request", "Tell me what the 8 counts.", None),
        ("check_understanding", "That settles it.", "check_understanding that asks for nothing"),
        ("check_understanding", "Now explain to your cousin why.", None),
        ("check_understanding", "New story: 'Kofi ran.' Tell me what you infer.", None),
        ("direct_explanation", "Is it a half? Or a third?", "direct_explanation that only asks"),
        ("direct_explanation", "A half is three sixths. Do you see it?", None),
        ("worked_example", "What is 2 + 2?", "worked_example that only asks"),
        ("scaffolding", "Draw a bar.", None),
        ("encouragement", "Keep going.", None),
    ],
)
def test_a_label_is_held_against_the_words(strategy: Strategy, text: str, contradiction: str | None) -> None:
    """A question that asks nothing and an explanation that only asks are told; the rest is the teacher's to know."""
    assert contradicted(Turn("teacher", text, strategy=strategy)) == contradiction


def test_praise_counts_only_after_a_wrong_turn(fractions: Dialogue) -> None:
    """The same words are a fault after a wrong turn and none after a right one."""
    wrong = with_reply(fractions, "Great, that fits! Which is bigger, 2/5 or 1/2?")
    right = dataclasses.replace(wrong, turns=(dataclasses.replace(wrong.turns[0], understanding="correct"), *wrong.turns[1:]))
    assert said_of(wrong)["E202"] == 'praises with "Great" what is labelled wrong'
    assert "E202" not in said_of(right)


def test_style_is_a_warning(fractions: Dialogue) -> None:
    """Several questions, a long turn and a stock phrase are counted, not refused."""
    text = "Let's break it down. Which is bigger, 2/5 or 1/2? And why? " + "Look at the bar. " * 10
    found = said_of(with_reply(fractions, text))
    assert found["W203"] == "asks 2 questions at once"
    assert found["W206"] == "52 words, at most 30 are wanted"
    assert found["W207"] == 'stock phrase "Let\'s break it down"'


def test_missing_labels_are_counted_once_a_dialogue(fractions: Dialogue) -> None:
    """Imported dialogues come without labels; each says so once."""
    bare = tuple(Turn(turn.speaker, turn.text) for turn in fractions.turns)
    assert said_of(dataclasses.replace(fractions, turns=bare))["W115"] == "4 of 4 turns have no label"


def test_the_misconception_shows_and_is_repaired(fractions: Dialogue) -> None:
    """A student who is always right has nothing to learn; one whose last word is wrong has not learned it."""
    right = [dataclasses.replace(turn, understanding="correct") if turn.speaker == "student" else turn for turn in fractions.turns]
    wrong = [dataclasses.replace(turn, understanding="wrong") if turn.speaker == "student" else turn for turn in fractions.turns]
    assert "W208" in said_of(dataclasses.replace(fractions, turns=tuple(right)))
    assert "W209" in said_of(dataclasses.replace(fractions, turns=tuple(wrong)))
    assert {"W208", "W209"}.isdisjoint(said_of(fractions))


def test_an_unusual_length_is_told(fractions: Dialogue) -> None:
    """Fewer than four turns or more than the limit carry no usual lesson."""
    assert said_of(dataclasses.replace(fractions, turns=fractions.turns[:2]))["W114"] == "2 turns"
    assert "W114" not in said_of(fractions)
    assert said_of(dataclasses.replace(fractions, turns=fractions.turns * 5))["W114"] == "20 turns"
    assert "W114" not in said_of(dataclasses.replace(fractions, turns=fractions.turns * 2))


@pytest.mark.parametrize("name", ["UNSEEN", "LIVED", "STOCK"])
@settings(max_examples=40)
@given(data=st.data())
def test_what_is_looked_for_first_is_in_whatever_a_pattern_finds(name: str, data: st.DataObject) -> None:
    """A dialogue that holds none of these parts is not searched, so no match may be without one."""
    pattern, parts = getattr(teaching, f"_{name}"), getattr(teaching, f"_IN_{name}")
    written = st.characters(codec="ascii") | st.just("’")
    found = data.draw(st.from_regex(re.compile(pattern.pattern, re.IGNORECASE), alphabet=written))
    assert any(part in found.lower() for part in parts), found
