from __future__ import annotations

import string

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from three_tutors.checking.yaml_source import SourceError, parse


def test_text_that_yaml_would_interpret_stays_text() -> None:
    """`no`, `12:30`, `010`, `null` and a date are the words somebody wrote, not values of other types."""
    tree = parse("a: no\nb: 12:30\nc: 010\nd: null\ne: 2024-01-02\nf: 1e3\ng: =\n")
    assert tree.value == {"a": "no", "b": "12:30", "c": "010", "d": "null", "e": "2024-01-02", "f": "1e3", "g": "="}


def test_every_value_and_key_has_its_place() -> None:
    """Line and column count from 1 and point at the value, or at the key."""
    tree = parse("# a comment\nturns:\n  - student: I think so\n    understanding: wrong\n").locate()
    assert tree.values["turns", 0, "understanding"] == (4, 20)
    assert tree.keys["turns", 0, "understanding"] == (4, 5)
    assert tree.values["turns", 0] == (3, 5)


def test_columns_count_characters_not_bytes() -> None:
    """A column after letters outside ASCII is the one an editor shows."""
    assert parse("{ä: é, ü: ñ}").locate().values[("ü",)] == (1, 11)


def test_a_key_written_twice_is_seen() -> None:
    """YAML would silently keep the last of two equal keys; here the second is reported, and the places of all others stay right."""
    tree = parse("id: a\nturns: [{student: x, student: y}]\nid: b\n")
    assert tree.repeated == [("student", (2, 22)), ("id", (3, 1))]
    assert tree.locate().keys == {("id",): (1, 1), ("turns",): (2, 1), ("turns", 0, "student"): (2, 10)}


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("[" * 2_000_000, "E006", (1, 17)),
        ("a: " + "{a: " * 50_000, "E006", (1, 64)),
        ("- " * 100_000, "E006", (1, 33)),
        ("a: &x 1\nb: *x\n", "E005", (1, 4)),
        ("a: *x\n", "E005", (1, 4)),
        ("&x a: 1\n", "E005", (1, 1)),
        ("a: !!python/object/apply:os.system [ls]\n", "E005", (1, 4)),
        ("a: !!str 1\n", "E005", (1, 4)),
        ("%YAML 1.1\n---\na: 1\n", "E005", (1, 1)),
        ("a: 1\n---\nb: 2\n", "E005", (2, 1)),
        ("", "E009", (1, 1)),
        ("# nothing here\n", "E009", (1, 1)),
        ("? [a]\n: b\n", "E004", (1, 3)),
        ("a: b: c\n", "E004", (1, 5)),
        ('a: "\\ud800"\n', "E004", (1, 7)),
        ("a:\n\tb: c\n", "E004", (2, 1)),
    ],
)
def test_what_is_not_plain_yaml_is_refused_with_its_place(text: str, code: str, place: tuple[int, int]) -> None:
    """Deep nesting, aliases, tags, directives, second documents and broken syntax are refused where they begin."""
    with pytest.raises(SourceError) as error:
        parse(text)
    assert (error.value.code, error.value.place) == (code, place)


@given(st.text(alphabet=string.printable + "äß€中😀", max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever somebody saves, reading ends with a tree or with a refusal that has a place."""
    try:
        place = parse(text).locate().values[()]
    except SourceError as error:
        place = error.place
    assert place >= (1, 1)


plain = st.recursive(
    st.text(alphabet=string.ascii_letters + string.digits + " :#-'\"[]{}", max_size=12),
    lambda values: st.lists(values, max_size=4) | st.dictionaries(st.text(alphabet=string.ascii_lowercase, min_size=1), values, max_size=4),
    max_leaves=12,
)


@given(plain)
def test_what_yaml_wrote_is_read_back(value: object) -> None:
    """A tree of mappings, lists and texts that another program wrote comes back equal."""
    assert parse(yaml.safe_dump(value, default_style='"', allow_unicode=True)).value == value


@given(plain)
def test_places_are_those_that_another_reader_knows(value: object) -> None:
    """Every value and key is where PyYAML's composer finds it."""
    text = yaml.safe_dump(value, allow_unicode=True)
    values: dict[tuple[object, ...], tuple[int, int]] = {}
    keys: dict[tuple[object, ...], tuple[int, int]] = {}

    def walk(node: yaml.Node, way: tuple[object, ...]) -> None:
        values[way] = (node.start_mark.line + 1, node.start_mark.column + 1)
        for index, item in enumerate(node.value if not isinstance(node, yaml.ScalarNode) else ()):
            key, inner = item if isinstance(node, yaml.MappingNode) else (None, item)
            here = (*way, key.value if key else index)
            if key:
                keys[here] = (key.start_mark.line + 1, key.start_mark.column + 1)
            walk(inner, here)

    walk(yaml.compose(text, yaml.SafeLoader), ())
    tree = parse(text).locate()
    assert (tree.values, tree.keys) == (values, keys)
