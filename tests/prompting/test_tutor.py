from __future__ import annotations

import threading
import time
from collections.abc import Generator, Sequence
from pathlib import Path

import pytest

from three_tutors.openai_client.endpoint import Reply, Sampling
from three_tutors.openai_client.tutor import ChatTutor, Conversation, Instead
from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.records import Record, write_json
from three_tutors.prompting.examples import example
from three_tutors.prompting.program import TeacherStudentDialogueModel
from three_tutors.prompting.tutor import ProgramTutor
from three_tutors.tutoring.dialogue import Dialogue
from three_tutors.tutoring.formats import Message

SAMPLING = Sampling(40)


def saved(folder: Path, program: TeacherStudentDialogueModel) -> Path:
    """Write a program as the stage does."""
    write_json(folder / "program.json", program.dump_state())
    return folder


def test_it_asks_what_it_says_it_asks(tmp_path: Path, endpoint: object, corpus: list[Dialogue], rows: list[Record]) -> None:
    """`prompt` gives the very messages that reach the endpoint, in `reply` as in `stream`."""
    program = TeacherStudentDialogueModel()
    program.turn.demos, program.shown = [example(row) for row in rows[4:6]], 2
    tutor = ProgramTutor.load(saved(tmp_path, program), endpoint)  # type: ignore[arg-type]
    talks = [Conversation(dialogue.lesson, dialogue.turns[:3]) for dialogue in corpus[:2]]
    replies = [tutor.reply(talk, SAMPLING) for talk in talks]
    streamed = "".join(tutor.stream(talks[0], SAMPLING))
    assert endpoint.asked == [tutor.prompt(talks[0]), tutor.prompt(talks[1]), tutor.prompt(talks[0])]  # type: ignore[attr-defined]
    assert streamed == replies[0].text
    assert tutor.name == "dspy"


def test_zero_shot_it_is_the_baseline(tmp_path: Path, endpoint: object, corpus: list[Dialogue]) -> None:
    """A program that nothing was added to replies as the baseline does."""
    tutor = ProgramTutor.load(saved(tmp_path, TeacherStudentDialogueModel()), endpoint)  # type: ignore[arg-type]
    baseline = ChatTutor("baseline", endpoint)  # type: ignore[arg-type]
    talks = [Conversation(dialogue.lesson, dialogue.turns[:1]) for dialogue in corpus]
    assert [tutor.reply(talk, SAMPLING) for talk in talks] == [baseline.reply(talk, SAMPLING) for talk in talks]


def test_a_tutor_drafts_again_as_the_program_does(tmp_path: Path, endpoint: object, corpus: list[Dialogue]) -> None:
    """Only the looping conversation is asked again, its reply counts the tokens of both drafts, and a stream ends with the same."""
    loop = "It is. It is. It is."
    endpoint.script = lambda messages: loop if messages[-1]["content"].endswith("stays the same.") else "Which one is bigger?"  # type: ignore[attr-defined]
    program = TeacherStudentDialogueModel()
    program.drafts = ["", "Ask me."]
    tutor = ProgramTutor.load(saved(tmp_path, program), endpoint)  # type: ignore[arg-type]
    talks = [Conversation(corpus[0].lesson, corpus[0].turns[:end]) for end in (1, 3)]
    first, second = [tutor.reply(talk, SAMPLING) for talk in talks]
    assert (first.text, second.text) == ("Which one is bigger?", "Which one is bigger?")
    assert (first.completion_tokens, second.completion_tokens) == (4, 10)
    assert endpoint.asked[2] == tutor.prompt(talks[1], draft=1)  # type: ignore[attr-defined]
    assert list(tutor.stream(talks[1], SAMPLING)) == ["It", " ", "is. It is. It is.", Instead(second.text)]
    assert streamed(tutor, talks[1]) == (second.text, second)


UNSOUND, SOUND = "It is. It is. It is.", "Which one is bigger?"


@pytest.mark.parametrize(
    "texts",
    [
        (SOUND, UNSOUND, UNSOUND),
        (UNSOUND, SOUND, UNSOUND),
        (UNSOUND, UNSOUND, SOUND),
        (UNSOUND, SOUND, "Why?"),
        (UNSOUND, UNSOUND, "It is! It is! It is!"),
    ],
)
def test_a_local_stream_gives_the_very_reply(tmp_path: Path, endpoint: object, corpus: list[Dialogue], texts: tuple[str, str, str]) -> None:
    """Drafts that are asked for together choose what drafts in turn do, with the tokens of those that were looked at."""
    program = TeacherStudentDialogueModel()
    program.drafts = ["One.", "Two.", "Three."]
    endpoint.script = lambda messages: next(  # type: ignore[attr-defined]
        text for reminder, text in zip(program.drafts, texts, strict=True) if reminder in messages[-1]["content"]
    )
    tutor = ProgramTutor.load(saved(tmp_path, program), endpoint)  # type: ignore[arg-type]
    talk = Conversation(corpus[0].lesson, corpus[0].turns[:1])
    expected = tutor.reply(talk, SAMPLING)
    endpoint.is_local = True  # type: ignore[attr-defined]
    assert (expected.text, expected) == streamed(tutor, talk)


def test_a_draft_that_nobody_needs_is_broken_off(tmp_path: Path, endpoint: object, corpus: list[Dialogue]) -> None:
    """The second draft stands while the third is still being written: the reply is there, and the third is asked for no more."""
    program = TeacherStudentDialogueModel()
    program.drafts = ["One.", "Two.", "Three."]
    tutor = ProgramTutor.load(saved(tmp_path, program), endpoint)  # type: ignore[arg-type]
    begun, left = threading.Event(), threading.Event()

    def stream(messages: Sequence[Message], _: Sampling) -> Generator[str, None, Reply]:
        if "One." in messages[-1]["content"]:
            yield UNSOUND
            return Reply(UNSOUND, "stop", 1, 1)
        if "Two." in messages[-1]["content"]:
            begun.wait(10)
            return Reply(SOUND, "stop", 1, 1)
        try:
            while True:
                begun.set()
                time.sleep(0.001)
                yield "and "
        finally:
            left.set()
        return Reply(UNSOUND, "stop", 1, 1)

    endpoint.is_local, endpoint.stream, endpoint.script = True, stream, lambda _: UNSOUND  # type: ignore[attr-defined]
    text, _ = streamed(tutor, Conversation(corpus[0].lesson, corpus[0].turns[:1]))
    assert SOUND == text
    assert left.wait(10)


def streamed(tutor: ProgramTutor, talk: Conversation) -> tuple[str, Reply]:
    """Return what the pieces of a stream leave to be read, and what it returns."""
    pieces, text = tutor.stream(talk, SAMPLING), ""
    try:
        while True:
            piece = next(pieces)
            text = piece if isinstance(piece, Instead) else text + piece
    except StopIteration as end:
        return text, end.value


def test_labels_stay_out_of_the_reply(tmp_path: Path, endpoint: object, corpus: list[Dialogue]) -> None:
    """Of a marked-up answer the student hears the reply, streamed or not; of an unreadable one, nothing. The strategy is kept."""
    endpoint.script = lambda _: '{"understanding": "wrong", "strategy": "scaffolding", "reply": "Look again."}'  # type: ignore[attr-defined]
    tutor = ProgramTutor.load(saved(tmp_path, TeacherStudentDialogueModel("json")), endpoint)  # type: ignore[arg-type]
    talk = Conversation(corpus[0].lesson, corpus[0].turns[:1])
    reply = tutor.reply(talk, SAMPLING)
    assert (reply.text, reply.strategy) == ("Look again.", "scaffolding")
    assert "".join(tutor.stream(talk, SAMPLING)) == "Look again."
    endpoint.script = lambda _: "No labels."  # type: ignore[attr-defined]
    reply = tutor.reply(talk, SAMPLING)
    assert (reply.text, reply.strategy) == ("", "")


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"program": {"adapter_name": "telepathy", "speaker": "teacher"}},
        [],
        {"program": {"adapter_name": "plain", "speaker": "teacher"}},
    ],
)
def test_a_file_that_is_no_program_is_refused_by_name(tmp_path: Path, endpoint: object, state: object) -> None:
    """The error says which file, and what makes it anew."""
    write_json(tmp_path / "program.json", state)
    with pytest.raises(DataError, match=r"program\.json: not a program of .*dvc repro train_dspy"):
        ProgramTutor.load(tmp_path, endpoint)  # type: ignore[arg-type]
