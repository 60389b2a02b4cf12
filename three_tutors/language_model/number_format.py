"""The number format that a model is computed in: bf16 where the processor has units for it, fp32 elsewhere.

Without such units a product in bf16 is computed number by number: on an AVX2 processor 1.2 GFLOP/s on two cores, against 120 in fp32.
Weights lie on disk in bf16 either way.
"""

from __future__ import annotations

import contextlib

import torch


def has_bf16_units() -> bool:
    """Whether oneDNN multiplies in bf16 on this processor."""
    return torch.backends.mkldnn.is_available() and torch.ops.mkldnn._is_mkldnn_bf16_supported()  # noqa: SLF001 - there is no public name


def number_format(device: str = "cpu") -> torch.dtype:
    """Return the format to compute in on `device` (`cpu` or `cuda`)."""
    return torch.bfloat16 if device != "cpu" or has_bf16_units() else torch.float32


def autocast(device: str) -> contextlib.AbstractContextManager[object]:
    """Return the context in which products are computed in that format, whatever format the weights have."""
    return torch.autocast(device, torch.bfloat16, enabled=number_format(device) == torch.bfloat16)
