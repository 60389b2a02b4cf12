from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import ROOT
from three_tutors.pipeline.text import UnreadableError, decode, has_half, lines, repaired


@given(st.text(st.characters(exclude_categories=("Cs",))), st.booleans())
def test_utf_8_is_read_with_and_without_a_mark(text: str, marked: bool) -> None:
    """A byte order mark in front changes nothing."""
    assert decode((b"\xef\xbb\xbf" if marked else b"") + text.encode()) == text.removeprefix("" if marked else "\ufeff")


@given(st.binary())
def test_any_bytes_are_text_or_refused_with_their_place(data: bytes) -> None:
    """What is not UTF-8 is refused at the line and column of the first wrong byte."""
    unmarked = data.removeprefix(b"\xef\xbb\xbf")
    error = None
    try:
        assert decode(data).encode() == unmarked
    except UnreadableError as caught:
        error = caught
    if error:
        rows = unmarked.split(b"\n")
        b"".join(rows[: error.line - 1]).decode()
        with pytest.raises(UnicodeDecodeError) as known:
            rows[error.line - 1].decode()
        assert len(known.value.object[: known.value.start].decode()) == error.column - 1


@pytest.mark.parametrize(
    ("data", "message", "place"),
    [
        ("ä\nö: ".encode() + b"\xff", "byte 0xFF is not UTF-8; save it as UTF-8", (2, 4)),
        ("id".encode("utf-16"), "is UTF-16, not UTF-8; save it as UTF-8", (1, 1)),
        ("id".encode("utf-32"), "is UTF-32, not UTF-8; save it as UTF-8", (1, 1)),
        (b"\xed\xa0\x80", "byte 0xED is not UTF-8; save it as UTF-8", (1, 1)),
    ],
)
def test_other_encodings_are_named(data: bytes, message: str, place: tuple[int, int]) -> None:
    """The sentence says what the bytes are and what to do."""
    with pytest.raises(UnreadableError) as error:
        decode(data)
    assert (str(error.value), (error.value.line, error.value.column)) == (message, place)


def test_only_a_line_feed_ends_a_line() -> None:
    """U+2028, U+2029, U+0085 and form feeds stand inside a line; a carriage return belongs to its end."""
    data = "a\u2028b\u2029c\u0085d\x0ce\r\n\n \r\nf".encode()
    assert list(lines(data)) == [(1, "a\u2028b\u2029c\u0085d\x0ce".encode()), (4, b"f")]


@given(st.text(st.characters()))
def test_a_repaired_text_can_be_written(text: str) -> None:
    """Only halves are replaced, one character by one."""
    mended = repaired(text)
    assert mended.encode().decode() == mended
    assert not has_half(mended)
    assert has_half(text) == (mended != text)
    assert len(mended) == len(text)


@pytest.mark.parametrize("variables", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}])
def test_an_ascii_pipe_shows_other_letters_as_escapes(variables: dict[str, str]) -> None:
    """A command prints any text to any pipe."""
    code = "from three_tutors.pipeline import text; text.let_streams_take_any_text(); print('\\xe9 \\u2013 \\U0001f469 \\ud83d', input())"
    done = subprocess.run(
        [sys.executable, "-c", code], input="ü\n".encode(), capture_output=True, env={**os.environ, **variables}, cwd=ROOT, check=True
    )
    assert done.stdout == rb"\xe9 \u2013 \U0001f469 \ud83d \udcc3\udcbc" + b"\n"
