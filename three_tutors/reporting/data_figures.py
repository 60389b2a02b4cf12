"""Pictures of the data set: which subjects and ages it covers, and which strategies answer which student turns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence

from three_tutors.reporting.figures import Figure, grid
from three_tutors.reporting.pages import count, listed, plain
from three_tutors.tutoring.dialogue import STRATEGIES, UNDERSTANDINGS, Dialogue

AGES: Mapping[str, range] = {
    "grades 1–4": range(1, 5),
    "grades 5–8": range(5, 9),
    "grades 9–12": range(9, 13),
    "university": range(13, 14),
}


def coverage(dialogues: Sequence[Dialogue]) -> Figure:
    """Draw how many dialogues there are of each subject and age."""
    subjects = sorted({dialogue.lesson.subject for dialogue in dialogues})
    table = counted([(dialogue.lesson.subject, age(dialogue.lesson.grade)) for dialogue in dialogues], subjects, list(AGES))
    empty = [
        f"{plain(subject)} in {name}"
        for subject, row in zip(subjects, table, strict=True)
        for name, n in zip(AGES, row, strict=True)
        if not n
    ]
    alt = f"{count(len(dialogues), 'dialogue')} in {count(len(subjects), 'subject')} by school age. " + (
        f"There is none for {listed(empty, 'or')}."
        if empty
        else f"Every subject has every age; the smallest cell holds {min(map(min, table))}."
    )
    return Figure("coverage", "Dialogues by subject and age", alt, grid([plain(one) for one in subjects], list(AGES), table, alt))


def moves(dialogues: Sequence[Dialogue]) -> Figure:
    """Draw how often each strategy answers each kind of student turn."""
    pairs = [
        (before.understanding, after.strategy)
        for dialogue in dialogues
        for before, after in zip(dialogue.turns, dialogue.turns[1:], strict=False)
        if before.speaker == "student" and after.speaker == "teacher"
    ]
    table = counted(pairs, UNDERSTANDINGS, STRATEGIES)
    said = [
        f"after a turn that is {plain(understanding)}, most often {plain(STRATEGIES[row.index(max(row))])} ({max(row)} of {sum(row)})"
        for understanding, row in zip(UNDERSTANDINGS, table, strict=True)
        if sum(row)
    ]
    labelled = sum(map(sum, table))
    alt = (
        f"How the teachers answered {labelled} student turns: {'; '.join(said)}."
        if labelled
        else f"Of {len(pairs)} student turns none is labelled together with the reply to it."
    )
    rows, columns = ([plain(name) for name in names] for names in (UNDERSTANDINGS, STRATEGIES))
    return Figure("moves", "What teachers do after which student turn", alt, grid(rows, columns, table, alt, "student turn"))


def counted(pairs: Iterable[tuple[Hashable, Hashable]], rows: Iterable[Hashable], columns: Sequence[Hashable]) -> list[list[int]]:
    """Return how often each row comes with each column."""
    counts = Counter(pairs)
    return [[counts[row, column] for column in columns] for row in rows]


def age(grade: int) -> str:
    """Return the age group of a school year."""
    return next(name for name, grades in AGES.items() if grade in grades)
