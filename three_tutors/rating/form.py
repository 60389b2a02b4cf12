"""A vote as it comes from the page: read strictly, and made into rows of ratings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from three_tutors.chat.forms import Form, one
from three_tutors.pipeline.diagnostics import TutorError
from three_tutors.pipeline.records import Record
from three_tutors.rating.sheets import Sheet
from three_tutors.scoring.dimension_weights import DIMENSIONS
from three_tutors.trust.rated_replies import LEVELS
from three_tutors.trust.ratings import BEST, SCALES
from three_tutors.tutoring.fields import record

LONGEST_NAME, LONGEST_COMMENT = 40, 2000
"""Characters."""
NONE_HELPS, EQUAL = "none", "equal"
"""What a rater may find beside one best reply."""
SCALE = ("1", "2", "3", "4", "5")


def name_of(form: Form) -> str:
    """Return the name or initials of a rater.

    Raises:
        TutorError: there is none, or it is no name.

    """
    name = " ".join(one(form, "rater").split())
    if not name or len(name) > LONGEST_NAME or not all(letter.isalnum() or letter in " .-'’" for letter in name):
        raise TutorError(f"Give a name or initials: letters, digits, spaces and dots, at most {LONGEST_NAME} characters.")
    return name


def rows(form: Form, sheet: Sheet, writers: Mapping[str, str], rater: str) -> list[Record]:
    """Return one row for each reply that was shown; `writers` says who wrote what, by the name of the reply in the form.

    Raises:
        TutorError: something is missing; says what.

    """
    best = one(form, "best")
    if best not in (*writers, NONE_HELPS, EQUAL):
        raise TutorError("Say which reply is best, or that none is good.")
    day = datetime.now(UTC).date().isoformat()
    comment = one(form, "comment").replace("\r\n", "\n").strip()[:LONGEST_COMMENT]
    shared = {
        "rater": rater,
        "day": day,
        "item": sheet.item,
        "group": sheet.group,
        **lesson_keys(sheet),
        "history": [{"role": turn.speaker, "content": turn.text} for turn in sheet.turns],
        "none_helps": best == NONE_HELPS,
        "comment": comment,
    }
    return [
        {
            "id": f"{sheet.item}/{writer}/{rater}",
            "tutor": writer,
            "reply": sheet.replies[writer],
            "labels": _labels(form, name, place) | ({} if best == EQUAL else {BEST: int(best == name)}),
            **shared,
        }
        for place, (name, writer) in enumerate(writers.items(), start=1)
    ]


def lesson_keys(sheet: Sheet) -> Record:
    """Return the lesson under the keys that graded replies have."""
    lesson = record(sheet.lesson)
    lesson["school_grade"] = lesson.pop("grade")
    return {**lesson, "understanding": sheet.turns[-1].understanding}


def _labels(form: Form, name: str, place: int) -> Record:
    labels: Record = {}
    for asked in SCALES:
        said = one(form, f"{asked}-{name}")
        if said not in SCALE:
            raise TutorError(f"Rate {asked} of reply {letter(place)} from 1 to 5.")
        labels[asked] = int(said)
    for asked in DIMENSIONS:
        said = one(form, f"{asked}-{name}")
        if said and said not in LEVELS:
            raise TutorError("That is not a form of this page.")
        if said:
            labels[asked] = said
    return labels


def letter(place: int) -> str:
    """Return what the page calls a reply: A for the first."""
    return chr(ord("A") + place - 1)


def said_before(rows_of: Mapping[str, Record], writers: Sequence[str]) -> Form:
    """Return a form that is filled in as the rater filled it in; `writers` are the names of the replies in it."""
    filled: Form = {}
    best = EQUAL
    for name, row in zip(writers, rows_of.values(), strict=True):
        filled |= {f"{asked}-{name}": [str(value)] for asked, value in row["labels"].items() if asked != BEST}
        if row["labels"].get(BEST):
            best = name
        elif row["none_helps"]:
            best = NONE_HELPS
        filled["comment"] = [row["comment"]]
    return {**filled, "best": [best]}
