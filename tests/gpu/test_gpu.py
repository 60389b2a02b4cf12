"""The check on a GPU is run by hand where there is one; here its parts are put together and its reasons are sentences."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from tests.gpu.__main__ import brought, measured, table
from tests.gpu.parts import PARTS, machine
from tests.language_model.conftest import embedded
from three_tutors.pipeline.records import read_jsonl

__all__ = ["embedded"]  # a fixture


def test_without_a_gpu_it_says_why_it_measures_nothing(root: Path) -> None:
    """A machine without a GPU is no failure."""
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU: run `python -m tests.gpu`")
    done = subprocess.run([sys.executable, "-m", "tests.gpu"], cwd=root, capture_output=True, text=True, check=True)
    assert "finds no CUDA GPU on this machine, so nothing was measured" in done.stdout


def test_a_part_that_fails_or_comes_too_late_is_told(tmp_path: Path) -> None:
    """The last words of a failed part stand in the table, the others are still measured, and nothing begins after the time is up."""
    late = measured("lora_bf16", tmp_path, "cpu", time.monotonic() - 1)
    failed = measured("lora_bf16", tmp_path, "cpu", time.monotonic() + 60)
    assert late == {"skipped": "no time was left"}
    assert "There is no model in" in failed["failed"]
    assert "| lora_bf16.skipped | no time was left |" in table({"lora_bf16": late})


def test_what_is_brought_along_is_enough(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, embedded: Path) -> None:
    """Dialogues come from data/raw by their split, as many as were asked for; every part has a name of its own."""
    monkeypatch.chdir(root)
    brought(tmp_path, 3, embedded)
    assert (tmp_path / "base/config.json").exists()
    assert [len(read_jsonl(tmp_path / f"{split}.jsonl")) for split in ("train", "validation")] == [3, 8]
    assert machine(tmp_path, "cpu")["torch"] == torch.__version__
    assert list(PARTS)[:2] == ["machine", "lora_bf16"]
