"""The one renderer: training rows, live prompts and DSPy demonstrations all come from here.

What a model was trained on is what it is asked, token for token, because both are made by `messages`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypedDict

from three_tutors.pipeline.records import Record
from three_tutors.tutoring.dialogue import Dialogue, Lesson, Speaker, Turn
from three_tutors.tutoring.fields import record

TEACHER_INSTRUCTION = (
    "Build on what the student just said, reply in one to three short sentences, ask at most one question, "
    "and let the student find the answer."
)
"""How a tutor is to reply: the end of its frame, and what prompt optimisers may reword."""
STUDENT_INSTRUCTION = "Answer your teacher in your own short, informal words."
"""How a student simulator is to answer: the end of its frame."""


Format = Literal["examples", "chats", "labelled chats"]
"""How dialogues are written for those who learn from them: `examples` of DSPy (one a turn), `chats` of the OpenAI protocol and
`labelled chats` of Hugging Face (one a dialogue).
"""


class Message(TypedDict):
    """One message of a chat, as the OpenAI protocol and Hugging Face write it."""

    role: Literal["system", "user", "assistant"]
    content: str


def system_message(lesson: Lesson, speaker: Speaker = "teacher") -> Message:
    """Return the frame of a lesson: who speaks, to whom, about what.

    The answer stays out: a tutor that was told it can give it away. The misconception is what the tutor has
    to find, so only a student simulator is told.
    """
    subject = lesson.subject.replace("_", " ")
    grade = "first-year university" if lesson.grade == 13 else f"grade {lesson.grade}"  # noqa: PLR2004 - see Lesson.grade
    if speaker == "teacher":
        text = (
            f"You are a patient {subject} tutor for a {grade} student. Topic: {lesson.topic}. Goal: {lesson.objective} "
            f"{TEACHER_INSTRUCTION}"
        )
    else:
        hidden = f"What you have not understood yet: {lesson.misconception} " if lesson.misconception else ""
        text = f"You are a {grade} student in a {subject} lesson. Topic: {lesson.topic}. {hidden}{STUDENT_INSTRUCTION}"
    return {"role": "system", "content": text}


def messages(lesson: Lesson, turns: Sequence[Turn], speaker: Speaker = "teacher") -> list[Message]:
    """Return the frame and `turns` as chat messages, `speaker` being the assistant."""
    said: list[Message] = [{"role": "assistant" if turn.speaker == speaker else "user", "content": turn.text} for turn in turns]
    return [system_message(lesson, speaker), *said]


def rendered(dialogue: Dialogue, form: Format, speaker: Speaker = "teacher") -> list[Record]:
    """Return the rows of one dialogue in one format, `speaker` being the one whose turns are learned."""
    if form == "examples":
        return dspy_rows(dialogue, speaker)
    return [openai_row(dialogue, speaker) if form == "chats" else hugging_face_row(dialogue, speaker)]


def is_learned(dialogue: Dialogue, speaker: Speaker = "teacher") -> bool:
    """Return whether there is a turn to learn; services and our own training refuse a row in which every weight is 0."""
    return any(turn.speaker == speaker and turn.weight for turn in dialogue.turns)


def openai_row(dialogue: Dialogue, speaker: Speaker = "teacher") -> Record:
    """Return one line of an OpenAI chat fine-tuning file: a whole dialogue, `weight` where a turn is not learned."""
    rows: list[Record] = []
    for message, turn in _with_turns(dialogue, speaker):
        row: Record = dict(message)
        if turn is not None and row["role"] == "assistant" and turn.weight == 0:
            row["weight"] = 0
        rows.append(row)
    return {"messages": rows}


def hugging_face_row(dialogue: Dialogue, speaker: Speaker = "teacher") -> Record:
    """Return one conversation as `datasets` and TRL read it, with the labels of its turns beside the messages.

    `strategies` and `weights` have one entry a message (empty and 0 where the message is not learned), so that
    `supervision` can choose by them.
    """
    pairs = _with_turns(dialogue, speaker)
    return {
        "id": dialogue.id,
        "messages": [message for message, _ in pairs],
        "strategies": [turn.strategy if turn else "" for _, turn in pairs],
        "weights": [turn.weight if turn and message["role"] == "assistant" else 0 for message, turn in pairs],
    }


def dspy_rows(dialogue: Dialogue, speaker: Speaker = "teacher") -> list[Record]:
    """Return one DSPy example for each turn of `speaker` that answers something: its lesson, history and reply.

    Its prompt is `frame`, `history` (every message before the last one) and `said` (the last one); the head of the
    lesson stands beside them, for what a reply is worth hangs on more than the tutor is told.
    """
    rows = []
    rendered = messages(dialogue.lesson, dialogue.turns, speaker)
    for index, turn in enumerate(dialogue.turns):
        if turn.speaker != speaker or index == 0 or turn.weight == 0:
            continue
        rows.append(
            {
                "id": f"{dialogue.id}#{index}",
                "dialogue": dialogue.id,
                "turn": index,
                **record(dialogue.lesson),
                "frame": rendered[0]["content"],
                "history": rendered[1:index],
                "said": rendered[index]["content"],
                "understanding": dialogue.turns[index - 1].understanding,
                "strategy": turn.strategy,
                "reply": turn.text,
            }
        )
    return rows


def _with_turns(dialogue: Dialogue, speaker: Speaker) -> list[tuple[Message, Turn | None]]:
    """Return the messages to learn from, each with its turn; the frame has none.

    They end with the last turn of `speaker`. Nothing after it is learned, and services refuse a row whose last message is not
    the assistant's, which every dialogue that the teacher ends would be where the student is the one who learns.
    """
    own = [index for index, turn in enumerate(dialogue.turns) if turn.speaker == speaker]
    turns = dialogue.turns[: own[-1] + 1] if own else dialogue.turns
    return list(zip(messages(dialogue.lesson, turns, speaker), [None, *turns], strict=True))
