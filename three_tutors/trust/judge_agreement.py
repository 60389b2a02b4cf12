"""How far a judge agrees with people on replies that they graded or rated: by kind of fault, and by who wrote the reply."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Protocol

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.records import Record, read_json, write_json
from three_tutors.scoring.measure import Measure
from three_tutors.scoring.metrics import mid_ranks
from three_tutors.scoring.replied import Replied
from three_tutors.scoring.score import Score
from three_tutors.trust.faults import grading
from three_tutors.trust.following import following
from three_tutors.trust.graded import Graded
from three_tutors.trust.judge_questions import QUALITIES
from three_tutors.tutoring.words import words

GRADED = Path("data/raw/verdicts/graded.json")


class Judging(Protocol):
    """A judge; see `judge`."""

    name: str

    def scores(self, asked: Sequence[tuple[Replied, str]]) -> list[Score]:
        """Return the verdicts."""


def against_graded(judging: Judging, rows: Sequence[Graded]) -> Record:
    """Return how far the judge agrees with the people who graded or rated `rows`.

    Returns:
        `judge`, `replies`, and for each quality the `auc` of ideal replies against each kind within moments, Spearman's ρ with the
        grade and with the rating of the same name over all rows and `within` writers, the `bias` by writer and how many are `unscored`.

    """
    spoken = [row for row in rows if words(row.replied.reply)]
    qualities: dict[str, Record] = {}
    for name in QUALITIES:
        found = judging.scores([(row.replied, name) for row in spoken])
        verdicts = {id(row.replied): score for row, score in zip(spoken, found, strict=True)}
        measures = {name: _measure(name, verdicts)}
        followed = following(spoken, measures).get(name, {})
        asked = name if name in followed else "grade"
        qualities[name] = {
            "unscored": sum(score.value is None for score in found),
            "auc": {
                kind: {"value": sees.within.value, "low": sees.within.low, "high": sees.within.high, "pairs": sees.pairs}
                for kind, sees in grading(spoken, measures).sees.get(name, {}).items()
                if sees.within
            },
            "rho": {
                what: asdict(one)
                for what, one in (("all", followed[asked].everyone), ("within", followed[asked].within))
                if one is not None
            }
            if asked in followed
            else {},
            "bias": _bias(spoken, name, {key: score.value for key, score in verdicts.items()}),
        }
    return {"judge": judging.name, "replies": len(spoken), "qualities": qualities}


def keep(file: str, found: Record, path: Path = GRADED) -> None:
    """Put what was found on the replies of `file` beside what the same judge showed on others; another judge's figures go."""
    kept = read_kept(path)
    files = kept["files"] if kept.get("judge") == found["judge"] else {}
    write_json(path, {"judge": found["judge"], "files": {**files, file: {name: one for name, one in found.items() if name != "judge"}}})


def read_kept(path: Path = GRADED) -> Record:
    """Return what `keep` wrote: `judge`, and `files` by name; empty where nothing was measured.

    Raises:
        DataError: the file holds something else.

    """
    if not path.exists():
        return {}
    record: Record = read_json(path)
    if not isinstance(record, dict) or not {"judge", "files"} <= record.keys():
        raise DataError(f"{path}: says of no judge how far it agrees; run `python -m three_tutors.trust.judge --graded FILE`.")
    return record


def _measure(name: str, verdicts: Mapping[int, Score]) -> Measure:
    def of(one: Replied) -> Score:
        return verdicts[id(one)]

    return Measure(name=name, label=name.capitalize(), question=QUALITIES[name][0], happens=name, of=of, about="the conversation")


def _bias(rows: Sequence[Graded], name: str, verdicts: Mapping[int, float | None]) -> dict[str, float]:
    """Return by writer how much higher the judge ranks the replies than people do, as a share of all replies; 0 is none."""
    both = [
        (row.writer, value, people)
        for row in rows
        if row.writer and (value := verdicts[id(row.replied)]) is not None and (people := row.labels.get(name)) is not None
    ]
    if len({writer for writer, _, _ in both}) < 2:  # noqa: PLR2004 - a bias is towards one and against another
        return {}
    judged, rated = mid_ranks([value for _, value, _ in both]), mid_ranks([people for _, _, people in both])
    apart: dict[str, list[float]] = defaultdict(list)
    for (writer, _, _), higher in zip(both, ((judged - rated) / len(both)).tolist(), strict=True):
        apart[writer].append(higher)
    return {writer: sum(some) / len(some) for writer, some in sorted(apart.items())}
