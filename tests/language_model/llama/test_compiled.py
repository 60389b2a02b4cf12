from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import torch

from three_tutors.language_model.llama.compiled import Array, array, exponential, forget_old_kernels, kernel, read, write


@kernel
def copied(source: Array, target: Array) -> None:
    """Copy number by number."""
    for place in range(len(source)):
        write(target, place, read(source, place))


@kernel
def raised(source: Array, target: Array) -> None:
    """Raise e to every number."""
    for place in range(len(source)):
        target[place] = exponential(source[place])


def test_every_bf16_number_is_read_exactly() -> None:
    """All 65,536 patterns of bits that are numbers are read as torch reads them."""
    numbers = torch.arange(2**16, dtype=torch.int32).to(torch.uint16).view(torch.bfloat16)
    wide = torch.empty(2**16)
    copied(array(numbers), array(wide))
    torch.testing.assert_close(wide, numbers.float(), rtol=0, atol=0, equal_nan=True)


def test_fp32_numbers_are_rounded_as_torch_rounds_them() -> None:
    """Random bits of every exponent, ties and infinities become the same bf16 numbers."""
    bits = torch.from_numpy(np.random.default_rng(1).integers(0, 2**32, 200_000, dtype=np.uint32))
    ties = torch.arange(2**16, dtype=torch.int64) * 2**16 + 2**15
    numbers = torch.cat([bits, ties.to(torch.uint32)]).view(torch.float32)
    numbers = numbers[~numbers.isnan()]
    narrow = torch.empty(len(numbers), dtype=torch.bfloat16)
    copied(array(numbers), array(narrow))
    assert torch.equal(narrow, numbers.to(torch.bfloat16))


def test_what_is_not_a_number_stays_that() -> None:
    """A loss that has gone wrong is noticed."""
    narrow, power = torch.zeros(1, dtype=torch.bfloat16), torch.zeros(1)
    copied(array(torch.tensor([float("nan")])), array(narrow))
    raised(array(torch.tensor([float("nan")])), array(power))
    assert narrow.isnan().all()
    assert power.isnan().all()


def test_powers_of_e_are_right() -> None:
    """From where they vanish to the largest that fp32 holds, powers are within 5e-6 of the true ones, near 0 within 3e-7."""
    numbers = torch.linspace(-87, 88, 100_001)
    powers = torch.empty_like(numbers)
    raised(array(numbers), array(powers))
    wrong = (powers.double() / numbers.double().exp() - 1).abs()
    assert wrong.max() < 5e-6
    assert wrong[numbers.abs() < 1].max() < 3e-7
    raised(array(torch.full((3,), -1e4)), array(powers[:3]))
    assert powers[:3].max() < 1e-37


def test_kernels_that_are_older_than_their_source_are_compiled_again(tmp_path: Path) -> None:
    """Of what numba kept, only kernels that were compiled after the file last changed stay."""
    source = tmp_path / "compiled.py"
    for name, time in (("compiled.py", 200), ("__pycache__/old.nbi", 100), ("__pycache__/new.nbi", 300)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (time, time))
    forget_old_kernels(source)
    assert [path.name for path in (tmp_path / "__pycache__").iterdir()] == ["new.nbi"]
