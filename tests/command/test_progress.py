"""While the pipeline runs, one line says where it is and how long the stage still takes."""

from __future__ import annotations

import io
import itertools
import json
import sqlite3
from pathlib import Path

from rich.console import Console

from three_tutors.command.progress import Course, kept_steps, spoken, stages, usual_seconds, watch

ROOT = Path(__file__).parents[2]


def test_the_line_says_which_stage_which_step_and_how_long() -> None:
    """Time left comes from the steps that were heard of; what ended stays with how long it took, in round figures."""
    course = Course(18)
    assert course.hear("Stage 'split' didn't change, skipping", 0.0) == "1 of 18 · split · nothing changed"
    assert course.hear("Running stage 'train_lora':", 1.0) == ""
    assert course.told(31.0) == "2 of 18 · train_lora · for 30 s"
    course.hear("  step 5 of 41: loss 3.402", 61.0)
    course.hear("  step 10 of 41: loss 3.402", 81.0)
    assert course.told(81.0) == "2 of 18 · train_lora · step 10 of 41 · about 2 min left"
    assert course.hear("Running stage 'report':", 205.0) == "2 of 18 · train_lora · 3 min"
    assert course.finish(213.0) == "3 of 18 · report · 8 s"
    assert [spoken(value) for value in (0.2, 42.7, 100, 7200)] == ["0 s", "45 s", "2 min", "2.0 h"]


def test_a_stage_that_says_nothing_is_timed_by_its_last_run() -> None:
    """When it takes longer than that, the line says for how long it has been running."""
    course = Course(18, {"answer@lora": 100.0})
    course.hear("Running stage 'answer@lora':", 0.0)
    assert [course.told(now) for now in (40.0, 130.0)] == ["1 of 18 · answer@lora · about 60 s left", "1 of 18 · answer@lora · for 2 min"]


def test_steps_are_read_from_what_stages_keep(tmp_path: Path) -> None:
    """DSPy's calls are lines of a ledger, the local server's steps are events in its store; other stages keep none."""
    calls, store = tmp_path / ".cache/train_dspy/calls.jsonl", tmp_path / ".cache/train_openai/order.server/store.sqlite3"
    for path in (calls, store):
        path.parent.mkdir(parents=True)
    calls.write_text("{}\n{}\n", encoding="utf-8")
    with sqlite3.connect(store) as database:
        database.execute("CREATE TABLE objects (number INTEGER PRIMARY KEY, kind TEXT, document TEXT)")
        for message in ("Step 3/41: training loss=3.1", "Step 4/41: training loss=3.0", "Saving"):
            database.execute("INSERT INTO objects (kind, document) VALUES ('event', ?)", (json.dumps({"message": message}),))
    assert [kept_steps(stage, tmp_path) for stage in ("train_dspy", "train_openai", "report")] == [(2, 0), (4, 41), None]
    course = Course(18)
    course.hear("Running stage 'train_dspy':", 0.0)
    course.hear("train_dspy: 496 calls planned; at most 1000 calls", 1.0)
    course.reach(2, course.of, 2.0)
    assert course.told(2.0) == "1 of 18 · train_dspy · call 2 of at most 496 · for 2 s"


def test_stages_and_their_times_are_those_of_the_project(tmp_path: Path) -> None:
    """Every item of a `foreach` counts; a timing is named after its stage or its tutor."""
    assert {"validate", "answer@lora", "evaluate@reference", "report"} <= set(stages(ROOT))
    (tmp_path / "reports/metrics").mkdir(parents=True)
    (tmp_path / "reports/metrics/timing_lora.json").write_text('{"seconds": 9.5}', encoding="utf-8")
    assert usual_seconds(["answer@lora", "evaluate@lora", "report"], tmp_path) == {"answer@lora": 9.5}


def test_a_terminal_keeps_one_line_a_stage() -> None:
    """What the stages print themselves is not shown."""
    screen = io.StringIO()
    lines = ["Running stage 'split':\n", "> python -m stages.split\n", "split: 235 dialogues\n", "Running stage 'render':\n"]
    course = Course(18)
    watch(
        [*((course, line) for line in lines), (course, None)],
        Console(file=screen, force_terminal=False, width=80),
        now=iter(range(99)).__next__,
    )
    kept = [line for line in screen.getvalue().splitlines() if line.strip()]
    assert [line.split(" · ")[:2] for line in kept] == [["1 of 18", "split"], ["2 of 18", "render"]]


def test_stages_that_run_at_once_have_a_line_each() -> None:
    """They are counted in the order in which they start to work, and each is kept when it ends."""
    screen, places = io.StringIO(), itertools.count(1)
    a, b = (Course(2, places=places) for _ in range(2))
    said = [(a, "Running stage 'a':\n"), (b, "Running stage 'b':\n"), (b, "  step 1 of 2\n"), (b, None), (a, None)]
    watch(said, Console(file=screen, force_terminal=False, width=80), now=iter(range(99)).__next__)
    kept = [line for line in screen.getvalue().splitlines() if line.strip()]
    assert [line.split(" · ")[:2] for line in kept] == [["2 of 2", "b"], ["1 of 2", "a"]]
