"""Bring existing conversations in as dialogues that an author completes.

    python -m three_tutors.authoring.importing FILE --from openai-chat|sharegpt|transcript-csv --to DIR --subject S --grade N

One YAML file a conversation, in DIR/<subject>/. Consecutive turns of one speaker are merged. What the file does not say is left
out (the gate then asks for it), what cannot be mapped goes into DIR/import-report.json, and only labels of the file are kept.
An import that fails leaves nothing behind; one that was killed is finished by running it again.
"""

from __future__ import annotations

if __name__ == "__main__":
    from three_tutors.pipeline.starting import start

    start("three_tutors.authoring.importing")

import argparse
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from three_tutors.authoring.conversations import LESSON, READERS, Conversation, Kind, read_conversations
from three_tutors.authoring.dialogue_file import as_yaml
from three_tutors.authoring.imported import Imported, Roles, imported
from three_tutors.checking.files import IMPORT_REPORT
from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.file_names import inside
from three_tutors.pipeline.records import Record, write_json, write_text

_LONGEST_STEM = 60
"""Characters of a file's name that go into ids; the gate takes ids of 80."""


def named(results: Sequence[Imported], stem: str) -> list[Imported]:
    """Return `results` with ids made of `stem` and a number, in order."""
    width = len(str(len(results)))
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode().lower()
    prefix = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_LONGEST_STEM].strip("-") or "imported"
    return [
        replace(result, record={"id": f"{prefix}-{number:0{width}}", **result.record} if result.record else None)
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


def bring_in(file: Path, kind: Kind, head: Record, roles: Roles) -> list[Imported]:
    """Return what becomes of each conversation of `file`, with its id.

    Raises:
        DataError: the file cannot be read as `kind`, or holds what may be lost or meant; nothing is guessed.

    """
    conversations = read_conversations(file, kind)
    _know_all(conversations, roles, file)
    try:
        return named([imported(one, head, roles) for one in conversations], file.stem)
    except DataError as error:
        raise DataError(f"{file}: {error}") from None


def main() -> None:
    """Read the file, write a YAML file for each conversation and the report."""
    arguments = _arguments(sys.argv[1:])
    head = {name: value for name in LESSON if (value := getattr(arguments, name, None)) is not None}
    roles = Roles(arguments.teacher, arguments.student, arguments.leave_out)
    results = bring_in(arguments.file, arguments.source, head, roles)
    made = report(results)
    _write(arguments.to, {_path(arguments.to, one, arguments.file): as_yaml(one.record) for one in results if one.record}, made)
    lost = sum(bool(result.lost) for result in results)
    print(
        f"{made['dialogues']} dialogues of {made['conversations']} conversations in {arguments.to}; {made['merged_turns']} turns merged, "
        f"{made['unlabelled_turns']} unlabelled; {lost} conversations lost something, see {arguments.to / IMPORT_REPORT}. "
        f"Complete the heads, then run: tutors validate {arguments.to}"
    )


def _know_all(conversations: Sequence[Conversation], roles: Roles, file: Path) -> None:
    """Refuse a file with roles that may be anybody's: read as the student's words they would be learned."""
    strange = Counter(
        said.role for one in conversations for said in one.said if roles.speaker(said.role) is None and not roles.leaves_out(said.role)
    )
    if strange:
        names = ", ".join(f"{role!r} ({count})" for role, count in strange.most_common(10))
        raise DataError(f"{file}: neither student nor teacher: {names}. Say who they are with --student, --teacher or --leave-out ROLE.")


def _path(folder: Path, result: Imported, file: Path) -> Path:
    record = result.record or {}
    subject = inside(folder, str(record.get("subject", "unsorted")), f"{file}: {result.source}: subject")
    return inside(subject, record["id"], f"{file}: {result.source}: id", ".yaml")


def _write(folder: Path, texts: Mapping[Path, str], made: Record) -> None:
    """Write every dialogue and the report, or nothing; what an import that was killed wrote already is taken as written.

    Raises:
        DataError: a file is there that says something else.

    """
    for path, text in texts.items():
        if path.exists() and path.read_bytes() != text.encode():
            raise DataError(f"{path} is there already; choose another folder with --to, or remove what an earlier import wrote.")
    told = folder / IMPORT_REPORT
    if told.exists():
        raise DataError(f"{told} tells of an earlier import; move it away, or choose another folder with --to.")
    with ExitStack() as undo:
        for path, text in texts.items():
            if path.exists():
                continue
            for parent in (folder, path.parent):
                if not parent.exists():
                    parent.mkdir(parents=True)
                    undo.callback(parent.rmdir)
            undo.callback(path.unlink, missing_ok=True)
            write_text(path, text)
        write_json(told, made)
        undo.pop_all()


def _arguments(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m three_tutors.authoring.importing", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", type=Path, help="the conversations")
    parser.add_argument("--from", dest="source", required=True, choices=tuple(READERS), help="how the file is written")
    parser.add_argument("--to", required=True, type=Path, help="folder to write to, such as data/raw/dialogues")
    roles = parser.add_argument_group("roles", "who speaks, where the role does not say it; each may be given several times")
    roles.add_argument("--teacher", metavar="ROLE", action="append", default=[], help="only the roles named so teach")
    roles.add_argument("--student", metavar="ROLE", action="append", default=[])
    roles.add_argument("--leave-out", metavar="ROLE", action="append", default=[], help="told in the report")
    lesson = parser.add_argument_group("lesson", "for every conversation whose file does not say it")
    for name, one in LESSON.items():
        if one.kind != "texts":
            lesson.add_argument(f"--{name}", type=int if one.kind == "whole" else str, help=one.description.replace("%", "%%"))
    return parser.parse_args(words)
