"""Call a function for each of many tasks: in this process, in several, or in a Ray cluster. The results come in order.

Who calls makes no difference to the result, so no stage depends on the section `scale` of params.yaml. Tasks may be called
twice, for whoever runs one may die: what they write must be the same each time (`three_tutors/scale/shards.py`).
"""

from __future__ import annotations

import gc
import logging
import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from importlib import import_module
from itertools import islice
from multiprocessing import get_all_start_methods, get_context
from multiprocessing.context import BaseContext
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field

from three_tutors.pipeline.diagnostics import ParamsError, TutorError
from three_tutors.pipeline.params import params, read

Task = TypeVar("Task")
Result = TypeVar("Result")

RETRIES = 5
"""How often a task is called again after whoever ran it died."""
WORTH_PROCESSES = 2_000_000
"""With fewer bytes to read, a second process costs more than it saves."""
THREADED = {"polars", "torch"}
_HERE = "local"
"""The address of a Ray of one's own on this machine."""
ONE_THREAD = dict.fromkeys(("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS"), "1")
"""Of each process: there are as many of them as cores."""


@params
class Engine:
    """Who calls, and how many at once."""

    engine: Literal["local", "ray"] = "local"
    """`local`: processes of this machine; `ray`: those of a Ray cluster."""
    address: str | None = None
    """Of a cluster that runs already; null takes the one that RAY_ADDRESS names, and without that starts one on this machine."""
    processes: Literal["auto"] | Annotated[int, Field(ge=1)] = "auto"
    """Tasks at once; `auto` is the number of cores."""
    in_flight: Annotated[int, Field(ge=1)] = 4
    """Tasks handed out for each process; more keep it busy, fewer keep memory low."""

    def worth(self, size: int) -> Engine:
        """Return who is worth calling for `size` bytes: this process alone, where they are few and Ray was not asked for."""
        return ALONE if self.engine == "local" and size < WORTH_PROCESSES else self


ALONE = Engine(processes=1)
"""This process."""


def chosen() -> Engine:
    """Return what params.yaml says under `scale`; a file without it means the processes of this machine."""
    return read("scale", Engine, absent=Engine())


def mapped(function: Callable[[Task], Result], tasks: Iterable[Task], how: Engine = ALONE) -> Iterator[Result]:
    """Yield what `function` returns for each task, in the order of the tasks.

    Both have to be picklable where `how` is more than this process.

    Raises:
        ParamsError: Ray was asked for and is not installed.
        TutorError: whoever ran a task died more than `RETRIES` times.

    """
    if how.engine == "ray":
        yield from _by_ray(function, tasks, how)
        return
    processes = cores() if how.processes == "auto" else how.processes
    if processes == 1:
        yield from map(function, tasks)
    else:
        yield from _by_processes(function, tasks, replace(how, processes=processes))


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _by_processes(function: Callable[[Task], Result], tasks: Iterable[Task], how: Engine) -> Iterator[Result]:
    """Yield the results in order; after a process died, those that were under way are begun again in new ones."""
    processes = int(how.processes)
    waiting, under_way = iter(tasks), deque[Task]()
    for died in range(RETRIES + 1):
        with ProcessPoolExecutor(processes, _context(), initializer=_prepared) as pool:
            results = deque(pool.submit(_called, function, task) for task in under_way)
            try:
                while True:
                    for task in islice(waiting, processes * how.in_flight - len(results)):
                        under_way.append(task)
                        results.append(pool.submit(_called, function, task))
                    if not results:
                        return
                    result = results.popleft().result()
                    under_way.popleft()
                    yield result
            except BrokenProcessPool:
                if died == RETRIES:
                    raise TutorError(
                        f"A process that read data was killed {died + 1} times, most likely for want of memory. Set scale.processes in "
                        "params.yaml to fewer and run again: what was finished is kept."
                    ) from None


def _context() -> BaseContext:
    """Return how processes are started: as copies of this one, or afresh where a library with threads of its own is loaded.

    A copy has the locks of those threads and not the threads, and would wait for ever.
    """
    afresh = "forkserver" if "forkserver" in get_all_start_methods() else "spawn"
    return get_context(afresh if THREADED & sys.modules.keys() else None)


def _prepared() -> None:
    """Make this process one of many: one thread, and no search for what refers back to itself, which takes a sixth of the time."""
    os.environ.update(ONE_THREAD)
    gc.disable()


def _called(function: Callable[[Task], Result], task: Task) -> Result:
    try:
        return function(task)
    finally:
        gc.collect()  # now and then, for libraries do leave circles


def _by_ray(function: Callable[[Task], Result], tasks: Iterable[Task], how: Engine) -> Iterator[Result]:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        ray: Any = import_module("ray")  # an extra
    except ImportError:
        raise ParamsError(
            "params.yaml: scale.engine is ray, which is not installed; install the extra `scale` (docs/scale.md), or set it to local."
        ) from None
    if not ray.is_initialized():
        _start(ray, how)  # it stops when this process ends; a stage calls more than once
    try:
        window = how.in_flight * (max(1, int(ray.cluster_resources().get("CPU", 1))) if how.processes == "auto" else how.processes)
        remote, shared, folder = ray.remote(max_retries=RETRIES)(_called_in), ray.put(function), os.getcwd()  # noqa: PTH109 - a text
        waiting, under_way = iter(tasks), deque[Any]()
        while True:
            under_way.extend(remote.remote(folder, shared, task) for task in islice(waiting, window - len(under_way)))
            if not under_way:
                return
            yield ray.get(under_way.popleft())
    except ray.exceptions.RayTaskError as error:
        raise error.cause from None
    except ray.exceptions.RayError as error:
        reason = str(error).split("\n", maxsplit=1)[0]
        raise TutorError(f"Ray stopped: {reason} Run the stage again: what was finished is kept.") from None


def _start(ray: Any, how: Engine) -> None:  # noqa: ANN401 - a module
    """Join the cluster that is named, or start Ray here with `processes` cores."""
    # Without an address, Ray would join whatever cluster somebody runs on this machine, and refuse to be told how many cores to use.
    address = how.address or os.environ.get("RAY_ADDRESS") or _HERE
    cpus = {"num_cpus": cores() if how.processes == "auto" else how.processes, "include_dashboard": False} if address == _HERE else {}
    path = os.pathsep.join(filter(None, (os.getcwd(), os.environ.get("PYTHONPATH"))))  # noqa: PTH109 - a text
    environment = {"env_vars": {**ONE_THREAD, "PYTHONPATH": path}}
    ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, runtime_env=environment, **cpus)


def _called_in(folder: str, function: Callable[[Task], Result], task: Task) -> Result:
    """Call `function` in the folder that the stage runs in, which every machine has at the same path."""
    os.chdir(folder)
    return _called(function, task)
