from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.written import DIALOGUE, LIMITS, SCENARIO, codes, dialogue, found, with_turn, write
from three_tutors.checking.gate import check
from three_tutors.tutoring.dialogue import Origin
from three_tutors.tutoring.fields import record

# VmHWM is the peak of this program alone; ru_maxrss would begin with that of the test process that started it.
MEASURED = """
import pathlib, runpy, sys
try:
    runpy.run_module("stages.validate", run_name="__main__", alter_sys=True)
finally:
    heavy = sorted({"pandera", "polars", "torch"} & set(sys.modules))
    peak = next(line.split()[1] for line in pathlib.Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    print("measured", peak, *heavy, file=sys.stderr)
"""


def hostile(folder: Path) -> None:
    """Write what nobody should have written."""
    texts = {
        "brackets.yaml": "[" * 2_000_000,
        "braces.yaml": "a: " + "{a: " * 50_000,
        "dashes.yaml": "- " * 100_000,
        "bomb.yaml": "a: &a [x, x]\n"
        + "".join(f"{new}: &{new} [*{old}, *{old}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)),
        "tag.yaml": "id: !!python/object/apply:os.system [ls]\n",
        "directive.yaml": "%TAG ! tag:x,2000:\n---\nid: a\n",
        "line.yaml": "id: " + "a" * 1_000_000,
        "empty.yaml": "",
        "blank.jsonl": "\n\n",
        "scalar.yaml": "hello\n",
        "lone.yaml": 'id: "\\ud800"\n',
        "lone.jsonl": '{"id": "\\ud800"}\n',
        "line.jsonl": '{"id": "' + "a" * 1_000_000 + '"}\n',
        "brackets.jsonl": "[" * 200_000 + "\n",
        "long.jsonl": "[" * 2_000_000,
        "digits.jsonl": '{"grade": ' + "1" * 100_000 + "}\n",
        "mark.yaml": "id: " + "!" * 250_000,
        "twice.yaml": f"{'k' * 120_000}: 1\n" * 2,
        "repeated.yaml": "a: 1\n" * 40_000,
        "keys.yaml": "".join(f"k{number}: 1\n" for number in range(20_000)),
        "bidi.yaml": 'id: a\ntopic: "\u202ex"\n',
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "nul.yaml").write_bytes(b"id: a\0b\n")
    (folder / "half.yaml").write_bytes(b"id: \xed\xa0\x80\n")
    (folder / "latin.yaml").write_bytes(b"id: caf\xe9\n")
    (folder / "wide.yaml").write_bytes("id: a\n".encode("utf-16"))
    (folder / "folder.yaml").mkdir()
    (folder / "out.yaml").symlink_to("/etc/passwd")
    (folder / "loop.yaml").symlink_to("loop.yaml")
    os.mkfifo(folder / "pipe.yaml")


def test_hostile_files_are_refused_in_little_memory(tmp_path: Path) -> None:
    """Every one is refused with a position, without a traceback, and the whole process stays under 256 MiB."""
    hostile(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(tmp_path), "--format", "json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    refused = {(Path(row["path"]).name, row["line"] >= 1, row["column"] >= 1) for row in json.loads(done.stdout)}
    assert refused == {(path.name, True, True) for path in tmp_path.iterdir()}
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert max(len(row["message"]) for row in json.loads(done.stdout)) < 200  # what is quoted is cut
    [memory, *heavy] = next(line.split()[1:] for line in done.stderr.splitlines() if line.startswith("measured"))
    assert int(memory) < 256 * 1024
    assert heavy == []  # nothing that is no YAML waits for polars


def test_a_hundred_thousand_empty_objects_are_one_line_each(tmp_path: Path) -> None:
    """What has no key of a dialogue is told once a line, in little memory; the count is exact and the report short."""
    (tmp_path / "all.jsonl").write_text("{}\n" * 100_000, encoding="utf-8")
    done = subprocess.run([sys.executable, "-c", MEASURED, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False)
    told = done.stdout.splitlines()
    assert told[0].endswith("all.jsonl:1:1: E103 expected keys such as id and turns, found none (write the type the key takes)")
    assert "all.jsonl:101:1: E103 … and 99,900 more E103 in this file from here on" in told[-1]
    assert len(told) == 101
    assert "error: 0 dialogues and 0 scenarios: 100000 errors, 0 warnings." in done.stderr
    assert int(next(line.split()[1] for line in done.stderr.splitlines() if line.startswith("measured"))) < 256 * 1024


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ({"name": "x"}, 'found "name"'),
        ({"a": 1, "b": 1, "c": 1, "d": 1}, 'found "a", "b", "c" and more'),
        (
            {"messages": [{"role": "user", "content": "q"}]},
            'found "messages"; three_tutors.authoring.importing brings such conversations in',
        ),
        ([], "found a list"),
    ],
)
def test_what_is_no_dialogue_at_all_gets_one_problem(written: object, found: str, tmp_path: Path) -> None:
    """Somebody else's file is not told of every key that a dialogue has."""
    (tmp_path / "other.jsonl").write_text(json.dumps(written), encoding="utf-8")
    (tmp_path / "other.yaml").write_text(f"# yaml-language-server: $schema=x\n{json.dumps(written)}\n", encoding="utf-8")
    told = [(problem.line, problem.code, problem.message) for problem in check([tmp_path], LIMITS).problems]
    message = f"expected keys such as id and turns, {found}"
    assert told == [(1, "E103", message), (2, "E103", message)]


def test_one_hostile_file_does_not_hide_the_others(tmp_path: Path) -> None:
    """The dialogues beside a broken file are read and checked."""
    write(tmp_path, dialogue(grade=99))
    hostile(tmp_path / "dialogues" / "mathematics")
    problems = check([tmp_path], LIMITS).problems
    assert "E105" in codes(problems)
    assert len({problem.path for problem in problems}) == 30


def test_json_lines_are_checked_like_yaml(tmp_path: Path) -> None:
    """A dialogue on a line has the same fields and gets the same findings, with its line and column."""
    (tmp_path / "dialogues").mkdir()
    lines = [DIALOGUE, dialogue(id="b", grade=99), with_turn(1, teacher="Great! Which is bigger, 2/5 or 1/2?") | {"id": "c"}]
    (tmp_path / "dialogues" / "many.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n", encoding="utf-8")
    problems = [problem for problem in check([tmp_path], LIMITS).errors if problem.code not in {"E301", "E302"}]
    assert [(problem.line, problem.column, problem.code) for problem in problems] == [(2, 48, "E105"), (3, 384, "E202")]
    assert json.dumps(lines[1])[47:49] == "99"
    assert json.dumps(lines[2])[383:391] == '"Great! '


@pytest.mark.parametrize("key", ["grade", "weight"])
def test_a_number_beyond_any_column_is_out_of_range(key: str, tmp_path: Path) -> None:
    """JSON knows numbers of any length; they are told like grade 99, at their place."""
    written = dialogue(grade=10**30) if key == "grade" else with_turn(1, teacher="Which is bigger, 2/5 or 1/2?", weight=-(10**30))
    (tmp_path / "all.jsonl").write_text(json.dumps(written), encoding="utf-8")
    [problem] = check([tmp_path], LIMITS).errors
    assert (problem.code, problem.message) == ("E105", f"{key} has 31 digits")
    assert json.dumps(written)[problem.column - 1 :].lstrip("-").startswith("1000")


def test_what_is_read_is_what_was_written(tmp_path: Path) -> None:
    """A dialogue and a scenario arrive with every field; a JSON Lines file names the line as its source."""
    write(tmp_path, DIALOGUE)
    write(tmp_path, SCENARIO)
    (tmp_path / "dialogues" / "more.jsonl").write_text("\n" + json.dumps(dialogue(id="zz")) + "\n", encoding="utf-8")
    verdict = check([tmp_path], LIMITS)
    first, second = (one.to_record() for one in verdict.dialogues)
    turns = [
        {"speaker": "student" if "student" in turn else "teacher", "text": turn.get("student") or turn["teacher"], "weight": 1}
        | {key: turn[key] for key in ("strategy", "understanding") if key in turn}
        for turn in DIALOGUE["turns"]
    ]
    assert first == DIALOGUE | {
        "answer": ["5/6"],
        "turns": turns,
        **dict.fromkeys(("situation", "outcome", "voice"), ""),
        **record(Origin()),
        "source": f"{tmp_path}/dialogues/mathematics/adding-unlike-fractions.yaml",
    }
    assert second == first | {"id": "zz", "source": f"{tmp_path}/dialogues/more.jsonl:2"}
    [scenario] = verdict.scenarios
    assert dataclasses.asdict(scenario.turns[0].expect) == {
        "note": "Does not state the current.",
        "must": ("ask_question",),
        "must_not": ("reveal_answer",),
        "mentions": ("resist",),
        "never_says": (),
    }


def test_personal_data_is_found_in_turns_and_head(tmp_path: Path) -> None:
    """The place is that of the text that holds it."""
    spoilt = with_turn(2, student="call me on 07700 900123", understanding="off_topic") | {"topic": "Mail to lena@example.org"}
    told = [(problem.line, problem.column, problem.code) for problem in found(tmp_path, spoilt) if problem.code.startswith("E4")]
    assert told == [(5, 8, "E401"), (12, 17, "E402")]


def test_findings_of_a_strange_file_name_are_safe_to_print(tmp_path: Path) -> None:
    """Neither a path nor a quoted word can send a terminal commands."""
    (tmp_path / "a\x1b[31m.yaml").write_text("id: x\n\x74itel: y\n", encoding="utf-8")
    assert all(str(problem).isprintable() for problem in check([tmp_path], LIMITS).problems)


def test_a_file_is_opened_once_for_the_places_of_all_its_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bad lines cost little more than good ones: what is found across lines does not open the file for each of them."""
    path = tmp_path / "all.jsonl"
    path.write_text(f"{json.dumps(DIALOGUE)}\n" * 20, encoding="utf-8")
    opened: list[Path] = []
    open_ = Path.open

    def counted(self: Path, *arguments: Any, **named: Any) -> Any:
        opened.append(self)
        return open_(self, *arguments, **named)

    monkeypatch.setattr(Path, "open", counted)
    errors = check([path], LIMITS).errors
    assert [(problem.line, problem.column) for problem in errors if problem.code == "E110"] == [(line, 8) for line in range(2, 21)]
    assert len(opened) <= 4
