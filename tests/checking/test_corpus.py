from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.written import DIALOGUE, LIMITS, MOMENT, OTHER, SCENARIO, codes, found, moment, pair, write
from three_tutors.checking.gate import check


def changed(written: dict[str, Any], name: str, words: dict[str, str]) -> dict[str, Any]:
    """Return a copy under another id, with words replaced everywhere in its turns."""
    text = json.dumps(written["turns"])
    for old, new in words.items():
        text = text.replace(old, new)
    return written | {"id": name, "turns": json.loads(text)}


def test_an_id_used_twice_is_told_whatever_uses_it(tmp_path: Path) -> None:
    """Dialogues and scenarios share their names: an answer is found by id alone."""
    write(tmp_path, DIALOGUE)
    write(tmp_path, SCENARIO | {"id": DIALOGUE["id"]})
    (tmp_path / "dialogues" / "more.jsonl").write_text(json.dumps(OTHER) + "\n" + json.dumps(OTHER) + "\n", encoding="utf-8")
    repeated = [problem for problem in check([tmp_path], LIMITS).problems if problem.code == "E110"]
    assert [(Path(problem.path).name, problem.line, problem.column) for problem in repeated] == [
        ("more.jsonl", 2, 8),
        ("adding-unlike-fractions.yaml", 2, 5),
    ]


def test_a_copy_is_an_exact_duplicate(tmp_path: Path) -> None:
    """The same words under another id say nothing new, whatever their case and punctuation."""
    copy = changed(DIALOGUE, "copy", {"bigger": "BIGGER", "worth chasing.": "worth chasing!"})
    [problem] = found(tmp_path, DIALOGUE, copy)
    assert (problem.code, Path(problem.path).name, problem.line) == ("E301", "copy.yaml", 10)


def test_a_dialogue_with_few_words_changed_is_a_near_duplicate(tmp_path: Path) -> None:
    """A new name for the same lesson is told, with how much is the same."""
    [problem] = found(tmp_path, DIALOGUE, changed(DIALOGUE, "near", {"chasing": "following", "Sixths fit": "Twelfths match"}))
    assert problem.code == "E302"
    assert problem.message.startswith("8")
    assert "of its word triples are those of" in problem.message


def test_one_problem_in_two_splits_leaks(tmp_path: Path) -> None:
    """Two dialogues on one problem may share a split; dealt into two, one teaches what the other examines."""
    kin = DIALOGUE | {"id": "kin", "turns": [OTHER["turns"][0], OTHER["turns"][1], *DIALOGUE["turns"][2:4], *OTHER["turns"][4:]]}
    write(tmp_path, DIALOGUE)
    write(tmp_path, kin)
    kin_id, other_id = "kin", str(DIALOGUE["id"])
    assert codes(check([tmp_path], LIMITS).problems) == []
    assert codes(check([tmp_path], LIMITS, {kin_id: "test", other_id: "test"}).problems) == []
    [problem] = check([tmp_path], LIMITS, {kin_id: "test", other_id: "train"}).problems
    assert (problem.code, problem.message.split("; ")[1]) == ("E303", "this is in test, that in train")


def test_a_scenarios_topic_is_not_taught(tmp_path: Path) -> None:
    """A dialogue on the topic of a scenario would teach the exam, however the topic is written."""
    [problem] = found(tmp_path, SCENARIO, OTHER | {"subject": "physics", "topic": "Ohms law!"})
    assert (problem.code, problem.line) == ("E304", 5)
    assert problem.message == f'has the same topic as scenario "ohms-law-now" in {tmp_path}/scenarios/ohms-law-now.yaml'


@pytest.mark.parametrize(
    ("exam", "taught", "leaks"),
    [
        ("Its and it's", "It's and its", True),  # nothing but function words
        ("Ohm's law", "Ohm's law in a circuit of lamps", True),
        ("Ohm's law", "Newton's first law", False),
        ("Poems", "Poems without rhyme", False),
    ],
)
def test_a_topic_within_a_topic_is_the_same(exam: str, taught: str, leaks: bool, tmp_path: Path) -> None:
    """Two words or more that all come up in the other topic name one lesson; a single one does not."""
    problems = found(tmp_path, SCENARIO | {"topic": exam}, OTHER | {"subject": "physics", "topic": taught})
    assert codes(problems) == ["E304"] * leaks


def test_a_scenarios_misconception_is_not_taught(tmp_path: Path) -> None:
    """The wrong idea of a scripted student under another topic would teach the exam as well."""
    taught = OTHER | {"subject": "physics", "topic": "Lamps", "misconception": "Multiplies the voltage by the resistance for the current."}
    [problem] = found(tmp_path, SCENARIO, taught)
    assert (problem.code, problem.line) == ("E304", 7)
    assert problem.message.startswith('has the same misconception as scenario "ohms-law-now"')
    assert codes(found(tmp_path / "other", SCENARIO, taught | {"subject": "mathematics"})) == []


def test_a_scenarios_words_are_not_taught(tmp_path: Path) -> None:
    """A dialogue in which the scripted student's words come up would teach the exam."""
    copied = [*OTHER["turns"][:4], {"student": SCENARIO["turns"][0]["student"], "understanding": "correct"}, *OTHER["turns"][5:]]
    [problem] = found(tmp_path, SCENARIO, OTHER | {"turns": copied})
    assert (problem.code, problem.message.split(" scenario ")[0]) == ("E304", "has 100% of the word triples of")


def test_a_moments_words_are_not_taught(tmp_path: Path) -> None:
    """A moment whose conversation is the beginning of a dialogue would be an exam on what was learned; on the same topic it may be."""
    asked = moment(topic=DIALOGUE["topic"], misconception=DIALOGUE["misconception"], subject="mathematics")
    assert found(tmp_path / "topic", DIALOGUE, asked) == []
    [problem] = found(tmp_path, DIALOGUE, moment(turns=DIALOGUE["turns"][:3]))
    assert (problem.code, problem.line) == ("E307", 11)
    assert problem.message == (
        f'has 100% of its word triples in common with "{DIALOGUE["id"]}" in {tmp_path}/dialogues/mathematics/{DIALOGUE["id"]}.yaml'
    )


def test_a_scenarios_words_are_no_moment(tmp_path: Path) -> None:
    """A scripted student and a moment that say the same would examine one thing twice; in a pair the place is that of its sides."""
    copied = [{"student": SCENARIO["turns"][0]["student"], "understanding": "wrong"}]
    [problem] = found(tmp_path, SCENARIO, pair({"turns": copied}, {"turns": copied}))
    assert (problem.code, problem.line) == ("E307", 11)
    assert f'in common with "{SCENARIO["id"]}"' in problem.message


def test_a_few_words_are_nobodys(tmp_path: Path) -> None:
    """A moment too short to be known by its words, such as a bare question, may occur in a dialogue, too."""
    short = {"student": "is that right?", "understanding": "confused"}
    taught = DIALOGUE | {"turns": [*DIALOGUE["turns"][:4], short, *DIALOGUE["turns"][5:]]}
    assert found(tmp_path, taught, moment(turns=[short])) == []


def test_a_moment_written_twice_is_told(tmp_path: Path) -> None:
    """The same conversation with other replies is a duplicate; with a few words changed it is a near one."""
    twice = moment(id="twice", replies=[reply | {"why": "again"} for reply in MOMENT["replies"]])
    [problem] = found(tmp_path / "exact", MOMENT, twice)
    assert (problem.code, Path(problem.path).name, problem.line) == ("E301", "twice.yaml", 11)
    [problem] = found(tmp_path / "near", MOMENT, changed(MOMENT, "near", {"before dinner": "before supper"}))
    assert (problem.code, Path(problem.path).name) == ("E302", "near.yaml")


def test_one_conversation_in_both_halves_leaks(tmp_path: Path) -> None:
    """Two moments of one conversation may both be learned from; one learned from and one examined is an error."""
    for one in (MOMENT, moment(id="kin", turns=[MOMENT["turns"][0], *OTHER["turns"][1:3]])):
        write(tmp_path, one)
    assert codes(check([tmp_path], LIMITS, {MOMENT["id"]: "test", "kin": "test"}).problems) == []
    [problem] = check([tmp_path], LIMITS, {MOMENT["id"]: "test", "kin": "train"}).problems
    assert (problem.code, problem.message.split("; ")[1]) == ("E303", "this is in test, that in train")


def test_the_same_first_or_last_words_are_told(tmp_path: Path) -> None:
    """Openings and closings that come twice are a warning at the second."""
    same = OTHER | {"turns": [DIALOGUE["turns"][0], *OTHER["turns"][1:5], DIALOGUE["turns"][5]]}
    problems = [problem for problem in found(tmp_path, DIALOGUE, same) if problem.code == "W306"]
    assert [(problem.code, problem.line, problem.message) for problem in problems] == [
        ("W306", 10, 'opens in the words of "adding-unlike-fractions"'),
        ("W306", 15, 'closes in the words of "adding-unlike-fractions"'),
    ]


@pytest.mark.parametrize(("number", "expected"), [(19, []), (20, ["few"] * 6 + ["many"])])
def test_the_balance_of_labels_is_told_from_twenty_dialogues_on(number: int, expected: list[str], tmp_path: Path) -> None:
    """A strategy far below or above its even share is a warning for the data set as a whole."""
    lines = []
    for index in range(number):
        turns = [
            {
                key: f"{value} {' '.join(f'w{index}x{place}' for place in range(60))}" if key in {"student", "teacher"} else value
                for key, value in turn.items()
            }
            for turn in OTHER["turns"]
        ]
        turns[5] = turns[5] | {"strategy": "scaffolding"}
        lines.append(json.dumps(OTHER | {"id": f"d-{index}", "turns": turns}))
    (tmp_path / "dialogues").mkdir()
    (tmp_path / "dialogues" / "all.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    told = [problem for problem in check([tmp_path], LIMITS).problems if problem.code == "W305"]
    assert sorted(problem.message.split(": ")[1].split()[0] for problem in told) == expected
    assert {problem.path for problem in told} <= {f"{tmp_path}/dialogues"}
