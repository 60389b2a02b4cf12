from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from three_tutors.pipeline.json_values import DEEPEST, MOST_DIGITS, parse, parse_lines
from three_tutors.pipeline.text import UnreadableError

texts = st.text(st.characters(exclude_categories=("Cs",)))
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**299), 10**299) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
)


@given(values, st.booleans(), st.sampled_from([None, 1]), st.sampled_from(["", "\ufeff"]))
def test_every_json_value_is_read(value: object, ascii_only: bool, indent: int | None, mark: str) -> None:
    """Whatever the spacing, the escapes and the mark in front, what was written comes back, as text and as bytes."""
    text = mark + json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    assert parse(text) == value
    assert parse(text.encode()) == value


@given(st.lists(st.dictionaries(texts, texts, max_size=3), max_size=5), st.booleans())
def test_lines_end_at_line_feeds_alone(rows: list[dict[str, str]], ascii_only: bool) -> None:
    """Any text may stand in a row: separators of other standards do not cut it."""
    data = "".join(json.dumps(row, ensure_ascii=ascii_only) + "\n" for row in rows).encode()
    assert list(parse_lines(data)) == list(enumerate(rows, start=1))


junk = st.sampled_from(
    ['"', "\\", "[", "{", "]", "}", ":", ",", "NaN", "-Infinity", "1e999", "9" * 5000, "\\ud83d", "\\ude00", "\ufeff", "\n", "a"]
)


@given(st.lists(junk | texts, max_size=30).map("".join))
def test_any_text_is_a_value_or_one_sentence(text: str) -> None:
    """Whatever stands there, it is a value that can be written again, or refused with a place inside the text."""
    error = None
    try:
        value = parse(text)
    except UnreadableError as caught:
        error = caught
    if error:
        assert 1 <= error.line <= text.count("\n") + 1
        assert 1 <= error.column <= len(text) + 1
    else:
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ('{"a":\n  NaN}', "NaN is not JSON", (2, 3)),
        ('["NaN", -Infinity]', "-Infinity is not JSON", (1, 9)),
        ("[1, 1e999]", "the number 1e999 is larger than a computer keeps", (1, 5)),
        ("[" + "9" * 5000 + "]", f"the number {'9' * 20}… has 5000 digits, more than a computer keeps", (1, 2)),
        ("1" * (MOST_DIGITS + 1), "the number 11111111111111111111… has 301 digits, more than a computer keeps", (1, 1)),
        ('["ok \\ud83d\\ude00",\n "half \\ud83d"]', "\\ud83d is half of a surrogate pair, which is no character", (2, 8)),
        ('{"\\udc00": 1}', "\\udc00 is half of a surrogate pair, which is no character", (1, 3)),
        ('["a", {"a": 1, "a": 2}]', 'the key "a" is written twice', (1, 8)),
        ('{"a": 1,\n "\\u0061": 2}', 'the key "a" is written twice', (2, 2)),
        ("{oops}", "not valid JSON: expecting property name enclosed in double quotes", (1, 2)),
        ("[" * 100_000, f"nested more than {DEEPEST} levels deep", (1, DEEPEST + 1)),
        ('["[", ' + "[" * DEEPEST + "]" * DEEPEST + "]", f"nested more than {DEEPEST} levels deep", (1, 6 + DEEPEST)),
        ("", "not valid JSON: expecting value", (1, 1)),
    ],
)
def test_what_is_no_value_is_refused_with_its_place(text: str, message: str, place: tuple[int, int]) -> None:
    """The sentence says what is wrong, the place where."""
    with pytest.raises(UnreadableError) as error:
        parse(text)
    assert (error.value.message, (error.value.line, error.value.column)) == (message, place)


def test_an_escaped_backslash_begins_no_escape() -> None:
    """A student may write about such an escape; brackets inside strings are no nesting."""
    assert parse(json.dumps(["\\ud83d", "[" * 500])) == ["\\ud83d", "[" * 500]


def test_a_line_is_named_in_its_file() -> None:
    """The number counts blank lines; the column is that of the line."""
    with pytest.raises(UnreadableError) as error:
        list(parse_lines(b'{"a": 1}\n\n{"a": NaN}\n'))
    assert (error.value.line, error.value.column) == (3, 7)
