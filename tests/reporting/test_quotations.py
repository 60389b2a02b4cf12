"""The words that decided a score are found in the reply, and the reply stays as it was."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from three_tutors.reporting.quotations import Stretch, pieces, quoted
from three_tutors.scoring.score import Score


def test_cited_words_are_marked_with_their_score() -> None:
    """What a reason cites stands in a piece of its own that names the score."""
    scores = {"leak": Score(1.0, "says “5/6”"), "length": Score(1.0, "6 words")}
    assert pieces("It is 5/6, friend.", scores) == [Stretch("It is "), Stretch("5/6", ("leak",)), Stretch(", friend.")]


def test_one_word_may_decide_two_scores() -> None:
    """Overlapping citations are cut so that each piece names all the scores it decided."""
    scores = {"praise": Score(1.0, "“great job”"), "wrong": Score(0.0, "“Great” after a wrong turn")}
    assert pieces("Great job!", scores) == [Stretch("Great", ("praise", "wrong")), Stretch(" job", ("praise",)), Stretch("!")]


def test_words_are_marked_whole() -> None:
    """A citation inside a longer word is another word and is not marked."""
    assert pieces("butter, but why", {"x": Score(1.0, "“but”")}) == [Stretch("butter, "), Stretch("but", ("x",)), Stretch(" why")]


def test_a_reason_without_citation_marks_nothing() -> None:
    """A reason that cites nothing leaves the reply in one piece; no reply has no pieces."""
    assert pieces("Which?", {"x": Score(0.0, "is short")}) == [Stretch("Which?")]
    assert pieces("", {"x": Score(0.0, "“a”")}) == []
    assert quoted("no marks here") == []


@given(st.text(max_size=80), st.lists(st.text(max_size=8), max_size=4))
def test_pieces_are_the_reply(reply: str, citations: list[str]) -> None:
    """Whatever is cited, the pieces joined together are the reply."""
    scores = {str(index): Score(1.0, f"“{citation}”") for index, citation in enumerate(citations)}
    assert "".join(piece.text for piece in pieces(reply, scores)) == reply
