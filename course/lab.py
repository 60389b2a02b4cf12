"""What the sessions share: where things are, and the lab profile, a pipeline small enough for an hour on two cores."""

from __future__ import annotations

import atexit
import contextlib
import csv
import functools
import logging
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from three_tutors.checking.gate import check
from three_tutors.checking.inspecting import Limits
from three_tutors.tutoring.dialogue import Dialogue
from three_tutors.tutoring.moment import Moment

if TYPE_CHECKING:
    from three_tutors.openai_server.serving import Server

os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # DSPy would look for prices on the network
for name in ("NO_PROXY", "no_proxy"):  # a proxy would look for the service of session 3 on its own machine
    os.environ[name] = ",".join(part for part in (os.environ.get(name), "127.0.0.1,localhost") if part)

warnings.filterwarnings("ignore", message="IProgress not found")  # without widgets Jupyter shows progress as text, which is fine
for name in ("dspy.clients.lm", "dspy.evaluate.evaluate"):  # replies are cut on purpose, and the notebooks print scores themselves
    logging.getLogger(name).setLevel(logging.ERROR)

ROOT = Path(__file__).parent.parent
WORK = Path(os.environ.get("COURSE_WORK") or ROOT / "course/work")
"""What students make and hand in: labels, dialogues, programs, the decision."""
SCRATCH = WORK / ".scratch"
"""What is made again in a minute: weights, jobs."""
BASE = Path(os.environ.get("COURSE_BASE") or ROOT / "models/base")
QUICK = "COURSE_QUICK" in os.environ
"""Set by the project's tests: the shortest replies, the fewest dialogues."""
TOKENS = 8 if QUICK else 40
"""Most tokens of a reply."""
SPARE = 5
"""More dialogues are read than are asked for, because teachers open some."""
LIMITS = Limits(max_turns=30, max_words=80, near_duplicate=0.6)
"""What the gate lets through, as in params.yaml."""


def scratch() -> Path:
    """Return the folder for what is made again in a minute."""
    SCRATCH.mkdir(parents=True, exist_ok=True)
    return SCRATCH


def dialogues(split: str, most: int) -> list[Dialogue]:
    """Return the `most` shortest dialogues of a split (`train`, `validation` or `test`) that a student opens; everybody gets the same."""
    with (ROOT / "data/raw/splits.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == split]
    paths = [ROOT / f"data/raw/dialogues/{row['subject']}/{row['id']}.yaml" for row in rows]
    there = sorted((path.stat().st_size, path) for path in paths if path.exists())
    read = check([path for _, path in there[: most + SPARE]], LIMITS).dialogues
    opened = {ROOT / one.source: one for one in read if one.turns[0].speaker == "student"}
    return sorted([opened[path] for _, path in there if path in opened][:most], key=lambda one: one.id)


def named(*names: str) -> list[Dialogue]:
    """Return dialogues by their names, in that order."""
    paths = [next((ROOT / "data/raw/dialogues").rglob(f"{name}.yaml")) for name in names]
    by_name = {one.id: one for one in check(paths, LIMITS).dialogues}
    return [by_name[name] for name in names]


def moments(names: Sequence[str]) -> list[Moment]:
    """Return moments or contrast pairs by their names."""
    return check([ROOT / f"data/raw/moments/{name}.yaml" for name in names], LIMITS).moments


def base() -> Path:
    """Return the folder of the base model, which is put there the first time (about 20 seconds)."""
    if not (BASE / "config.json").exists():
        print("Putting the base model on disk, once ...", flush=True)
        subprocess.run([sys.executable, "-m", "stages.prepare_base"], check=True, cwd=ROOT)
    return BASE


@functools.cache
def service(trains: bool = False) -> Server:
    """Return a running service on this machine that speaks the OpenAI protocol and holds the model `base`; `stop` ends it."""
    from three_tutors.openai_server.engine import ModelFiles  # noqa: PLC0415 - sessions 1 and 2 need no server
    from three_tutors.openai_server.fine_tuning import FineTuning  # noqa: PLC0415
    from three_tutors.openai_server.serving import serving  # noqa: PLC0415

    models = {"base": ModelFiles(base())}
    folder = Path(_running.enter_context(tempfile.TemporaryDirectory(prefix="service-", dir=scratch()))) if trains else None
    training = FineTuning(folder, models, fewest=1) if folder else None
    return _running.enter_context(serving(models, training=training))


def stop() -> None:
    """Stop the services that run; a job that trains is put aside. A kernel that ends does so too."""
    _running.close()
    service.cache_clear()


_running = contextlib.ExitStack()
atexit.register(stop)
