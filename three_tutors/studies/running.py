"""Run what the table of a study lacks, and add each run to it as soon as it is done."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from ruamel.yaml import YAML

from three_tutors.pipeline.params import PARAMS_FILE
from three_tutors.studies.definition import SOURCE, Run
from three_tutors.studies.experiments import Experiments
from three_tutors.studies.identity import Identity
from three_tutors.studies.measured import Files, base, measured, seconds, sense_of
from three_tutors.studies.reading import sense_read
from three_tutors.studies.replies import Replies, add_replies
from three_tutors.studies.table import READ, SENSE, Row, add_rows, read_rows

TRIES = 3
"""DVC's queue now and then loses an experiment when several workers run (github.com/treeverse/dvc/issues/10673)."""
LOOK = 1.0
"""Seconds between two looks for finished experiments."""
GRACE = 20.0
"""Seconds that workers may take to appear."""
LINES = 8
"""Last lines of a failed experiment that are shown."""


@dataclass(frozen=True)
class Running:
    """What the runs of one study have in common."""

    table: Path
    figures: Sequence[str]
    jobs: int
    say: Callable[[str], object]

    def there(self, run: Run, made: Identity) -> bool:
        """Return whether the table has a run of the same settings, made of the same."""
        return any(
            (row.tutor, row.settings, row.data, row.code, row.params) == (run.tutor, run.said, made.data, made.code, made.params)
            for row in read_rows(self.table)
        )

    def work(self, queue: Experiments, lacking: Sequence[tuple[Run, Identity]]) -> dict[str, str]:
        """Run all that is lacking; return what failed with its last words.

        Raises:
            DataError: a run measured none of the figures.

        """
        waiting = {f"run-{number:03d}": one for number, one in enumerate(lacking, start=1)}
        failed: dict[str, str] = {}
        begun = time.monotonic()
        for attempt in range(1, TRIES + 1):
            for name, (run, _) in waiting.items():
                queue.queue(name, run.target, {**run.always, **run.settings, **_found(run)})
            queue.start(self.jobs)
            working, started = True, time.monotonic()
            while waiting and working:
                time.sleep(LOOK)
                # Asked before the look, so that what ends in between is still found.
                working = queue.working() or time.monotonic() - started < GRACE
                for name in [name for name in queue.finished() if name in waiting]:
                    told = self._keep(queue, *waiting.pop(name), queue.finished()[name])
                    done = len(lacking) - len(waiting) - len(failed)
                    left = _duration((time.monotonic() - begun) / done * len(waiting))
                    self.say(f"[{done}/{len(lacking)}] {told}{f'; about {left} left' if waiting else ''}")
            for name in [*waiting]:
                if log := queue.log(name):
                    run = waiting.pop(name)[0]
                    failed[run.label] = "\n".join(log.split("\n")[-LINES:])
                    self.say(f"failed: {run.label}\n{failed[run.label]}")
            if not waiting:
                break
            if attempt < TRIES:
                queue.forget_failed()
                self.say(f"DVC lost {len(waiting)} of the experiments; they are put on its queue again.")
        return failed | {run.label: f"DVC's queue lost it {TRIES} times; try --jobs 1." for run, _ in waiting.values()}

    def _keep(self, queue: Experiments, run: Run, made: Identity, commit: str) -> str:
        """Add the figures of a finished run to the table; return them in words."""
        files = partial(queue.read, commit)
        model, replies = base(files), self._replies(run, made, files)
        means = {one.figure: sum(one.values.values()) / len(one.values) for one in replies}
        found = {name: value for name, value in measured(run.tutor, self.figures, files).items() if name not in means} | means
        taken, today = seconds(run.tutor, files), datetime.now(UTC).date().isoformat()
        add_replies(self.table, replies)
        add_rows(
            self.table,
            [
                Row(run.tutor, run.said, name, _rounded(value), taken, model, made.data, made.code, made.params, processor(), today)
                for name, value in found.items()
            ],
        )
        said = ", ".join(f"{name} {value:.4g}" for name, value in found.items())
        return f"{run.label}: {said}{f', made in {float(taken):.0f} s' if taken else ''}"

    def _replies(self, run: Run, made: Identity, files: Files) -> list[Replies]:
        """Return the figures of sense of a finished run, reply by reply."""
        told = [(SENSE, "", sense_of(run.tutor, files))] if SENSE in self.figures else []
        if READ in self.figures:
            told.append((READ, *sense_read(run.tutor, files)))
        about = (base(files), made.data, made.code, made.params)
        return [
            Replies(run.tutor, run.said, figure, reader, *about, {item: round(value, 3) for item, value in values.items()})
            for figure, reader, values in told
            if values
        ]


def _rounded(value: float) -> float:
    """Return a value to four places, a small one such as a learning rate to three digits."""
    return round(value, 4) if abs(value) >= 0.1 else float(f"{value:.3g}")  # noqa: PLR2004 - the first place


def processor() -> str:
    """Return the kind of processor, its cores and whether it multiplies matrices in bf16, which decides how fast training is."""
    path = Path("/proc/cpuinfo")
    rows = [line.partition(":") for line in path.read_text(encoding="utf-8").split("\n")] if path.exists() else []
    said = {name.strip(): value.strip() for name, _, value in rows}
    units = next((unit for unit in ("amx_bf16", "avx512_bf16") if unit in said.get("flags", "").split()), "no bf16 units")
    return f"{said.get('model name') or platform.machine()}, {os.cpu_count()} cores, {units}"


def _found(run: Run) -> Mapping[str, str]:
    """Return the place of a model on this disk by its whole path, which is the same in the copy."""
    source = run.settings.get(SOURCE, run.always.get(SOURCE)) or YAML(typ="safe").load(PARAMS_FILE)["base_model"]["source"]
    path = Path(source).expanduser()
    return {SOURCE: str(path.absolute())} if path.exists() else {}


def _duration(left: float) -> str:
    return f"{left / 60:.0f} minutes" if left >= 90 else f"{left:.0f} seconds"  # noqa: PLR2004 - a minute and a half
