"""Bring existing conversations in as dialogues that an author completes.

    python -m three_tutors.authoring.importing FILE --from openai-chat|sharegpt|transcript-csv --to DIR --subject S --grade N

One YAML file a conversation, in DIR/<subject>/. Consecutive turns of one speaker are merged. What the file does not say is
left out (the gate then asks for it), what cannot be mapped goes into DIR/import-report.json, and nothing is labelled that
the file does not label.
"""

from __future__ import annotations

import argparse
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from three_tutors.authoring.conversations import READERS, Conversation, Said, read_conversations
from three_tutors.authoring.dialogue_file import as_yaml
from three_tutors.checking.characters import without_forbidden
from three_tutors.checking.files import IMPORT_REPORT
from three_tutors.pipeline.diagnostics import DataError, run
from three_tutors.pipeline.records import Record, write_json, write_text
from three_tutors.tutoring.dialogue import STRATEGIES, UNDERSTANDINGS, Lesson, Speaker
from three_tutors.tutoring.fields import fields

_ASKED = tuple(one for one in fields(Lesson) if one.kind != "texts")
"""What the command line may say for every conversation of a file."""


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


def imported(conversation: Conversation, head: Record, teacher: str) -> Imported:
    """Return the dialogue that `conversation` makes; `head` fills what it does not say, `teacher` is the role that teaches."""
    made = Imported(conversation.source, lost=list(conversation.lost))
    turns: list[Record] = []
    last: Said | None = None
    for said in conversation.said:
        speaker: Speaker = "teacher" if said.role == teacher else "student"
        text = _clean(said.text)
        if not text:
            made.lost.append(f"an empty turn of {said.role}")
            continue
        if last and speaker in turns[-1]:
            turns[-1][speaker] += f"\n{text}"
            made.merged += 1
            made.lost += [f"label {label!r} of a merged turn" for label in (said.strategy, said.understanding) if label]
            continue
        turns.append({speaker: text, **_label(said, speaker, made)})
        last = said
    if turns and "student" in turns[-1]:
        made.lost.append(f"the last turn, which nobody answers: {turns.pop()['student']!r}")
    if not turns:
        made.lost.append("the whole conversation: no teacher turn answers a student")
        return made
    made.unlabelled = sum("strategy" not in turn and "understanding" not in turn for turn in turns)
    told = head | conversation.head
    known = {one.name: told[one.name] for one in fields(Lesson) if one.name in told}
    opening = {"opening": "teacher"} if "teacher" in turns[0] else {}
    made.record = {**known, **opening, "turns": turns}
    return made


def named(results: Sequence[Imported], stem: str) -> list[Imported]:
    """Return `results` with ids made of `stem` and a number, in order."""
    width = len(str(len(results)))
    prefix = re.sub(r"[^a-z0-9]+", "-", unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode().lower()).strip("-")
    return [
        replace(result, record={"id": f"{prefix or 'imported'}-{number:0{width}}", **result.record} if result.record else None)
        for number, result in enumerate(results, start=1)
    ]


def report(results: Sequence[Imported]) -> Record:
    """Return what was made and what was lost, conversation by conversation."""
    made = [result for result in results if result.record]
    return {
        "conversations": len(results),
        "dialogues": len(made),
        "turns": sum(len(result.record["turns"]) for result in made if result.record),
        "merged_turns": sum(result.merged for result in results),
        "unlabelled_turns": sum(result.unlabelled for result in made),
        "lost": [
            {"source": result.source, "id": result.record["id"] if result.record else None, "what": result.lost}
            for result in results
            if result.lost
        ],
    }


def _label(said: Said, speaker: Speaker, made: Imported) -> Record:
    """Return the label of a turn where it is one of ours; another vocabulary is kept in the report, never guessed at."""
    name, value, known = (
        ("strategy", said.strategy, STRATEGIES) if speaker == "teacher" else ("understanding", said.understanding, UNDERSTANDINGS)
    )
    if value and value not in known:
        made.lost.append(f"{name} {value!r}, which is not in our list")
        return {}
    return {name: value} if value else {}


def _clean(text: str) -> str:
    """Return `text` without what the gate refuses (characters nobody sees) and without spaces around it."""
    return without_forbidden(text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def main() -> None:
    """Read the file, write a YAML file for each conversation and the report."""
    arguments = _arguments(sys.argv[1:])
    conversations = read_conversations(arguments.file, arguments.source)
    head = {one.name: value for one in _ASKED if (value := getattr(arguments, one.name)) is not None}
    results = named(
        [imported(one, head, arguments.teacher or READERS[arguments.source].teacher) for one in conversations], arguments.file.stem
    )
    taken = [path for result in results if (path := _path(arguments.to, result)) and path.exists()]
    if taken:
        raise DataError(f"{taken[0]} is there already; choose another folder with --to, or remove what an earlier import wrote.")
    for result in results:
        if (path := _path(arguments.to, result)) and result.record:
            write_text(path, as_yaml(result.record))
    made = report(results)
    write_json(arguments.to / IMPORT_REPORT, made)
    lost = Counter(len(result.lost) > 0 for result in results)[True]
    print(
        f"{made['dialogues']} dialogues of {made['conversations']} conversations in {arguments.to}; {made['merged_turns']} turns merged, "
        f"{made['unlabelled_turns']} unlabelled; {lost} conversations lost something, see {arguments.to / IMPORT_REPORT}. "
        f"Complete the heads and run: python -m stages.validate {arguments.to}"
    )


def _path(folder: Path, result: Imported) -> Path | None:
    return folder / str(result.record.get("subject", "unsorted")) / f"{result.record['id']}.yaml" if result.record else None


def _arguments(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m three_tutors.authoring.importing", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", type=Path, help="the conversations")
    parser.add_argument("--from", dest="source", required=True, choices=tuple(READERS), help="how the file is written")
    parser.add_argument("--to", required=True, type=Path, help="folder to write to, such as data/raw/dialogues")
    parser.add_argument("--teacher", help="the role that teaches, where it is not the usual one (assistant, gpt, teacher)")
    for one in _ASKED:
        described = f"where the file does not say it: {one.description}"
        parser.add_argument(f"--{one.name}", type=int if one.kind == "whole" else str, help=described)
    return parser.parse_args(words)


if __name__ == "__main__":
    run(main)
