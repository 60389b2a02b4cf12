"""The gate in a Ray cluster, with workers, nodes and drivers that die. `make test-scale` runs it; it needs the extra `scale`."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests import synthetic
from tests.conftest import ROOT
from tests.written import LIMITS
from three_tutors.checking.batches import batches
from three_tutors.checking.exam import Exam
from three_tutors.checking.files import find
from three_tutors.checking.gathering import Gathering, gather, inspected
from three_tutors.pipeline.diagnostics import DataError
from three_tutors.scale import blocks
from three_tutors.scale.engine import ALONE, Engine, mapped
from three_tutors.scale.shards import made
from three_tutors.tutoring.dialogue import Dialogue

ray = pytest.importorskip("ray", reason="needs Ray, which the extra `scale` brings: make test-scale")
from ray._private.utils import read_ray_address as find_ray_address  # noqa: E402
from ray.cluster_utils import Cluster  # noqa: E402

pytestmark = pytest.mark.slow
DIALOGUES = 700
SMALL = {"LEAST": 60_000, "MOST": 200_000, "ONE_OF": 8}


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SMALL.items():
        monkeypatch.setattr(blocks, name, value)
    monkeypatch.setattr("three_tutors.scale.engine.WORTH_PROCESSES", 1)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with one file of many dialogues."""
    folder = tmp_path_factory.mktemp("data")
    synthetic.write(folder / "dialogues/all.jsonl", DIALOGUES)
    return folder


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Start a cluster of one node with two cores."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    started = Cluster(initialize_head=True, head_node_args={"num_cpus": 2, "include_dashboard": False})
    yield started
    started.shutdown()


@pytest.fixture
def how(cluster: Any) -> Iterator[Engine]:
    """Return the engine that joins the cluster; a test leaves it."""
    yield Engine(engine="ray", address=cluster.address)
    ray.shutdown()


def digest(verdict: Gathering) -> str:
    """Return the SHA-256 of everything that the gate says and writes."""
    found = hashlib.sha256(json.dumps([*map(str, verdict.problems), verdict.summary, verdict.tally.to_record()]).encode())
    for line in verdict.records(Dialogue):
        found.update(line)
    for shard, _ in verdict.parts:
        for path in sorted(shard.folder.iterdir()):
            found.update(path.name.encode() + path.read_bytes())
    return found.hexdigest()


@pytest.fixture(scope="module")
def expected(data: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the digest of the verdict that one process reaches."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SMALL.items():
            patch.setattr(blocks, name, value)
        made = gather([data], LIMITS, {}, tmp_path_factory.mktemp("alone"), how=ALONE)
        assert (made.told.errors, len(made.parts) >= 10) == (0, True)
        return digest(made)


def test_ray_and_processes_say_what_one_process_says(data: Path, expected: str, how: Engine, tmp_path: Path) -> None:
    """One process, two, and a cluster leave the same bytes."""
    assert digest(gather([data], LIMITS, {}, tmp_path / "two", how=Engine(processes=2))) == expected
    assert digest(gather([data], LIMITS, {}, tmp_path / "ray", how=how)) == expected


def whose_and_how_many(_: int) -> tuple[str, float]:
    """Return where a task runs, and how many cores there are."""
    return str(ray.get_runtime_context().gcs_address), ray.cluster_resources()["CPU"]


@pytest.mark.parametrize("named", [False, True])
def test_who_names_no_cluster_gets_one_of_its_own(named: bool, cluster: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cluster that somebody else runs on this machine is joined where RAY_ADDRESS names it, and else left alone."""
    assert find_ray_address() == cluster.address  # `ray.init` without an address would join it
    if named:
        monkeypatch.setenv("RAY_ADDRESS", cluster.address)
    try:
        [(address, cores)] = mapped(whose_and_how_many, [0], Engine(engine="ray", processes=1))
    finally:
        ray.shutdown()
    assert ((address == cluster.address), cores) == ((True, 2) if named else (False, 1))


def test_the_order_of_handing_out_changes_nothing(data: Path, expected: str, how: Engine, tmp_path: Path) -> None:
    """Shards that were made in any order, by whoever, are the shards that are wanted."""
    planned = list(batches(find([data])[0]))
    random.Random(4).shuffle(planned)
    list(mapped(partial(inspected, limits=LIMITS, exam=Exam(), under=tmp_path), planned, how))
    times = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert digest(gather([data], LIMITS, {}, tmp_path, how=how)) == expected
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == times


def test_a_worker_that_is_killed_costs_what_it_was_at(how: Engine, tmp_path: Path) -> None:
    """Killed before, while and after it writes a shard, each once, a task is called again and leaves the same."""

    def write(number: int, folder: Path) -> int:
        die(number, 1)
        (folder / "a.txt").write_text(f"{number}" * 1000)
        return number

    def die(number: int, point: int) -> None:
        mark = tmp_path / f"killed-{number}-{point}"
        if number % 3 == point and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)

    def task(number: int) -> int:
        die(number, 0)
        shard = made(tmp_path / "shards", f"{number}", partial(write, number))
        die(number, 2)
        return int(shard.summary)

    assert list(mapped(task, range(9), how)) == list(range(9))
    assert len(list(tmp_path.glob("killed-*"))) == 9
    assert {path.read_text() for path in tmp_path.glob("shards/[0-9]/a.txt")} == {f"{number}" * 1000 for number in range(9)}


def test_a_node_that_is_killed_costs_what_it_was_at(cluster: Any, data: Path, expected: str, how: Engine, tmp_path: Path) -> None:
    """Half of the cores vanish after the first shards; the others finish, with the same bytes."""
    node = cluster.add_node(num_cpus=2)
    ray.init(address=cluster.address, log_to_driver=False, runtime_env={"env_vars": {"PYTHONPATH": str(ROOT)}})
    planned = list(batches(find([data])[0]))

    def slowly(batch: Any) -> str:
        time.sleep(0.5)
        inspected(batch, LIMITS, Exam(), tmp_path)
        return str(ray.get_runtime_context().get_node_id())

    results = mapped(slowly, planned, how)
    nodes = [next(results), next(results)]
    cluster.remove_node(node, allow_graceful=False)
    nodes += results
    assert len(nodes) == len(planned)
    assert digest(gather([data], LIMITS, {}, tmp_path, how=ALONE)) == expected


@pytest.mark.parametrize("after", [0, 1, 3, 5, 8])
def test_a_driver_that_is_killed_goes_on_where_it_was(after: int, cluster: Any, data: Path, expected: str, tmp_path: Path) -> None:
    """After so many shards the stage's own process is killed; the next run makes only the others, and ends with the same bytes."""
    code = f"""
import pathlib
from tests.written import LIMITS
from three_tutors.checking.gathering import gather
from three_tutors.scale import blocks
from three_tutors.scale.engine import Engine
for name, value in {SMALL!r}.items():
    setattr(blocks, name, value)
how = Engine(engine="ray", address={cluster.address!r}, in_flight=1)
gather([pathlib.Path({str(data)!r})], LIMITS, {{}}, pathlib.Path({str(tmp_path)!r}), how=how)
"""
    driver = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stderr=subprocess.PIPE)
    while driver.poll() is None and len(finished(tmp_path)) < after:
        time.sleep(0.01)
    driver.kill()
    driver.communicate()
    time.sleep(1)  # for tasks that outlive their driver by a moment
    before = finished(tmp_path)
    assert len(before) >= after
    assert digest(gather([data], LIMITS, {}, tmp_path, how=ALONE)) == expected
    assert before.items() <= finished(tmp_path).items()


def finished(folder: Path) -> dict[str, int]:
    """Return the finished shards, and when their files were written."""
    return {path.parent.name: path.stat().st_mtime_ns for path in folder.glob("[0-9a-f]*/shard.json")}


def test_what_a_task_refuses_is_told_as_it_is(how: Engine) -> None:
    """An error in the data arrives as the sentence that it is, without Ray's words around it."""

    def refused(number: int) -> int:
        raise DataError(f"{number} is no number")

    with pytest.raises(DataError, match=r"^0 is no number$"):
        list(mapped(refused, range(3), how))
