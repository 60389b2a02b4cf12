from __future__ import annotations

import resource
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from three_tutors.language_model.weights import check_finite, read_tensors, write_tensors
from three_tutors.pipeline.diagnostics import TutorError

TENSORS = {"a": torch.arange(6.0).view(2, 3), "b": torch.ones(4, dtype=torch.bfloat16)}


def test_what_is_written_is_read_again_by_everybody(tmp_path: Path) -> None:
    """Tensors come back as they were, those that are not contiguous too, and others than the owner may read the file."""
    write_tensors(tmp_path / "w.safetensors", {**TENSORS, "c": TENSORS["a"].t()})
    found = read_tensors(tmp_path / "w.safetensors")
    assert all(torch.equal(found[name], value) for name, value in TENSORS.items())
    assert torch.equal(found["c"], TENSORS["a"].t())
    assert (tmp_path / "w.safetensors").stat().st_mode & 0o777 == 0o644


def test_a_full_disk_is_told_and_leaves_the_old_file(tmp_path: Path) -> None:
    """Where the system refuses more bytes, the error is the system's, names the file, and nothing half-written is left."""
    path = tmp_path / "w.safetensors"
    write_tensors(path, TENSORS)
    before = path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(OSError, match="File too large") as caught:
            write_tensors(path, {"big": torch.zeros(1_000_000)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.filename is not None
    assert ([one.name for one in tmp_path.iterdir()], path.read_bytes()) == (["w.safetensors"], before)


@pytest.mark.parametrize("keep", [0, 5, 40, -1])
def test_a_damaged_file_is_told(tmp_path: Path, keep: int) -> None:
    """A file that was cut off says which file is damaged and what to do, instead of how safetensors failed."""
    path = tmp_path / "w.safetensors"
    write_tensors(path, TENSORS)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(TutorError, match=r"w\.safetensors is damaged .* run `dvc repro`"):
        read_tensors(path)


@given(
    place=st.integers(0, 11),
    value=st.sampled_from([float("nan"), float("inf"), -float("inf")]),
    dtype=st.sampled_from(["float32", "bfloat16"]),
)
def test_one_number_that_is_not_finite_is_found(place: int, value: float, dtype: str) -> None:
    """NaN and infinity are found wherever they are, and the tensor is named; finite ones and whole numbers pass."""
    tensors = {"whole": torch.arange(3), "fine": torch.full((4,), 3e38), "odd": torch.zeros(12, dtype=getattr(torch, dtype))}
    tensors["fine"][1:] = -1.0
    check_finite(tensors, "here", "do that")
    tensors["odd"][place] = value
    with pytest.raises(TutorError, match="here: odd holds numbers that are infinite or NaN; do that"):
        check_finite(tensors, "here", "do that")
