from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from three_tutors.tutoring import formats

if TYPE_CHECKING:
    from three_tutors.tutoring.dialogue import Dialogue


def test_every_format_holds_the_same_words_as_the_live_prompt(fractions: Dialogue) -> None:
    """A fine-tuning row, a Hugging Face row, a DSPy example and the prompt of a live tutor are the same messages."""
    live = formats.messages(fractions.lesson, fractions.turns[:3])
    openai = formats.openai_row(fractions)["messages"]
    hugging_face = formats.hugging_face_row(fractions)["messages"]
    last = formats.dspy_rows(fractions)[-1]
    dspy = [{"role": "system", "content": last["frame"]}, *last["history"], {"role": "user", "content": last["said"]}]
    assert openai[:-1] == live
    assert hugging_face[:-1] == live
    assert dspy == live
    assert openai[-1] == {"role": "assistant", "content": last["reply"]}


def test_the_frame_keeps_the_answer_and_the_misconception_to_itself(fractions: Dialogue) -> None:
    """A tutor is not told what it must not give away."""
    frame = formats.system_message(fractions.lesson)["content"]
    assert "5/6" not in frame
    assert fractions.lesson.misconception not in frame


def test_a_student_simulator_learns_the_students_turns(fractions: Dialogue) -> None:
    """With the student as speaker, student turns are the assistant's and the misconception is in the frame."""
    rendered = formats.messages(fractions.lesson, fractions.turns, "student")
    assert [message["role"] for message in rendered] == ["system", "assistant", "user", "assistant", "user"]
    assert fractions.lesson.misconception in rendered[0]["content"]


def test_a_turn_of_weight_zero_stays_in_the_conversation_and_is_not_learned(fractions: Dialogue) -> None:
    """Weight 0 marks the OpenAI message and the Hugging Face row, and leaves the turn out of the DSPy examples."""
    turns = (fractions.turns[0], replace(fractions.turns[1], weight=0), *fractions.turns[2:])
    dialogue = replace(fractions, turns=turns)
    assert formats.openai_row(dialogue)["messages"][2]["weight"] == 0
    assert formats.hugging_face_row(dialogue)["weights"] == [0, 0, 0, 0, 1]
    assert [row["turn"] for row in formats.dspy_rows(dialogue)] == [3]


def test_dialogue_and_scenario_survive_their_records(fractions: Dialogue) -> None:
    """What is written to the processed table is read back as the same dialogue."""
    assert type(fractions).from_record(fractions.to_record()) == fractions
