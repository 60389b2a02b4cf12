"""Conversations stand side by side, every reply beside the others to the same student turn."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests import small_run
from three_tutors.reporting.conversations import conversations
from three_tutors.reporting.evidence import Evidence, gather
from three_tutors.reporting.standing import standing
from three_tutors.tutoring.questions import asked_dialogues


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """Return a small run in which dspy is the good tutor."""
    return gather(small_run.write_run(tmp_path_factory.mktemp("run")))


def test_every_student_turn_has_the_teacher_and_all_tutors(evidence: Evidence) -> None:
    """A held-out turn shows the teacher first, then the tutors in the order of all tables."""
    first = conversations(evidence, 50)[0]
    assert [[reply.tutor for reply in moment.replies] for moment in first.moments] == [
        ["reference", "baseline", "dspy", "openai", "lora"]
    ] * 2


def test_a_turn_that_nobody_was_asked_shows_the_teacher(evidence: Evidence) -> None:
    """What lies between the turns that the tutors were asked is told, so that a conversation can be followed."""
    silent = {tutor: {item: one for item, one in of.items() if item != "fractions-1#0"} for tutor, of in evidence.answers.items()}
    first, second = conversations(replace(evidence, answers=silent), 50)[0].moments
    assert (first.replies, first.taught) == ([], "Before we check it, which is bigger, 2/5 or 1/2?")
    assert (len(second.replies), second.taught) == (5, "")


def test_a_scenario_has_no_teacher_and_says_what_is_wanted(evidence: Evidence) -> None:
    """Nobody wrote a reference for a scripted student; what a good tutor does stands in its place."""
    last = conversations(evidence, 50)[-1].moments[0]
    assert ([reply.tutor for reply in last.replies], last.wanted) == (["baseline", "dspy", "openai", "lora"], "Holds the answer back.")


def test_replies_are_compared_with_the_baseline(evidence: Evidence) -> None:
    """The good tutor is better than the baseline, the others give the same reply and are the same."""
    replies = conversations(evidence, 50)[0].moments[0].replies
    assert {reply.tutor: reply.standing for reply in replies if reply.tutor != "reference"} == {
        "baseline": "same",
        "dspy": "better",
        "openai": "same",
        "lora": "same",
    }


@pytest.mark.parametrize(
    ("score", "other", "expected"),
    [(0.5, 0.4, "better"), (0.4, 0.5, "worse"), (0.5, 0.5, "same"), (None, 0.5, "unscored"), (0.5, None, "unscored")],
)
def test_a_missing_score_is_no_zero(score: float | None, other: float | None, expected: str) -> None:
    """Where one of two replies has no score nothing is compared."""
    assert standing(score, other) == expected


def test_only_conversations_that_somebody_was_asked_are_shown(evidence: Evidence) -> None:
    """Of many held-out dialogues some are asked; the others have nothing to show beside each other."""
    many = [replace(evidence.test[0], id=f"fractions-{number}") for number in range(1, 60)]
    talks = conversations(replace(evidence, test=many), 500)
    assert [talk.id for talk in talks if talk.kind == "dialogue"] == [one.id for one in asked_dialogues(many)]
    assert len(talks) < len(many)


def test_both_kinds_stay_when_few_are_shown(evidence: Evidence) -> None:
    """A cut list keeps dialogues and scenarios in proportion."""
    assert [talk.kind for talk in conversations(evidence, 4)] == ["dialogue", "dialogue", "dialogue", "answer_pressure"]
