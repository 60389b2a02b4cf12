"""Ratings: what teachers say who rated replies without knowing whose they were, how far they agree, and how far the scores follow them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from three_tutors.reporting.evidence import Evidence
from three_tutors.scoring.statistics import Interval, mean_interval, wilson
from three_tutors.trust.agreement import agreement
from three_tutors.trust.following import Follows, following
from three_tutors.trust.ratings import BEST, SCALES, Agreed, Rating, agreed
from three_tutors.tutoring.methods import REFERENCE, TUTORS

RELIABLE = 0.667
"""Krippendorff's alpha below which he advises against any conclusion (Content Analysis, 2004, section 11.4)."""
FEWEST = 25
"""Ratings of a tutor below which its mean is an anecdote."""


@dataclass(frozen=True)
class Writer:
    """What was said of one writer's replies."""

    name: str
    ratings: int
    means: Mapping[str, Interval]
    """Scale → mean from 1 to 5 with its interval over dialogues."""
    best: Interval | None
    """How often it was found best of the replies shown at a moment; None where nobody was asked."""


@dataclass(frozen=True)
class Ratings:
    """Everything that the reports tell of ratings."""

    count: int
    raters: int
    moments: int
    dialogues: int
    writers: Sequence[Writer]
    """The tutors in their order, then the teachers, then the bot."""
    earlier: int
    """Ratings of replies that the tutors no longer give: they say nothing of the tutors, but of the scores."""
    none_helps: float
    """Share of the moments, rater by rater, at which no reply was found to help."""
    agreed: Sequence[Agreed]
    follows: Mapping[str, Mapping[str, Follows]]
    """Score → scale → how far the score follows it."""
    kappas: Mapping[str, tuple[float, int]]
    """Dimension → Cohen's kappa of the score with the raters, and over how many ratings."""

    @property
    def apart(self) -> list[str]:
        """What the raters do not agree in well enough to conclude anything from it."""
        return [one.asked for one in self.agreed if one.alpha.value < RELIABLE]

    @property
    def few(self) -> list[str]:
        """The tutors of whom there are too few ratings."""
        return [one.name for one in self.writers if one.name in TUTORS and one.ratings < FEWEST]

    @property
    def compared(self) -> set[str]:
        """The scores that were held against these ratings."""
        return {name for name, of in self.follows.items() if any(one.everyone for one in of.values())} | self.kappas.keys()


def ratings(evidence: Evidence) -> Ratings | None:
    """Return what the raters said, None where nobody has rated."""
    rows = evidence.ratings
    if not rows:
        return None
    current = [one for one in rows if _is_current(evidence, one)]
    moments = {(one.rater, one.item): one.none_helps for one in rows}
    followed = following([one.graded for one in rows])
    return Ratings(
        count=len(rows),
        raters=len({one.rater for one in rows}),
        moments=len({one.item for one in rows}),
        dialogues=len({one.graded.group for one in rows}),
        writers=[_writer(name, [one for one in current if one.graded.writer == name]) for name in _writers(current)],
        earlier=len(rows) - len(current),
        none_helps=sum(moments.values()) / len(moments),
        agreed=agreed(rows),
        follows={name: {asked: of[asked] for asked in SCALES if asked in of} for name, of in followed.items()},
        kappas=_kappas(rows),
    )


def _is_current(evidence: Evidence, one: Rating) -> bool:
    """Return whether the writer still gives this reply; whoever is no tutor is a bot, which never changes."""
    name = one.graded.writer
    if name not in (*TUTORS, REFERENCE):
        return True
    given = evidence.answers.get(name, {}).get(one.item)
    return given is not None and given.reply == one.graded.replied.reply


def _writers(rows: Iterable[Rating]) -> list[str]:
    there = {one.graded.writer for one in rows}
    return [*(name for name in (*TUTORS, REFERENCE) if name in there), *sorted(there - {*TUTORS, REFERENCE})]


def _writer(name: str, rows: Sequence[Rating]) -> Writer:
    choices = [one.graded.labels[BEST] for one in rows if BEST in one.graded.labels]
    means = {asked: mean_interval(said) for asked in SCALES if (said := _by_group(rows, asked))}
    return Writer(name, len(rows), means, wilson(int(sum(choices)), len(choices)) if choices else None)


def _by_group(rows: Sequence[Rating], asked: str) -> dict[str, list[float]]:
    found: dict[str, list[float]] = defaultdict(list)
    for one in rows:
        if asked in one.graded.labels:
            found[one.graded.group].append(one.graded.labels[asked])
    return found


def _kappas(rows: Sequence[Rating]) -> dict[str, tuple[float, int]]:
    scores = agreement([one.rated for one in rows])["scores"]
    return {
        name: (figures["kappa"]["value"], figures["rows"])
        for name, figures in scores.items()
        if figures["rows"] and "kappa" in figures and figures["kappa"]["value"] is not None
    }
