from __future__ import annotations

import os
import signal
from functools import partial
from pathlib import Path

import pytest

from three_tutors.pipeline.diagnostics import DataError, TutorError
from three_tutors.scale.engine import ALONE, Engine, mapped

TWO = Engine(processes=2, in_flight=2)


def squared(number: int) -> int:
    """Return the square."""
    return number * number


def refused(number: int) -> int:
    """Find something wrong with one task."""
    if number == 3:
        raise DataError("three is no number")
    return number


def killed_once(number: int, folder: Path) -> int:
    """Die the first time that one of the tasks is called."""
    mark = folder / f"{number}"
    if number % 4 == 3 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def killed(_: int) -> int:
    """Die whenever called."""
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


@pytest.mark.parametrize("how", [ALONE, TWO])
def test_results_come_in_the_order_of_the_tasks(how: Engine) -> None:
    """Whoever calls, the result is that of `map`; no tasks give no results."""
    assert list(mapped(squared, range(20), how)) == [squared(number) for number in range(20)]
    assert list(mapped(squared, [], how)) == []


def test_few_tasks_are_handed_out_before_their_results_are_taken() -> None:
    """A million tasks are not made at once: those ahead of the result that is taken are two for each of two processes."""
    made: list[int] = []
    results = mapped(squared, (made.append(number) or number for number in range(100)), TWO)
    next(results)
    assert len(made) <= 5
    results.close()  # type: ignore[attr-defined]  # it is a generator


def test_a_process_that_is_killed_costs_what_it_was_at(tmp_path: Path) -> None:
    """The tasks under way are called again, and the results are the same and in order."""
    assert list(mapped(partial(killed_once, folder=tmp_path), range(10), TWO)) == list(range(10))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["3", "7"]


def test_a_task_that_kills_whoever_runs_it_is_given_up() -> None:
    """After five retries the error says what may be wrong and what to do."""
    with pytest.raises(TutorError, match=r"killed 6 times.*scale\.processes"):
        list(mapped(killed, range(3), TWO))


@pytest.mark.parametrize("how", [ALONE, TWO])
def test_what_a_task_refuses_is_told_as_it_is(how: Engine) -> None:
    """An error in the data is no reason to try again."""
    with pytest.raises(DataError, match="three is no number"):
        list(mapped(refused, range(6), how))


def test_little_work_stays_in_this_process() -> None:
    """A second process takes longer to start than a few files take to read; who asks for Ray gets Ray."""
    assert (TWO.worth(1_000), TWO.worth(10_000_000), Engine(engine="ray").worth(1_000).engine) == (ALONE, TWO, "ray")
