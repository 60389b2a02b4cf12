"""`dvc repro` with a line that says where it is (see `progress`), and several stages at a time where that is asked for (see `at_once`).

    python -m three_tutors.command.run [--jobs N] [STAGE ...]

The line is there only in a terminal; in a pipe or on CI the output is DVC's own. Everything that the stages print is kept in
.cache/repro.log. With several jobs each stage under way has its line, and in a pipe each line of output begins with its stage.
"""

from __future__ import annotations

if __name__ == "__main__":
    from three_tutors.pipeline.starting import start

    start("three_tutors.command.run", reads_what_is_there=True)

import argparse
import contextlib
import itertools
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from three_tutors.command import at_once
from three_tutors.command.progress import LOOKING, RUNNING, Course, stages, usual_seconds, watch
from three_tutors.pipeline.diagnostics import ParamsError

LOG = Path(".cache/repro.log")
INDEX = Path("reports/index.html")
SHOWN_AFTER_FAILURE = 30
"""Lines of the log."""


def run(targets: Sequence[str], jobs: int = 1) -> int:
    """Run `dvc repro` on `targets`, all stages where there are none, at most `jobs` stages at a time; return its exit status."""
    if jobs > 1:
        return _at_once(targets, jobs)
    command = [sys.executable, "-m", "dvc", "repro", *targets]
    if not _in_terminal():
        return subprocess.run(command, check=False).returncode  # noqa: S603 - our own command
    names = stages()
    course = Course(0 if targets else len(names), usual_seconds(names), since=time.monotonic())
    with _log() as keep:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace")  # noqa: S603
        stopped = True
        with _until_stopped():
            # An empty line first, so that something is shown while DVC starts and looks what changed.
            _show((course, line) for _, line in _kept((("", line) for line in itertools.chain([""], process.stdout or (), [None])), keep))
            stopped = False
        status = process.wait()
    if status and not stopped:
        _tell_failure(_of_the_last_stage(LOG.read_text(encoding="utf-8").splitlines(keepends=True)))
    elif not status and INDEX.exists():
        print(f"Open {INDEX.resolve().as_uri()}")
    return status


def _at_once(words: Sequence[str], jobs: int) -> int:
    with _looking():
        graph, options = at_once.chosen(at_once.needs(), words)
    running = at_once.Jobs(graph, jobs, options)
    with _log() as keep:
        lines = _kept(running.lines(), keep)
        stopped = True
        with _until_stopped():
            if _in_terminal():
                usual, places = usual_seconds(list(graph)), itertools.count(1)
                courses = {name: Course(len(graph), usual, places, name=name) for name in graph}
                _show((courses[stage], line) for stage, line in lines)
            else:
                for stage, line in lines:
                    print(f"{stage} | {line}" if line else "", end="", flush=True)
            stopped = False
        running.wait()
    if running.failed and not stopped:
        _tell_failure(f"{stage} | {line}" for stage, last in running.failed.items() for line in last)
    return 1 if stopped or running.failed else 0


def _in_terminal() -> bool:
    return sys.stdout.isatty() and not os.environ.get("CI")


def _show(news: Iterable[tuple[Course, str | None]]) -> None:
    from rich.console import Console  # noqa: PLC0415 - a pipe needs none of it

    watch(news, Console())


@contextlib.contextmanager
def _looking() -> Iterator[None]:
    """Say in a terminal that DVC looks what there is to do, which takes seconds."""
    if not _in_terminal():
        yield
        return
    from rich.console import Console  # noqa: PLC0415 - a pipe needs none of it

    with Console().status(LOOKING):
        yield


@contextlib.contextmanager
def _log() -> Iterator[Callable[[str], object]]:
    """Yield what keeps a line in the log."""
    LOG.parent.mkdir(exist_ok=True)
    with LOG.open("w", encoding="utf-8") as log:
        yield log.write


@contextlib.contextmanager
def _until_stopped() -> Iterator[None]:
    """End the block at Ctrl-C, which the stages got, too: they stop after their step."""
    try:
        yield
    except KeyboardInterrupt:
        print("Stopping; the next run goes on from here.", file=sys.stderr)


def _of_the_last_stage(lines: Sequence[str]) -> Sequence[str]:
    """Return what the last stage printed, its last lines where it printed many."""
    starts = [number for number, line in enumerate(lines) if RUNNING.search(line)]
    return lines[starts[-1] if starts else 0 :][-SHOWN_AFTER_FAILURE:]


def _tell_failure(lines: Iterable[str]) -> None:
    print("".join(lines), file=sys.stderr)
    print(f"The run stopped. {LOG} has everything that was printed.", file=sys.stderr)


def _kept(lines: Iterable[tuple[str, str | None]], keep: Callable[[str], object]) -> Iterator[tuple[str, str | None]]:
    for stage, line in lines:
        if line:
            keep(f"{stage} | {line}" if stage else line)
        yield stage, line


def main() -> None:
    """Run the stages that are named, or all."""
    parser = argparse.ArgumentParser(prog="python -m three_tutors.command.run", add_help=False, allow_abbrev=False)
    parser.add_argument("--jobs", type=int, default=1, help="stages at a time")
    given, words = parser.parse_known_args()
    if given.jobs < 1:
        raise ParamsError(f"--jobs {given.jobs} runs nothing; give the number of stages to run at a time, such as --jobs 4.")
    sys.exit(run(words, given.jobs))
