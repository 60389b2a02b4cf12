"""What the stages that read every dialogue take for 10,000, 100,000 and a million of them, and Ray beside local processes.

    python -m tests.benchmarks.bench_scale [DIALOGUES ...]

A row is CPU seconds, wall seconds and the most memory (MB) that all processes of a stage held together, shared pages counted once.
`one_line_more` is the gate after a dialogue was added to a corpus that it knows. `ten_times` is how many times as long ten times the
dialogues took. Ray and local processes get the same blocks and cores; Ray runs already, as in a cluster. The dialogues are made of
exchanges of our own in which six in ten longer words are replaced.
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
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from tests import synthetic
from tests.written import LIMITS
from three_tutors.checking.batches import batches
from three_tutors.checking.exam import Exam
from three_tutors.checking.files import find
from three_tutors.checking.gathering import inspected
from three_tutors.scale.engine import Engine, cores, mapped
from three_tutors.studies.running import processor

STAGES = (("validate",), ("one_line_more",), ("split",), ("render",), ("estimate_costs",), ("evaluate", "reference"))
SIZES = (10_000, 100_000, 1_000_000)
COMPARED = 100_000
"""Dialogues for Ray and local processes: a minute of work, beside which starting counts little."""
ROUNDS = 2


def measure(sizes: tuple[int, ...]) -> dict[str, Any]:
    """Return what each stage takes for each size, and Ray beside local processes."""
    found: dict[str, Any] = {"processor": processor(), "cores": cores(), **ray_beside_local()}
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="bench-scale-") as name:
            project = Path(name)
            _lay_out(project, size)
            row: dict[str, Any] = {"bytes": (project / "data/raw/dialogues/all.jsonl").stat().st_size}
            found[f"{size}_dialogues"] = row
            for stage, *words in STAGES:
                if stage == "one_line_more":
                    before = _shards(project)
                    _add_a_line(project, size)
                row[stage] = run(project, "validate" if stage == "one_line_more" else stage, *words)
                if stage == "one_line_more":
                    row[stage]["shards_made"] = len(_shards(project) - before)
                print(f"bench: {size} {stage} {row[stage]}", file=sys.stderr, flush=True)
    told = {f"{size}_dialogues": size for size in sizes}
    for (one, size), (other, larger) in itertools.pairwise(told.items()):
        if larger == 10 * size:
            took = {stage: round(found[other][stage]["seconds"] / found[one][stage]["seconds"], 1) for stage, *_ in STAGES}
            found[f"ten_times_{size}"] = took
    return found


def run(project: Path, stage: str, *words: str) -> dict[str, float]:
    """Return seconds and peak memory of one stage.

    Raises:
        subprocess.CalledProcessError: the stage failed.

    """
    started, most, before = time.perf_counter(), 0, os.times()
    environment = {**os.environ, "PYTHONPATH": str(synthetic.ROOT)}
    command = [sys.executable, "-m", f"stages.{stage}", *words]
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


def ray_beside_local() -> dict[str, Any]:
    """Return the seconds that the gate's map over the same blocks takes with Ray and with local processes, in turns; each its best.

    Nothing where Ray is not installed.
    """
    try:
        import ray  # noqa: PLC0415 - an extra
    except ImportError:
        return {}
    seconds: dict[str, list[float]] = {"local": [], "ray": []}
    with tempfile.TemporaryDirectory(prefix="bench-scale-") as name:
        folder = Path(name)
        synthetic.write(folder / "dialogues/all.jsonl", COMPARED)
        planned = list(batches(find([folder])[0]))
        os.environ["PYTHONPATH"] = str(synthetic.ROOT)
        engines = {"local": Engine(processes=cores()), "ray": Engine(engine="ray", processes=cores())}
        list(mapped(partial(_wait, seconds=1.0), range(2 * cores()), engines["ray"]))  # Ray starts, and its workers
        for number, kind in itertools.product(range(ROUNDS), engines):
            started = time.perf_counter()
            under = folder / f"{kind}-{number}"
            list(mapped(partial(inspected, limits=LIMITS, exam=Exam(), under=under), planned, engines[kind]))
            seconds[kind].append(time.perf_counter() - started)
            shutil.rmtree(under)
            print(f"bench: {kind} {seconds[kind][-1]:.1f} s", file=sys.stderr, flush=True)
        ray.shutdown()
    best = {kind: min(took) for kind, took in seconds.items()}
    figures = {f"{kind}_seconds": round(took, 1) for kind, took in best.items()}
    return {f"map_of_{COMPARED}": {**figures, "ray_beside_local": round(best["ray"] / best["local"], 3), "ray": ray.__version__}}


def _wait(_: int, seconds: float) -> None:
    time.sleep(seconds)


def _lay_out(project: Path, size: int) -> None:
    """Write a project with so many dialogues, and no exam."""
    for name in ("params.yaml", "dvc.yaml"):
        shutil.copy(synthetic.ROOT / name, project)
    shutil.copytree(synthetic.ROOT / "stages", project / "stages")
    for name in ("scenarios", "moments"):
        (project / "data/raw" / name).mkdir(parents=True)
    shutil.copy(synthetic.ROOT / "data/raw/prices.yaml", project / "data/raw")
    synthetic.write(project / "data/raw/dialogues/all.jsonl", size)


def _add_a_line(project: Path, size: int) -> None:
    with (project / "data/raw/dialogues/all.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(next(itertools.islice(synthetic.dialogues(), size, None)), ensure_ascii=False) + "\n")


def _shards(project: Path) -> set[str]:
    return {path.name for path in (project / ".cache/shards/validate").iterdir()}


if __name__ == "__main__":
    print(json.dumps(measure(tuple(map(int, sys.argv[1:])) or SIZES), indent=2))
