"""What the rating page shows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from statistics import fmean

from three_tutors.chat.forms import Form, one
from three_tutors.chat.pages import page
from three_tutors.chat.wording import called
from three_tutors.pipeline.records import Record
from three_tutors.rating.drawing import ENOUGH, SIDE_BY_SIDE
from three_tutors.rating.form import EQUAL, LONGEST_COMMENT, LONGEST_NAME, NONE_HELPS, SCALE, letter
from three_tutors.rating.sheets import BOT, Sheet
from three_tutors.rating.votes import Rater
from three_tutors.scoring.dimension_weights import DIMENSIONS
from three_tutors.scoring.replied import Replied
from three_tutors.scoring.scores import MEASURES
from three_tutors.trust.rated_replies import LEVELS
from three_tutors.trust.ratings import SCALES
from three_tutors.tutoring.methods import REFERENCE, TUTORS

ROOM = "three_tutors.rating"
QUESTIONS = {
    "sense": ("Sense", "Does the reply make sense here: on the matter, in order, right?", "none at all", "entirely"),
    "teaching": ("Teaching", "Would it help this student learn?", "does harm", "as a very good teacher"),
}
CONSENT = (
    "I agree that my ratings and comments are published with this name or these initials under the licence CC BY 4.0, "
    "and I name nobody who could be recognised."
)
CHECKED_WORDS = {"Yes": "yes", "To some extent": "some", "No": "no"}


def start(sheets: Collection[Sheet], raters: Mapping[str, Rater], published: int, error: str, added: int | None) -> str:
    """Return the first page."""
    return page(
        "rating_start",
        ROOM,
        moments=len(sheets),
        enough=ENOUGH,
        side_by_side=SIDE_BY_SIDE,
        raters=raters,
        consent=CONSENT,
        longest=LONGEST_NAME,
        published=published,
        to_add=sum(rater.ratings for rater in raters.values() if rater.consents),
        error=error,
        added=added,
    )


def moment(sheet: Sheet, shown: Mapping[str, str], rater: str, known: Rater, form: Form, *, error: str, saved: str, again: bool) -> str:
    """Return the page on which one moment is rated; `shown` holds the replies by their names in the form."""
    return page(
        "rating_moment",
        ROOM,
        sheet=sheet,
        replies=[(letter(place), name, text) for place, (name, text) in enumerate(shown.items(), start=1)],
        rater=rater,
        known=known,
        enough=ENOUGH,
        said=lambda name: one(form, name),
        scales={asked: QUESTIONS[asked] for asked in SCALES},
        scale=SCALE,
        dimensions=[MEASURES[name] for name in DIMENSIONS],
        levels={value: CHECKED_WORDS[value] for value in reversed(list(LEVELS))},
        none_helps=NONE_HELPS,
        equal=EQUAL,
        longest=LONGEST_COMMENT,
        error=error,
        saved=saved,
        again=again,
    )


def done(rater: str, known: Rater) -> str:
    """Return the page of whoever has rated everything."""
    return page("rating_done", ROOM, rater=rater, known=known)


def look(sheet: Sheet, rater: str, rows: Mapping[str, Record], raters: Mapping[str, Rater]) -> str:
    """Return the page that says who wrote what, what others said of it and how it is scored."""
    replied = {
        writer: Replied(sheet.lesson, sheet.turns, row["reply"], item=sheet.item)  # as it was rated, whatever is replied by now
        for writer, row in rows.items()
    }
    measures = [one for one in MEASURES.values() if one.needs_reply and not one.holds_against_teacher and one.better != "neither"]
    scores = [(one.label, {writer: reply.finding(one.of) for writer, reply in replied.items()}) for one in measures]
    return page(
        "rating_look",
        ROOM,
        sheet=sheet,
        rater=rater,
        rows=rows,
        names={writer: who(writer) for writer in rows},
        does={writer: f", which {TUTORS[writer].title}" for writer in rows if writer in TUTORS},
        others={writer: _others(sheet.item, writer, rater, raters) for writer in rows},
        scores=[(label, of) for label, of in scores if any(score.value is not None for score in of.values())],
        scales=[(asked, QUESTIONS[asked][0]) for asked in SCALES],
    )


def who(writer: str) -> str:
    """Return who wrote a reply, in words."""
    return {REFERENCE: "the teacher", BOT: "a bot without a model"}.get(writer, called(writer))


def _others(item: str, writer: str, rater: str, raters: Mapping[str, Rater]) -> tuple[int, Mapping[str, float]]:
    """Return how many others rated a reply, and their mean in each scale."""
    rows = [one.rows[item][writer] for name, one in raters.items() if name != rater and writer in one.rows.get(item, {})]
    return len(rows), {asked: fmean(row["labels"][asked] for row in rows) for asked in SCALES} if rows else {}
