"""Several stages at a time, each as soon as what it needs is there; `dvc repro` alone runs one after the other.

Every stage is a `dvc --wait-for-lock repro --single-item` of its own. Without the flag, two of them that want to write dvc.lock at the
same moment would fail. When a stage fails, no other is started, and those under way are finished.
"""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from queue import SimpleQueue

from three_tutors.pipeline.diagnostics import TutorError

DVC = (sys.executable, "-m", "dvc", "--wait-for-lock")
PASSED_ON = ("-f", "--force", "--pull", "--allow-missing", "--no-run-cache", "--no-commit", "-v", "--verbose")
"""Options of `dvc repro` that mean the same for each stage by itself."""
LAST_LINES = 30
"""Lines kept of a stage that failed."""

_NODE = re.compile(r'^"([^"]+)";$')
_EDGE = re.compile(r'^"([^"]+)" -> "([^"]+)";$')


def needs() -> dict[str, set[str]]:
    """Return for every stage, in the order of dvc.yaml, which others it needs the outputs of.

    Raises:
        TutorError: DVC cannot read the pipeline.

    """
    done = subprocess.run([*DVC, "dag", "--dot"], capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    if done.returncode:
        raise TutorError(done.stderr.strip())
    return read_dot(done.stdout)


def read_dot(text: str) -> dict[str, set[str]]:
    """Return the graph that `dvc dag --dot` prints: stage → stages that it needs."""
    found: dict[str, set[str]] = {}
    for line in map(str.strip, text.splitlines()):
        if node := _NODE.match(line):
            found.setdefault(node[1], set())
        elif edge := _EDGE.match(line):
            found.setdefault(edge[1], set())
            found.setdefault(edge[2], set()).add(edge[1])
    return found


def chosen(graph: Mapping[str, set[str]], words: Sequence[str]) -> tuple[dict[str, set[str]], list[str]]:
    """Return the part of `graph` that `words` ask for, with what it needs, and the options among them; no stage named means all.

    Raises:
        TutorError: a word is neither a stage nor an option that each stage can be given.

    """
    options = [word for word in words if word.startswith("-")]
    if wrong := [option for option in options if option not in PASSED_ON]:
        raise TutorError(f"With several jobs, {wrong[0]} cannot be passed on; those that can are {', '.join(PASSED_ON)}. Use --jobs 1.")
    wanted: set[str] = set() if len(words) > len(options) else set(graph)
    for word in words:
        if word not in options:
            named = {name for name in graph if name == word or name.startswith(f"{word}@")}
            if not named:
                raise TutorError(f"There is no stage {word!r} in dvc.yaml; it has {', '.join(graph)}.")
            wanted |= named
    todo = list(wanted)
    while todo:
        new = graph[todo.pop()] - wanted
        wanted |= new
        todo += new
    return {name: set(graph[name]) for name in graph if name in wanted}, options


class Jobs:
    """Stages under way, at most `most` at a time."""

    def __init__(self, graph: Mapping[str, set[str]], most: int, options: Sequence[str] = ()) -> None:
        """Begin with none; `options` are passed to `dvc repro`."""
        self.failed: dict[str, list[str]] = {}
        """Stages that failed, with the last lines that they printed."""
        self._graph, self._most, self._options = graph, most, options
        self._running: dict[str, subprocess.Popen[str]] = {}
        self._news: SimpleQueue[tuple[str, str | None]] = SimpleQueue()
        self._last: dict[str, deque[str]] = {}

    def lines(self) -> Iterator[tuple[str, str | None]]:
        """Run all stages; yield each line with the stage that printed it, an empty one when it begins, None when it has ended."""
        waiting, done = list(self._graph), set[str]()
        while True:
            for stage in [one for one in waiting if self._graph[one] <= done]:
                if len(self._running) < self._most and not self.failed:
                    waiting.remove(stage)
                    self._start(stage)
            if not self._running:
                return
            stage, line = self._news.get()
            if line is not None:
                self._last[stage].append(line)
            elif self._running.pop(stage).wait():
                self.failed[stage] = list(self._last[stage])
            else:
                done.add(stage)
            yield stage, line

    def wait(self) -> None:
        """Wait for the stages under way; no other is started."""
        for process in self._running.values():
            process.wait()

    def _start(self, stage: str) -> None:
        command = [*DVC, "repro", "--single-item", *self._options, stage]
        output = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        process = subprocess.Popen(command, encoding="utf-8", errors="replace", **output)  # type: ignore[call-overload] # noqa: S603
        self._running[stage], self._last[stage] = process, deque(maxlen=LAST_LINES)
        self._news.put((stage, ""))  # it has begun; DVC takes seconds until it prints
        threading.Thread(target=self._read, args=(stage, process), daemon=True).start()

    def _read(self, stage: str, process: subprocess.Popen[str]) -> None:
        for line in process.stdout or ():
            self._news.put((stage, line))
        self._news.put((stage, None))
