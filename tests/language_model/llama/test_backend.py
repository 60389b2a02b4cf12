"""States of many texts, computed together, are those of each by itself."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from three_tutors.language_model.generate import Generator
from three_tutors.language_model.llama.backend import LlamaBackend
from three_tutors.language_model.llama.kv_cache import SEGMENT
from three_tutors.language_model.transformers_backend import TransformersBackend

SLOTS = 5
CONTEXT = 3 * SEGMENT
NEW = st.integers(1, CONTEXT)


def fresh(tiny: Path) -> LlamaBackend:
    """Return the tiny model that has seen no text."""
    backend = Generator(tiny, slots=SLOTS, context=CONTEXT).backend
    assert isinstance(backend, LlamaBackend)
    return backend


@pytest.fixture(scope="module")
def backend(tiny: Path) -> LlamaBackend:
    """Return the tiny model, which remembers what it has seen."""
    return fresh(tiny)


def text(seed: int, length: int, shared: int) -> list[int]:
    """Return tokens, the first `shared` of which all texts have."""
    same = [10 + number % 97 for number in range(shared)]
    return (same + [200 + (seed * 31 + number * 7) % 1000 for number in range(length)])[:length]


def alike(found: list[torch.Tensor], expected: list[torch.Tensor]) -> bool:
    """Whether both are the same to the last bit."""
    return len(found) == len(expected) and all(torch.equal(one, other) for one, other in zip(found, expected, strict=True))


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lengths=st.lists(st.tuples(NEW, st.floats(0, 1)), min_size=1, max_size=9), shared=st.integers(0, 2 * SEGMENT))
def test_together_they_are_what_they_are_one_by_one(backend: LlamaBackend, lengths: list[tuple[int, float]], shared: int) -> None:
    """Of any length, from any token on, with a beginning that they share or without, in more texts than there are slots."""
    texts = [(text(seed, length, shared), int(part * (length - 1))) for seed, (length, part) in enumerate(lengths)]
    together = backend.states(texts)
    assert [len(states) for states in together] == [len(ids) - since for ids, since in texts]
    backend._seen.clear()
    assert alike([backend.states([one])[0] for one in texts], together)
    assert alike(
        [states[since:] for states, (_, since) in zip(backend.states([(ids, 0) for ids, _ in texts]), texts, strict=True)], together
    )


def test_the_last_one_tells_what_prefilling_tells(tiny: Path) -> None:
    """The logits of a text's last state are those with which a reply to it would begin."""
    texts = [text(seed, length, 70) for seed, length in enumerate((1, SEGMENT, SEGMENT + 1, 150))]
    told, backend = fresh(tiny), fresh(tiny)
    last = [told.logits(states[-1:])[0] for states in told.states([(ids, 0) for ids in texts])]
    for slot, ids in enumerate(texts):
        backend.begin(ids, slot)
    finished: dict[int, torch.Tensor] = {}
    while (round_ := backend.prefill(full=False)) is not None:
        finished |= round_
    assert alike([finished[slot] for slot in range(len(texts))], last)


def test_a_shared_beginning_is_computed_once(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Replies to one moment have its conversation in common: two segments once, and one for each reply."""
    backend, computed = fresh(tiny), []
    prefill = backend.model.prefill
    monkeypatch.setattr(backend.model, "prefill", lambda segments: computed.extend(segments) or prefill(segments))
    backend.states([(text(seed, 2 * SEGMENT + 20, 2 * SEGMENT), 2 * SEGMENT + 5) for seed in range(7)])
    assert len(computed) == 2 + 7


def test_states_leave_no_conversation_behind(backend: LlamaBackend) -> None:
    """All slots are free again, and their memory is given back."""
    backend.states([(text(1, 100, 0), 99)])
    assert (backend._waiting, {group.capacity for group in backend.model.groups}) == ([], {0})


def test_transformers_has_the_same_states(tiny: Path, backend: LlamaBackend) -> None:
    """Up to the rounding of the format that is computed in."""
    texts = [(text(seed, 90, 40), 30) for seed in range(2)]
    theirs = TransformersBackend(tiny, None, SLOTS, CONTEXT).states(texts)
    for found, expected in zip(backend.states(texts), theirs, strict=True):
        torch.testing.assert_close(found.float(), expected.float(), rtol=0.1, atol=0.1)
