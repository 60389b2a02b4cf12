"""What a rater is shown: balanced, spread, and in part the same for all."""

from __future__ import annotations

from collections import Counter

from three_tutors.rating.drawing import SHARED, SIDE_BY_SIDE, following
from three_tutors.rating.sheets import BOT, Sheet
from three_tutors.tutoring.dialogue import Lesson, Turn
from three_tutors.tutoring.methods import REFERENCE, USUAL

LESSON = Lesson("physics", 8, "Free fall", "Predict a fall.")
WRITERS = (*USUAL, REFERENCE, BOT)
SHEETS = [
    Sheet(f"d{group}#{turn}", f"d{group}", LESSON, (Turn("student", "Why?"),), {writer: f"{writer} {group} {turn}" for writer in WRITERS})
    for group in range(40)
    for turn in (0, 2)
]


def rated(count: int, raters: tuple[str, ...]) -> dict[str, dict[str, tuple[str, ...]]]:
    """Let raters take turns until each has rated so many moments."""
    shown: dict[str, dict[str, tuple[str, ...]]] = {rater: {} for rater in raters}
    for _ in range(count):
        for rater in raters:
            drawn = following(SHEETS, shown, rater)
            assert drawn
            shown[rater][drawn[0].item] = drawn[1]
    return shown


def test_a_hundred_ratings_are_spread() -> None:
    """34 moments of 34 dialogues; every tutor about as often as the others, the anchors less, but not never."""
    (shown,) = rated(34, ("AB",)).values()
    counts = Counter(writer for writers in shown.values() for writer in writers)
    assert 34 == len({item.partition("#")[0] for item in shown})
    assert {SIDE_BY_SIDE} == {len(set(writers)) for writers in shown.values()}
    tutors = [counts[name] for name in USUAL]
    assert max(tutors) - min(tutors) <= 3
    assert 5 <= counts[BOT] < counts[REFERENCE] < min(tutors)


def test_every_fourth_moment_is_the_same_for_all() -> None:
    """With the same replies, perhaps in another order; the others are moments that nobody has rated yet."""
    first, second = rated(16, ("AB", "CD")).values()
    common = first.keys() & second.keys()
    assert 16 // SHARED == len(common)
    assert all(set(first[item]) == set(second[item]) for item in common)


def test_everything_comes_once() -> None:
    """Nothing is shown twice, and at the end there is nothing more."""
    shown = rated(len(SHEETS), ("AB",))
    assert {sheet.item for sheet in SHEETS} == shown["AB"].keys()
    assert following(SHEETS, shown, "AB") is None


def test_replies_that_are_the_same_are_not_compared() -> None:
    """Two tutors that say one thing are one reply."""
    sheet = Sheet("a#0", "a", LESSON, (Turn("student", "Why?"),), {**dict.fromkeys(USUAL, "Why?"), REFERENCE: "Look."})
    drawn = following([sheet], {}, "AB")
    assert drawn
    assert 2 == len(drawn[1])
