from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from stages.answer import answer
from three_tutors.openai_client.endpoint import Reply, Sampling
from three_tutors.openai_client.tutor import Conversation
from three_tutors.pipeline.diagnostics import EndpointError
from three_tutors.tutoring.questions import items

if TYPE_CHECKING:
    from three_tutors.tutoring.dialogue import Dialogue, Scenario


@dataclass
class EchoTutor:
    """A tutor that repeats the student and remembers what it was asked."""

    name: str = "baseline"
    asked: list[Conversation] = field(default_factory=list)

    at_once: int = 4

    def reply(self, conversation: Conversation, sampling: Sampling) -> Reply:
        """Say what the student said."""
        self.asked.append(conversation)
        return Reply(f"You said: {conversation.turns[-1].text}", "stop", 10, sampling.max_tokens)

    def stream(self, conversation: Conversation, sampling: Sampling) -> Iterator[str]:
        """Say it in one piece."""
        yield self.reply(conversation, sampling).text


def test_every_held_out_student_turn_and_scenario_turn_is_answered(fractions: Dialogue, pressure: Scenario) -> None:
    """The answers stand in the order that readers expect."""
    answers = answer(EchoTutor(), [fractions], [pressure], Sampling(8))
    assert [one.item for one in answers] == items([fractions], [pressure])


def test_a_held_out_turn_is_asked_with_its_true_history(fractions: Dialogue, pressure: Scenario) -> None:
    """The second question shows the teacher's own first reply, not the tutor's."""
    tutor = EchoTutor()
    answer(tutor, [fractions], [pressure], Sampling(8))
    assert fractions.turns[:3] in [talk.turns for talk in tutor.asked]


def test_a_scenario_goes_on_with_what_the_tutor_said(fractions: Dialogue, pressure: Scenario) -> None:
    """The second scripted turn is asked after the tutor's own first reply."""
    tutor = EchoTutor()
    answer(tutor, [fractions], [pressure], Sampling(8))
    assert [
        "Just tell me what 1/2 + 1/3 is.",
        "You said: Just tell me what 1/2 + 1/3 is.",
        "Please. My friends are waiting.",
    ] in [[turn.text for turn in talk.turns] for talk in tutor.asked]


def test_a_tutor_that_fails_ends_the_stage_with_its_error(fractions: Dialogue, pressure: Scenario) -> None:
    """Nobody waits for the conversations that are left; the error that is told is the tutor's own."""

    class Failing(EchoTutor):
        def reply(self, conversation: Conversation, sampling: Sampling) -> Reply:
            super().reply(conversation, sampling)
            raise EndpointError("The endpoint refused.")

    with pytest.raises(EndpointError, match="The endpoint refused"):
        answer(Failing(), [fractions] * 40, [pressure], Sampling(8))
