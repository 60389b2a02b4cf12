"""Vector functions (cosine, logarithm and their like) that compute the same the first time as every other time.

For fp32 and fp64 tensors torch calls MKL, which chooses the kernel of each function when that function is first called. Where
two threads do so together, one of them may be given the kernel of low accuracy, for this one call: of 250 processes whose two
threads began with a cosine, 6 got one that was off by 1.5e-4. Training then reported another first loss; no later one differs.
https://github.com/pytorch/pytorch/issues/188792
"""

from __future__ import annotations

import torch

FUNCTIONS = (
    "acos", "asin", "atan", "cos", "erf", "erfc", "exp", "expm1", "log", "log10", "log1p", "log2", "sin", "sqrt", "tan", "tanh",
)  # fmt: skip
"""What torch 2.13 leaves to MKL."""


def settle() -> None:
    """Let MKL choose every kernel now; to be called by one thread before there are more that compute."""
    for dtype in (torch.float32, torch.float64):
        for name in FUNCTIONS:
            getattr(torch, name)(torch.ones(1, dtype=dtype))
