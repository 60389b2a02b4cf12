"""Hand a conversation on: every turn as JSON Lines, or one tutor's way through it as a draft dialogue in YAML."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from three_tutors.chat.talk import Exchange, Talk, behind, says
from three_tutors.checking.characters import without_forbidden
from three_tutors.checking.schema import LONGEST_HEAD, LONGEST_TEXT, MOST_TURNS
from three_tutors.pipeline.diagnostics import TutorError
from three_tutors.tutoring.dialogue import Turn
from three_tutors.tutoring.methods import TutorName

CONSENT = "These words may be passed on: whoever wrote them agrees, and nobody can be recognised in them."
"""What a person ticks before anything leaves the store."""


def jsonl(talk: Talk, exchanges: Mapping[int, Exchange], labels: Mapping[str, str]) -> str:
    """Return the whole conversation with all its branches: a first line about it, then one line a turn.

    A tutor stands under its label, so that an export does not tell what blind mode hides.
    """
    lesson = talk.lesson
    head = {"conversation": talk.id, "subject": lesson.subject, "grade": lesson.grade, "topic": lesson.topic, "objective": lesson.objective}
    lines: list[dict[str, Any]] = [{**head, "scenario": talk.scenario, "blind": talk.blind}]
    for exchange in exchanges.values():
        follows = labels[exchange.follows] if exchange.follows else None
        lines.append({"exchange": exchange.id, "parent": exchange.parent, "follows": follows, "speaker": "student", "text": exchange.text})
        for name in talk.tutors:
            reply = exchange.replies.get(name)
            if reply:
                said = {"exchange": exchange.id, "speaker": "teacher", "tutor": labels[name], "text": reply.text}
                lines.append({**said, "status": reply.status, "note": reply.note, "left_out": list(reply.left_out)})
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def draft(talk: Talk, way: Sequence[Exchange], tutor: TutorName) -> str:
    """Return the turns along `way` up to the last reply of `tutor`, as it knew them, as a dialogue in YAML that the gate reads.

    Student turns without a reply are left out, for turns alternate. Labels are left to the person who finishes it.

    Raises:
        TutorError: this tutor said nothing there.

    """
    replied = [index for index, exchange in enumerate(way, start=1) if says(exchange, tutor)]
    own = way[: replied[-1]] if replied else ()  # where the person went on with another tutor, the rest is that one's
    known = behind([*own, Exchange(0, None, None, "", None, ())], tutor)
    turns = [turn for pair in known.past for turn in pair][-MOST_TURNS:]
    if not turns:
        raise TutorError("There is no reply of this tutor to export here.")
    lesson = talk.lesson
    lines = [
        "# yaml-language-server: $schema=../../dialogue.schema.json",
        "# A draft from a conversation. Read every turn, mend it, add `strategy` and `understanding`, then move it to",
        f"# data/raw/dialogues/{lesson.subject}/ and run `python -m stages.validate` on it.",
        f"id: {identifier(lesson.topic, talk.id)}",
        f"subject: {lesson.subject}",
        f"grade: {lesson.grade}",
        f"topic: {_scalar(_clean(lesson.topic)[:LONGEST_HEAD])}",
        f"objective: {_scalar(_clean(lesson.objective)[:LONGEST_HEAD])}",
    ]
    if lesson.misconception:
        lines.append(f"misconception: {_scalar(_clean(lesson.misconception)[:LONGEST_HEAD])}")
    if lesson.answer:
        lines.append(f"answer: [{', '.join(_scalar(_clean(answer)) for answer in lesson.answer)}]")
    lines.append("turns:")
    lines += [line for turn in turns for line in _turn(turn)]
    return "\n".join(lines) + "\n"


def identifier(topic: str, name: str) -> str:
    """Return an id for the draft, which is also the name of its file."""
    plain = unicodedata.normalize("NFKD", topic).encode("ascii", "ignore").decode().lower()
    words = "-".join(re.findall(r"[a-z0-9]+", plain)[:6])[:60].strip("-")
    return f"{words or 'conversation'}-{re.sub(r'[^a-z0-9]', '', name.lower())[:6] or 'draft'}"


def _turn(turn: Turn) -> list[str]:
    lines = [f"  - {turn.speaker}: {_scalar(_clean(turn.text)[:LONGEST_TEXT])}"]
    if turn.understanding:
        lines.append(f"    understanding: {turn.understanding}")
    return lines


def _clean(text: str) -> str:
    """Return text without the characters that the gate refuses; it would refuse an empty turn, too."""
    return without_forbidden(unicodedata.normalize("NFC", text)).strip() or "…"


def _scalar(text: str) -> str:
    """Return a text in double quotes, on one line."""
    written: str = yaml.safe_dump(text, default_style='"', allow_unicode=True, width=float("inf"))
    return written.rstrip("\n")
