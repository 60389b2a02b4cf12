"""Several processes that train one model: each works on a share of every step, and all take the same steps.

`torchrun` and `accelerate launch` start them on one machine, Ray on several (see `ray_processes`); each is told by environment variables
which one it is. Gradients are summed over gloo on CPUs and over NCCL on GPUs. One process alone uses none of this.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

import torch
from torch import Tensor, distributed

from three_tutors.language_model import ray_processes
from three_tutors.language_model.learner import Sums
from three_tutors.language_model.settings import Device, on_gpu
from three_tutors.language_model.supervision import Unit
from three_tutors.pipeline.diagnostics import ParamsError, TutorError

Launcher = Literal["torchrun", "accelerate", "ray"]
U = TypeVar("U", bound=Unit)

COUNT = "WORLD_SIZE"
"""The variable by which launchers say how many processes there are."""


@dataclass(frozen=True)
class Processes:
    """This process among those that train together; the default is one that trains alone."""

    rank: int = 0
    count: int = 1

    @property
    def first(self) -> bool:
        """Whether this is the process that writes and speaks for all."""
        return self.rank == 0

    def share(self, batch: Sequence[U]) -> list[U]:
        """Return this process's share of `batch`: dealt out like cards, longest first, so that shares are about equal in tokens."""
        if self.count == 1:
            return list(batch)
        return sorted(batch, key=lambda example: -len(example.ids))[self.rank :: self.count]

    def add_gradients(self, parameters: Iterable[Tensor]) -> None:
        """Put into every `grad` the sum over all processes."""
        if self.count == 1:
            return
        waiting = []
        for parameter in parameters:
            if parameter.grad is None:  # its share of the step was empty
                parameter.grad = torch.zeros_like(parameter)
            waiting.append(distributed.all_reduce(parameter.grad, async_op=True))
        for work in waiting:
            work.wait()

    def add(self, sums: Sums) -> Sums:
        """Return the sum over all processes."""
        if self.count == 1:
            return sums
        total = torch.tensor([sums.loss, sums.correct, sums.tokens], dtype=torch.float64, device=_device())
        distributed.all_reduce(total)
        loss, correct, tokens = total.tolist()
        return Sums(loss, int(correct), int(tokens))

    def gathered(self, number: int) -> list[int]:
        """Return the `number` of every process, in the order of their ranks; none goes on before all have sent theirs."""
        if self.count == 1:
            return [number]
        own = torch.tensor([number], device=_device())
        numbers = [torch.empty_like(own) for _ in range(self.count)]
        distributed.all_gather(numbers, own)
        return [int(one) for one in numbers]


ALONE = Processes()


@contextlib.contextmanager
def joined(device: Device) -> Iterator[Processes]:
    """Join the processes that a launcher started together with this one; alone without a launcher."""
    if int(os.environ.get(COUNT, "1")) == 1:
        yield ALONE
        return
    if distributed.is_initialized():  # Ray Train has joined them
        yield Processes(distributed.get_rank(), distributed.get_world_size())
        return
    gpu = on_gpu(device)
    if gpu:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    distributed.init_process_group("nccl" if gpu else "gloo")
    try:
        yield Processes(distributed.get_rank(), distributed.get_world_size())
    finally:
        distributed.destroy_process_group()


def launched(launcher: Launcher | None, count: int, module: str, device: Device = "auto") -> bool:
    """Run `module` in `count` processes and wait for them; False where this process is to do the work itself.

    It does where no launcher is set, and where a launcher started it.

    Raises:
        ParamsError: several processes are asked for and no launcher is set, or the launcher is not installed.
        TutorError: one of the processes failed; it has printed why.

    """
    section = module.rpartition("train_")[2]  # a method's stage and its params have its name
    if launcher is None and count > 1:
        raise ParamsError(f"{section}.processes is {count}, but {section}.launcher is null; set it to `torchrun`, `accelerate` or `ray`.")
    if launcher is None or COUNT in os.environ:
        return False
    if launcher == "ray":
        ray_processes.train(module, count, device)
        return True
    threads = str(max(1, (os.cpu_count() or 1) // count))
    environment = {"OMP_NUM_THREADS": threads, **os.environ}
    with subprocess.Popen(command(launcher, count, module), env=environment) as launching:  # noqa: S603 - our own module
        try:
            status = launching.wait()
        except KeyboardInterrupt:
            launching.wait()  # Ctrl-C reached the launcher too; its processes finish their step
            raise
    if status:
        raise TutorError(f"Training in {count} processes by {launcher} failed; the reason is printed above.")
    return True


def command(launcher: Literal["torchrun", "accelerate"], count: int, module: str) -> list[str]:
    """Return the command that runs `module` in `count` processes of this machine."""
    if launcher == "torchrun":
        return [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={count}", "-m", module]
    # `--multi_gpu` is what makes accelerate start several processes; on a machine without GPUs they use its cores.
    several = ["--multi_gpu"] if count > 1 else []
    plain = ["--num_machines=1", "--mixed_precision=no", "--dynamo_backend=no", "--main_process_port=0"]
    return [sys.executable, "-m", "accelerate.commands.launch", *several, f"--num_processes={count}", *plain, "--module", module]


def _device() -> str:
    return "cuda" if distributed.get_backend() == "nccl" else "cpu"
