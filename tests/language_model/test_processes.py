from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from three_tutors.language_model.learner import Sums
from three_tutors.language_model.processes import ALONE, Processes, command, joined, launched
from three_tutors.language_model.supervision import Example


@given(lengths=st.lists(st.integers(1, 900), max_size=12), count=st.integers(1, 5))
def test_shares_hold_every_example_once_and_are_even(lengths: list[int], count: int) -> None:
    """Whatever the batch, each example is one process's, no process has two more than another, and the first reads most."""
    batch = [Example(str(number), (0,) * length, ((0, 1),)) for number, length in enumerate(lengths)]
    shares = [Processes(rank, count).share(batch) for rank in range(count)]
    assert sorted(int(example.id) for share in shares for example in share) == list(range(len(batch)))
    sizes, tokens = [len(share) for share in shares], [sum(len(example.ids) for example in share) for share in shares]
    assert (max(sizes) - min(sizes) <= 1, tokens) == (True, sorted(tokens, reverse=True))


def test_alone_nothing_is_exchanged_or_reordered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a launcher there is one process, which keeps the order of its batch and launches nothing."""
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    batch = [Example("short", (0,), ((0, 1),)), Example("long", (0, 0), ((0, 1),))]
    with joined("cpu") as processes:
        assert processes == ALONE
    assert (ALONE.share(batch), ALONE.gathered(7), ALONE.add(Sums(1.0, 2, 3))) == (batch, [7], Sums(1.0, 2, 3))
    assert launched(None, 1, "stages.train_lora") is False


def test_a_launched_process_does_not_launch_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of a launcher means: do the work."""
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert launched("torchrun", 2, "stages.train_lora") is False


def test_the_commands_are_those_of_the_launchers() -> None:
    """Both run our module with this Python; accelerate is told to start several only where there are several."""
    torchrun, accelerate, single = command("torchrun", 2, "m"), command("accelerate", 2, "m"), command("accelerate", 1, "m")
    assert torchrun == [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m", "m"]
    assert ("--multi_gpu" in accelerate, "--num_processes=2" in accelerate, "--multi_gpu" in single) == (True, True, False)
