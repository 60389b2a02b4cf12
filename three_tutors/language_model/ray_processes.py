"""Train in several processes of a Ray cluster: Ray Train starts them on its machines, and starts all again when one dies.

What they do is the stage's own `main`, as under torchrun: the run, its states on disk and going on from them are ours. The machines see
the project's folder at the same path, because the states and the result lie there. Ray joins the cluster that RAY_ADDRESS names or
that was started on this machine, or else starts one here.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import shutil
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

from three_tutors.language_model.settings import Device
from three_tutors.pipeline.diagnostics import ParamsError, TutorError
from three_tutors.pipeline.records import write_text

RESTARTS = 3
"""How often training is begun again after a process died; each time it goes on from the last state."""
KEPT = Path(".cache/ray")
"""A folder for each run under way: what Ray Train notes of it, what its processes print, and the sentence of a failure."""
SAID, PROBLEM = "said", "problem"
LOOK_SECONDS = 0.5
"""Between two looks at what the processes print."""
MISSING = "params.yaml: launcher is ray, which is not installed; install the extra `scale` (docs/scale.md), or set it to torchrun."
VARIABLES = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_TRAIN_ENABLE_PRINT_PATCH": "0", "RAY_TRAIN_WORKER_GROUP_START_TIMEOUT_S": "600"}
"""Unless they are set: Ray tells nobody, leaves what is printed alone, and waits while PyTorch is read from a slow shared disk."""


def train(module: str, count: int, device: Device) -> None:
    """Run `main` of `module` in `count` processes of the cluster, wait for them, and print what the first one prints.

    Raises:
        ParamsError: Ray is not installed.
        TutorError: training failed; says why.

    """
    os.environ.update({name: os.environ.get(name, value) for name, value in VARIABLES.items()})
    try:
        ray = importlib.import_module("ray")  # an extra, and without types
        ray_train, ray_torch = importlib.import_module("ray.train"), importlib.import_module("ray.train.torch")
    except ImportError:
        raise ParamsError(MISSING) from None
    folder, started = Path.cwd(), not ray.is_initialized()
    notes = folder / KEPT / uuid.uuid4().hex
    path = os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH"))))
    if started:
        # What Ray and its processes print themselves stays in Ray's own logs.
        ray.init(log_to_driver=False, logging_level=logging.ERROR, runtime_env={"env_vars": {"PYTHONPATH": path}})
    try:
        notes.mkdir(parents=True)
        each = cores_each([node["Resources"].get("CPU", 0) for node in ray.nodes() if node["Alive"]], count)
        gpus = device == "cuda" or (device == "auto" and ray.cluster_resources().get("GPU", 0) >= count)
        trainer = ray_torch.TorchTrainer(
            work,
            train_loop_config={"module": module, "folder": str(folder), "notes": str(notes)},
            scaling_config=ray_train.ScalingConfig(num_workers=count, use_gpu=gpus, resources_per_worker={"CPU": each}),
            run_config=ray_train.RunConfig(
                name=notes.name,
                storage_path=str(notes.parent),
                failure_config=ray_train.FailureConfig(max_failures=RESTARTS),
                worker_runtime_env={"env_vars": {"PYTHONPATH": path, "OMP_NUM_THREADS": str(each)}},
            ),
        )
        _followed(trainer.fit, notes / SAID)
        if (notes / PROBLEM).exists():
            raise TutorError((notes / PROBLEM).read_text(encoding="utf-8"))
    except ray_train.TrainingFailedError as error:
        reason = str(error).strip().split("\n")[-1]
        message = f"Training in {count} processes by ray failed {RESTARTS + 1} times: {reason} The next run goes on from the last state."
        raise TutorError(message) from error
    finally:
        if started:
            ray.shutdown()
        shutil.rmtree(notes, ignore_errors=True)


def work(config: dict[str, Any]) -> None:
    """Run the stage as one of the processes; a failure with a sentence is not tried again, because it would fail alike."""
    os.chdir(config["folder"])
    notes = Path(config["notes"])
    try:
        with (notes / SAID).open("a", encoding="utf-8", buffering=1) as said, contextlib.redirect_stdout(said):
            importlib.import_module(config["module"]).main()
    except TutorError as error:
        write_text(notes / PROBLEM, str(error))


def cores_each(cores: Sequence[float], count: int) -> int:
    """Return the most cores that each of `count` processes can have on machines with so many `cores`; 1 where there are too few.

    A process lies on one machine, and all have the same number.
    """
    most = int(max(cores, default=1))
    return next((each for each in range(most, 0, -1) if sum(int(one) // each for one in cores) >= count), 1)


def _followed(call: Callable[[], object], said: Path) -> None:
    """Call and print what meanwhile is added to the file `said`.

    The call is made in another thread: in the main one Ray Train takes Ctrl-C over for good, and ends the process as if all was done.
    """
    pool, shown = ThreadPoolExecutor(1), 0
    try:
        running = pool.submit(call)
        while True:
            over = bool(wait([running], LOOK_SECONDS).done)
            if said.exists():
                with said.open("rb") as file:
                    file.seek(shown)
                    news = file.read()
                shown += len(news)
                print(news.decode(errors="replace"), end="", flush=True)
            if over:
                running.result()
                return
    finally:
        pool.shutdown(wait=False)
