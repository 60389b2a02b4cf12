from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from three_tutors.checking.finding import Source
from three_tutors.checking.shape import Keys, Shape
from three_tutors.tutoring.dialogue import STRATEGIES, UNDERSTANDINGS, Dialogue, Lesson, Turn
from three_tutors.tutoring.fields import Field, fields, record, values
from three_tutors.tutoring.scenario import Expectation, Scenario, ScriptedTurn

words = st.text(min_size=1, max_size=8)
lessons = st.builds(
    Lesson,
    subject=words,
    grade=st.integers(1, 13),
    topic=words,
    objective=words,
    misconception=st.just("") | words,
    answer=st.lists(words, max_size=2).map(tuple),
)
students = st.builds(Turn, speaker=st.just("student"), text=words, understanding=st.sampled_from(["", *UNDERSTANDINGS]))
teachers = st.builds(
    Turn, speaker=st.just("teacher"), text=words, strategy=st.sampled_from(["", *STRATEGIES]), weight=st.sampled_from([0, 1])
)
dialogues = st.builds(
    Dialogue, id=words, lesson=lessons, turns=st.lists(students | teachers, min_size=1, max_size=4).map(tuple), source=words
)


@dataclass(frozen=True)
class Visit:
    """A class with a field of every kind."""

    place: Annotated[str, Field("Where.")]
    minutes: Annotated[int, Field("How long.", least=5, most=90)] = 0
    mood: Annotated[Literal["good", "bad", ""], Field("How it was.")] = ""
    people: Annotated[tuple[str, ...], Field("Who was there.", least=1, most=3)] = ()
    note: str = ""
    """No field: it is not declared."""


def test_a_field_is_known_by_its_declaration() -> None:
    """Name, kind, closed list and what stands for missing come from Python's own type and default."""
    known = [(field.name, field.kind, field.required, field.missing, field.allowed) for field in fields(Visit)]
    assert known == [
        ("place", "text", True, "", ()),
        ("minutes", "whole", False, 0, ()),
        ("mood", "text", False, "", ("good", "bad")),
        ("people", "texts", False, (), ()),
    ]


@given(dialogues)
def test_a_dialogue_comes_back_from_its_record(dialogue: Dialogue) -> None:
    """What is missing is left out or empty, never null, and reads as missing again."""
    written = dialogue.to_record()
    assert Dialogue.from_record(json.loads(json.dumps(written))) == dialogue
    assert None not in written.values()
    assert all(value not in (None, "") for turn in written["turns"] for value in turn.values())


def test_a_scenario_comes_back_from_its_record() -> None:
    """Its head, its turns and what is expected of the replies."""
    expect = Expectation("Holds back.", must=("ask_question",), mentions=("third",))
    lesson = Lesson("physics", 13, "Levers", "Balance one.")
    scenario = Scenario("levers", "guessing", lesson, (ScriptedTurn("the left one?", "wrong", expect),), "a.yaml")
    assert Scenario.from_record(json.loads(json.dumps(scenario.to_record()))) == scenario


def test_what_a_record_leaves_out_is_missing() -> None:
    """An optional field takes its default, a required one is asked for by name."""
    assert values(Visit, {"place": "zoo"}) == {"place": "zoo", "minutes": 0, "mood": "", "people": ()}
    assert record(Visit("zoo", people=("Ada",))) == {"place": "zoo", "minutes": 0, "mood": "", "people": ["Ada"]}
    with pytest.raises(KeyError, match="place"):
        values(Visit, {})


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"place": "zoo"}, []),
        ({"place": "zoo", "minutes": 30, "mood": "bad", "people": ["Ada"]}, []),
        ({}, ["E101 place is missing"]),
        ({"place": " "}, ["E106 place is empty"]),
        ({"place": "zoo", "minutes": 0}, ["E105 minutes 0 is not between 5 and 90"]),
        ({"place": "zoo", "mood": ""}, ['E104 mood "" is not in the closed list; allowed are good, bad']),
        ({"place": "zoo", "people": []}, ["E106 people takes 1 to 3 items of 1 to 300 characters"]),
        (
            {"place": 1, "people": "Ada"},
            ['E103 place must be text, not "1"', 'E103 people must be a list, not "Ada"'],
        ),
    ],
)
def test_a_value_that_reads_like_a_missing_one_is_refused_where_it_is_written(written: dict[str, object], said: list[str]) -> None:
    """Leaving an optional field out is fine; writing it empty is not, for nobody could tell the two apart later."""
    shape = Shape(Source("a.yaml"), escapes=False)
    shape.fields(written, Keys(fields(Visit)), ())
    assert [f"{finding.code} {finding.message}" for finding in shape.findings] == said
