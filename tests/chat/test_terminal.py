"""The same conversations in a terminal."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.chat.conftest import SCRIPTS
from tests.chat.site import AGAIN, BeginningAgain, conversing
from three_tutors.chat.terminal import converse, plain
from three_tutors.tutoring.scenario import Scenario


def played(folder: Path, base_url: str, lines: Sequence[str], scenarios: Sequence[Scenario] = ()) -> str:
    """Return what the terminal shows while somebody types `lines`."""
    out, typed = io.StringIO(), iter(lines)

    def read(asking: str) -> str:
        out.write(asking)
        try:
            return next(typed)
        except StopIteration:
            raise EOFError from None

    with conversing(folder, base_url, SCRIPTS, scenarios) as talks:
        converse(talks, read, out)
    return out.getvalue()


def test_all_tutors_answer_one_after_the_other(tmp_path: Path, base_url: str) -> None:
    """Labelled, with what each reply took."""
    shown = played(tmp_path, base_url, ["Is it 5/6?", "/quit"])
    assert "baseline: Which half is bigger?\n  [4 tokens (prompt " in shown
    assert "dspy: You said: Is it 5/6?\n" in shown
    assert shown.index("openai: word0") < shown.index("lora: Which")
    assert shown.endswith("The conversations are saved.\n")


def test_a_dropped_draft_is_said_to_be(tmp_path: Path, base_url: str) -> None:
    """What was printed cannot be taken back, so a line says that another draft counts."""

    class Reader(io.StringIO):
        def write(self, text: str) -> int:
            if "It is." in text:
                BeginningAgain.DRAFTED.set()
            return super().write(text)

    BeginningAgain.DRAFTED.clear()
    out, typed = Reader(), iter(["Is it 5/6?", "/quit"])
    with conversing(tmp_path, base_url, {**SCRIPTS, "baseline": AGAIN}) as talks:
        converse(talks, lambda _: next(typed), out)
    shown = out.getvalue()
    assert "baseline: It is. " in shown
    assert "\n  [The tutor dropped this draft and begins again.]\nWhich half is bigger?\n  [10 tokens (prompt 9)" in shown


def test_one_goes_on_with_a_tutor_edits_and_scores(tmp_path: Path, base_url: str) -> None:
    """Commands do what the page's links do, on the same store."""
    shown = played(tmp_path, base_url, ["Is it 5/6?", "/go dspy", "Sure?", "/edit Really?", "/scores", "/ask lora", "And?"])
    assert "Continuing with dspy" in shown
    assert "dspy: You said: Really?" in shown
    assert "fits what the student showed: " in shown
    assert "Asking lora." in shown
    with conversing(tmp_path, base_url, SCRIPTS) as talks:
        exchanges = talks.store.exchanges(talks.store.talks()[0][0].id)
    shape = [(one.text, one.parent, one.follows, one.asked) for one in exchanges.values()]
    assert [
        ("Is it 5/6?", None, None, ("baseline", "dspy", "openai", "lora")),
        ("Sure?", 1, "dspy", ("dspy",)),
        ("Really?", 1, "dspy", ("dspy",)),
        ("And?", 3, None, ("lora",)),
    ] == shape


def test_enter_alone_says_the_scripted_turn(tmp_path: Path, base_url: str, pressure: Scenario) -> None:
    """A scenario is played by pressing Enter."""
    shown = played(tmp_path, base_url, ["/scenarios", f"/new {pressure.id}", "", "/delete", "yes"], [pressure])
    assert f"{pressure.id}: Adding fractions" in shown
    assert f"dspy: You said: {pressure.turns[0].text}" in shown
    assert f"(Enter alone sends: {pressure.turns[1].text})" in shown


def test_an_earlier_conversation_is_opened_again(tmp_path: Path, base_url: str) -> None:
    """Everything said is shown again and can be continued."""
    played(tmp_path, base_url, ["Is it 5/6?"])
    shown = played(tmp_path, base_url, ["/list", "/open 2", "/ask dspy", "And now?"])
    assert "  2 Is it 5/6?" in shown
    assert "student: Is it 5/6?\nbaseline: Which half is bigger?" in shown
    assert "dspy: You said: And now?" in shown


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("/go lora", "There is no reply of 'lora'"),
        ("/open 99", "Say which"),
        ("/open " + "9" * 5000, "Say which"),
        ("caf\udce9", "That holds half a character"),
        ("/ask nobody", "The tutors are baseline"),
        ("/edit x", "There is no turn to edit"),
        ("/scores", "There is no reply to score"),
        ("/new nothing", "There is no scenario 'nothing'"),
        ("", "Write something first."),
        ("/what", "Type as a student."),
    ],
)
def test_what_cannot_be_done_is_a_sentence(tmp_path: Path, base_url: str, line: str, sentence: str) -> None:
    """A slip ends nothing."""
    assert sentence in played(tmp_path, base_url, [line])


def test_nothing_said_leaves_no_conversation(tmp_path: Path, base_url: str) -> None:
    """Looking in and leaving clutters no list."""
    played(tmp_path, base_url, ["/new", "/quit"])
    with conversing(tmp_path, base_url, SCRIPTS) as talks:
        assert [] == talks.store.talks()


def test_a_reply_cannot_move_the_cursor() -> None:
    """Escape sequences of a model become visible signs."""
    assert "�[2Jgone\n\tyes ½ é" == plain("\x1b[2Jgone\n\tyes ½ é")
