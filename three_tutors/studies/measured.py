"""The figures of a finished run, from the files that its stages wrote."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from statistics import mean

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.records import Record
from three_tutors.scoring.choice import choice
from three_tutors.studies.table import CONTRAST, MATCHING, RANKING, SENSE, VALIDATION
from three_tutors.tutoring.choosing import Likely, exam
from three_tutors.tutoring.methods import TUTORS
from three_tutors.tutoring.moment import Moment
from three_tutors.tutoring.questions import asked_moments

MOMENTS = "data/processed/moments/test.jsonl"
FITS = "fits"
SCRIPTED = "scenario"

Files = Callable[[str], bytes | None]
"""Returns the content of a file of the run by its path, None where the run has no such file."""


def measured(tutor: str, figures: Sequence[str], files: Files) -> dict[str, float]:
    """Return the wanted figures of `tutor`; one that its stages did not measure is left out.

    Raises:
        DataError: none of them was measured.

    """
    own = {**_object(files(f"reports/metrics/train_{tutor}.json")), **_object(files(f"reports/metrics/{tutor}.json"))}
    found = {name: float(own[name]) for name in figures if isinstance(own.get(name), int | float)}
    for name in figures:
        values = [row[name]["value"] for row in _scores(tutor, files) if isinstance(row.get(name), dict) and "value" in row[name]]
        if values and name not in found:
            found[name] = mean(values)
    if VALIDATION in figures and TUTORS[tutor].chosen_by in own:
        found[VALIDATION] = float(own[TUTORS[tutor].chosen_by])
    if {MATCHING, RANKING, CONTRAST} & {*figures}:
        found |= {name: value for name, value in _exam(tutor, files).items() if name in figures}
    if not found:
        raise DataError(f"{tutor}: none of {', '.join(figures)} was measured; name figures that the stages of the study write.")
    return {name: found[name] for name in figures if name in found}


def sense_of(tutor: str, files: Files) -> dict[str, float]:
    """Return by item how much sense the wording of each reply makes; those to scripted students, who heard other replies, are left out."""
    rows = [row for row in _scores(tutor, files) if row["kind"] != SCRIPTED]
    return {row["item"]: row[SENSE]["value"] for row in rows if "value" in row.get(SENSE, {})}


def seconds(tutor: str, files: Files) -> str:
    """Return how long making `tutor` took; empty where nothing was made."""
    timing = _object(files(f"reports/metrics/timing_train_{tutor}.json"))
    return str(timing["seconds"]) if "seconds" in timing else ""


def base(files: Files) -> str:
    """Return the name of the base model."""
    said = _object(files("models/base/source.json"))
    return str(said.get("model") if said.get("source") == "embedded" else said.get("source", ""))


def _exam(tutor: str, files: Files) -> dict[str, float]:
    """Return matching and ranking of what the tutor's model chooses, and contrast: in how many pairs both replies fit."""
    found: dict[str, float] = {}
    moments = [Moment.from_record(row) for row in _rows(files(MOMENTS))]
    likely = [Likely.from_record(row) for row in _rows(files(f"data/processed/answers/{tutor}/choice.jsonl"))]
    if likely:
        chosen = choice(exam(moments), likely)
        found |= {name: of[""].value for name, of in ((MATCHING, chosen.matching), (RANKING, chosen.ranking)) if "" in of}
    fits = {row["item"]: row[FITS].get("value") == 1 for row in _scores(tutor, files) if FITS in row}
    pairs: dict[str, list[bool]] = defaultdict(list)
    for item, moment, _ in asked_moments(moments):
        if moment.pair and item in fits:
            pairs[moment.id].append(fits[item])
    both = [all(fit) for fit in pairs.values() if len(fit) == 2]  # noqa: PLR2004 - a pair
    if both:
        found[CONTRAST] = sum(both) / len(both)
    return found


def _scores(tutor: str, files: Files) -> list[Record]:
    return _rows(files(f"data/processed/scores/{tutor}.jsonl"))


def _object(content: bytes | None) -> Record:
    return dict(json.loads(content)) if content else {}


def _rows(content: bytes | None) -> list[Record]:
    return [json.loads(line) for line in (content or b"").splitlines() if line.strip()]
