"""What the dialogues are like as conversations: where they start and end, how long they are, how people talk in them.

Beside them stand the same figures for other data, where they are known, so that a reader sees what is unlike real lessons here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, median, stdev

from three_tutors.reporting.pages import number, percent
from three_tutors.scoring.readability import reading_level
from three_tutors.tutoring.dialogue import Dialogue, Turn

FEW = 3
"""Words of a short student turn, at most."""


@dataclass(frozen=True)
class Share:
    """Some of many; nothing can be said where there are none at all."""

    some: int
    of: int

    @property
    def value(self) -> float | None:
        """0–1."""
        return self.some / self.of if self.of else None


@dataclass(frozen=True)
class Shape:
    """What a set of dialogues is like."""

    mended: Share
    """Dialogues whose last student turn is correct, of those whose first is wrong or partial."""
    unsolved: Share
    """Dialogues that end unresolved or wrong, of those that say how they end."""
    told: Share
    turns: float | None
    """Mean of a dialogue."""
    spread: float | None
    """Standard deviation of the turns of a dialogue; None where there are not two dialogues."""
    least: int
    most: int
    odd: Share
    """Dialogues with an odd number of turns: the teacher opens."""
    short: Share
    """Student turns of three words or fewer."""
    varied: Share
    """Dialogues in which no strategy occurs twice, of those with a labelled teacher turn."""
    running: Share
    """Teacher turns with the strategy of the teacher turn before, of those where both are labelled."""


@dataclass(frozen=True)
class Band:
    """School years with the words a turn that data/raw/codebook.md sets as target."""

    grades: range
    student: range
    teacher: range


BANDS: Mapping[str, Band] = {
    "grades 1–3": Band(range(1, 4), range(1, 9), range(6, 21)),
    "grades 4–6": Band(range(4, 7), range(1, 11), range(8, 29)),
    "grades 7–9": Band(range(7, 10), range(1, 15), range(10, 36)),
    "grades 10–13": Band(range(10, 14), range(1, 21), range(10, 46)),
}


@dataclass(frozen=True)
class Talk:
    """How people of one band talk; None where nobody does."""

    band: str
    student_words: float | None
    """Median of a turn."""
    student_within: Share
    """Turns within the codebook's target."""
    teacher_words: float | None
    teacher_within: Share
    reading_level: float | None
    """Mean of the teachers' turns, as a school grade."""


ELSEWHERE: Sequence[tuple[str, str, str, str]] = (
    ("dialogues that start wrong or partly right and end right", "83 % (100 of 120)", "–", "–"),
    ("dialogues that end unsolved (unresolved or wrong)", "0 % (0 of 127)", "11 %", "–"),
    ("dialogues in which the teacher tells the answer in the end", "0 % (0 of 127)", "16 %", "–"),
    ("turns of a dialogue: mean", "11.5", "–", "–"),
    ("turns of a dialogue: standard deviation", "2.4", "5.5", "–"),
    ("turns of a dialogue: least and most", "6 and 16", "–", "–"),
    ("dialogues with an odd number of turns", "0 % (0 of 127)", "–", "–"),
    ("student turns of three words or fewer", "0 % (3 of 730)", "–", "88 %"),
    ("dialogues in which no strategy occurs twice", "80 % (101 of 127)", "–", "–"),
    ("teacher turns with the move of the teacher turn before", "0 % (1 of 603)", "43 %", "–"),
)
"""What `beside` compares: its name, and its value in the first edition of this data, in MathDial and in Bridge; a dash is not known.

MathDial (Macina et al. 2023): a person teaches a simulated student. Bridge (Wang et al. 2024): chats with real children.
"""


def shape(dialogues: Sequence[Dialogue]) -> Shape:
    """Return what `dialogues` are like; what nobody labelled is left out."""
    students = [[turn for turn in one.turns if turn.speaker == "student"] for one in dialogues]
    moves = [[turn.strategy for turn in one.turns if turn.speaker == "teacher"] for one in dialogues]
    lengths = [len(one.turns) for one in dialogues]
    ends = Counter(one.outcome for one in dialogues if one.outcome)
    unsure = [turns[-1] for turns in students if turns and turns[0].understanding in ("wrong", "partial") and turns[-1].understanding]
    neighbours = [(one, other) for said in moves for one, other in pairwise(said) if one and other]
    labelled = [[move for move in said if move] for said in moves if any(said)]
    return Shape(
        mended=Share(sum(turn.understanding == "correct" for turn in unsure), len(unsure)),
        unsolved=Share(ends["unresolved"] + ends["wrong"], ends.total()),
        told=Share(ends["told"], ends.total()),
        turns=fmean(lengths) if lengths else None,
        spread=stdev(lengths) if len(lengths) > 1 else None,
        least=min(lengths, default=0),
        most=max(lengths, default=0),
        odd=Share(sum(length % 2 for length in lengths), len(lengths)),
        short=_share([_words(turn) for turns in students for turn in turns], range(FEW + 1)),
        varied=Share(sum(len(set(said)) == len(said) for said in labelled), len(labelled)),
        running=Share(sum(one == other for one, other in neighbours), len(neighbours)),
    )


def beside(found: Shape) -> list[tuple[str, ...]]:
    """Return a row for each measure: its name, and its value here, in the first edition, in MathDial and in Bridge."""
    here = (
        _told(found.mended),
        _told(found.unsolved),
        _told(found.told),
        number(found.turns, 1),
        number(found.spread, 1),
        f"{found.least} and {found.most}",
        _told(found.odd),
        _told(found.short),
        _told(found.varied),
        _told(found.running),
    )
    return [(what, own, *others) for (what, *others), own in zip(ELSEWHERE, here, strict=True)]


def talk(dialogues: Sequence[Dialogue]) -> list[Talk]:
    """Return how students and teachers talk in each band of school years."""
    rows = []
    for name, band in BANDS.items():
        turns = [turn for one in dialogues if one.lesson.grade in band.grades for turn in one.turns]
        teacher = [turn for turn in turns if turn.speaker == "teacher"]
        student_words, teacher_words = [_words(turn) for turn in turns if turn.speaker == "student"], [_words(turn) for turn in teacher]
        levels = [value for turn in teacher if (value := reading_level(turn.text).value) is not None]
        rows.append(
            Talk(
                name,
                median(student_words) if student_words else None,
                _share(student_words, band.student),
                median(teacher_words) if teacher_words else None,
                _share(teacher_words, band.teacher),
                fmean(levels) if levels else None,
            )
        )
    return rows


def band(grade: int) -> str:
    """Return the band of a school year."""
    return next(name for name, one in BANDS.items() if grade in one.grades)


def _told(share: Share) -> str:
    return f"{percent(share.value)} ({share.some} of {share.of})" if share.of else "–"


def _share(numbers: Sequence[int], wanted: range) -> Share:
    return Share(sum(number in wanted for number in numbers), len(numbers))


def _words(turn: Turn) -> int:
    return len(turn.text.split())
