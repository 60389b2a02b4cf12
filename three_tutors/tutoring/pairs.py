"""Pairs to learn preferences from: one conversation, a reply that is preferred and another, and where the two come from.

Rows are those of the OpenAI protocol's `dpo` files, with an `id` and a `source` beside them; `for_service` leaves these two out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, get_args

from three_tutors.pipeline.records import Record
from three_tutors.tutoring.dialogue import Dialogue, Turn
from three_tutors.tutoring.duplicates import LEAK, Triples, alike, triples
from three_tutors.tutoring.formats import Message, messages
from three_tutors.tutoring.moment import Moment
from three_tutors.tutoring.scenario import Scenario, ScriptedTurn
from three_tutors.tutoring.words import tokens

Source = Literal["moments", "samples", "choices"]
"""A person's graded replies to a moment, a teacher's turn against what a tutor said there, or a choice in the chat."""
SOURCES: tuple[Source, ...] = get_args(Source)
REWARDED: Mapping[Source, tuple[str, ...]] = {"moments": ("ranking", "sense"), "samples": (), "choices": ("preferences",)}
"""The figures by whose judgement a kind of pair was made: who learns from it is rewarded for them, so they measure nothing about that
tutor any more.

The graded replies of training moments say which reply is better, which `ranking` asks at other moments, and `sense` was fitted to
them. The moments and replies of the exam are never in a pair (`leaks`), so what remains in them is the form that was rewarded, not
words learned by heart; `matching` and `contrast`, which no pair was made by, go on measuring. Choices are what `preferences` counts.
"""
REPLIES = ("preferred_output", "non_preferred_output")
FAULTY = 1
"""The highest grade of a reply that an ideal one is preferred to; an acceptable one is no fault."""
VALIDATED = 8
"""One of so many dialogues and moments is kept for validation."""


def rewarded_by(kinds: Iterable[Source]) -> list[str]:
    """Return the figures that were a reward for a tutor that learned from these kinds of pairs."""
    return sorted({figure for kind in kinds for figure in REWARDED[kind]})


def row(id_: str, source: Source, prompt: Sequence[Message], preferred: str, other: str) -> Record:
    """Return one pair; `id_` is the moment or dialogue, #, and what tells its pairs apart."""
    return {
        "id": id_,
        "source": source,
        "input": {"messages": list(prompt)},
        "preferred_output": [{"role": "assistant", "content": preferred}],
        "non_preferred_output": [{"role": "assistant", "content": other}],
    }


def for_service(rows: Sequence[Record]) -> list[Record]:
    """Return the rows as a service takes them, which refuses keys that it does not know."""
    return [{key: value for key, value in one.items() if key not in ("id", "source")} for one in rows]


def as_chats(rows: Sequence[Record]) -> list[Record]:
    """Return both conversations of every pair: what is read, and billed, in one epoch."""
    return [{"messages": [*one["input"]["messages"], *one[key]]} for one in rows for key in REPLIES]


def flawed(one: Record, source: Source) -> str:
    """Return why a record is no pair of this source, as `row` makes it; empty where it is one."""
    if not isinstance(one.get("id"), str) or one.get("source") != source:
        return f"has no `id`, or its `source` is not `{source}`"
    given = one.get("input")
    asked = given.get("messages") if isinstance(given, dict) else None
    said = [reply[0] if isinstance(reply := one.get(key), list) and len(reply) == 1 else None for key in REPLIES]
    for message in [*(asked if isinstance(asked, list) and asked else [None]), *said]:
        if not isinstance(message, dict) or not all(isinstance(message.get(key), str) for key in ("role", "content")):
            return "`input.messages` and both replies must hold messages with a role and a content"
    return ""


def of_moments(moments: Sequence[Moment]) -> list[Record]:
    """Return every faulty reply of the moments beside an ideal one to the same side; ideal replies take turns."""
    made = []
    for moment in moments:
        for name, side in moment.items():
            ideal = [reply.reply for reply in side.replies if reply.kind == "ideal"]
            faulty = [reply for reply in side.replies if reply.grade <= FAULTY]
            prompt = messages(moment.lesson, side.turns)
            if ideal:
                made += [
                    row(f"{name}#{number} {reply.kind}", "moments", prompt, ideal[number % len(ideal)], reply.reply)
                    for number, reply in enumerate(faulty)
                ]
    return made


def of_samples(examples: Sequence[Record], samples: Mapping[str, str]) -> list[Record]:
    """Return teachers' turns (`formats.dspy_rows`) beside what a tutor said in their place, by the turn's id.

    A turn without a sample, or whose sample says the same in other white space, gives no pair.
    """
    made = []
    for example in examples:
        said = samples.get(example["id"], "").strip()
        if said and said.split() != example["reply"].split():
            prompt = [{"role": "system", "content": example["frame"]}, *example["history"], {"role": "user", "content": example["said"]}]
            made.append(row(example["id"], "samples", prompt, example["reply"], said))
    return made


def dealt(rows: Sequence[Record]) -> tuple[list[Record], list[Record]]:
    """Return the rows to learn from and those to validate with; all rows of one dialogue or moment are on one side."""
    held = [_number(one) % VALIDATED == 0 for one in rows]
    return [one for one, out in zip(rows, held, strict=True) if not out], [one for one, out in zip(rows, held, strict=True) if out]


def leaks(rows: Sequence[Record], held_out: Sequence[Dialogue | Moment | Scenario]) -> list[str]:
    """Return one sentence for each row that tells of a problem of the exam: by its id, or by its words up to the same turn.

    Of a scenario, which has no tutor's turns, the words of the students are compared.
    """
    names = {one.id for one in held_out}
    told: dict[tuple[str, int], Triples] = {}
    found = []
    for one in rows:
        said = [message["content"] for message in one["input"]["messages"] if message["role"] != "system"]
        asked = [message["content"] for message in one["input"]["messages"] if message["role"] == "user"]
        words, words_of_student = _triples(said), _triples(asked)
        for other in held_out:
            scripted = isinstance(other, Scenario)
            length, own = (len(asked), words_of_student) if scripted else (len(said), words)
            for number, turns in enumerate(_sides(other)):
                key = (f"{other.id}/{number}", length)
                if key not in told:
                    told[key] = _triples([turn.text for turn in turns[:length]])
                if alike(own, told[key]) >= LEAK:
                    found.append(f"{one['id']} ({one['source']}) tells of the problem of {other.id}, which is held out.")
        if _origin(one) in names:
            found.append(f"{one['id']} ({one['source']}) is held out itself.")
    return sorted(set(found))


def _origin(one: Record) -> str:
    return str(one["id"]).partition("#")[0].partition("/")[0]


def _number(one: Record) -> int:
    return int.from_bytes(hashlib.sha256(_origin(one).encode()).digest()[:4], "big")


def _sides(one: Dialogue | Moment | Scenario) -> Sequence[Sequence[Turn | ScriptedTurn]]:
    return [side.turns for side in one.sides] if isinstance(one, Moment) else [one.turns]


def _triples(said: Sequence[str]) -> Triples:
    return triples(word for text in said for word in tokens(text))
