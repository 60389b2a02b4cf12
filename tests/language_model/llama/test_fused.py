from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from three_tutors.language_model.llama import fused
from three_tutors.language_model.llama.compiled import array

TOKENS, WIDTH = 37, 64


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(1)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_norm_is_that_of_torch(dtype: torch.dtype) -> None:
    """RMSNorm, alone or after an addition, fills the first columns and leaves the others."""
    state, change, weight = torch.randn(TOKENS, WIDTH).to(dtype), torch.randn(TOKENS, WIDTH).to(dtype), torch.randn(WIDTH).to(dtype)
    out, scales = torch.full((TOKENS, WIDTH + 8), 7.0, dtype=dtype), torch.empty(TOKENS)
    fused.norm(array(state), array(weight), 1e-5, array(out), array(scales))
    torch.testing.assert_close(out[:, :WIDTH], functional.rms_norm(state.float(), (WIDTH,), weight.float(), 1e-5).to(dtype))
    assert bool((out[:, WIDTH:] == 7).all())
    total = state + change
    fused.add_norm(array(state), array(change), array(weight), 1e-5, array(out), array(scales))
    torch.testing.assert_close(change, total)
    torch.testing.assert_close(out[:, :WIDTH], functional.rms_norm(total.float(), (WIDTH,), weight.float(), 1e-5).to(dtype))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_gates_are_those_of_torch(dtype: torch.dtype) -> None:
    """silu(gate) * up and its gradient equal autograd's, at gates of a hundred too."""
    gate_up = (torch.randn(TOKENS, 2 * WIDTH) * 40).to(dtype)
    wide = gate_up.float().requires_grad_()
    gate, up = wide.chunk(2, -1)
    product = functional.silu(gate) * up
    d_product = torch.randn(TOKENS, WIDTH).to(dtype)
    product.backward(d_product.float())
    out, d_gate_up = torch.empty(TOKENS, WIDTH, dtype=dtype), torch.empty_like(gate_up)
    fused.gated(array(gate_up), array(out))
    fused.gated_backward(array(gate_up), array(d_product), array(d_gate_up))
    assert wide.grad is not None
    tolerance = {"rtol": 1e-5, "atol": 1e-5} if dtype == torch.float32 else {"rtol": 1e-2, "atol": 1e-6}
    torch.testing.assert_close(out, product.to(dtype), **tolerance)
    torch.testing.assert_close(d_gate_up, wide.grad.to(dtype), **tolerance)


def test_heads_are_split_and_joined_again() -> None:
    """What is split, turned, turned back and joined is what it was."""
    shared, group, width = 2, 3, 16
    mixed = torch.randn(TOKENS, (shared * group + 2 * shared) * width)
    angles = torch.randn(TOKENS, width // 2)
    queries, (keys, values) = torch.empty(shared, TOKENS, group, width), torch.empty(2, shared, TOKENS, width)
    turned = [array(tensor) for tensor in (angles.cos(), angles.sin())]
    fused.split_heads(array(mixed), *turned, array(queries), array(keys), array(values))
    joined = torch.empty_like(mixed)
    fused.join_heads(array(queries), array(keys), array(values), *turned, array(joined))
    torch.testing.assert_close(joined, mixed)
    torch.testing.assert_close(queries.norm(), mixed[:, : shared * group * width].norm())
    assert not torch.equal(queries.transpose(0, 1).flatten(1), mixed[:, : shared * group * width])


def test_cross_entropy_is_that_of_torch() -> None:
    """Losses, hits and the gradient equal autograd's, row by row with its own weight, also 0; without weights the logits stay."""
    logits = (torch.randn(5, 1000) * 4).requires_grad_()
    targets = torch.tensor([1, 999, 0, 7, int(logits[4].argmax())])
    expected = functional.cross_entropy(logits, targets, reduction="none")
    weights = torch.tensor([0.25, -0.5, 0.0, 1.0, 0.25])
    (expected * weights).sum().backward()
    losses, correct, changed = torch.empty(5), torch.empty(5, dtype=torch.bool), logits.detach().clone()
    fused.cross_entropy(array(changed), array(targets), array(torch.empty(0)), array(losses), array(correct))
    assert torch.equal(changed, logits.detach())
    fused.cross_entropy(array(changed), array(targets), array(weights), array(losses), array(correct))
    torch.testing.assert_close(losses, expected.detach())
    torch.testing.assert_close(changed, logits.grad)
    assert correct.tolist() == (logits.argmax(-1) == targets).tolist()
