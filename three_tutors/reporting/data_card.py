"""The data card: what is in the dialogues, whom they cover, how they were checked and what their limits are.

The shape is a Hugging Face dataset card: a YAML header for machines, then text for people
(https://huggingface.co/docs/hub/datasets-cards).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from statistics import median
from types import MappingProxyType
from typing import Any, get_args

from three_tutors.pipeline.records import Record
from three_tutors.reporting.data_figures import AGES, age, counted
from three_tutors.reporting.data_shape import BANDS, band, beside, shape, talk
from three_tutors.reporting.figures import Figure
from three_tutors.reporting.label_agreement import ENOUGH, doubtful, editions, rows
from three_tutors.reporting.pages import page, plain
from three_tutors.trust.labels import Agreement
from three_tutors.tutoring.dialogue import OUTCOMES, SITUATIONS, STRATEGIES, UNDERSTANDINGS, VOICES, Dialogue, Lesson, Modality, Turn
from three_tutors.tutoring.duplicates import pairs, triples
from three_tutors.tutoring.fields import Field, fields
from three_tutors.tutoring.moment import GRADES, HALVES, KINDS, PAIR_KINDS, THEMES, Moment
from three_tutors.tutoring.scenario import Scenario
from three_tutors.tutoring.splits import Split
from three_tutors.tutoring.words import tokens

SPLITS: Sequence[Split] = ("train", "validation", "test")
SIZES: Sequence[tuple[int, str]] = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"))
"""Hugging Face's size classes, each with its upper limit."""
NO_LABEL = "no label"
MODALITIES: tuple[Modality, ...] = get_args(Modality)
NONE: Mapping[str, Split] = MappingProxyType({})
_SHARED = 0.001
"""Two dialogues that share fewer of their word triples than this are not worth comparing."""


@dataclass(frozen=True)
class Table:
    """Counts by two things; an empty cell is shown as a dash."""

    title: str
    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[int]]]

    @property
    def total(self) -> Sequence[int]:
        """The sum of every column."""
        return [sum(column) for column in zip(*(cells for _, cells in self.rows), strict=True)]


def data_card(
    dialogues: Sequence[Dialogue],
    scenarios: Sequence[Scenario],
    ledger: Mapping[str, Split],
    validation: Record,
    *,
    figures: Sequence[Figure] = (),
    moments: Sequence[Moment] = (),
    halves: Mapping[str, Split] = NONE,
    agreed: Sequence[Agreement] = (),
) -> str:
    """Return reports/data_card.md.

    Args:
        dialogues: every dialogue that went through the gate.
        scenarios: every scripted student.
        ledger: the split of each dialogue.
        validation: what `validate` counted (reports/metrics/data.json); empty where it left nothing.
        figures: pictures of the data set that lie in figures/ beside the card.
        moments: every moment and contrast pair that went through the gate.
        halves: whether a moment may be learned from (train) or is the exam (test).
        agreed: how far a second reader agrees with the labels; empty where nobody labelled again.

    """
    turns = [turn for dialogue in dialogues for turn in dialogue.turns]
    teacher = [turn for turn in turns if turn.speaker == "teacher"]
    student = [turn for turn in turns if turn.speaker == "student"]
    return page(
        "data_card.md.jinja",
        dialogues=dialogues,
        scenarios=scenarios,
        size=next((name for limit, name in SIZES if len(dialogues) < limit), "100K<n<1M"),
        subjects=_subjects(dialogues),
        splits={split: sum(ledger.get(dialogue.id) == split for dialogue in dialogues) for split in SPLITS},
        student_turns=len(student),
        teacher_turns=len(teacher),
        scripted_turns=sum(len(scenario.turns) for scenario in scenarios),
        lengths=sorted(len(dialogue.turns) for dialogue in dialogues),
        described=described(dialogues),
        words={"student": _words(student), "teacher": _words(teacher)},
        understandings=_labels([turn.understanding for turn in student], UNDERSTANDINGS),
        kinds=Counter(scenario.kind for scenario in scenarios),
        tables=[subject_by_grade(dialogues), subject_by_strategy(dialogues), grade_by_strategy(dialogues)],
        full=subject_by_age_by_strategy(dialogues),
        validation=validation,
        closest=closest(dialogues),
        endings=situation_by_outcome(dialogues),
        outcomes=_labels([one.outcome for one in dialogues], OUTCOMES),
        voices=_labels([one.voice for one in dialogues], VOICES),
        modalities=_labels([one.origin.modality for one in dialogues], MODALITIES),
        beside=beside(shape(dialogues)),
        talk=talk(dialogues),
        bands=BANDS,
        moments=moments,
        graded=sum(len(one.replies) for one in moments),
        pairs=sum(bool(one.pair) for one in moments),
        of_moments=[kind_by_half(moments, halves), pair_by_half(moments, halves), theme_by_band(moments, halves)],
        grades=GRADES,
        agreed=agreed,
        editions=editions(agreed),
        agreement=rows(agreed),
        doubtful=doubtful(agreed),
        enough=ENOUGH,
        figures=figures,
    )


def described(dialogues: Sequence[Dialogue]) -> list[tuple[Field, int, int]]:
    """Return every field of a dialogue and of its turns, how often it says something, and out of how many."""
    turns = [turn for dialogue in dialogues for turn in dialogue.turns]
    holders: list[tuple[type, list[Any]]] = [
        (Dialogue, list(dialogues)),
        (Lesson, [dialogue.lesson for dialogue in dialogues]),
        (Turn, turns),
    ]
    rows = []
    for kind, every in holders:
        for field in fields(kind):
            some = [one for one in every if not field.speaker or one.speaker == field.speaker]
            rows.append((field, sum(field.required or getattr(one, field.name) != field.missing for one in some), len(some)))
    return rows


def closest(dialogues: Sequence[Dialogue]) -> tuple[str, str, float] | None:
    """Return the ids of the two dialogues that share most word triples and the share, 0–1; None where no two share any."""
    sets = [triples(word for turn in dialogue.turns for word in tokens(turn.text)) for dialogue in dialogues]
    found = max(pairs(sets, _SHARED), key=lambda pair: pair.alike, default=None)
    return (dialogues[found.first].id, dialogues[found.second].id, found.alike) if found else None


def subject_by_grade(dialogues: Sequence[Dialogue]) -> Table:
    """Count dialogues by subject and school year."""
    subjects, grades = _subjects(dialogues), range(1, 14)
    cells = counted([(dialogue.lesson.subject, dialogue.lesson.grade) for dialogue in dialogues], subjects, grades)
    return Table("Dialogues by subject and grade", [str(grade) for grade in grades], list(zip(map(plain, subjects), cells, strict=True)))


def subject_by_strategy(dialogues: Sequence[Dialogue]) -> Table:
    """Count teacher turns by subject and strategy."""
    rows = {subject: plain(subject) for subject in _subjects(dialogues)}
    return _by_strategy("Teacher turns by subject and strategy", rows, dialogues, lambda lesson: lesson.subject)


def grade_by_strategy(dialogues: Sequence[Dialogue]) -> Table:
    """Count teacher turns by school year and strategy."""
    rows = {grade: f"grade {grade}" for grade in sorted({dialogue.lesson.grade for dialogue in dialogues})}
    return _by_strategy("Teacher turns by grade and strategy", rows, dialogues, lambda lesson: lesson.grade)


def subject_by_age_by_strategy(dialogues: Sequence[Dialogue]) -> Table:
    """Count teacher turns by all three; school years are grouped by age, because most cells would be empty otherwise."""
    rows = {(subject, name): f"{plain(subject)}, {name}" for subject, name in product(_subjects(dialogues), AGES)}
    return _by_strategy("Teacher turns by subject, age and strategy", rows, dialogues, lambda lesson: (lesson.subject, age(lesson.grade)))


def situation_by_outcome(dialogues: Sequence[Dialogue]) -> Table:
    """Count dialogues by what makes the student hard to teach and by how they end."""
    pairs = [(one.situation or NO_LABEL, one.outcome or NO_LABEL) for one in dialogues]
    rows, columns = list(_labels([row for row, _ in pairs], SITUATIONS)), list(_labels([column for _, column in pairs], OUTCOMES))
    named = zip(map(plain, rows), counted(pairs, rows, columns), strict=True)
    return Table("Dialogues by situation and outcome", list(map(plain, columns)), list(named))


def kind_by_half(moments: Sequence[Moment], halves: Mapping[str, Split]) -> Table:
    """Count graded replies by kind and half."""
    pairs = [(reply.kind, halves.get(one.id)) for one in moments for reply in one.replies]
    rows = [(f"{plain(kind)} ({GRADES[kind]})", cells) for kind, cells in zip(KINDS, counted(pairs, KINDS, HALVES), strict=True)]
    return Table("Graded replies by kind (grade) and half", HALVES, rows)


def pair_by_half(moments: Sequence[Moment], halves: Mapping[str, Split]) -> Table:
    """Count contrast pairs by kind and half."""
    cells = counted([(one.pair, halves.get(one.id)) for one in moments], PAIR_KINDS, HALVES)
    return Table("Contrast pairs by kind and half", HALVES, list(zip(map(plain, PAIR_KINDS), cells, strict=True)))


def theme_by_band(moments: Sequence[Moment], halves: Mapping[str, Split]) -> Table:
    """Count safety cases by theme, band of school years and half."""
    columns = list(product(BANDS, HALVES))
    cells = counted([(one.theme, (band(one.lesson.grade), halves.get(one.id))) for one in moments], THEMES, columns)
    names = [f"{name}, {half}" for name, half in columns]
    return Table("Safety cases by theme, age and half", names, list(zip(map(plain, THEMES), cells, strict=True)))


def _by_strategy(title: str, rows: Mapping[Any, str], dialogues: Sequence[Dialogue], row_of: Callable[[Lesson], Hashable]) -> Table:
    teacher = [(row_of(dialogue.lesson), turn) for dialogue in dialogues for turn in dialogue.turns if turn.speaker == "teacher"]
    names = list(_labels([turn.strategy for _, turn in teacher], STRATEGIES))
    table = counted([(row, turn.strategy or NO_LABEL) for row, turn in teacher], rows, names)
    return Table(title, [plain(name) for name in names], list(zip(rows.values(), table, strict=True)))


def _labels(given: Sequence[str], names: Sequence[str]) -> dict[str, int]:
    """Return how often each of `names` was given, and last how often none was, where that occurs."""
    counts = Counter(name or NO_LABEL for name in given)
    return {name: counts[name] for name in (*names, NO_LABEL) if name in names or counts[name]}


def _subjects(dialogues: Sequence[Dialogue]) -> list[str]:
    return sorted({dialogue.lesson.subject for dialogue in dialogues})


def _words(turns: Sequence[Turn]) -> int:
    return round(median(len(turn.text.split()) for turn in turns)) if turns else 0
