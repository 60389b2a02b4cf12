from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from three_tutors.language_model import base, chat_template
from three_tutors.language_model.generate import Generator
from three_tutors.language_model.likelihood import likelihood
from three_tutors.language_model.transformers_backend import TransformersBackend

Rows = Callable[..., list[dict[str, Any]]]


def test_likelihood_is_that_of_transformers(embedded: Path, rows: Rows) -> None:
    """Each teacher turn's mean negative log-likelihood is what transformers computes, to bf16 rounding."""
    row = rows(1)[0]
    found = likelihood(Generator(embedded, slots=4, context=256), [row])
    model, tokenizer = base.load_model(embedded, torch.float32), base.load_tokenizer(embedded)
    ids, spans = chat_template.encode_with_spans(tokenizer, row["messages"])
    with torch.no_grad():
        logprobs = torch.log_softmax(model(torch.tensor([ids])).logits[0], -1)
    expected = [-sum(float(logprobs[place - 1, ids[place]]) for place in range(*span)) / (span[1] - span[0]) for span in spans]
    assert [record["item"] for record in found] == ["sum-0#0", "sum-0#2"]
    assert [record["tokens"] for record in found] == [end - start for start, end in spans]
    assert [record["nll"] for record in found] == pytest.approx(expected, rel=0.05)


def test_an_opening_by_the_teacher_answers_nobody(tiny: Path, rows: Rows) -> None:
    """A teacher's first words have no question before them and are left out."""
    row = rows(1)[0]
    del row["messages"][1]
    found = likelihood(Generator(tiny, slots=4, context=256), [row])
    assert [record["item"] for record in found] == ["sum-0#1"]


def test_other_architectures_have_likelihoods_too(tiny: Path, rows: Rows) -> None:
    """Transformers' path gives our engine's values, to bf16 rounding."""
    generator = Generator(tiny, slots=4, context=256)
    ours = likelihood(generator, rows(1))
    generator.backend = TransformersBackend(tiny, None, 4, 256)
    assert [record["nll"] for record in likelihood(generator, rows(1))] == pytest.approx([record["nll"] for record in ours], rel=0.02)
