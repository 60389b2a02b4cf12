"""Held-out replies after histories that are not theirs: a tutor that uses the conversation finds them less likely there."""

from __future__ import annotations

import random
from collections.abc import Sequence

from three_tutors.pipeline.records import Record
from three_tutors.tutoring.dialogue import Dialogue, Turn
from three_tutors.tutoring.formats import messages

FEWEST = 4
"""Turns before the question from which their order can be changed: two of each speaker."""


def last_exchanges(dialogues: Sequence[Dialogue]) -> dict[str, list[Record]]:
    """Return each dialogue up to its last reply to a student, with a `shuffled` and with a `foreign` history.

    The frame, the last thing the student said and the reply stay. A shuffled history has the same turns, each speaker's
    in another order; a foreign one is the beginning of the next dialogue that is long enough. Dialogues with too little
    before their last exchange are left out. Rows are as `likelihood` reads them: `id` and `messages`.
    """
    rows: dict[str, list[Record]] = {"shuffled": [], "foreign": []}
    for place, dialogue in enumerate(dialogues):
        before = _last_question(dialogue)
        if before < FEWEST:
            continue
        rows["shuffled"].append(_row(dialogue, before, _shuffled(dialogue, before)))
        others = [*dialogues[place + 1 :], *dialogues[:place]]
        beginnings = (other.turns[:before] for other in others if len(other.turns) >= before and _speakers(other, dialogue, before))
        foreign = next(beginnings, None)
        if foreign is not None:
            rows["foreign"].append(_row(dialogue, before, foreign))
    return rows


def _last_question(dialogue: Dialogue) -> int:
    """Return the index of the last student turn that a teacher answers, which is how many turns stand before it."""
    pairs = zip(dialogue.turns, dialogue.turns[1:], strict=False)
    return max((index for index, (said, reply) in enumerate(pairs) if (said.speaker, reply.speaker) == ("student", "teacher")), default=0)


def _row(dialogue: Dialogue, before: int, history: Sequence[Turn]) -> Record:
    return {"id": dialogue.id, "messages": messages(dialogue.lesson, [*history, *dialogue.turns[before : before + 2]])}


def _shuffled(dialogue: Dialogue, before: int) -> list[Turn]:
    """Return the turns before the question with each speaker's in another order than they were said in."""
    history = list(dialogue.turns[:before])
    draw = random.Random(dialogue.id)
    for speaker in ("student", "teacher"):
        places = [index for index, turn in enumerate(history) if turn.speaker == speaker]
        drawn = places[:]
        while drawn == places and len(places) > 1:
            draw.shuffle(drawn)
        said = [history[index] for index in drawn]
        for index, turn in zip(places, said, strict=True):
            history[index] = turn
    return history


def _speakers(one: Dialogue, other: Dialogue, count: int) -> bool:
    return [turn.speaker for turn in one.turns[:count]] == [turn.speaker for turn in other.turns[:count]]
