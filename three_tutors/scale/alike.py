"""Which of millions of texts are alike: `duplicates.pairs` over the shards' triples, with the same result in little memory.

Each shard holds the triples of its texts and, sorted, the sample of them that proposes pairs. Range after range of the hashes is
searched; the counts, which wait on disk, are added up for one stretch of pairs after the other; what they propose is compared
text by text, by whoever the engine calls.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from three_tutors.scale.engine import ALONE, Engine, mapped
from three_tutors.tutoring import duplicates
from three_tutors.tutoring.duplicates import NO_TRIPLES, SAMPLE, Pair, Triples, Whole, alike, enough, ranks, shared, signature, summed

RANGES = 256
"""Parts of the hashes, by their first eight bits, that a shard says the beginnings of."""
AT_ONCE = 2_000_000
"""Hashes, or pairs, that are held at the same time: 100 MB with what they are sorted by."""
COMPARED = 20_000
"""Pairs that one task compares."""
EVERY = 1000
"""Of so many pairs, one tells how they are spread."""

_TRIPLES, _BOUNDS, _SAMPLE, _OWNERS, _RANGES = "triples.u64", "bounds.i64", "sample.u64", "owners.u32", "ranges.i64"
_SIGNATURES = "signatures.u64"


@dataclass(frozen=True)
class Texts:
    """The texts of one shard among all that are compared."""

    folder: Path
    positions: Whole
    """Of each text of the shard among all that are compared, in increasing order; -1 where it is not compared."""

    @property
    def places(self) -> Whole:
        """The place in the shard of each text that is compared."""
        return np.flatnonzero(self.positions >= 0)


def write(folder: Path, sets: Sequence[Triples]) -> None:
    """Write the triples of the texts of a shard."""
    bounds = np.cumsum([0, *(some.size for some in sets)], dtype=np.int64)
    hashes = np.concatenate([NO_TRIPLES, *sets])
    owners = np.repeat(np.arange(len(sets), dtype=np.uint32), np.diff(bounds))
    kept = hashes % np.uint64(SAMPLE) == 0
    sample, owned = hashes[kept], owners[kept]
    order = np.lexsort((owned, sample))
    ranges = np.searchsorted(sample[order] >> np.uint64(56), np.arange(RANGES + 1, dtype=np.uint64)).astype(np.int64)
    signatures = np.array([signature(some) for some in sets], np.uint64)
    for name, array in (
        *((_TRIPLES, hashes), (_BOUNDS, bounds), (_SIGNATURES, signatures)),
        *((_SAMPLE, sample[order]), (_OWNERS, owned[order]), (_RANGES, ranges)),
    ):
        array.tofile(folder / name)


def pairs(parts: Sequence[Texts], threshold: float, how: Engine = ALONE) -> list[Pair]:
    """Return every pair of texts that are at least `threshold` (above 0) alike, by their positions, in order."""
    places = [part.places for part in parts]
    texts = sum(some.size for some in places)
    if texts <= duplicates.LARGE:
        sets = [_Triples(part.folder)(place) for part, some in zip(parts, places, strict=True) for place in some.tolist()]
        return duplicates.pairs(sets, threshold)
    where = np.stack((np.repeat(np.arange(len(parts)), [some.size for some in places]), np.concatenate(places))).astype(np.int32)
    compare = partial(_compared, folders=[part.folder for part in parts], threshold=threshold)
    with tempfile.TemporaryDirectory(prefix="alike-") as name:
        tasks = ((both, where[:, both]) for both in _proposed(parts, texts, threshold, Path(name)))
        return sorted(Pair(*pair) for found in mapped(compare, tasks, how) for pair in found)


def triples_of(folder: Path, place: int) -> Triples:
    """Return the triples of one text of a shard."""
    return _Triples(folder)(place)


class _Triples:
    """Reads the triples of the texts of one shard, one text at a time."""

    def __init__(self, folder: Path) -> None:
        self._hashes, self._bounds = (folder / _TRIPLES).open("rb"), np.fromfile(folder / _BOUNDS, np.int64)

    def __call__(self, place: int) -> Triples:
        start, end = self._bounds[place : place + 2].tolist()
        self._hashes.seek(8 * start)
        return np.frombuffer(self._hashes.read(8 * (end - start)), np.uint64)

    def __del__(self) -> None:
        self._hashes.close()


def _compared(task: tuple[Whole, Whole], folders: Sequence[Path], threshold: float) -> list[tuple[int, int, float]]:
    """Return the pairs that are alike.

    Args:
        task: the positions of both texts (2, pairs), and the shard and the place there of both (2, 2, pairs).
        folders: of the shards.
        threshold: how alike.

    """
    opened = lru_cache(maxsize=256)(_Triples)
    both, where = task
    (shards, others), (places, theres) = where.tolist()
    found = []
    for first, second, shard, other, place, there in zip(*both.tolist(), shards, others, places, theres, strict=True):
        share = alike(opened(folders[shard])(place), opened(folders[other])(there))
        if share >= threshold:
            found.append((first, second, share))
    return found


def _proposed(parts: Sequence[Texts], texts: int, threshold: float, folder: Path) -> Iterator[Whole]:
    """Yield the positions (2, pairs) of texts to compare; counts wait in `folder` until they are added up."""
    sizes = np.zeros(texts, np.int64)
    order = ranks(np.concatenate([np.fromfile(part.folder / _SIGNATURES, np.uint64)[part.places] for part in parts]))
    counted = []
    for low, high in _groups(parts):
        hashes, owners = _sample(parts, low, high)
        sizes += np.bincount(owners, minlength=texts)
        counted.append(_Counts(folder / f"{low}", *shared(hashes, owners, order)))
    for low, high in _stretches(counted):
        first, second = enough(*summed([part.between(low, high) for part in counted]), sizes, threshold)
        for start in range(0, first.size, COMPARED):
            yield np.stack((first[start : start + COMPARED], second[start : start + COMPARED]))


class _Counts:
    """What pairs have in common in some ranges of hashes, on disk."""

    def __init__(self, path: Path, pairs_: Whole, counts: Whole) -> None:
        self._path = path
        self.size = pairs_.size
        self.some = pairs_[::EVERY].copy()
        np.concatenate((pairs_, counts)).tofile(path)

    def between(self, low: int, high: int) -> tuple[Whole, Whole]:
        """Return the pairs from `low` to below `high` with their counts."""
        # The pairs kept in memory say roughly where they are; what is read too much is cut off.
        first = max(0, int(np.searchsorted(self.some, low)) - 1) * EVERY
        last = min(self.size, int(np.searchsorted(self.some, high)) * EVERY)
        read = [np.fromfile(self._path, np.int64, last - first, offset=8 * (first + half * self.size)) for half in (0, 1)]
        start, end = np.searchsorted(read[0], (low, high))
        return read[0][start:end], read[1][start:end]


def _groups(parts: Sequence[Texts]) -> Iterator[tuple[int, int]]:
    """Yield the first range and the last (not included) of groups that together have at most `AT_ONCE` hashes."""
    edges = np.zeros(RANGES + 1, np.int64)
    for part in parts:
        edges += np.fromfile(part.folder / _RANGES, np.int64)
    sizes = edges[1:] - edges[:-1]
    low = 0
    for high in range(1, RANGES + 1):
        if high == RANGES or sizes[low : high + 1].sum() > AT_ONCE:
            yield low, high
            low = high


def _sample(parts: Sequence[Texts], low: int, high: int) -> tuple[Triples, Whole]:
    """Return the sampled hashes of some ranges, and the position of the text that each belongs to."""
    hashes, owners = [NO_TRIPLES], [np.empty(0, np.int64)]
    for part in parts:
        edges = np.fromfile(part.folder / _RANGES, np.int64)
        start, count = int(edges[low]), int(edges[high] - edges[low])
        some = np.fromfile(part.folder / _SAMPLE, np.uint64, count, offset=8 * start)
        positions = part.positions[np.fromfile(part.folder / _OWNERS, np.uint32, count, offset=4 * start)]
        hashes.append(some[positions >= 0])
        owners.append(positions[positions >= 0])
    return np.concatenate(hashes), np.concatenate(owners)


def _stretches(counted: Sequence[_Counts]) -> Iterator[tuple[int, int]]:
    """Yield stretches of pairs, the last not included, of about `AT_ONCE` counts each."""
    some = np.sort(np.concatenate([part.some for part in counted]))
    edges = [0, *some[:: max(1, AT_ONCE // EVERY)][1:].tolist(), np.iinfo(np.int64).max]
    yield from itertools.pairwise(edges)
