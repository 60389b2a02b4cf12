"""Call a function for every block of the pipeline's JSON Lines files, each call leaving a shard.

    made = shards_of([path], Work(partial(render, speaker="teacher"), ("pipeline", "tutoring"), CACHE / "render"), how)
    write_chunks(out, joined(made, "openai.jsonl"))

The function gets the rows of a block and an empty folder, writes what it makes of them there and returns what has to be known of
them beside the other blocks. It must be importable by name, for other processes and machines call it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.scale import shards
from three_tutors.scale.blocks import Block, chunks, cut, digest, read
from three_tutors.scale.engine import Engine, mapped
from three_tutors.scale.shards import Shard


@dataclass(frozen=True)
class Work:
    """What is done with each block."""

    function: partial[Any]
    """Of the rows and a folder, with everything else that its result hangs on."""
    rooms: tuple[str, ...]
    """Whose code it runs."""
    under: Path
    """The folder for its shards."""


def shards_of(paths: Iterable[Path], work: Work, how: Engine) -> list[list[Shard]]:
    """Return for each file the shards of its blocks, in order."""
    planned = [list(cut(path)) for path in paths]
    every = [block for some in planned for block in some]
    made = mapped(partial(shard, work), every, how.worth(sum(block.size for block in every)))
    return [[next(made) for _ in some] for some in planned]


def shard(work: Work, block: Block) -> Shard:
    """Return the shard of one block."""
    name = work.function.func.__qualname__
    key = shards.key(name, work.function.args, work.function.keywords, shards.code(*work.rooms), digest(block))
    return shards.made(work.under, key, partial(_write, work, block))


def joined(made: Sequence[Shard], name: str) -> Iterator[bytes]:
    """Yield the bytes of one file of every shard, one after the other."""
    for one in made:
        path = one.folder / name
        yield from chunks(Block(path, 0, path.stat().st_size))


def _write(work: Work, block: Block, folder: Path) -> Any:  # noqa: ANN401 - JSON
    try:
        return work.function(read(block), folder)
    except (KeyError, TypeError) as error:
        raise DataError(f"{block.path}: holds a record that the stage before did not write ({error!r}); run `dvc repro` again.") from None
