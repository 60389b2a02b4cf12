"""Weights in safetensors files: written whole or not at all, and what is wrong with a file said in a sentence."""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

from three_tutors.pipeline.diagnostics import TutorError
from three_tutors.pipeline.records import replacing

if TYPE_CHECKING:
    from torch import Tensor


@contextlib.contextmanager
def explaining(path: Path) -> Iterator[None]:
    """Turn safetensors' error about the file or folder `path` into one that a person understands.

    Raises:
        OSError: the system refused; a full disk, for example.
        TutorError: the file is damaged.

    """
    from safetensors import SafetensorError  # noqa: PLC0415 - a stage that only reads `base.BASE` need not wait for it

    try:
        yield
    except SafetensorError as error:
        if number := re.search(r"os error (\d+)", str(error)):
            raise OSError(int(number[1]), os.strerror(int(number[1])), str(path)) from None
        raise TutorError(f"{path} is damaged ({error}); remove it and run `dvc repro`, which makes it again.") from None


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Return every tensor in `path`.

    Raises:
        TutorError: the file is damaged.

    """
    from safetensors.torch import load_file  # noqa: PLC0415 - see `explaining`

    with explaining(path):
        return load_file(path)


def write_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write `tensors` to `path`, whole or not at all."""
    from safetensors.torch import save_file  # noqa: PLC0415 - see `explaining`

    with replacing(path) as temporary, explaining(path):
        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, temporary, metadata={"format": "pt"})
        temporary.chmod(0o644)  # safetensors lets nobody else read


def write_one_by_one(path: Path, shapes: Mapping[str, tuple[int, ...]], make: Callable[[str], Tensor]) -> None:
    """Write bf16 tensors to `path`, whole or not at all, each made when its turn comes and then forgotten.

    The bytes are those of `write_tensors`, which holds all tensors at once.

    Args:
        path: the file.
        shapes: of the tensors, by their names.
        make: returns the tensor of a name.

    """
    import torch  # noqa: PLC0415 - see `explaining`

    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name in sorted(shapes):
        start, end = end, end + 2 * prod(shapes[name])
        header[name] = {"dtype": "BF16", "shape": list(shapes[name]), "data_offsets": [start, end]}
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    with replacing(path) as temporary:
        with temporary.open("wb") as file:
            file.write(len(text).to_bytes(8, "little") + text)
            for name in sorted(shapes):
                file.write(make(name).contiguous().view(torch.uint8).numpy().data)
        temporary.chmod(0o644)


def check_finite(tensors: Mapping[str, Tensor], where: str, advice: str) -> None:
    """Refuse weights that are not all finite numbers.

    Raises:
        TutorError: names the first tensor with such a number.

    """
    import torch  # noqa: PLC0415 - see `explaining`

    for name, tensor in tensors.items():
        # A sum is finite only where every number is, and takes one pass over memory.
        if tensor.is_floating_point() and not tensor.detach().sum(dtype=torch.float32).isfinite():
            raise TutorError(f"{where}: {name} holds numbers that are infinite or NaN; {advice}.")
