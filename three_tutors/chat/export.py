"""Export a conversation: every turn or the choices as JSON Lines, or the turns of one tutor as a draft dialogue in YAML."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from three_tutors.authoring.dialogue_file import as_yaml
from three_tutors.chat.talk import Exchange, Talk, history, path_to
from three_tutors.checking.characters import without_forbidden
from three_tutors.checking.schema import MOST_TURNS
from three_tutors.pipeline.diagnostics import TutorError
from three_tutors.tutoring.dialogue import LONGEST_TURN, Lesson
from three_tutors.tutoring.fields import Field, fields, record
from three_tutors.tutoring.formats import messages
from three_tutors.tutoring.methods import TutorName
from three_tutors.tutoring.pairs import row

CONSENT = "These words may be passed on: whoever wrote them agrees, and nobody can be recognised in them."
"""What a person ticks before anything leaves the store."""


def jsonl(talk: Talk, exchanges: Mapping[int, Exchange], labels: Mapping[str, str]) -> str:
    """Return the whole conversation with all its branches: a first line about it, then one line per turn.

    Tutors are called by their labels, so that an export does not tell what blind mode hides.
    """
    head = {"conversation": talk.id, **record(talk.lesson), "scenario": talk.scenario, "blind": talk.blind}
    lines: list[dict[str, Any]] = [head]
    for exchange in exchanges.values():
        follows = labels[exchange.follows] if exchange.follows else None
        lines.append({"exchange": exchange.id, "parent": exchange.parent, "follows": follows, "speaker": "student", "text": exchange.text})
        for name in talk.tutors:
            reply = exchange.replies.get(name)
            if reply:
                said = {"exchange": exchange.id, "speaker": "teacher", "tutor": labels[name], "text": reply.text}
                lines.append({**said, "status": reply.status, "note": reply.note, "left_out": list(reply.left_out)})
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def choices(talk: Talk, exchanges: Mapping[int, Exchange], preferred: Mapping[int, str]) -> str:
    """Return the blind choices of a conversation with their words: the preferred reply beside each other one (`pairs.row`).

    `preferred` names the tutor for each exchange with a choice. No tutor is named here. Left out are replies that are not whole,
    those of tutors that knew another history, and those that say the same.

    Raises:
        TutorError: there is no such pair.

    """
    lines = []
    for number, best in preferred.items():
        exchange, way = exchanges[number], path_to(number, exchanges)
        past = history(way, best).past
        said = [turn for pair in past for turn in pair]
        won = exchange.reply(best)
        for name in sorted(talk.tutors):
            other = exchange.reply(name)
            if won is None or other is None or name == best or {won.status, other.status} != {"whole"}:
                continue
            if history(way, name).past == past and won.text.split() != other.text.split():
                prompt = messages(talk.lesson, [*said, exchange.turn])
                lines.append(row(f"{talk.id}#{number} {talk.key(name)}", "choices", prompt, won.text.strip(), other.text.strip()))
    if not lines:
        raise TutorError("There is no choice here between whole replies of tutors that knew the same conversation.")
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def draft(talk: Talk, path: Sequence[Exchange], tutor: TutorName) -> str:
    """Return the turns of `path` up to the last reply of `tutor`, as that tutor knew them, as a dialogue that the gate can read.

    Student turns without a reply are left out, because turns alternate. The person who finishes the draft adds the labels.

    Raises:
        TutorError: this tutor said nothing on this path.

    """
    replied = [index for index, exchange in enumerate(path, start=1) if exchange.reply(tutor)]
    own = path[: replied[-1]] if replied else ()  # if the person then went on with another tutor, the rest belongs to that one
    known = history([*own, Exchange(0, None, None, "", "", ())], tutor)
    turns = [turn for pair in known.past for turn in pair][-MOST_TURNS:]
    if not turns:
        raise TutorError("There is no reply of this tutor to export here.")
    head = {field.name: _fitted(value, field) for field in fields(Lesson) if (value := getattr(talk.lesson, field.name))}
    written = [
        {turn.speaker: _clean(turn.text)[:LONGEST_TURN]} | ({"understanding": turn.understanding} if turn.understanding else {})
        for turn in turns
    ]
    return as_yaml(
        {"id": identifier(talk.lesson.topic, talk.id), **head, "turns": written},
        "A draft from a conversation. Read and correct every turn, add `strategy` and `understanding`, then move it to",
        f"data/raw/dialogues/{talk.lesson.subject}/ and run `tutors validate` on it.",
    )


def identifier(topic: str, name: str) -> str:
    """Return an id for the draft, which is also the name of its file."""
    plain = unicodedata.normalize("NFKD", topic).encode("ascii", "ignore").decode().lower()
    words = "-".join(re.findall(r"[a-z0-9]+", plain)[:6])[:60].strip("-")
    return f"{words or 'conversation'}-{re.sub(r'[^a-z0-9]', '', name.lower())[:6] or 'draft'}"


def _fitted(value: Any, field: Field) -> Any:  # noqa: ANN401 - a field holds anything
    """Return a value of a lesson as the gate takes it."""
    if field.kind == "texts":
        return [_clean(item) for item in value]
    return _clean(value)[: field.most] if field.kind == "text" else value


def _clean(text: str) -> str:
    """Return text without the characters that the gate refuses; it would refuse an empty turn, too."""
    return without_forbidden(unicodedata.normalize("NFC", text)).strip() or "…"
