from __future__ import annotations

from three_tutors.scoring.readability import reading_level


def test_reading_level_rises_with_long_words() -> None:
    """A university sentence needs a higher grade than a child's."""
    child, adult = reading_level("The cat sat on the mat.").value, reading_level("Photosynthesis assimilates atmospheric carbon.").value
    assert (True, True, None) == ((child or 0) < 3, (adult or 0) > 12, reading_level("42.").value)
