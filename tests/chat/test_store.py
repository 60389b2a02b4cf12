"""Conversations on disk."""

from __future__ import annotations

import os
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from three_tutors.chat.roster import EMPTY
from three_tutors.chat.store import Store, open_store
from three_tutors.chat.talk import Exchange, Talk, TutorReply
from three_tutors.pipeline.diagnostics import TutorError
from three_tutors.tutoring.methods import TutorName

TALK = Talk("abc", EMPTY, ("lora", "baseline"), blind=True, scenario=None, created=1.0)
SAID = Exchange(0, None, None, "Is it 5/6?", "wrong", ("baseline", "lora"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return where the conversations lie."""
    return tmp_path / "chat"


@pytest.fixture
def store(folder: Path) -> Iterator[Store]:
    """Yield an empty store."""
    with open_store(folder) as opened:
        yield opened


def test_what_was_kept_is_read_again(folder: Path) -> None:
    """A conversation, its turns and its replies survive the program."""
    reply = TutorReply("lora", "Which half?", "length", "Cut.", (1, 2), "model", "version", 10, 3, 0.5, 1.25)
    with open_store(folder) as store:
        store.add(TALK)
        number, _ = store.say(TALK, "click", SAID, 2.0)
        store.end(number, reply)
        store.end(number, replace(reply, tutor="baseline"))
    with open_store(folder) as store:
        assert TALK == store.talk("abc")
        assert [(TALK, "Is it 5/6?", 2.0)] == store.talks()
        kept = replace(SAID, id=number, replies={"lora": reply, "baseline": replace(reply, tutor="baseline")})
        assert {number: kept} == store.exchanges("abc")


def test_a_program_that_ends_after_a_dropped_draft_keeps_the_other(folder: Path) -> None:
    """What is recovered is what stood in place of the first draft, and what came after it."""
    with open_store(folder) as store:
        store.add(TALK)
        number, _ = store.say(TALK, "click", SAID, 2.0)
        store.append(number, "lora", "It is. It is. ")
        store.rewrite(number, "lora", "Which ")
        store.append(number, "lora", "half")
    with open_store(folder) as store:
        store.recover()
        assert "Which half" == store.exchanges("abc")[number].replies["lora"].text


def test_a_click_sent_twice_is_one_turn(store: Store) -> None:
    """A form that the browser sends again adds nothing."""
    store.add(TALK)
    assert (1, True) == store.say(TALK, "click", SAID, 2.0)
    assert (1, False) == store.say(TALK, "click", SAID, 3.0)
    assert [1] == list(store.exchanges("abc"))


def test_a_turn_is_on_the_disk_before_it_is_shown_as_sent(folder: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a power cut must not undo is in the journal when that is flushed, and it is flushed before anybody is told."""
    flushed: list[bytes] = []
    monkeypatch.setattr(os, "fsync", lambda file: flushed.append(Path(file.name).read_bytes()))
    store.add(TALK)
    store.say(TALK, "click", SAID, 2.0)
    store.append(1, "lora", "Which half?")
    store.end(1, TutorReply("lora", "Which half?", "whole"))
    assert [False, True, True] == [b"Is it 5/6?" in journal for journal in flushed]
    assert [False, False, True] == [b"Which half?" in journal for journal in flushed]
    assert (folder / "chat.sqlite-wal").read_bytes() == flushed[-1]


def test_a_reply_that_was_being_written_is_kept_and_marked(folder: Path) -> None:
    """After a restart half a reply says that it was cut, and one that had not begun says so too."""
    with open_store(folder) as store:
        store.add(TALK)
        store.say(TALK, "click", SAID, 2.0)
        store.begin(1, "lora", [])
        store.append(1, "lora", "Which ")
        store.append(1, "lora", "half")
    with open_store(folder) as store:
        replies = store.exchanges("abc")[1].replies
    assert {"lora": ("Which half", "cut"), "baseline": ("", "failed")} == {name: (one.text, one.status) for name, one in replies.items()}


@pytest.mark.parametrize("table", ["talks", "exchanges", "replies"])
def test_the_file_itself_refuses_to_change_what_was_said(store: Store, table: str) -> None:
    """Not even a program with the file open can edit a turn by mistake."""
    store.add(TALK)
    store.say(TALK, "click", SAID, 2.0)
    store.end(1, TutorReply("lora", "Which half?", "whole"))
    with pytest.raises(sqlite3.IntegrityError, match="never changes"):
        store.write(f"update {table} set record = '{{}}'")  # noqa: S608 - a table of this list


def test_deleted_words_are_gone_from_the_disk(folder: Path) -> None:
    """After a deletion no file in the folder holds a byte of the conversation."""
    secret = "Zebrafink-7731"  # noqa: S105 - a word to look for
    with open_store(folder) as store:
        store.add(TALK)
        store.add(replace(TALK, id="other"))
        store.say(TALK, "click", replace(SAID, text=secret), 2.0)
        store.append(1, "lora", secret)
        store.end(1, TutorReply("lora", secret, "whole"))
        assert any(secret.encode() in path.read_bytes() for path in folder.iterdir())
        store.delete("abc")
        assert [] == [path.name for path in folder.iterdir() if secret.encode() in path.read_bytes()]
        assert ["other"] == [talk.id for talk, _, _ in store.talks()]


def test_what_nobody_continued_is_deleted_after_its_time(store: Store) -> None:
    """The last turn counts, not the beginning."""
    for name, turn in (("old", 10.0), ("going", 900.0)):
        talk = replace(TALK, id=name)
        store.add(talk)
        store.say(talk, f"click {name}", SAID, turn)
    assert ["old"] == store.delete_older(500.0)
    assert ["going"] == [talk.id for talk, _, _ in store.talks()]


def test_branches_are_deleted_with_their_conversation(store: Store) -> None:
    """Turns that continue each other go together, in whatever order they were written."""
    store.add(TALK)
    for number, parent in ((1, None), (2, 1), (3, 1), (4, 3)):
        store.say(TALK, str(number), replace(SAID, parent=parent), 2.0)
    store.delete_all()
    assert ([], {}) == (store.talks(), store.exchanges("abc"))


def test_nobody_else_on_the_machine_can_read_it(folder: Path, store: Store) -> None:
    """Folder and files are their owner's alone."""
    store.add(TALK)
    assert 0o700 == stat.S_IMODE(folder.stat().st_mode)
    assert {0o600} == {stat.S_IMODE(path.stat().st_mode) for path in folder.glob("chat.sqlite*")}


def test_two_programs_do_not_share_a_store(folder: Path, store: Store) -> None:
    """The second one is told so, and would otherwise take live replies for broken ones."""
    assert store.talks() == []
    with pytest.raises(TutorError, match="open in another window"), open_store(folder):
        pass


def test_a_refused_turn_leaves_nothing_behind(store: Store) -> None:
    """A turn whose transaction fails is not half there."""
    store.add(TALK)
    twice: tuple[TutorName, ...] = ("lora", "lora")
    with pytest.raises(sqlite3.IntegrityError):
        store.say(TALK, "click", replace(SAID, asked=twice), 2.0)
    assert {} == store.exchanges("abc")


class StoredConversations(RuleBasedStateMachine):
    """Whatever happens to conversations, what was stored of them stays as it is until they are deleted."""

    talks: Bundle[str] = Bundle("talks")

    def __init__(self) -> None:
        """Open an empty store."""
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.opened = open_store(Path(self.folder.name))
        self.store = self.opened.__enter__()
        self.seen: dict[str, dict[int, Exchange]] = {}
        self.clicks = 0

    @rule(target=talks, blind=st.booleans())
    def start(self, blind: bool) -> str:
        """Begin a conversation."""
        name = f"talk{len(self.seen)}-{self.clicks}"
        self.clicks += 1
        self.store.add(Talk(name, EMPTY, ("lora", "baseline"), blind, None, 1.0))
        self.seen[name] = {}
        return name

    @rule(name=talks, text=st.text(st.characters(codec="utf-8"), min_size=1, max_size=20), branch=st.integers(0, 5))
    def say(self, name: str, text: str, branch: int) -> None:
        """Say something after any earlier turn."""
        talk = self.store.talk(name)
        if talk is None:
            return
        parents = [None, *self.store.exchanges(name)]
        self.clicks += 1
        new = Exchange(0, parents[branch % len(parents)], None, text, None, ("lora", "baseline"))
        self.store.say(talk, str(self.clicks), new, 2.0)

    @rule(
        name=talks, tutor=st.sampled_from(["lora", "baseline"]), piece=st.text(st.characters(codec="utf-8"), max_size=9), end=st.booleans()
    )
    def reply(self, name: str, tutor: TutorName, piece: str, end: bool) -> None:
        """Write at the newest reply, or end it (once more)."""
        for exchange in list(self.store.exchanges(name))[-1:]:
            self.store.append(exchange, tutor, piece)
            if end:
                self.store.end(exchange, TutorReply(tutor, piece, "whole"))

    @rule(name=talks)
    def reveal(self, name: str) -> None:
        """Reveal who is who."""
        if self.store.talk(name):
            self.store.reveal(name, 3.0)

    @rule(name=talks)
    def delete(self, name: str) -> None:
        """Delete a conversation."""
        self.store.delete(name)
        self.seen.pop(name, None)

    @rule()
    def restart(self) -> None:
        """End the program and start it again."""
        self.opened.__exit__(None, None, None)
        self.opened = open_store(Path(self.folder.name))
        self.store = self.opened.__enter__()

    @invariant()
    def nothing_stored_has_changed(self) -> None:
        """Every turn and every finished reply that was ever seen is still there, word for word."""
        for name, before in self.seen.items():
            now = self.store.exchanges(name)
            for number, exchange in before.items():
                assert replace(exchange, replies={}) == replace(now[number], replies={})
                assert dict(exchange.replies) == {tutor: now[number].replies[tutor] for tutor in exchange.replies}
            self.seen[name] = now

    def teardown(self) -> None:
        """Close the store."""
        self.opened.__exit__(None, None, None)
        self.folder.cleanup()


StoredConversations.TestCase.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
TestStoredConversations = StoredConversations.TestCase


def test_the_journal_survives_a_kill(store: Store) -> None:
    """SQLite runs in WAL mode, and what is deleted is overwritten."""
    assert [("wal",)] == store.read("pragma journal_mode")
    assert [(1,)] == store.read("pragma secure_delete")
