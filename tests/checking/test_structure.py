from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.written import DIALOGUE, LIMITS, SCENARIO, SCHEMA_LINE, dialogue, found, with_turn, write
from three_tutors.checking.gate import check
from three_tutors.tutoring.scenario import MOVES

STUDENT, TEACHER = DIALOGUE["turns"][0], DIALOGUE["turns"][1]


def scenario(**expect: Any) -> dict[str, Any]:
    """Return the scenario with keys of its expectation changed."""
    turn = SCENARIO["turns"][0]
    return SCENARIO | {"turns": [turn | {"expect": turn["expect"] | expect}]}


# Where a problem is, and what is said about it. `write` puts a key on each line, and a turn on each line from 11 on.
CASES: list[tuple[dict[str, Any], list[str]]] = [
    (dialogue(objective=...), ["2:1 E101 objective is missing"]),
    (dialogue(turns=...), ["2:1 E101 turns is missing"]),
    (with_turn(2, understanding="wrong"), ["12:5 E101 a turn has either student or teacher"]),
    (dialogue(titel="x"), ['9:1 E102 unknown key "titel"']),
    (dialogue(gerade=3, grade=...), ["2:1 E101 grade is missing", '8:1 E102 unknown key "gerade"; did you mean grade?']),
    (with_turn(1, teacher="Why?", strategi="scaffolding"), ['11:25 E102 unknown key "strategi"; did you mean strategy?']),
    (with_turn(1, teacher="Why?", understanding="wrong"), ['11:25 E102 unknown key "understanding"']),
    (
        DIALOGUE | {"turns": [*DIALOGUE["turns"][:-1], {"assistant": "Which pieces do 1/4 and 1/6 need?"}]},
        ['15:5 E101 a turn has either student or teacher; "assistant" is teacher here'],
    ),
    (with_turn(1, teacher="Why?", student="What?"), ["11:5 E103 a turn has either student or teacher, not both"]),
    (dialogue(grade="5"), ['4:8 E103 grade must be a whole number, not "5"']),
    (dialogue(grade=5.5), ['4:8 E103 grade must be a whole number, not "5.5"']),
    (dialogue(grade=[5]), ["4:8 E103 grade must be a whole number, not a list"]),
    (dialogue(answer="5/6"), ['8:9 E103 answer must be a list, not "5/6"']),
    (dialogue(answer=[["5/6"]]), ["8:10 E103 an item of answer must be text, not a list"]),
    (dialogue(turns=["hello", STUDENT, TEACHER]), ['10:5 E103 expected keys such as student, found "hello"']),
    (dialogue(opening="nobody"), ['9:10 E104 opening "nobody" is not in the closed list; allowed are student, teacher']),
    (
        with_turn(0, student="x y z", understanding="wrogn"),
        ['10:43 E104 understanding "wrogn" is not in the closed list; did you mean wrong?'],
    ),
    (with_turn(1, teacher="Why?", weight=2), ['11:35 E104 weight "2" is not in the closed list; allowed are 0, 1']),
    (scenario(must=["dance"]), [f'11:151 E104 must has "dance"; allowed are {", ".join(MOVES)}']),
    (SCENARIO | {"kind": "safty"}, ['3:7 E104 kind "safty" is not in the closed list; did you mean safety?']),
    (dialogue(grade=14), ["4:8 E105 grade 14 is not between 1 and 13"]),
    (dialogue(grade=-1), ["4:8 E105 grade -1 is not between 1 and 13"]),
    (dialogue(grade=10**10), ["4:8 E105 grade has 11 digits"]),
    (dialogue(topic=""), ["5:8 E106 topic is empty"]),
    (dialogue(topic="  "), ["5:8 E106 topic is empty"]),
    (dialogue(topic="ä" * 301), ["5:8 E106 topic has 301 characters, at most 300 are allowed"]),
    (dialogue(answer=["a"] * 21), ["8:9 E106 answer takes 0 to 20 items of 1 to 300 characters"]),
    (scenario(note=""), ["11:112 E106 note is empty"]),
    (dialogue(turns=[STUDENT, TEACHER] * 51), ["10:3 E106 number of turns is 102, at most 100 are allowed"]),
    (dialogue(id="Fractions"), ['2:5 E107 id "Fractions" must be lower case, words joined by -']),
    (dialogue(subject="Maths"), ['3:10 E107 subject "Maths" must be lower case, words joined by _']),
    (
        dialogue(turns=[STUDENT, STUDENT, TEACHER, TEACHER]),
        ["11:17 E111 the student speaks twice in a row", "13:17 E111 the teacher speaks twice in a row"],
    ),
    (dialogue(turns=[TEACHER, STUDENT, TEACHER]), ["10:17 E112 the teacher opens"]),
    (dialogue(opening="teacher"), ["11:17 E112 the student opens"]),
    (dialogue(opening="teacher", turns=[TEACHER, STUDENT, TEACHER]), []),
    (dialogue(turns=[STUDENT, TEACHER, STUDENT]), ["12:17 E113 the last word is the student's"]),
    (
        dialogue(turns=[STUDENT]),
        ["10:17 E113 the last word is the student's", "10:3 E106 number of turns is 1, at least 2 and at most 100 are allowed"],
    ),
]


@pytest.mark.parametrize(("written", "expected"), CASES, ids=["; ".join(case[1]) or "fine" for case in CASES])
def test_a_fault_of_structure_is_told_with_its_place(written: dict[str, Any], expected: list[str], tmp_path: Path) -> None:
    """Missing, unknown and repeated keys, types, closed lists, ranges, lengths, patterns and the order of turns."""
    problems = [problem for problem in found(tmp_path, written) if problem.code.startswith("E1")]
    assert sorted(f"{problem.line}:{problem.column} {problem.code} {problem.message}" for problem in problems) == sorted(expected)


def test_the_id_is_the_name_of_the_file_and_the_subject_that_of_the_folder(tmp_path: Path) -> None:
    """A dialogue lies where its head says."""
    file = write(tmp_path, DIALOGUE)
    (tmp_path / "dialogues" / "physics").mkdir()
    moved = file.rename(tmp_path / "dialogues" / "physics" / "other.yaml")
    assert [(problem.line, problem.code, problem.message) for problem in check([moved], LIMITS).problems] == [
        (2, "E108", 'id "adding-unlike-fractions" is not the file\'s name "other"'),
        (3, "E109", 'subject "mathematics" is not the folder\'s name "physics"'),
    ]


def test_every_problem_of_every_file_is_told_in_one_run(tmp_path: Path) -> None:
    """Broken syntax in one file and many faults in another are told together, sorted by place."""
    write(tmp_path, dialogue(grade=99, topic="", turns=[STUDENT, STUDENT | {"understanding": "x"}]))
    (tmp_path / "dialogues" / "mathematics" / "zzz.yaml").write_text("id: [\n", encoding="utf-8")
    problems = check([tmp_path], LIMITS).problems
    assert [(problem.line, problem.code) for problem in problems if problem.severity == "error"] == [
        (4, "E105"),
        (5, "E106"),
        (11, "E111"),
        (11, "E113"),
        (11, "E104"),
        (2, "E004"),
    ]
    assert problems == sorted(problems)


def test_unquoted_words_that_yaml_interprets_stay_text(tmp_path: Path) -> None:
    """A student who says only `no`, `42`, `12:30` or `null` said exactly that; `grade: 05` is no whole number."""
    folder = tmp_path / "dialogues" / "mathematics"
    folder.mkdir(parents=True)
    turns = "".join(f"  - student: {word}\n  - teacher: Why do you say so?\n" for word in ("no", "42", "12:30", "010", "null", "~", "1e3"))
    head = "id: a\nsubject: mathematics\ngrade: 5\ntopic: yes\nobjective: on\nmisconception: off\nanswer: [no, 010]\nturns:\n"
    (folder / "a.yaml").write_text(SCHEMA_LINE + head + turns, encoding="utf-8")
    [read] = check([folder], LIMITS).dialogues
    assert [turn.text for turn in read.turns[::2]] == ["no", "42", "12:30", "010", "null", "~", "1e3"]
    assert (read.lesson.topic, read.lesson.objective, read.lesson.misconception, read.lesson.answer) == ("yes", "on", "off", ("no", "010"))
    (folder / "a.yaml").write_text(SCHEMA_LINE + head.replace("grade: 5", "grade: 05") + turns, encoding="utf-8")
    assert [problem.code for problem in check([folder], LIMITS).errors] == ["E103"]
