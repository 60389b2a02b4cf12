from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.records import write_jsonl
from three_tutors.tutoring.dialogue import UNDERSTANDINGS, Lesson, Modality, Origin, Turn
from three_tutors.tutoring.moment import KINDS, PAIR_KINDS, SIDES, THEMES, GradedReply, Moment, Side, read_moments

words = st.text(min_size=1, max_size=8)
lists = st.lists(words, max_size=2).map(tuple)
lessons = st.builds(Lesson, subject=words, grade=st.integers(1, 13), topic=words, objective=words, misconception=words, answer=lists)
origins = st.builds(
    Origin, language=words, modality=st.sampled_from(get_args(Modality)), standard=words, sources=lists, author=words, licence=words
)
turns = st.builds(Turn, speaker=st.just("student"), text=words, understanding=st.sampled_from(["", *UNDERSTANDINGS]))
replies = st.builds(GradedReply, reply=words, kind=st.sampled_from(KINDS), why=words)


def sides(fits: str = "") -> st.SearchStrategy[Side]:
    """Return a strategy of sides that fit the same."""
    some = st.lists(turns, min_size=1, max_size=3).map(tuple), st.lists(replies, min_size=1, max_size=3).map(tuple)
    return st.builds(Side, turns=some[0], replies=some[1], fits=st.just(fits), says=lists)


plain = st.builds(
    Moment,
    id=words,
    lesson=lessons,
    sides=st.tuples(sides()),
    source=words,
    theme=st.sampled_from(["", *THEMES]),
    origin=st.just(Origin()) | origins,
)
contrasted = st.sampled_from(PAIR_KINDS).flatmap(
    lambda kind: st.builds(
        Moment,
        id=words,
        lesson=lessons,
        sides=st.tuples(*map(sides, SIDES[kind])),
        source=words,
        pair=st.just(kind),
        origin=st.just(Origin()) | origins,
    )
)
MOMENT = Moment(
    "on-the-moon",
    Lesson("physics", 8, "Weight", "Tell weight from mass."),
    (
        Side((Turn("student", "i weigh less there"),), (GradedReply("What did not change?", "ideal", "asks"),), "accept", ("mass",)),
        Side((Turn("student", "my mass is less there"),), (GradedReply("Weigh a scale.", "leak", "tells"),), "doubt"),
    ),
    "data/raw/moments/on-the-moon.yaml",
    "right_or_wrong",
)


@given(plain | contrasted)
def test_a_moment_comes_back_from_json(moment: Moment) -> None:
    """Whatever a moment or a pair says, and whatever it leaves out, is the same after a trip through a file."""
    assert Moment.from_record(json.loads(json.dumps(moment.to_record()))) == moment


def test_a_file_of_moments_is_read_back(tmp_path: Path) -> None:
    """What `validate` wrote is what the stages after it read, in the same order; no moment at all is an empty list."""
    other = Moment("other", MOMENT.lesson, MOMENT.sides[:1], theme="privacy", origin=Origin(author="teacher"))
    write_jsonl(tmp_path / "moments.jsonl", (one.to_record() for one in (MOMENT, other)))
    assert read_moments(tmp_path / "moments.jsonl") == [MOMENT, other]
    write_jsonl(tmp_path / "moments.jsonl", [])
    assert read_moments(tmp_path / "moments.jsonl") == []


def test_a_line_that_is_no_moment_is_refused_with_its_number(tmp_path: Path) -> None:
    """A file that something else wrote is told with its line, and how to make it again."""
    path = tmp_path / "moments.jsonl"
    path.write_text(json.dumps(MOMENT.to_record()) + '\n{"id": "a", "sides": [{"turns": []}]}\n', encoding="utf-8")
    with pytest.raises(DataError, match=r"moments\.jsonl:2: not a record that `validate` wrote .*run `dvc repro validate`"):
        read_moments(path)


def test_the_sides_have_names_and_the_moment_has_all_their_turns() -> None:
    """Each side of a pair is known by the pair's name and its number; a moment alone by its own name."""
    assert [name for name, _ in MOMENT.items()] == ["on-the-moon/1", "on-the-moon/2"]
    assert [name for name, _ in Moment("alone", MOMENT.lesson, MOMENT.sides[:1]).items()] == ["alone"]
    assert [turn.text for turn in MOMENT.turns] == ["i weigh less there", "my mass is less there"]
    assert [reply.grade for reply in MOMENT.replies] == [3, 0]
