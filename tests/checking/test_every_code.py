"""Every code about teaching, the data set, personal data and scenarios: a fault that has it, and a near miss that has not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.written import DIALOGUE, LIMITS, MOMENT, OTHER, PAIR, SCENARIO, dialogue, moment, pair, with_turn, write
from three_tutors.checking.codes import CODES
from three_tutors.checking.gate import check
from three_tutors.tutoring.splits import Split

Files = tuple[dict[str, Any], ...]

WRONG, REPLY, _, SECOND, _, LAST = DIALOGUE["turns"]


def reply(text: str, strategy: str = "socratic_questioning") -> Files:
    """Return the dialogue with another reply to its first turn, which is wrong."""
    return (with_turn(1, teacher=text, strategy=strategy),)


def says(text: str) -> Files:
    """Return the dialogue with other words of the student in the middle."""
    return (with_turn(2, student=text, understanding="partial"),)


def turns(*some: dict[str, Any]) -> Files:
    """Return the dialogue with these turns."""
    return (dialogue(turns=list(some)),)


def after_much(text: str) -> Files:
    """Return the dialogue with `text` in reply to a student who said something to take up."""
    said = "the half piece looks bigger so adding another piece shrank the whole bar"
    changed = with_turn(3, teacher=text, strategy="scaffolding")
    changed["turns"][2] = {"student": said, "understanding": "partial"}
    return (changed,)


def copied(*, words: tuple[str, str] = ("", ""), mixed: bool = False, name: str = "second") -> Files:
    """Return the dialogue and another one that has its turns, with one word changed or half of the turns of a third."""
    changed = json.loads(json.dumps(DIALOGUE["turns"]).replace(*words)) if words[0] else DIALOGUE["turns"]
    half = [*OTHER["turns"][:2], *DIALOGUE["turns"][2:4], *OTHER["turns"][4:]]
    return (DIALOGUE, DIALOGUE | {"id": name, "turns": half if mixed else changed})


def expects(**expect: Any) -> Files:
    """Return the scenario with keys of its expectation changed."""
    turn = SCENARIO["turns"][0]
    return (SCENARIO | {"turns": [turn | {"expect": turn["expect"] | expect}]},)


def many(strategy: str) -> Files:
    """Return twenty-four dialogues of words of their own, whose third replies are all labelled `strategy` or in turn all labels."""
    labels = ["socratic_questioning", "scaffolding", "misconception_handling", "clarification_request"]
    labels += ["worked_example", "direct_explanation", "check_understanding", "encouragement"]
    made = []
    for number in range(24):
        own = [f"{word}{number}x{place}" for place, word in enumerate(["bar", "half", "third", "piece"] * 6)]
        said = [
            {"student" if place % 2 == 0 else "teacher": " ".join(own[place * 4 : place * 4 + 4]) + ("?" if place % 2 else "")}
            | ({"strategy": strategy or labels[(number * 3 + place // 2) % 8]} if place % 2 else {"understanding": "partial"})
            for place in range(6)
        ]
        made.append(dialogue(id=f"d-{number}", turns=said, answer=[]))
    return tuple(made)


def ends_wrong(**changes: str) -> Files:
    """Return the dialogue with a last student turn that is wrong, and with other changes."""
    return (with_turn(4, student="its 2/5 again, the pieces", understanding="wrong") | changes,)


def holds_back(text: str, *, says_it: bool = False) -> Files:
    """Return a pair on whose second side the answer is held back, with `text` as a reply there; the student may say the answer."""
    asked = PAIR["sides"][1]["turns"] if not says_it else [{"student": "12 or -12, tell me", "understanding": "confused"}]
    replies = [PAIR["sides"][1]["replies"][0], {"reply": text, "kind": "ideal", "why": "asks"}]
    return (pair({"fits": "confirm"}, {"fits": "withhold", "turns": asked, "replies": replies}, pair="answer_said"),)


def fact(text: str = "Look at the kelvin scale. Which mark is higher?", second: str = "which one is hotter then") -> Files:
    """Return a pair that differs in a fact, with `text` as a reply on its first side, and `second` at the end of the other one."""
    sides = [
        {
            "fits": "use",
            "says": [scale],
            "turns": [
                {"student": f"i measure in {scale}", "understanding": "correct"},
                {"teacher": "Good to know. What is next?", "strategy": "clarification_request"},
                {"student": last, "understanding": "confused"},
            ],
            "replies": [
                {"reply": first, "kind": "ideal", "why": "uses the scale"},
                {"reply": f"On your {scale} scale, mark both.", "kind": "ideal", "why": "uses the scale"},
            ],
        }
        for scale, last, first in (("kelvin", "which one is hotter then", text), ("celsius", second, "Take the celsius one."))
    ]
    return (pair(*sides, pair="fact"),)


CASES: dict[str, tuple[Files, Files]] = {
    "W114": (turns(WRONG, REPLY), (DIALOGUE,)),
    "W115": ((with_turn(1, teacher=REPLY["teacher"]),), (DIALOGUE,)),
    "W116": ((dialogue(misconception=...),), (DIALOGUE,)),
    "W117": ((dialogue(answer=...),), (dialogue(answer=[]),)),
    "E118": ((moment(turns=MOMENT["turns"][:2]),), (moment(turns=MOMENT["turns"][:1]),)),
    "E119": ((pair({"fits": "doubt"}),), (pair({"fits": "doubt"}, {"fits": "accept"}),)),
    "E120": ((moment(replies=MOMENT["replies"][:2]),), (moment(replies=MOMENT["replies"][::2]),)),
    "E201": (reply("It is 5/6, which pieces did you take?"), reply("It is not 5/7, which pieces did you take?")),
    "E202": (reply("Great work! Which is bigger, 2/5 or 1/2?"), reply("A great deal hangs on this: which is bigger, 2/5 or 1/2?")),
    "W203": (reply("Which is bigger, 2/5 or 1/2? And why?"), reply('You asked "Is that right?". Which is bigger, 2/5 or 1/2?')),
    "W204": (after_much("Plants drink water, catch sunlight, breathe air."), after_much("Sunlight and water make that bar bigger.")),
    "W205": (reply("Two fifths is less than a half."), reply("Two fifths, is it less than a half?")),
    "W206": (reply("Look at the bar again. " * 20 + "Which is bigger?"), reply("Look at the bar again. " * 14 + "Which is bigger?")),
    "W207": (reply("Let's break it down: which is bigger, 2/5 or 1/2?"), reply("Break the bar in two: which is bigger, 2/5 or 1/2?")),
    "W208": (
        turns(*(turn | ({"understanding": "correct"} if "student" in turn else {}) for turn in DIALOGUE["turns"])),
        (DIALOGUE,),
    ),
    "W209": (ends_wrong(), ends_wrong(outcome="wrong")),
    "E210": (holds_back("Nearly: it is 12, so check the signs."), holds_back("Nearly: is it 12 or not? You say it.", says_it=True)),
    "E211": (fact("Two Celsius marks, which is higher?"), fact("You work in kelvin. Which mark is higher?")),
    "E212": (fact(second="and now the other"), fact()),
    "W213": (reply("I can see your drawing. Which is bigger, 2/5 or 1/2?"), reply("I can see your point. Which is bigger, 2/5 or 1/2?")),
    "W214": (reply("I once cut a bar like that. Which is bigger, 2/5 or 1/2?"), reply("Cut at once. Which is bigger, 2/5 or 1/2?")),
    "W215": (ends_wrong(outcome="solved"), ends_wrong(outcome="unresolved")),
    "E301": (copied(), (DIALOGUE, OTHER)),
    "E302": (copied(words=("chasing", "following")), copied(mixed=True)),
    "E303": (copied(mixed=True, name="in-test"), copied(mixed=True, name="in-train")),
    "E304": (
        (SCENARIO, OTHER | {"subject": "physics", "topic": "Finding the current by Ohm's law"}),
        (SCENARIO, OTHER | {"subject": "physics", "topic": "Finding the current in a river"}),
    ),
    "E307": (
        (DIALOGUE, moment(turns=DIALOGUE["turns"][:3])),
        (DIALOGUE, moment(turns=[*MOMENT["turns"][:2], {"student": "never. adding made it smaller??", "understanding": "wrong"}])),
    ),
    "W305": (many("scaffolding"), many("")),
    "W306": (
        (DIALOGUE, OTHER | {"turns": [WRONG, *OTHER["turns"][1:]]}),
        (DIALOGUE, OTHER | {"turns": [{"student": "idk?", "understanding": "confused"}, *OTHER["turns"][1:]]}),
    ),
    "E401": (says("mail me at lena@example.org"), says("the matrix product a @ b is bigger")),
    "E402": (says("call me on 07700 900123"), says("the answer is 07700 + 900123 i think")),
    "E403": (says("its on https://example.org/bars"), says("it is 1/2://3 or so, i mean e.g. that")),
    "E404": (says("i live at 12 Maple Street"), says("12 trees stand in the street")),
    "E405": (says("my passport number is X1234567"), says("the passport has 32 pages")),
    "W406": (says("my name is Lena Novak"), says("my name is Lena, 1/2 is bigger")),
    "E501": (expects(must=["accept"], must_not=["accept", "reveal_answer"]), expects(must=["accept"])),
    "E502": (expects(mentions=["Resist"]), expects(mentions=["resist"])),
    "W503": (
        (SCENARIO | {"turns": [SCENARIO["turns"][0] | {"student": "12 V and 4 ohms. is it 3 A?"}]},),
        (SCENARIO | {"turns": [SCENARIO["turns"][0] | {"student": "12 V and 4 ohms. is it 3 ohms more?"}]},),
    ),
    "W504": (expects(must_not=["accept"]), (SCENARIO,)),
    "W505": (expects(must=[], must_not=[], mentions=[]), (SCENARIO,)),
}
DEALT: dict[str, Split] = {str(DIALOGUE["id"]): "train", "in-train": "train", "in-test": "test"}


def reported(folder: Path, files: Files) -> set[str]:
    """Return the codes that the gate reports for these files."""
    for file in files:
        write(folder, file)
    return {problem.code for problem in check([folder], LIMITS, DEALT).problems}


@pytest.mark.parametrize("code", CASES)
def test_a_fault_has_its_code_and_a_near_miss_has_not(code: str, tmp_path: Path) -> None:
    """What an author did wrong is told; what only looks like it passes."""
    fault, near_miss = CASES[code]
    assert code in reported(tmp_path / "fault", fault)
    assert code not in reported(tmp_path / "near-miss", near_miss)


def test_no_rule_is_without_both() -> None:
    """Every code from 114 on, behind which there is a judgement and not only a format, has its two cases."""
    assert set(CASES) == {code for code in CODES if int(code[1:]) >= 114}
