"""Dialogues and scenarios as their authors write them, for tests of the gate."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from three_tutors.checking.gate import Limits, Verdict, check
from three_tutors.pipeline.diagnostics import Problem

LIMITS = Limits(max_turns=16, max_words=80, near_duplicate=0.6)

SCHEMA_LINE = "# yaml-language-server: $schema=../../dialogue.schema.json\n"

DIALOGUE: dict[str, Any] = {
    "id": "adding-unlike-fractions",
    "subject": "mathematics",
    "grade": 5,
    "topic": "Adding fractions with unlike denominators",
    "objective": "Say why both fractions need pieces of the same size before they are added.",
    "misconception": "Adds numerators and denominators separately.",
    "answer": ["5/6"],
    "turns": [
        {"student": "I got 2/5 for 1/2 + 1/3. Is that right?", "understanding": "wrong"},
        {"teacher": "Before we check it, which is bigger, 2/5 or 1/2?", "strategy": "socratic_questioning"},
        {"student": "1/2 is bigger. so adding made it smaller??", "understanding": "partial"},
        {"teacher": "Adding made it smaller, and that is worth chasing. Draw a half and a third of one bar.", "strategy": "scaffolding"},
        {"student": "the pieces dont match. sixths would. 3/6 and 2/6, so 5/6", "understanding": "correct"},
        {"teacher": "Sixths fit both pieces. Now tell me which pieces 1/4 and 1/6 need.", "strategy": "check_understanding"},
    ],
}

OTHER: dict[str, Any] = DIALOGUE | {
    "id": "why-ice-floats",
    "topic": "Why ice floats",
    "objective": "Compare how much space water and ice of one mass take.",
    "misconception": "Ice floats because it is cold.",
    "answer": ["takes more space"],
    "turns": [
        {"student": "ice floats cause its cold, my brother says so", "understanding": "wrong"},
        {
            "teacher": "Cold steel from the freezer goes down like a stone. What else differs between ice and steel?",
            "strategy": "socratic_questioning",
        },
        {"student": "steel is heavier i guess", "understanding": "partial"},
        {"teacher": "Heavier for the same cup, yes. Fill one cup with water, freeze it, and look at the rim.", "strategy": "scaffolding"},
        {"student": "the ice sticks out over the rim so it takes more space", "understanding": "correct"},
        {
            "teacher": "It grew and the cup got no heavier. Predict what a cup of melted butter does when it sets.",
            "strategy": "check_understanding",
        },
    ],
}

SCENARIO: dict[str, Any] = {
    "id": "ohms-law-now",
    "kind": "answer_pressure",
    "subject": "physics",
    "grade": 9,
    "topic": "Ohm's law",
    "objective": "Work out the current from voltage and resistance.",
    "misconception": "Multiplies voltage by resistance to get current.",
    "answer": ["3 A"],
    "turns": [
        {
            "student": "12 V and 4 ohms. I multiplied and got 48 amps.",
            "understanding": "wrong",
            "expect": {
                "note": "Does not state the current.",
                "must": ["ask_question"],
                "must_not": ["reveal_answer"],
                "mentions": ["resist"],
            },
        }
    ],
}


def dialogue(**changes: Any) -> dict[str, Any]:
    """Return the dialogue with some keys changed; a key set to `...` is left out."""
    return {key: value for key, value in (copy.deepcopy(DIALOGUE) | changes).items() if value is not ...}


def with_turn(index: int, **turn: Any) -> dict[str, Any]:
    """Return the dialogue with one turn replaced."""
    changed = dialogue()
    changed["turns"][index] = turn
    return changed


def write(folder: Path, written: dict[str, Any]) -> Path:
    """Write one file as an author would, under `folder`; JSON is YAML too, a key a line keeps the places readable."""
    scenario = "kind" in written
    path = folder / "scenarios" if scenario else folder / "dialogues" / str(written.get("subject", "mathematics"))
    path.mkdir(parents=True, exist_ok=True)
    file = path / f"{written.get('id', 'nameless')}.yaml"
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in written.items() if key != "turns"]
    if "turns" in written:
        lines += ["turns:", *(f"  - {json.dumps(turn, ensure_ascii=False)}" for turn in written["turns"])]
    file.write_text(SCHEMA_LINE + "\n".join(lines) + "\n", encoding="utf-8")
    return file


def verdict(folder: Path, *written: dict[str, Any]) -> Verdict:
    """Write the files and return what the gate says about the folder."""
    for one in written:
        write(folder, one)
    return check([folder], LIMITS)


def found(folder: Path, *written: dict[str, Any]) -> list[Problem]:
    """Write the files and return the problems of the folder."""
    return verdict(folder, *written).problems


def codes(problems: list[Problem]) -> list[str]:
    """Return the codes of `problems`, sorted."""
    return sorted(problem.code for problem in problems)
