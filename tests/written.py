"""Dialogues, scenarios, moments and pairs as their authors write them, for tests of the gate."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from three_tutors.checking.gate import Verdict, check
from three_tutors.checking.inspecting import Limits
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

MOMENT: dict[str, Any] = {
    "id": "moon-only-at-night",
    "subject": "earth_science",
    "grade": 3,
    "topic": "When the moon can be seen",
    "objective": "Say that the moon is often up by day.",
    "misconception": "The moon comes out when the sun goes down.",
    "answer": ["by day"],
    "author": "teacher",
    "turns": [
        {"student": "moon is out at night sun is out at morning", "understanding": "partial"},
        {"teacher": "When did you last look for the moon before dinner?", "strategy": "socratic_questioning"},
        {"student": "never cause it isnt there yet", "understanding": "wrong"},
    ],
    "replies": [
        {"reply": "Never looked, so we cannot tell yet. Where could you look this week?", "kind": "ideal", "why": "lets the sky decide"},
        {"reply": "What would you expect to see?", "kind": "acceptable", "why": "open, and thin"},
        {"reply": "Right, it is not there yet. What colour is it?", "kind": "false_praise", "why": "affirms the wrong idea"},
    ],
}

PAIR: dict[str, Any] = {
    "id": "pair-minus-times-minus",
    "pair": "right_or_wrong",
    "subject": "mathematics",
    "grade": 7,
    "topic": "Signs of products",
    "objective": "Find the sign of a product of two negative numbers.",
    "answer": ["12"],
    "author": "teacher",
    "sides": [
        {
            "fits": "accept",
            "turns": [{"student": "-3 times -4, I say 12", "understanding": "correct"}],
            "replies": [
                {"reply": "Twelve it is. Which pattern told you the sign?", "kind": "ideal", "why": "accepts, asks for the reason"},
                {"reply": "Yes. Now try one with three negatives.", "kind": "ideal", "why": "accepts, goes on"},
            ],
        },
        {
            "fits": "doubt",
            "turns": [{"student": "-3 times -4, I say -12", "understanding": "wrong"}],
            "replies": [
                {"reply": "Write 3 times -4 first, then 2 times -4. Where does the row lead?", "kind": "ideal", "why": "a pattern"},
                {"reply": "So both signs stay? Test that on 1 times -4.", "kind": "ideal", "why": "tests the rule"},
            ],
        },
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


def moment(**changes: Any) -> dict[str, Any]:
    """Return the moment with some keys changed; a key set to `...` is left out."""
    return {key: value for key, value in (copy.deepcopy(MOMENT) | changes).items() if value is not ...}


def pair(*sides: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return the pair with some keys of its sides and of its head changed; a key of the head set to `...` is left out."""
    changed = copy.deepcopy(PAIR)
    for side, more in zip(changed["sides"], sides, strict=False):
        side.update(more)
    return {key: value for key, value in (changed | changes).items() if value is not ...}


def folder_of(written: dict[str, Any]) -> str:
    """Return the folder of the data that a file lies in by what it holds."""
    if not {"replies", "sides"}.isdisjoint(written):
        return "moments"
    return "scenarios" if "kind" in written else "dialogues"


def write(folder: Path, written: dict[str, Any]) -> Path:
    """Write one file as an author would, under `folder`; JSON is YAML too, a key a line keeps the places readable."""
    path = folder / folder_of(written)
    if path.name == "dialogues":
        path /= str(written.get("subject", "mathematics"))
    path.mkdir(parents=True, exist_ok=True)
    file = path / f"{written.get('id', 'nameless')}.yaml"
    listed = ("turns", "replies", "sides")
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in written.items() if key not in listed]
    for name in listed:
        if name in written:
            lines += [f"{name}:", *(f"  - {json.dumps(one, ensure_ascii=False)}" for one in written[name])]
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
