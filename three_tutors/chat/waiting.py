"""What a person is told who waits: for models that are being loaded, for the first word of a reply."""

from __future__ import annotations

import time
from statistics import median

from three_tutors.chat.replying import LiveReply
from three_tutors.chat.roster import Roster
from three_tutors.chat.store import Store

SOME = 5
"""Latest replies of a tutor by which is told how long one takes."""


def loading(roster: Roster) -> str:
    """Return how far the models are, as a sentence; empty once all are there."""
    if roster.done:
        return ""
    ready = f" {len(roster.ready)} of {len(roster.names) - len(roster.missing)} are ready." if roster.ready else ""
    return f"The models are being loaded: {_of_loading(roster)}.{ready} You can write already."


def first_word(live: LiveReply, roster: Roster, store: Store, *, blind: bool) -> str:
    """Return what stands in the place of a reply before its first word; in `blind` mode nothing that tells whose it is."""
    if not roster.done and (blind or live.tutor not in roster.ready):
        return f"waits for its model, which is being loaded: {_of_loading(roster)}"
    usual = None if blind else usual_seconds(store, live.tutor)
    return f"reads the conversation: {_so_far(live.started, usual, 'its last replies took')}"


def usual_seconds(store: Store, tutor: str) -> float | None:
    """Return how long the latest replies of a tutor took (the median); None where it has given none."""
    rows = store.read("select json_extract(record, '$.seconds') from replies where tutor = ? order by exchange desc limit ?", (tutor, SOME))
    return median(seconds for (seconds,) in rows) if rows else None


def _of_loading(roster: Roster) -> str:
    return _so_far(roster.started, roster.took_last_time, "last time it took")


def _so_far(since: float, usual: float | None, told: str) -> str:
    seconds = f"{time.monotonic() - since:.0f} s so far"
    return seconds if usual is None else f"{seconds}, {told} {max(usual, 1):.0f} s"
