"""Where a run of the pipeline is, in one line: "6 of 18 · train_lora · step 12 of 41 · about 40 s left".

How far a stage is comes from what it prints or keeps while it works; where it says nothing, from how long it took the last time.
"""

from __future__ import annotations

import contextlib
import itertools
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from three_tutors.pipeline.contents import CONTENTS, entries
from three_tutors.pipeline.records import read_json
from three_tutors.tutoring.methods import PROMPTED, TUNED, TUTORS

if TYPE_CHECKING:
    from rich.console import Console

CALLS = Path(".cache") / TUTORS[PROMPTED].stage / "calls.jsonl"
SERVERS = Path(".cache") / TUTORS[TUNED].stage
TIMINGS = Path("reports/metrics")

LOOKING = "looking what changed"
RUNNING = re.compile(r"Running stage '([^']+)'")
_SKIPPED = re.compile(r"Stage '([^']+)' (?:didn't change|is cached)")
_STEP = re.compile(r"\bstep (\d+) of (\d+)")
_PLANNED = re.compile(r"(\d+) calls planned")
_EVENT = re.compile(r"Step (\d+)/(\d+)")


@dataclass
class Course:
    """Where a run is."""

    total: int
    """Stages of the pipeline; 0 where only some were asked for."""
    usual: Mapping[str, float] = field(default_factory=dict)
    """Stage → seconds that it took the last time."""
    places: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    """Numbers the stages that run or are skipped; stages that run at once share it."""
    seen: int = 0
    """The number of the present stage."""
    name: str = ""
    """The one stage that it follows; empty where one stage comes after the other."""
    stage: str = ""
    """The present stage, once it runs."""
    since: float = 0.0
    """Clock when the present stage started."""
    done: int = 0
    of: int = 0
    """Steps of the present stage; 0 where none are known."""
    what: str = "step"
    first: tuple[float, int] | None = None
    """Clock and number of the first step that was heard of: what came before it was loading."""

    def hear(self, line: str, now: float) -> str:
        """Take in one line of output; return what is to be kept on the screen, empty where nothing ended."""
        if found := _SKIPPED.search(line):
            ended = self._end(now)
            self.seen = next(self.places)
            self.stage = ""
            return "\n".join(filter(None, [ended, f"{self._place()} · {found[1]} · nothing changed"]))
        if found := RUNNING.search(line):
            ended = self._end(now)
            self.seen = next(self.places)
            self.stage, self.since, self.done, self.of, self.what, self.first = found[1], now, 0, 0, "step", None
            return ended
        if found := _STEP.search(line):
            self.reach(int(found[1]), int(found[2]), now)
        elif found := _PLANNED.search(line):
            self.of, self.what = int(found[1]), "call"
        return ""

    def reach(self, done: int, of: int, now: float) -> None:
        """Note that the present stage has done so many of its steps."""
        if done > self.done or of != self.of:
            self.first = self.first or (now, done)
            self.done, self.of = done, of

    def finish(self, now: float) -> str:
        """Return the line of the last stage, once."""
        ended, self.stage = self._end(now), ""
        return ended

    def told(self, now: float) -> str:
        """Return the line that is shown while the present stage runs."""
        if not self.stage:
            return f"{self.name} · {LOOKING}" if self.name else LOOKING
        parts = [self._place(), self.stage]
        if self.of:
            parts.append(f"{self.what} {self.done} of {'at most ' if self.what == 'call' else ''}{self.of}")
        left = self._left(now)
        return " · ".join([*parts, f"for {spoken(now - self.since)}" if left is None else f"about {spoken(left)} left"])

    def _left(self, now: float) -> float | None:
        """Return the seconds that the present stage still takes: by its steps, else by its last run; None where nobody knows."""
        if self.first and self.done > self.first[1] and self.of > self.done:
            started, before = self.first
            each = (now - started) / (self.done - before)
            return max(1.0, each * (self.of - self.done))
        usual = self.usual.get(self.stage)
        return usual - (now - self.since) if usual is not None and usual > now - self.since else None

    def _end(self, now: float) -> str:
        return f"{self._place()} · {self.stage} · {spoken(now - self.since)}" if self.stage else ""

    def _place(self) -> str:
        return f"{self.seen} of {self.total}" if self.total else str(self.seen)


def spoken(seconds: float) -> str:
    """Return seconds as a person would say them: `8 s`, `40 s`, `3 min`."""
    if seconds < 10:  # noqa: PLR2004 - single seconds
        return f"{max(seconds, 0):.0f} s"
    if seconds < 90:  # noqa: PLR2004 - a minute and a half
        return f"{round(seconds / 5) * 5} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"  # noqa: PLR2004 - an hour and a half


def stages(root: Path = Path()) -> list[str]:
    """Return the stages of dvc.yaml by name, one for each item of a `foreach`."""
    return [one.name for one in entries(root / CONTENTS)]


def usual_seconds(names: Sequence[str], root: Path = Path()) -> dict[str, float]:
    """Return how long stages took the last time, as far as reports/metrics says; a timing is named after its stage or its tutor."""
    found = {}
    for name in names:
        stage, _, tutor = name.partition("@")
        path = root / TIMINGS / f"timing_{stage if stage.startswith('train_') else tutor or stage}.json"
        if not name.startswith("evaluate") and path.exists():
            found[name] = float(read_json(path).get("seconds", 0.0))
    return found


def kept_steps(stage: str, root: Path = Path()) -> tuple[int, int] | None:
    """Return how far a stage is that prints nothing while it works: steps done, of how many (0 where it said so); None if unknown."""
    if stage == TUTORS[PROMPTED].stage and (root / CALLS).exists():
        with (root / CALLS).open("rb") as file:
            return sum(1 for _ in file), 0
    if stage == TUTORS[TUNED].stage:
        for path in (root / SERVERS).glob("*.server/store.sqlite3"):
            with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as store:
                newest = "SELECT document FROM objects WHERE kind = 'event' AND document LIKE '%Step %' ORDER BY number DESC LIMIT 1"
                for (document,) in store.execute(newest):
                    if found := _EVENT.search(document):
                        return int(found[1]), int(found[2])
    return None


def watch(news: Iterable[tuple[Course, str | None]], console: Console, now: Callable[[], float] = time.monotonic) -> None:
    """Show where each of the courses is while its lines come; one line stays for each stage. None instead of a line ends a course."""
    from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn  # noqa: PLC0415 - a pipe needs none of it
    from rich.table import Column  # noqa: PLC0415

    over = threading.Event()
    under_way: dict[int, tuple[Course, TaskID]] = {}
    # One line each, also in a narrow terminal.
    text = TextColumn("{task.description}", table_column=Column(no_wrap=True, overflow="ellipsis"))
    with Progress(SpinnerColumn(), text, console=console, transient=True) as shown:

        def look() -> None:
            while not over.wait(1.0):
                for course, task in list(under_way.values()):
                    if steps := kept_steps(course.stage):
                        course.reach(steps[0], steps[1] or course.of, now())
                    shown.update(task, description=course.told(now()))

        looking = threading.Thread(target=look, daemon=True)
        looking.start()
        for course, line in news:
            if id(course) not in under_way:
                under_way[id(course)] = course, shown.add_task(course.told(now()), total=None)
            if ended := course.finish(now()) if line is None else course.hear(line, now()):
                shown.console.print(ended, highlight=False, markup=False)
            if line is None:
                shown.update(under_way.pop(id(course))[1], visible=False)
            else:
                shown.update(under_way[id(course)][1], description=course.told(now()))
        over.set()
        looking.join()
