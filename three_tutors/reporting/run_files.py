"""What `gather` reads out of single files of a run, or makes of what it read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.records import Record, read_jsonl
from three_tutors.scoring.replied import own_replies
from three_tutors.scoring.score import Score, scores_in
from three_tutors.scoring.scores import MEASURES
from three_tutors.studies.table import Row, last_of_each
from three_tutors.trust.floor import CONTRAST, Floor, contrast_floor, floor
from three_tutors.trust.verdicts import Verdicts, read_verdicts
from three_tutors.tutoring.choosing import Likely
from three_tutors.tutoring.dialogue import Dialogue
from three_tutors.tutoring.methods import REFERENCE, TUTORS
from three_tutors.tutoring.moment import Moment
from three_tutors.tutoring.questions import asked_moments, questions
from three_tutors.tutoring.replies import RecordedReply

Scores = Mapping[str, Score]
"""The scores of one answer by name."""


def floors(test: Sequence[Dialogue], moments: Sequence[Moment], train: Sequence[Dialogue]) -> dict[str, Floor]:
    """Return the floor under every score, and under contrast over the pairs that the tutors were asked."""
    asked = {moment.id: moment for _, moment, _ in asked_moments(moments) if moment.pair}
    pairs = contrast_floor([*asked.values()], train).get("") if asked else None
    return {**floor(test, train), **({CONTRAST: pairs} if pairs else {})}


def seeds(rows: Sequence[Row]) -> list[dict[str, str]]:
    """Return the figures of trainings that differ in their seed alone, of each the last; those with a tutor's last other settings."""
    params = {row.tutor: row.params for row in rows}
    return [
        {"tutor": row.tutor, "seed": row.setting[f"{row.tutor}.seed"], "score": row.figure, "value": str(row.value)}
        for row in last_of_each(rows)
        if [*row.setting] == [f"{row.tutor}.seed"] and row.params == params[row.tutor]
    ]


def read_scores(path: Path, records: Sequence[Record], asked: set[str]) -> dict[str, Scores]:
    """Return the scores in the `records` of `path`, which `evaluate` wrote, by item.

    Raises:
        DataError: a row is no row of scores, scores an item that was not asked, or holds a score that nobody declares.

    """
    advice = f"run `dvc repro evaluate@{path.stem}`"
    rows: dict[str, Scores] = {}
    for line, record in enumerate(records, start=1):
        if record.get("item") not in asked:
            raise DataError(f"{path}:{line}: scores {record.get('item')}, which was not asked; {advice}.")
        rows[record["item"]] = scores_in(record, f"{path}:{line}", advice)
        if unknown := rows[record["item"]].keys() - MEASURES.keys():
            raise DataError(f"{path}:{line}: holds scores that are not known: {', '.join(sorted(unknown))}; {advice}.")
    return rows


def verdicts_of(folder: Path, answers: Mapping[str, Mapping[str, RecordedReply]], missing: list[str]) -> dict[str, Verdicts]:
    """Return the judge's verdicts on the replies as they are now; those on earlier replies are named as missing."""
    found = {}
    for name in (*TUTORS, REFERENCE):
        path = folder / f"{name}.jsonl"
        if name in answers and path.exists():
            verdicts = read_verdicts(path, name, {item: answer.reply for item, answer in answers[name].items()})
            if verdicts.current:
                found[name] = verdicts
            else:
                missing.append(f"The judge rated earlier replies of {name}: run `python -m three_tutors.trust.judge {name}`.")
    return found


def read_choice(path: Path) -> list[Likely]:
    """Return how likely a tutor's model finds the graded replies; nothing where the file is not there.

    Raises:
        DataError: a row is none that `answer` writes.

    """
    rows = []
    for line, written in enumerate(read_jsonl(path) if path.exists() else (), start=1):
        try:
            rows.append(Likely.from_record(written))
        except TypeError as error:
            raise DataError(f"{path}:{line}: not a likelihood ({error}); run `dvc repro answer@{path.parent.name}`.") from None
    return rows


def reference(test: Sequence[Dialogue], moments: Sequence[Moment]) -> dict[str, RecordedReply]:
    """Return the teachers' own turns, and at moments their first ideal replies, by item."""
    turns = [RecordedReply(question.item, "turn", question.reference.text, "teacher", 0, 0) for question in questions(test)]
    turns += [RecordedReply(one.item, "moment", one.reply, "teacher", 0, 0) for one in own_replies(moments)]
    return {one.item: one for one in turns}
