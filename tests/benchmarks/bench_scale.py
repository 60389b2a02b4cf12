"""What the stages that read every dialogue take for 10,000 and 100,000 of them: CPU seconds, wall seconds and memory.

    python -m tests.benchmarks.bench_scale [DIALOGUES ...]

`cpu_seconds` and `memory_mb` are of all processes of a stage together; wall seconds are those of a machine that does other things, too.
`one_line_more` is the gate after a dialogue was added to a corpus that it knows. The dialogues are those of the part on validate.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

from tests import synthetic

STAGES = ("split", "render", "estimate_costs")
SIZES = (10_000, 100_000)


def measure(sizes: tuple[int, ...]) -> dict[str, Any]:
    """Return what each stage takes for each size."""
    found: dict[str, dict[str, Any]] = {}
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="bench-scale-") as name:
            project = Path(name)
            shutil.copy(synthetic.ROOT / "params.yaml", project)
            shutil.copytree(synthetic.ROOT / "stages", project / "stages")
            (project / "data/raw").mkdir(parents=True)
            shutil.copy(synthetic.ROOT / "data/raw/prices.yaml", project / "data/raw")
            lines = project / "data/raw/dialogues/all.jsonl"
            synthetic.write(lines, size)
            found[f"{size}_dialogues"] = row = {"bytes": lines.stat().st_size, "validate": run(project, "validate")}
            with lines.open("a", encoding="utf-8") as file:
                file.write(json.dumps(next(itertools.islice(synthetic.dialogues(), size, None))) + "\n")
            row["one_line_more"] = run(project, "validate")
            row.update({stage: run(project, stage) for stage in STAGES})
    return found


def run(project: Path, stage: str) -> dict[str, float]:
    """Return seconds and peak memory of one stage.

    Raises:
        subprocess.CalledProcessError: the stage failed.

    """
    started, most, before = time.perf_counter(), 0, os.times()
    environment = {**os.environ, "PYTHONPATH": str(synthetic.ROOT)}
    command = [sys.executable, "-m", f"stages.{stage}"]
    process = psutil.Popen(command, cwd=project, env=environment, stdout=subprocess.DEVNULL)
    while process.poll() is None:
        with contextlib.suppress(psutil.Error):
            # Shared pages are counted once: the others began as copies of the first.
            most = max(most, sum(one.memory_full_info().pss for one in [process, *process.children(recursive=True)]))
        time.sleep(0.25)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return {"cpu_seconds": round(cpu, 1), "seconds": round(time.perf_counter() - started, 1), "memory_mb": round(most / 2**20)}


if __name__ == "__main__":
    print(json.dumps(measure(tuple(map(int, sys.argv[1:])) or SIZES), indent=2))
