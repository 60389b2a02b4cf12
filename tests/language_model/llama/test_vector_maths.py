from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from three_tutors.language_model.llama import vector_maths
from three_tutors.language_model.load import load_backend, load_learner
from three_tutors.language_model.settings import Settings


@pytest.mark.parametrize("name", vector_maths.FUNCTIONS)
def test_a_function_is_exact_on_many_numbers(name: str) -> None:
    """After `settle`, fp32 results are those of fp64, rounded, to 1 part in a million: no kernel of low accuracy is left."""
    vector_maths.settle()
    numbers = torch.linspace(0.01, 0.99, 20_000)
    torch.testing.assert_close(getattr(numbers, name)(), getattr(numbers.double(), name)().float(), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("load", [lambda folder: load_backend(folder, None, 2, 64), lambda folder: load_learner(folder, Settings(1e-3, 1))])
def test_kernels_are_chosen_before_a_model_computes(load: Callable[[Path], object], tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever loads a model, to answer or to train, settles the vector functions first."""
    seen: list[str] = []
    monkeypatch.setattr(vector_maths, "settle", lambda: seen.append("settled"))
    load(tiny)
    assert seen == ["settled"]
