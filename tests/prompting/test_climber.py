"""Of what was tried, the shortest prompt that is as good as the best is taken, and no formula."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from three_tutors.prompting.climber import ENOUGH, Candidate, Climb
from three_tutors.prompting.program import TeacherStudentDialogueModel

DIFFERENT = tuple(
    f"{word} the bar and look." for word in ("Cut", "Draw", "Fold", "Halve", "Weigh", "Turn", "Lift", "Mark", "Paint", "Break")
)
FORMULA = tuple(
    f"What makes you {word}?" for word in ("think so", "say that", "sure", "doubt it", "ask", "guess", "smile", "stop", "go", "try")
)
PROGRAM = TeacherStudentDialogueModel()


def candidate(name: str, scores: tuple[float, ...], tokens: float, replies: tuple[str, ...] = DIFFERENT) -> Candidate:
    """Return a candidate that was tried."""
    return Candidate("labelled", name, PROGRAM, scores, replies[: len(scores)], ("",) * len(scores), tokens)


SHORT = candidate("short", (0.1, 0.3) * 5, 60)
LONG = candidate("long", (0.11, 0.33) * 5, 400)
BETTER = candidate("better", (0.3, 0.4) * 5, 200)


def test_a_longer_prompt_has_to_be_better_by_more_than_one_standard_error() -> None:
    """A gain that is smaller than the luck among so few turns does not pay for a longer prompt; a larger one does."""
    assert 0 < LONG.score - SHORT.score < LONG.standard_error
    assert Climb([SHORT, LONG]).best == Climb([LONG, SHORT]).best == SHORT
    assert BETTER.score - SHORT.score > BETTER.standard_error
    assert Climb([SHORT, LONG, BETTER]).best == BETTER


def test_of_equally_long_prompts_the_first_is_taken() -> None:
    """It is the simpler one: the ladder begins with zero-shot."""
    again = candidate("again", SHORT.scores, SHORT.prompt_tokens)
    assert Climb([SHORT, again]).best.name == "short"


def test_a_formulaic_program_is_not_chosen() -> None:
    """However good its score: replies that begin alike say a formula; it is taken only where there is nothing else."""
    formulaic = candidate("formulaic", (0.9, 1.0) * 5, 50, FORMULA)
    assert formulaic.formulaic
    assert not SHORT.formulaic
    assert Climb([SHORT, formulaic]).best == SHORT
    assert Climb([formulaic]).best == formulaic


@pytest.mark.parametrize(("alike", "formulaic"), [(3, False), (4, True)])
def test_more_than_three_in_ten_replies_that_begin_alike_are_a_formula(alike: int, formulaic: bool) -> None:
    """The same three words at the beginning, whatever follows and however they are written."""
    replies = (*(reply.upper() for reply in FORMULA[:alike]), *DIFFERENT[alike:])
    assert candidate("some", (0.5,) * 10, 60, replies).formulaic is formulaic


def test_a_few_replies_cannot_show_a_formula() -> None:
    """Of two or three turns many begin alike by chance."""
    assert not candidate("few", (0.5,) * (ENOUGH - 1), 60, FORMULA).formulaic
    assert candidate("enough", (0.5,) * ENOUGH, 60, FORMULA).formulaic


def test_the_standard_error_is_that_of_a_mean() -> None:
    """Sample deviation over the root of the number of turns; one turn has none."""
    assert candidate("four", (0.0, 0.0, 1.0, 1.0), 60).standard_error == pytest.approx(math.sqrt(1 / 3) / 2)
    assert candidate("one", (0.4,), 60).standard_error == 0


SCORES = st.lists(st.floats(0, 1), min_size=4, max_size=4).map(tuple)


@given(st.lists(st.tuples(SCORES, st.integers(10, 500)), min_size=1, max_size=6))
def test_what_is_chosen_is_close_to_the_best_and_no_longer(tried: list[tuple[tuple[float, ...], int]]) -> None:
    """It is within one standard error of the best score, and no candidate that is as close has a shorter prompt."""
    candidates = [candidate(str(number), scores, tokens) for number, (scores, tokens) in enumerate(tried)]
    best, top = Climb(candidates).best, max(candidates, key=lambda one: one.score)
    assert best.score >= top.score - top.standard_error
    assert best.prompt_tokens <= top.prompt_tokens
    assert all(one.score < top.score - top.standard_error for one in candidates if one.prompt_tokens < best.prompt_tokens)
