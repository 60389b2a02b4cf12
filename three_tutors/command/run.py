"""`dvc repro` with a line that says where it is: "6 of 18 · train_lora · step 12 of 41 · about 40 s left".

    python -m three_tutors.command.run [STAGE ...]

Only in a terminal; in a pipe or on CI the output is DVC's own. Everything that the stages print is kept in .cache/repro.log. How far a
stage is comes from what it prints or keeps while it works; where it says nothing, from how long it took the last time.
"""

from __future__ import annotations

if __name__ == "__main__":
    from three_tutors.pipeline.starting import start

    start("three_tutors.command.run", reads_what_is_there=True)

import contextlib
import os
import re
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ruamel.yaml import YAML

from three_tutors.pipeline.records import read_json
from three_tutors.tutoring.methods import PROMPTED, TUNED, TUTORS

if TYPE_CHECKING:
    from rich.console import Console

LOG = Path(".cache/repro.log")
CALLS = Path(".cache") / TUTORS[PROMPTED].stage / "calls.jsonl"
SERVERS = Path(".cache") / TUTORS[TUNED].stage
TIMINGS = Path("reports/metrics")
INDEX = Path("reports/index.html")
SHOWN_AFTER_FAILURE = 30
"""Lines of the log."""

_RUNNING = re.compile(r"Running stage '([^']+)'")
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
    seen: int = 0
    """Stages that ran or were skipped, the present one included."""
    stage: str = ""
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
            self.seen += 1
            self.stage = ""
            return "\n".join(filter(None, [ended, f"{self._place()} · {found[1]} · nothing changed"]))
        if found := _RUNNING.search(line):
            ended = self._end(now)
            self.seen += 1
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
        """Return the line of the last stage."""
        return self._end(now)

    def told(self, now: float) -> str:
        """Return the line that is shown while the present stage runs."""
        if not self.stage:
            return "looking what changed"
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
    tree = YAML(typ="safe").load(root / "dvc.yaml")["stages"]
    return [
        one for name, stage in tree.items() for one in ([f"{name}@{key}" for key in stage["foreach"]] if "foreach" in stage else [name])
    ]


def usual_seconds(names: Sequence[str], root: Path = Path()) -> dict[str, float]:
    """Return how long stages took the last time, as far as reports/metrics says; a timing is named after its stage or its tutor."""
    found = {}
    for name in names:
        path = root / TIMINGS / f"timing_{name.partition('@')[2] or name}.json"
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


def watch(lines: Iterable[str], course: Course, console: Console, now: Callable[[], float] = time.monotonic) -> None:
    """Show where a run is while its `lines` come; one line stays for each stage."""
    from rich.progress import Progress, SpinnerColumn, TextColumn  # noqa: PLC0415 - a pipe needs none of it

    over = threading.Event()
    with Progress(SpinnerColumn(), TextColumn("{task.description}"), console=console, transient=True) as shown:
        task = shown.add_task(course.told(now()), total=None)

        def look() -> None:
            while not over.wait(1.0):
                if steps := kept_steps(course.stage):
                    course.reach(steps[0], steps[1] or course.of, now())
                shown.update(task, description=course.told(now()))

        looking = threading.Thread(target=look, daemon=True)
        looking.start()
        for line in lines:
            if ended := course.hear(line, now()):
                shown.console.print(ended, highlight=False, markup=False)
            shown.update(task, description=course.told(now()))
        over.set()
        looking.join()
    if ended := course.finish(now()):
        console.print(ended, highlight=False, markup=False)


def run(targets: Sequence[str]) -> int:
    """Run `dvc repro` on `targets`, all stages where there are none; return its exit status."""
    command = [sys.executable, "-m", "dvc", "repro", *targets]
    if not sys.stdout.isatty() or os.environ.get("CI"):
        return subprocess.run(command, check=False).returncode  # noqa: S603 - our own command
    from rich.console import Console  # noqa: PLC0415 - a pipe needs none of it

    names = stages()
    course = Course(0 if targets else len(names), usual_seconds(names), since=time.monotonic())
    LOG.parent.mkdir(exist_ok=True)
    with LOG.open("w", encoding="utf-8") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace")  # noqa: S603
        try:
            watch(_kept(process.stdout or (), log.write), course, Console())
        except KeyboardInterrupt:
            # The stages got it, too, and stop after their step.
            print("Stopping; the next run goes on from here.", file=sys.stderr)
        status = process.wait()
    if status:
        print("".join(LOG.read_text(encoding="utf-8").splitlines(keepends=True)[-SHOWN_AFTER_FAILURE:]), file=sys.stderr)
        print(f"The run stopped. {LOG} has everything that was printed.", file=sys.stderr)
    elif INDEX.exists():
        print(f"Open {INDEX.resolve().as_uri()}")
    return status


def _kept(lines: Iterable[str], keep: Callable[[str], object]) -> Iterator[str]:
    for line in lines:
        keep(line)
        yield line


def main() -> None:
    """Run the stages that are named, or all."""
    sys.exit(run(sys.argv[1:]))
