"""Paths, branches, and the history of each tutor."""

from __future__ import annotations

from three_tutors.chat.talk import Exchange, History, TutorReply, history, path_to, tip, versions
from three_tutors.tutoring.dialogue import Turn
from three_tutors.tutoring.methods import TutorName

ASKED: tuple[TutorName, ...] = ("baseline", "lora")


def said(number: int, parent: int | None, follows: TutorName | None = None, *, silent: tuple[str, ...] = ()) -> Exchange:
    """Return an exchange in which every tutor that is not silent replied."""
    replies: dict[str, TutorReply] = {name: TutorReply(name, "" if name in silent else f"{name} {number}", "whole") for name in ASKED}
    return Exchange(number, parent, follows, f"student {number}", "", ASKED, replies)


def pair(number: int, reply: str) -> tuple[Turn, Turn]:
    """Return one exchange as turns."""
    return Turn("student", f"student {number}"), Turn("teacher", reply)


BRANCHED = {exchange.id: exchange for exchange in [said(1, None), said(2, 1), said(3, 2), said(4, 1), said(5, 4)]}


def test_a_path_leads_from_the_first_turn_to_the_asked_one() -> None:
    """Only the branch that is looked at counts."""
    assert [1, 4, 5] == [exchange.id for exchange in path_to(5, BRANCHED)]
    assert [1, 2] == [exchange.id for exchange in path_to(2, BRANCHED)]
    assert [] == path_to(None, BRANCHED) == path_to(99, BRANCHED)


def test_versions_share_a_parent() -> None:
    """An edited turn stands beside the former one."""
    assert (2, 4) == versions(BRANCHED, BRANCHED[2])
    assert (1,) == versions(BRANCHED, BRANCHED[1])


def test_the_tip_follows_the_newest_version() -> None:
    """Opening a conversation shows where it was left."""
    assert 5 == tip(BRANCHED, 1)
    assert 3 == tip(BRANCHED, 2)


def test_every_tutor_has_its_own_history() -> None:
    """Side by side, no tutor sees what another one said."""
    assert History((1, 2), (pair(1, "lora 1"), pair(2, "lora 2")), ()) == history(path_to(3, BRANCHED), "lora")


def test_going_on_with_a_tutor_gives_everybody_its_history() -> None:
    """After `follows`, the replies of that tutor stand behind whoever is asked, back to the first turn."""
    path = [said(1, None), said(2, 1), said(3, 2, "lora"), said(4, 3)]
    assert History((1, 2, 3), (pair(1, "lora 1"), pair(2, "lora 2"), pair(3, "baseline 3")), ()) == history(path, "baseline")


def test_an_exchange_without_a_reply_is_named() -> None:
    """A tutor that failed earlier is asked without that exchange, and the page can say so."""
    path = [said(1, None, silent=("lora",)), said(2, 1), said(3, 2)]
    assert History((2,), (pair(2, "lora 2"),), (1,)) == history(path, "lora")
