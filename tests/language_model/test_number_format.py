"""The format that a model is computed in is the one that the processor is fast in."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from three_tutors.language_model import number_format as module
from three_tutors.language_model.generate import Generator
from three_tutors.language_model.llama import backend, packed
from three_tutors.language_model.number_format import autocast, number_format


@pytest.mark.parametrize(
    ("units", "device", "expected"), [(True, "cpu", "bfloat16"), (False, "cpu", "float32"), (False, "cuda", "bfloat16")]
)
def test_it_is_bf16_where_there_are_units_for_it(monkeypatch: pytest.MonkeyPatch, units: bool, device: str, expected: str) -> None:
    """A GPU has them; a processor without them computes in fp32."""
    monkeypatch.setattr(module, "has_bf16_units", lambda: units)
    assert number_format(device) == getattr(torch, expected)


@pytest.mark.parametrize("units", [True, False])
def test_products_of_bf16_weights_are_computed_in_that_format(monkeypatch: pytest.MonkeyPatch, units: bool) -> None:
    """Autocast is on where there are units and changes nothing elsewhere."""
    monkeypatch.setattr(module, "has_bf16_units", lambda: units)
    with autocast("cpu"):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == (torch.bfloat16 if units else torch.float32)


def test_without_units_the_engine_computes_in_fp32_and_packs_nothing(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights that lie on disk in bf16 are widened, and states and logits are fp32."""
    monkeypatch.setattr(module, "has_bf16_units", lambda: False)
    monkeypatch.setattr(packed, "has_bf16_units", lambda: False)
    found = Generator(tiny, slots=2, context=64).backend
    assert isinstance(found, backend.LlamaBackend)
    (states,) = found.states([([5, 6, 7], 0)])
    assert {states.dtype, found.logits(states).dtype, found.model.embedding.dtype, found.model.groups[0].dtype} == {torch.float32}
