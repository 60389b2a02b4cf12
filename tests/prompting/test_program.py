from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import dspy
import pytest

from tests.prompting.conftest import MARKED_UP
from three_tutors.openai_client.endpoint import Sampling
from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.records import Record
from three_tutors.prompting.adapter import AdapterName
from three_tutors.prompting.examples import example, speaker_of
from three_tutors.prompting.language_model import language_model
from three_tutors.prompting.meter import Meter, Model
from three_tutors.prompting.program import TeacherStudentDialogueModel
from three_tutors.tutoring import formats
from three_tutors.tutoring.dialogue import Dialogue
from three_tutors.tutoring.formats import Message


@pytest.fixture
def asking(new_meter: Callable[..., Meter], endpoint: object, model: Model) -> Callable[[Callable[[Sequence[Message]], str]], dspy.LM]:
    """Return a function that makes a language model out of a script."""

    def make(script: Callable[[Sequence[Message]], str]) -> dspy.LM:
        endpoint.script = script  # type: ignore[attr-defined]
        return language_model(model, new_meter(), Sampling(80))

    return make


def test_a_whole_dialogue_keeps_what_the_tutor_said_itself(
    asking: Callable[..., dspy.LM], corpus: list[Dialogue], endpoint: object
) -> None:
    """Played from end to end, each turn is asked with the tutor's own earlier replies, as the other tutors are."""
    program = TeacherStudentDialogueModel()
    with dspy.context(lm=asking(lambda messages: f"Reply {len(messages)}.")):
        replies = [prediction.reply for prediction in program.converse(corpus[0].lesson, ["One?", "Two?", "Three?"])]
    assert replies == ["Reply 2.", "Reply 4.", "Reply 6."]
    assert [message["content"] for message in endpoint.asked[-1][1:]] == ["One?", "Reply 2.", "Two?", "Reply 4.", "Three?"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", MARKED_UP)
def test_a_capable_model_says_understanding_and_strategy_apart_from_its_reply(
    asking: Callable[..., dspy.LM], rows: list[Record], name: AdapterName
) -> None:
    """With an adapter that marks outputs up there are three of them, so that strategy can be compared with what was intended."""
    with dspy.context(lm=asking(lambda _: MARKED_UP[name])):
        prediction = TeacherStudentDialogueModel(name)(**example(rows[0]).inputs())
    assert (prediction.understanding, prediction.strategy, prediction.reply) == ("wrong", "scaffolding", "Look.")


def test_labels_have_room_of_their_own() -> None:
    """A reply may be as long with labels around it as without, in optimisation as in the live tutor."""
    assert TeacherStudentDialogueModel("plain").sampling(Sampling(80, 0.5, 3)) == Sampling(80, 0.5, 3)
    assert TeacherStudentDialogueModel("chat").sampling(Sampling(80, 0.5, 3)) == Sampling(140, 0.5, 3)


def test_what_cannot_be_read_is_no_reply(asking: Callable[..., dspy.LM], rows: list[Record]) -> None:
    """A small model that ignores the mark-up gets an empty reply, which the rubric scores; nothing is thrown away silently."""
    with dspy.context(lm=asking(lambda _: "Let me just talk.")):
        prediction = TeacherStudentDialogueModel("chat")(**example(rows[0]).inputs())
    assert (prediction.reply, prediction.strategy) == ("", "")


LOOP = "It is. It is. It is."


@pytest.mark.parametrize(
    ("replies", "stands"),
    [
        (["Which piece is bigger?"], "Which piece is bigger?"),
        ([LOOP, "Which piece is bigger?"], "Which piece is bigger?"),
        ([LOOP, "(Be brief.)", "Look at the bar."], "Look at the bar."),
        ([LOOP, LOOP, LOOP + " So."], LOOP),
    ],
)
def test_the_first_finished_draft_stands(asking: Callable[..., dspy.LM], rows: list[Record], replies: list[str], stands: str) -> None:
    """Drafts are asked for until one is a finished turn; where none is, the first one stands. Traces hold that one alone."""
    said = iter(replies)
    program = TeacherStudentDialogueModel()
    program.drafts = ["", "Be brief.", "Ask me."]
    trace: list[Any] = []
    with dspy.context(lm=asking(lambda _: next(said)), trace=trace):
        prediction = program(**example(rows[0]).inputs())
    assert prediction.reply == stands
    assert list(said) == []
    assert [step[2].reply for step in trace] == [stands]


def test_a_loaded_program_asks_the_same_byte_for_byte(rows: list[Record]) -> None:
    """State, instruction, demonstrations and the way of choosing them survive."""
    program = TeacherStudentDialogueModel()
    program.turn.demos = [example(row) for row in rows[2:]]
    program.matching, program.shown, program.drafts = "matched", 3, ["", "Be brief."]
    program.turn.signature = program.turn.signature.with_instructions("Ask first.\n\nThen wait.")
    loaded = TeacherStudentDialogueModel()
    loaded.load_state(program.dump_state())
    for row in rows:
        inputs = dict(example(row).inputs())
        assert [loaded.messages(inputs, draft) for draft in (0, 1)] == [program.messages(inputs, draft) for draft in (0, 1)]


def test_a_student_simulator_answers_the_teacher(corpus: list[Dialogue]) -> None:
    """Rendered for the student, the same rows make a program with the student's frame, instruction and names."""
    rows = formats.dspy_rows(corpus[0], "student")
    assert [speaker_of(row["frame"]) for row in rows] == ["student"] * len(rows)
    program = TeacherStudentDialogueModel(speaker="student")
    program.turn.demos, program.shown = [example(row) for row in formats.dspy_rows(corpus[1], "student")], 1
    system = program.messages(dict(example(rows[0]).inputs()))[0]["content"]
    assert system.startswith(formats.system_message(corpus[0].lesson, "student")["content"])
    assert f"Teacher: {corpus[1].turns[1].text}\nStudent: {corpus[1].turns[2].text}" in system


def test_a_row_of_another_kind_is_refused(rows: list[Record]) -> None:
    """What `render` did not write, or wrote before the rubric needed more, is named."""
    row = {key: value for key, value in rows[0].items() if key not in {"topic", "answer"}}
    with pytest.raises(DataError, match=r"lacks topic, answer; run `dvc repro render`"):
        example(row)
