from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from three_tutors.checking.json_source import parse, places, tree
from three_tutors.checking.yaml_source import SourceError

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=("Cs",)), max_size=10),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(exclude_categories=("Cs",)), max_size=5), inner, max_size=4)
    ),
    max_leaves=15,
)


@given(values, st.sampled_from([None, 1]))
def test_every_place_points_at_its_value(value: object, indent: int | None) -> None:
    """What stands at the place of a value is that value, whatever the spacing and escapes."""
    text = json.dumps(value, indent=indent).replace("\n", " ")
    for path, (line, column) in tree(text, 7).values.items():
        expected = value
        for step in path:
            expected = expected[step]  # type: ignore[index]
        assert line == 7
        assert json.JSONDecoder().raw_decode(text, column - 1)[0] == expected


@given(values, st.sampled_from([None, 1]), st.data())
def test_the_places_on_some_ways_are_those_of_the_whole(value: object, indent: int | None, data: st.DataObject) -> None:
    """Where some places are wanted, all on the ways there are found, and they are those that a walk through everything finds."""
    text = json.dumps(value, indent=indent).replace("\n", " ")
    whole = tree(text, 7)
    wanted = data.draw(st.lists(st.sampled_from([*whole.values, ("no", "such")]), max_size=3))
    ways = {way[:length] for way in wanted for length in range(len(way) + 1)} | {()}
    found = places(text, 7, wanted)
    assert found.values == {path: place for path, place in whole.values.items() if path in ways}
    assert found.keys == {path: place for path, place in whole.keys.items() if path in ways}


def test_a_key_written_twice_is_seen() -> None:
    """Both keys are told apart by their columns; the values keep the last."""
    text = '{"id": "a", "turns": [{"x": 1, "x": 2}]}'
    assert parse(text, 1) == ({"id": "a", "turns": [{"x": 2}]}, True)
    assert tree(text, 3).repeated == [("x", (3, 32))]
    assert tree(text, 3).keys["turns", 0, "x"] == places(text, 3, [("turns", 0, "x")]).keys["turns", 0, "x"] == (3, 32)
    assert parse('{"id": "a"}', 1) == ({"id": "a"}, False)


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("[" * 1_000_000, "E006", (4, 65)),
        ('{"a": NaN}', "E004", (4, 7)),
        ('{"a": ' + "1" * 5000 + "}", "E004", (4, 7)),
        ("{bad}", "E004", (4, 2)),
        ('{"a": 1} x', "E004", (4, 10)),
    ],
)
def test_what_is_not_json_is_refused_with_its_place(text: str, code: str, place: tuple[int, int]) -> None:
    """Deep nesting, NaN, endless numbers and broken syntax are refused."""
    with pytest.raises(SourceError) as error:
        parse(text, 4)
    assert (error.value.code, error.value.place) == (code, place)


def test_brackets_in_strings_are_not_nesting() -> None:
    """A student may write any number of brackets."""
    assert parse(json.dumps("[{" * 500), 1) == ("[{" * 500, False)
