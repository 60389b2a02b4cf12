"""Pictures of the data set: which subjects and grades it covers, and which moves answer which students."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from three_tutors.reporting.figures import Figure, drawing, grid
from three_tutors.reporting.pages import listed, plain
from three_tutors.tutoring.dialogue import STRATEGIES, UNDERSTANDINGS, Dialogue

GRADES: Sequence[tuple[str, range]] = (
    ("grades 1–4", range(1, 5)),
    ("grades 5–8", range(5, 9)),
    ("grades 9–12", range(9, 13)),
    ("university", range(13, 14)),
)


def coverage(dialogues: Sequence[Dialogue]) -> Figure:
    """Draw how many dialogues there are of each subject and age."""
    counts = Counter((dialogue.lesson.subject, _age(dialogue.lesson.grade)) for dialogue in dialogues)
    subjects = sorted({dialogue.lesson.subject for dialogue in dialogues})
    ages = [name for name, _ in GRADES]
    table = [[counts[subject, age] for age in ages] for subject in subjects]
    with drawing(5.2, 0.6 + 0.28 * len(subjects)) as (axes, buffer):
        grid(axes, [plain(subject) for subject in subjects], ages, table)
    empty = [
        f"{plain(subject)} in {age}"
        for subject, row in zip(subjects, table, strict=True)
        for age, n in zip(ages, row, strict=True)
        if not n
    ]
    alt = f"{len(dialogues)} dialogues in {len(subjects)} subjects by school age. " + (
        f"None of {listed(empty, 'or')}." if empty else f"Every subject has every age; the smallest cell holds {min(map(min, table))}."
    )
    return Figure("coverage", "Dialogues by subject and age", alt, buffer.getvalue())


def moves(dialogues: Sequence[Dialogue]) -> Figure:
    """Draw how often each strategy answers each kind of student turn."""
    pairs = [
        (before.understanding, after.strategy)
        for dialogue in dialogues
        for before, after in zip(dialogue.turns, dialogue.turns[1:], strict=False)
        if before.speaker == "student" and after.speaker == "teacher"
    ]
    counts = Counter(pairs)
    table = [[counts[understanding, strategy] for strategy in STRATEGIES] for understanding in UNDERSTANDINGS]
    with drawing(6.4, 2.6) as (axes, buffer):
        grid(axes, [plain(name) for name in UNDERSTANDINGS], [plain(name) for name in STRATEGIES], table)
        axes.set_ylabel("student turn")
    said = []
    for understanding, row in zip(UNDERSTANDINGS, table, strict=True):
        if sum(row):
            commonest = plain(STRATEGIES[row.index(max(row))])
            said.append(f"after a turn that is {plain(understanding)}, mostly {commonest} ({max(row)} of {sum(row)})")
    alt = f"How the teachers answered {len(pairs)} student turns: {'; '.join(said)}."
    return Figure("moves", "What teachers do after which student turn", alt, buffer.getvalue())


def _age(grade: int) -> str:
    return next(name for name, grades in GRADES if grade in grades)
