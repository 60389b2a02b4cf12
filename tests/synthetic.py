"""Dialogues without end for tests and benchmarks of scale, the same each time."""

from __future__ import annotations

import itertools
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from three_tutors.checking.files import find
from three_tutors.checking.reading import read
from three_tutors.tutoring.dialogue import Dialogue, Turn

ROOT = Path(__file__).parent.parent
REPLACED = 0.6
"""Of the words, so that no two dialogues that hold the same exchange are near duplicates."""
FEWEST = 5
"""Exchanges of a dialogue: among a million, two with fewer would be alike by chance."""
_PRAISE = re.compile(r"\b[Gg]ood\b")
"""Goes too: with another word behind it, it may praise what is labelled wrong."""
_WORD = re.compile(r"(?<![\w'’])[a-z]{4,}(?![\w'’])")


def dialogues() -> Iterator[dict[str, Any]]:
    """Yield dialogue after dialogue, made of exchanges of our own, so that words, lengths and labels are real.

    Exchanges are drawn within a subject, and some words are replaced by others of our own. The gate finds no error in them.
    """
    generator = random.Random(1)
    own = [entry.item for file in find([ROOT / "data/raw/dialogues"])[0] for entry in read(file) if isinstance(entry.item, Dialogue)]
    words = sorted({word for one in own for turn in one.turns for word in _WORD.findall(turn.text) if word.endswith("s")})  # no praise
    exchanges: dict[str, list[tuple[Turn, Turn]]] = {one.lesson.subject: [] for one in own}
    for one in own:
        turns = one.turns[one.turns[0].speaker == "teacher" :]
        exchanges[one.lesson.subject] += zip(turns[::2], turns[1::2], strict=True)

    def other(match: re.Match[str]) -> str:
        return generator.choice(words) if generator.random() < REPLACED else match.group()

    for number in itertools.count(1):
        first = generator.choice(own)
        drawn = generator.sample(exchanges[first.lesson.subject], max(FEWEST, len(first.turns) // 2))
        turns_: list[dict[str, Any]] = []
        # As in a lesson, what is wrong comes before what is right.
        for student, teacher in sorted(drawn, key=lambda exchange: exchange[0].understanding == "correct"):
            turns_.append({"student": _WORD.sub(other, student.text), "understanding": student.understanding})
            turns_.append({"teacher": _PRAISE.sub("Look", _WORD.sub(other, teacher.text)), "strategy": teacher.strategy})
        turns_[0]["student"] = f"No. {number}: {turns_[0]['student']}"
        turns_[-1]["teacher"] = f"No. {number}: {turns_[-1]['teacher']}"
        head = {key: getattr(first.lesson, key) for key in ("subject", "grade", "topic", "objective", "misconception")}
        yield {"id": f"d-{number}", **head, "answer": [], "turns": turns_}


def write(path: Path, count: int) -> None:
    """Write the first `count` of them as JSON Lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(one, ensure_ascii=False) + "\n" for one in itertools.islice(dialogues(), count))
