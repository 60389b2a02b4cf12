from __future__ import annotations

import pytest

from three_tutors.tutoring.finished_turn import fault


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "It grows and it grows and it grows and it grows.",
        "Soil?\nStudent: yes.",
        "The student's answer is wrong.",
        "So the tree takes in air and then it makes sugar out of",
    ],
)
def test_what_no_teacher_says_is_no_finished_turn(reply: str) -> None:
    """Silence, loops, other people's lines, talk about the student and cut sentences."""
    assert fault(reply)
    assert fault("How much soil should be missing from the pot?") is None
