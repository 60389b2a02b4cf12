from __future__ import annotations

import json
import random
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.written import DIALOGUE, LIMITS, MOMENT, OTHER, PAIR, SCENARIO, dialogue, moment, with_turn, write
from three_tutors.checking import batches
from three_tutors.checking.gate import check
from three_tutors.checking.gathering import Gathering, gather
from three_tutors.checking.problem_formats import formatted
from three_tutors.scale import blocks
from three_tutors.scale.engine import ALONE, Engine
from three_tutors.tutoring.dialogue import Dialogue
from three_tutors.tutoring.moment import Moment
from three_tutors.tutoring.scenario import Scenario

TWO = Engine(processes=2)
SPLITS: Any = {"l-3": "train", "l-4": "test"}


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut after a few lines or files, and let two processes be worth it."""
    for module, name, value in (
        (blocks, "LEAST", 2500),
        (blocks, "ONE_OF", 4),
        (batches, "MOST_FILES", 3),
    ):
        monkeypatch.setattr(module, name, value)
    monkeypatch.setattr("three_tutors.scale.engine.WORTH_PROCESSES", 1)


def lines(folder: Path, rows: list[dict[str, Any]]) -> Path:
    """Write dialogues as JSON Lines."""
    path = folder / "dialogues/many.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def numbered(number: int, **changes: Any) -> dict[str, Any]:
    """Return a dialogue in words of its own."""
    generator = random.Random(number)
    turns = [
        {
            key: " ".join(f"w{generator.randrange(10**6)}" for _ in range(9)) if key in {"student", "teacher"} else value
            for key, value in turn.items()
        }
        for turn in OTHER["turns"]
    ]
    return (
        OTHER
        | {"id": f"l-{number}", "topic": f"Topic t{number} u{number}", "misconception": f"m{number} n{number}", "turns": turns}
        | changes
    )


def errors(made: Gathering) -> dict[str, int]:
    """Return how often each error was found."""
    return {code: count for code, count in made.told.by_code.items() if code.startswith("E")}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return a folder in which every kind of finding between files occurs, within and across blocks and batches."""
    folder = tmp_path / "data"
    for index in range(8):
        write(folder, dialogue(id=f"d-{index}", grade=index, turns=numbered(100 + index)["turns"]))
    for one in (SCENARIO, MOMENT, PAIR, moment(id="taken", turns=numbered(7)["turns"][:3])):
        write(folder, one)
    rows = [numbered(number) for number in range(40)]
    rows[5] = numbered(5, turns=rows[1]["turns"])
    rows[20] = numbered(20, turns=[*rows[2]["turns"][:5], rows[20]["turns"][5]])
    rows[4] = numbered(4, turns=[*rows[3]["turns"][:2], *rows[4]["turns"][2:]])
    rows[30] = numbered(30, id="l-6")
    rows[31] = numbered(31, subject="physics", topic="Ohm's law")
    rows[32] = numbered(32, turns=[rows[8]["turns"][0], *rows[32]["turns"][1:5], rows[9]["turns"][5]])
    rows[33] = with_turn(2, student="call me on 07700 900123", understanding="off_topic") | {"id": "l-33"}
    path = lines(folder, rows)
    with path.open("a", encoding="utf-8") as file:
        file.write('\n\n{"id": \n' + json.dumps(numbered(50)))
    return folder


@pytest.mark.parametrize("how", [ALONE, TWO])
def test_blocks_give_the_verdict_of_the_whole(data: Path, how: Engine, tmp_path: Path) -> None:
    """Every problem, with message, line and column, and every count is that of the gate that holds everything."""
    whole = check([data], LIMITS, SPLITS)
    between = {"E110", "E301", "E302", "E303", "E304", "E307", "W305", "W306"}
    assert between | {"E402", "E105", "E004"} <= {one.code for one in whole.problems}
    made = gather([data], LIMITS, SPLITS, tmp_path / "shards", how=how)
    assert len(list((tmp_path / "shards").iterdir())) >= 10
    assert made.problems == whole.problems
    assert made.told.by_code == dict(sorted(Counter(one.code for one in whole.problems).items()))
    assert (made.tally, made.summary) == (whole.tally, whole.summary)


def test_records_are_those_of_the_whole(tmp_path: Path) -> None:
    """Sorted by id, with the line of the whole file as their source, whatever block they stood in."""
    for one in (DIALOGUE, SCENARIO, MOMENT, PAIR):
        write(tmp_path / "data", one)
    lines(tmp_path / "data", [numbered(number) for number in random.Random(1).sample(range(60), 40)])
    whole = check([tmp_path / "data"], LIMITS)
    made = gather([tmp_path / "data"], LIMITS, {}, tmp_path / "shards", how=TWO)
    assert whole.errors == []
    for kind, items in ((Dialogue, whole.dialogues), (Scenario, whole.scenarios), (Moment, whole.moments)):
        assert [json.loads(line) for line in made.records(kind)] == [one.to_record() for one in items]


def test_a_new_line_makes_one_shard_anew(tmp_path: Path) -> None:
    """Shards hang on what is in a block, not on where it stands: a line more at the end, or a blank one in front, costs one."""
    rows = [numbered(number) for number in range(40)]
    path, under = lines(tmp_path / "data", rows), tmp_path / "shards"
    gather([tmp_path / "data"], LIMITS, {}, under)
    before = {one.name for one in under.iterdir()}
    for text in (path.read_text() + json.dumps(numbered(50)) + "\n", "\n" + path.read_text()):
        path.write_text(text, encoding="utf-8")
        made = gather([tmp_path / "data"], LIMITS, {}, under)
        after = {one.name for one in under.iterdir()}
        assert (len(after - before) <= 2, len(after) >= 5) == (True, True)
        assert [json.loads(line) for line in made.records(Dialogue)] == [
            one.to_record() for one in check([tmp_path / "data"], LIMITS).dialogues
        ]
        before = after


def test_lines_after_a_block_without_a_dialogue_keep_their_numbers(tmp_path: Path) -> None:
    """Lines that cannot be read are lines, whole blocks of them too."""
    path = lines(tmp_path / "data", [numbered(number, grade=99) for number in range(3)])
    path.write_text("".join(f"{{{number:099}\n" for number in range(100)) + path.read_text(), encoding="utf-8")
    made = gather([tmp_path / "data"], LIMITS, {}, tmp_path / "shards")
    assert len(made.parts) > 2
    assert made.problems == check([tmp_path / "data"], LIMITS).problems
    assert [problem.line for problem in made.problems if problem.code == "E105"] == [101, 102, 103]


def test_a_new_scenario_is_held_against_every_dialogue(tmp_path: Path) -> None:
    """What a block says of the exam hangs on the exam, too."""
    lines(tmp_path / "data", [numbered(number) for number in range(20)])
    assert gather([tmp_path / "data"], LIMITS, {}, tmp_path / "shards").told.errors == 0
    write(tmp_path / "data", SCENARIO | {"topic": "Topic t7 u7", "subject": OTHER["subject"]})
    assert errors(gather([tmp_path / "data"], LIMITS, {}, tmp_path / "shards")) == {"E304": 1}


def test_scenarios_among_dialogues_are_an_exam_too(tmp_path: Path) -> None:
    """A file that says by its keys what each line holds is held against itself."""
    rows = [numbered(number) for number in range(20)] + [SCENARIO | {"topic": "Topic t7 u7", "subject": OTHER["subject"]}]
    path = tmp_path / "mixed.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    made = gather([path], LIMITS, {}, tmp_path / "shards")
    assert made.problems == check([path], LIMITS).problems
    assert errors(made) == {"E304": 1}


@pytest.mark.parametrize("most", [1, 3])
def test_only_the_first_of_many_problems_are_held(most: int, data: Path, tmp_path: Path) -> None:
    """What is printed is what would be printed of all of them, and the counts are exact."""
    shutil.copy(data / "dialogues/many.jsonl", data / "dialogues/more.jsonl")
    whole = check([data], LIMITS, SPLITS)
    made = gather([data], LIMITS, SPLITS, tmp_path / "shards", most=most)
    assert len(made.problems) < len(whole.problems) / 2
    assert made.told.errors == len(whole.errors)
    assert formatted(made.problems, "text", most, made.told.counts) == formatted(whole.problems, "text", most)
