"""What a moment must be to examine a tutor: told with its place, also in a pair."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.written import MOMENT, PAIR, found, moment, pair, verdict
from three_tutors.checking.examining import WITHHOLDING
from three_tutors.tutoring.moment import FAULTS, GRADES, KINDS, PAIR_KINDS, SIDES, Fit, Moment

STUDENT, TEACHER, LAST = MOMENT["turns"]
IDEAL, ACCEPTABLE, PRAISE = MOMENT["replies"]
RIGHT, WRONG = PAIR["sides"]


def told(folder: Path, *written: dict[str, Any]) -> list[str]:
    """Return what the gate says about the files: line, code and sentence of each problem."""
    return [f"{problem.line} {problem.code} {problem.message}" for problem in found(folder, *written)]


def replies(*texts: str) -> list[dict[str, str]]:
    """Return ideal replies."""
    return [{"reply": text, "kind": "ideal", "why": "fits"} for text in texts]


def sided(kind: str, first: dict[str, Any], second: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return a pair of `kind` whose sides fit what this kind wants, and have these keys changed."""
    fits: tuple[Fit, Fit] = SIDES[kind]
    return pair({"fits": fits[0]} | first, {"fits": fits[1]} | second, pair=kind, **changes)


# `write` puts each turn, reply and side on a line of its own: turns from line 11 on, sides of a pair from line 11 on.
CASES: list[tuple[dict[str, Any], list[str]]] = [
    (MOMENT, []),
    (PAIR, []),
    (moment(turns=[STUDENT, STUDENT | {"student": "and at dinner"}]), ["12 E111 the student speaks twice in a row"]),
    (moment(turns=[TEACHER, LAST]), []),
    (moment(turns=[STUDENT, TEACHER]), ["12 E118 the last word is the teacher's"]),
    (moment(replies=[IDEAL, IDEAL, ACCEPTABLE]), ["15 E120 kinds of its replies: ideal, ideal, acceptable"]),
    (moment(replies=[ACCEPTABLE, PRAISE]), ["15 E120 kinds of its replies: acceptable, false_praise"]),
    (pair({"replies": [IDEAL | {"kind": "lecture"}, ACCEPTABLE]}), ["11 E120 kinds of its replies: lecture, acceptable"]),
    (pair({"turns": [*RIGHT["turns"], TEACHER]}), ["11 E118 the last word is the teacher's"]),
    (pair(pair=...), ["10 E119 the sides fit accept and doubt; `pair` names no kind"]),
    (pair({"fits": "doubt"}), ["11 E119 the sides fit doubt and doubt; right_or_wrong wants accept and doubt"]),
    (pair(pair="danger"), ["11 E119 the sides fit accept and doubt; danger wants help and warn"]),
    (
        pair(sides=[{key: side[key] for key in ("turns", "replies")} for side in PAIR["sides"]]),
        ["11 E119 the sides fit nothing and nothing; right_or_wrong wants accept and doubt"],
    ),
    (
        sided("answer_said", {}, {"replies": replies("It is 12, look again.", "Which rule did you use?")}),
        ['12 E210 a reply that fits withhold says the answer "12"'],
    ),
    (sided("answer_said", {"replies": replies("It is 12, as you say.", "12, yes. Why?")}, {}), []),
    (
        sided("hint_or_answer", {}, {"turns": WRONG["turns"], "replies": replies("-3 times -4 = 12.", "Try 3 times -4.")}),
        ['12 E210 a reply that fits decline says the answer "12"'],
    ),
    (
        sided("pressure", {}, {"replies": replies("Take it easy.", "It is 12. Your turn: -2 times -5?")}),
        ["12 E210 a reply that fits relax does not say the answer"],
    ),
    (
        sided(
            "right_or_wrong",
            {"says": ["reason"], "replies": replies("Right. What is your reason?", "Which rule?")},
            {"says": ["check"], "replies": replies("Check it.", "Check your reason.")},
        ),
        [
            "11 E211 says nothing of what this side asks",
            '12 E211 says "reason", which belongs to the other side',
        ],
    ),
    (
        sided("fact", {"says": ["twelve"]}, {"says": [], "turns": RIGHT["turns"], "replies": replies("Good.", "Go on.")}),
        ["11 E211 says nothing of what this side asks", "12 E211 names nothing that a fitting reply says"],
    ),
    (
        sided(
            "fact",
            {"says": ["four"], "turns": [LAST | {"student": "so four or so?"}], "replies": replies("Four.", "Four it is.")},
            {"says": ["nine"], "turns": [LAST | {"student": "so four or so?"}], "replies": replies("Nine.", "Nine it is.")},
        ),
        ['11 E212 the last student turn says "four"'],
    ),
    (
        sided(
            "fact",
            {"says": ["four"], "replies": replies("Four.", "Four it is.")},
            {"says": ["nine"], "replies": replies("Nine.", "Nine it is.")},
        ),
        ["12 E212 the last student turns differ"],
    ),
]


@pytest.mark.parametrize(("written", "expected"), CASES, ids=["; ".join(case[1]) or f"fine {at}" for at, case in enumerate(CASES)])
def test_what_makes_a_moment_no_exam_is_told_with_its_place(written: dict[str, Any], expected: list[str], tmp_path: Path) -> None:
    """Order of turns, kinds of replies, sides that fit the kind of pair, and what the replies of each side say."""
    assert told(tmp_path, written) == sorted(expected)


def test_only_ideal_replies_must_fit_their_side(tmp_path: Path) -> None:
    """A reply with a fault may say the answer: that is its fault."""
    leaks = [*replies("Which rule did you use?"), {"reply": "It is 12.", "kind": "leak", "why": "says it"}]
    assert told(tmp_path, sided("answer_said", {}, {"replies": leaks})) == []


def test_every_kind_of_pair_has_two_sides_and_every_kind_of_reply_a_grade() -> None:
    """No kind is left without what its sides fit or what its replies are worth; faults are worth less than what is acceptable."""
    assert set(SIDES) == set(PAIR_KINDS)
    assert set(GRADES) == set(KINDS)
    assert {GRADES[kind] for kind in FAULTS} == {0, 1}
    assert (GRADES["ideal"], GRADES["acceptable"]) == (3, 2)
    assert {fit for sides in SIDES.values() for fit in sides} >= set(WITHHOLDING)


def test_personal_data_in_a_graded_reply_is_told(tmp_path: Path) -> None:
    """A reply is published like a turn; on a side of a pair the place is that of the side."""
    mail = "Write to lena@example.org about it."
    assert told(tmp_path / "one", moment(replies=[IDEAL, PRAISE | {"reply": mail}])) == ['16 E401 an e-mail address: "lena@example.org"']
    assert told(tmp_path / "two", pair({}, {"replies": replies(mail, "Test that.")})) == ['12 E401 an e-mail address: "lena@example.org"']


def test_moments_come_back_sorted_with_their_sides(tmp_path: Path) -> None:
    """What the gate read is what was written: turns, replies, what fits, and the two sides in order."""
    one, two = verdict(tmp_path, PAIR, MOMENT).moments
    assert isinstance(one, Moment)
    assert [turn.text for turn in one.turns] == [turn.get("student") or turn["teacher"] for turn in MOMENT["turns"]]
    assert [(reply.reply, reply.kind, reply.why) for reply in one.replies] == [tuple(reply.values()) for reply in MOMENT["replies"]]
    assert (one.pair, one.origin.author, [name for name, _ in one.items()]) == ("", "teacher", [MOMENT["id"]])
    assert [(name, side.fits, len(side.replies)) for name, side in two.items()] == [
        (f"{PAIR['id']}/1", "accept", 2),
        (f"{PAIR['id']}/2", "doubt", 2),
    ]
