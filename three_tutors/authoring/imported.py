"""One conversation from elsewhere made into a dialogue: who speaks, which turns and labels are ours, and what is lost."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from three_tutors.authoring.conversations import LABELS, LESSON, Conversation, Said, of_field, shown
from three_tutors.checking.characters import all_forbidden, without_forbidden
from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.records import Record
from three_tutors.tutoring.dialogue import Speaker
from three_tutors.tutoring.messages import side_of

_LINE_ENDS = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")


@dataclass(frozen=True)
class Roles:
    """Who the roles of a file are, where their names do not say it."""

    teachers: Sequence[str] = ()
    """Where some are named, only they teach: `--teacher user` turns a chat round."""
    students: Sequence[str] = ()
    left_out: Sequence[str] = ()

    def speaker(self, role: str) -> Speaker | None:
        """Return who speaks; None where the role does not say it and no option does."""
        named: dict[str, Speaker] = {**dict.fromkeys(self.students, "student"), **dict.fromkeys(self.teachers, "teacher")}
        side = side_of(role)
        usual: Speaker | None = None if side not in ("student", "teacher") else "student" if self.teachers else side
        return {name.strip().lower(): speaker for name, speaker in named.items()}.get(role.strip().lower(), usual)

    def leaves_out(self, role: str) -> bool:
        """Return whether the author does not want what this role says."""
        return role.strip().lower() in {name.strip().lower() for name in self.left_out}


@dataclass
class Imported:
    """What became of one conversation."""

    source: str
    """Where it stood: line, index or conversation id of the file."""
    record: Record | None = None
    """The dialogue with the keys of its YAML file; None where nothing could be made of it."""
    lost: list[str] = field(default_factory=list)
    """What could not be mapped, in sentences."""
    merged: int = 0
    """Turns that were joined to the one before."""
    unlabelled: int = 0


def imported(conversation: Conversation, head: Record, roles: Roles) -> Imported:
    """Return the dialogue that `conversation` makes; `head` fills what it does not say.

    Raises:
        DataError: a role is not known, or a turn's `weight` is neither 0 nor 1.

    """
    made = Imported(conversation.source, lost=list(conversation.lost))
    turns: list[Record] = []
    for said in conversation.said:
        speaker = roles.speaker(said.role)
        text = _clean(said.text, said.place, made)
        if roles.leaves_out(said.role) or not text:
            why = "was left out as asked" if text else "has no words"
            made.lost.append(f"{said.place} of {said.role}, which {why}: {shown({'text': text, **said.labels})}")
            continue
        if speaker is None:
            raise DataError(f"{conversation.source}: {said.place} is of {said.role!r}, who is neither student nor teacher.")
        labels = _labels(said, speaker, conversation.source, made)
        if turns and speaker in turns[-1]:
            turns[-1][speaker] += f"\n{text}"
            made.merged += 1
            _merge_labels(turns[-1], labels, said.place, made)
        else:
            turns.append({speaker: text, **labels})
    if turns and "student" in turns[-1]:
        made.lost.append(f"the last turn, which has no reply: {shown(turns.pop())}")
    if not turns:
        made.lost += [f"{name} {shown(value)}" for name, value in conversation.head.items()]
        made.lost.append("the whole conversation: no teacher turn answers a student")
        return made
    made.unlabelled = sum("strategy" not in turn and "understanding" not in turn for turn in turns)
    said_of_lesson = {name: conversation.head.get(name, head.get(name)) for name in LESSON}
    known = {name: _clean_field(value, name, made) for name, value in said_of_lesson.items() if value is not None}
    opening = {"opening": "teacher"} if "teacher" in turns[0] else {}
    made.record = {**known, **opening, "turns": turns}
    return made


def _labels(said: Said, speaker: Speaker, source: str, made: Imported) -> Record:
    """Return the labels of a turn that are ours; another vocabulary is kept in the report, never guessed at."""
    labels: Record = {}
    for name, written in said.labels.items():
        one = LABELS[speaker].get(name)
        value = None if one is None else of_field(one, written)
        if one is None:
            made.lost.append(f"{said.place}, {name} {shown(written)}, which a {speaker}'s turn does not take")
        elif value is not None and (not one.allowed or value in one.allowed):
            labels[name] = value
        elif one.kind == "whole":
            allowed = " or ".join(map(str, one.allowed))
            raise DataError(f"{source}: {said.place}: {name} is {shown(written)}; it is {allowed}.")
        else:
            made.lost.append(f"{said.place}, {name} {shown(written)}, which is not in our list")
    return labels if labels.get("weight") == 0 else {name: value for name, value in labels.items() if name != "weight"}


def _merge_labels(turn: Record, labels: Record, place: str, made: Imported) -> None:
    """Join the labels of two turns: the first one's count, and what one of them keeps out of learning is not learned."""
    if turn.get("weight") != labels.get("weight"):
        made.lost.append(f"{place}, the weight of a merged turn: none of it is learned, for a part has weight 0")
        turn["weight"] = 0
    for name, value in labels.items():
        if turn.setdefault(name, value) != value:
            made.lost.append(f"{place}, {name} {value!r} of a merged turn")


def _clean(text: str, place: str, made: Imported) -> str:
    """Return `text` without outer spaces and without the invisible characters that the gate refuses; each is reported."""
    text = _LINE_ENDS.sub("\n", text)
    removed = Counter(all_forbidden(text))
    made.lost += [f"{place}, {count} × {name}, which is invisible" for name, count in sorted(removed.items())]
    return without_forbidden(text).strip()


def _clean_field(value: object, name: str, made: Imported) -> object:
    if isinstance(value, list):
        return [_clean(item, name, made) for item in value]
    return _clean(value, name, made) if isinstance(value, str) else value
