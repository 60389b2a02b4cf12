"""Agreement on labels, edition beside edition."""

from __future__ import annotations

from tests.reporting.test_data_card import card
from three_tutors.reporting.label_agreement import doubtful, rows
from three_tutors.trust.labels import Labelled, agreements


def given(codebook: str, pairs: list[tuple[str, str]]) -> list[Labelled]:
    """Return student turns with these labels, one a dialogue."""
    return [Labelled(f"lesson-{codebook}-{at}", 0, "student", *pair, codebook) for at, pair in enumerate(pairs)]


FIRST = given("1", [("partial", "correct")] * 3 + [("partial", "partial"), ("wrong", "wrong"), ("correct", "correct")])
SHARPER = given("2", [("partial", "partial")] * 3 + [("correct", "wrong"), ("wrong", "correct"), ("wrong", "wrong"), ("confused", "wrong")])


def test_editions_stand_side_by_side() -> None:
    """A label has a cell for each edition, a dash where no reader of an edition gave it; what is doubtful is so by the newest."""
    agreed = agreements([*SHARPER, *FIRST])
    assert [(one.codebook, one.turns) for one in agreed] == [("1", 6), ("2", 7)]
    found = {row.label: [one and (one.first, one.second, one.both) for one in row.found] for row in rows(agreed)}
    assert found["partial"] == [(4, 1, 1), (3, 3, 3)]
    assert found["confused"] == [None, (1, 0, 0)]
    assert "partial (mixed up with correct in 3 of 6 turns)" in doubtful(agreements(FIRST))
    assert "partial" not in doubtful(agreed)
    text = card(agreed=agreed)
    assert "6 student turns by edition 1, 7 student turns by edition 2. Each edition had other turns" in text
    assert "| confused | – | – | 1, 0, 0 | 0.00 (" in text
    assert "By edition 2, two readers agree below 0.6 on correct (mixed up with wrong in 2 of 7 turns), wrong (mixed" in text


def test_who_the_readers_of_edition_3_were_is_said() -> None:
    """That they agree so well has a reason which a reader of the figures has to know; of older editions it would not be true."""
    blind, older = (card(agreed=agreements(given(edition, [("partial", "partial"), ("wrong", "correct")]))) for edition in ("3", "2"))
    assert [
        ("Readers who saw no label" in text, "No person has labelled" in text, "Whoever wrote a turn" in text) for text in (blind, older)
    ] == [
        (True, True, False),
        (False, False, True),
    ]
    assert "first labels stayed" not in blind + older
