from __future__ import annotations

from three_tutors.scoring.strategy_classifier import labelled, realised_as_intended, train
from three_tutors.tutoring.dialogue import Dialogue, Lesson, Turn

LESSON = Lesson("mathematics", 5, "Sums", "Add.", "Counts on wrongly.", ())
SAYINGS = {
    "socratic_questioning": ["What happens to {} then?", "Which is more, {} or the rest?", "Where does {} go next?"],
    "direct_explanation": ["The rule is that {} counts once. That is why it works.", "This is called {}.", "So {} means a whole."],
    "scaffolding": ["First write {} down, then fill the gap.", "Draw {} and mark the start.", "List {} first."],
}


def dialogue(index: int, words: list[str]) -> Dialogue:
    """Return a dialogue with one turn of each strategy."""
    turns: list[Turn] = []
    for strategy, sayings in SAYINGS.items():
        turns += [
            Turn("student", "Hm.", understanding="confused"),
            Turn("teacher", sayings[index % 3].format(words[index]), strategy=strategy),  # type: ignore[arg-type]
        ]
    return Dialogue(f"d{index}", LESSON, tuple(turns))


def test_form_tells_the_strategy_and_not_the_subject() -> None:
    """Trained on apples, it knows the moves about volcanoes."""
    trained = train([dialogue(index, ["apples", "pears", "plums"]) for index in range(3)])
    rows = labelled([dialogue(index, ["lava", "ash", "magma"]) for index in range(3)])
    assert [strategy for _, _, strategy in rows] == trained.realised([text for text, _, _ in rows], [before for _, before, _ in rows])


def test_the_score_says_both_strategies() -> None:
    """Intended and realised stand in the reason, so that a confusion matrix can be read off the scores."""
    score = realised_as_intended("scaffolding", "encouragement")
    assert (0.0, "encouragement, intended scaffolding") == (score.value, score.reason)


def test_a_turn_without_an_intended_strategy_is_unscored() -> None:
    """A scenario turn has no teacher to compare with."""
    assert realised_as_intended("", "scaffolding").value is None
