from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from three_tutors.pipeline.records import Record
from three_tutors.prompting.adapter import history_exchanges, history_messages, transcript
from three_tutors.prompting.examples import example, inputs_of
from three_tutors.prompting.program import TeacherStudentDialogueModel
from three_tutors.tutoring import formats
from three_tutors.tutoring.dialogue import Dialogue, Lesson, Turn
from three_tutors.tutoring.formats import Message

TEXTS = st.lists(st.text(min_size=1, max_size=30), max_size=7)


def conversation(texts: list[str], opener: str) -> list[Message]:
    """Return alternating messages."""
    roles = ["user", "assistant"] if opener == "user" else ["assistant", "user"]
    return [{"role": roles[index % 2], "content": text} for index, text in enumerate(texts)]  # type: ignore[typeddict-item]


@given(TEXTS, st.sampled_from(["user", "assistant"]))
def test_a_history_comes_back_as_it_was(texts: list[str], opener: str) -> None:
    """Exchanges are the same conversation as the messages, whoever opened it."""
    said = conversation(texts, opener)
    exchanges = history_exchanges(said)
    assert history_messages(exchanges) == said
    assert history_messages(exchanges.model_dump()) == said


@given(st.lists(st.text(min_size=1, max_size=30), min_size=1, max_size=7).filter(lambda texts: len(texts) % 2 == 1))
def test_the_zero_shot_prompt_is_the_baselines_byte_for_byte(texts: list[str]) -> None:
    """Without demonstrations the program asks exactly what fine-tuned tutors are trained on and the baseline is asked."""
    lesson = Lesson("mathematics", 5, "Fractions", "Compare thirds.", "Adds tops and bottoms.", ("5/6",))
    turns = [Turn("student" if index % 2 == 0 else "teacher", text) for index, text in enumerate(texts)]
    assert TeacherStudentDialogueModel().messages(inputs_of(lesson, turns)) == formats.messages(lesson, turns)


def test_an_example_asks_what_the_conversation_it_was_made_of_asks(corpus: list[Dialogue], rows: list[Record]) -> None:
    """Optimisation and the live tutor render the same turn to the same messages."""
    program, dialogue = TeacherStudentDialogueModel(), corpus[0]
    from_row = program.messages(dict(example(rows[1]).inputs()))
    assert from_row == program.messages(inputs_of(dialogue.lesson, dialogue.turns[:3]))


def test_demonstrations_stand_in_the_system_message(rows: list[Record]) -> None:
    """Each is a student turn and the reply to it; the rest of the prompt is the baseline's."""
    program = TeacherStudentDialogueModel()
    program.turn.demos, program.shown = [example(row) for row in rows[2:4]], 2
    plain = TeacherStudentDialogueModel().messages(dict(example(rows[1]).inputs()))
    shown = "".join(f"\n\nStudent: {row['said']}\nTutor: {row['reply']}" for row in rows[2:4])
    system = {"role": "system", "content": f"{plain[0]['content']}\n\nExamples of good replies:{shown}"}
    assert program.messages(dict(example(rows[1]).inputs())) == [system, *plain[1:]]


@pytest.mark.parametrize("name", ["chat", "json", "xml"])
def test_marked_up_demonstrations_carry_understanding_strategy_and_reply(name: str, rows: list[Record]) -> None:
    """For capable models the labels of our teachers are shown, and no JSON of a history."""
    program = TeacherStudentDialogueModel(name)  # type: ignore[arg-type]
    program.turn.demos, program.shown = [example(rows[3])], 1
    demonstration = program.messages(dict(example(rows[0]).inputs()))[1:3]
    text = "\n".join(message["content"] for message in demonstration)
    assert [rows[3][label] in text for label in ("understanding", "strategy", "reply", "said")] == [True] * 4
    assert '"messages"' not in text


@pytest.mark.parametrize("name", ["chat", "json", "xml"])
def test_a_demonstration_without_labels_teaches_no_empty_ones(name: str, rows: list[Record]) -> None:
    """Turns that nobody labelled are shown as such, so that a model does not learn to leave the labels empty."""
    program = TeacherStudentDialogueModel(name)  # type: ignore[arg-type]
    program.turn.demos, program.shown = [example(rows[3] | {"understanding": "", "strategy": ""})], 1
    messages = program.messages(dict(example(rows[0]).inputs()))
    assert any("Not supplied for this particular example" in message["content"] for message in messages)
    assert any(rows[3]["reply"] in message["content"] for message in messages)


def test_a_transcript_names_the_speakers() -> None:
    """A line a turn; a text stays what it is."""
    history = history_exchanges([{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "Look."}])
    assert transcript(history) == "Student: Why?\nTutor: Look."
    assert transcript("Student: Why?") == "Student: Why?"
