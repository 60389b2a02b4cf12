"""Which dialogues say the same: exact and near duplicates, and what would leak from one split or set into another.

How alike two texts are is the share of word triples that they have in common (Jaccard index of their sets of 3-word
shingles, A. Broder, "On the resemblance and containment of documents", 1997). Triples are hashed to 64 bits: ten million
dialogues have billions of them, more than 32 bits tell apart. Only pairs that share rare triples are compared. In a large
corpus, only the triples whose hash is a multiple of eight are looked at; two similar texts have as many of those in common
as of all others.

`shared` counts what pairs have in common for any part of the hashes, and `summed` adds such counts up, so that a corpus that
fits no memory is searched part by part (`three_tutors/scale/alike.py`), with the result of one search.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from three_tutors.tutoring.dialogue import Dialogue
from three_tutors.tutoring.moment import Moment
from three_tutors.tutoring.words import tokens

Triples = npt.NDArray[np.uint64]
"""Sorted hashes of the different word triples of a text."""
Whole = npt.NDArray[np.int64]
NO_TRIPLES: Triples = np.empty(0, np.uint64)

LEAK = 0.15
"""Two dialogues that share at least this part of their word triples work on one problem. In MathDial's 599 dialogues every such
pair does, and no pair on different problems reaches 0.10; in our own data no pair reaches 0.02."""
LARGE = 5_000
"""In a larger corpus, an eighth of the triples is enough to find the pairs to compare."""
SAMPLE = 8
"""That eighth: hashes that are a multiple of this."""
COMMON = 8
"""A triple in more texts than this pairs each of them with the next one only, in the order of `signature`; a stock phrase would
pair all with all."""


@dataclass(frozen=True, order=True)
class Pair:
    """Two texts by their position, the first before the second, and how alike they are (0–1)."""

    first: int
    second: int
    alike: float


def triples(said: Iterable[str]) -> Triples:
    """Return the triples of the words `said`; fewer than three words have none."""
    hashes = np.fromiter(map(_HASHES.__getitem__, said), np.uint64)
    # Odd multipliers keep the order of the three apart; uint64 arithmetic wraps around.
    found = np.sort(hashes[:-2] * _FIRST + hashes[1:-1] * _SECOND + hashes[2:] * _THIRD)
    return found[np.concatenate(([True], found[1:] != found[:-1]))[: found.size]]  # four times as fast as `np.unique`


def of_turns(texts: Iterable[str]) -> Triples:
    """Return the triples of a dialogue: of all that is said in its turns, one after the other."""
    return triples(word for text in texts for word in tokens(text))


class _Hashes(dict[str, int]):
    """The hash of each word, kept for the next time; twice as fast as `lru_cache`."""

    def __missing__(self, word: str) -> int:
        if len(self) >= _KEPT:
            self.clear()
        self[word] = found = zlib.crc32(word.encode("utf-8", "surrogatepass"))
        return found


_KEPT = 2**16
_HASHES = _Hashes()
_FIRST, _SECOND, _THIRD = (np.uint64(factor) for factor in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9))


def signature(some: Triples) -> int:
    """Return a number that orders texts by what they say alone: equal texts have the same, and similar ones often close ones.

    Whoever reads the same texts in another order proposes the same pairs by it. Its upper half is the smallest triple, which
    two texts have in common as often as they are alike (min-wise hashing); the lower half tells the others apart.
    """
    return int(some[0]) >> 32 << 32 | int(some.sum()) & 0xFFFFFFFF if some.size else 0


def ranks(signatures: Triples) -> Whole:
    """Return the place of each text in the order of their signatures; equal ones keep their order."""
    order = np.argsort(signatures, kind="stable")
    found = np.empty(order.size, np.int64)
    found[order] = np.arange(order.size)
    return found


def alike(one: Triples, other: Triples) -> float:
    """Return the share of triples that both have of those that either has."""
    both = np.concatenate((one, other))
    both.sort()
    common = int(np.count_nonzero(both[1:] == both[:-1]))  # three times as fast as `np.intersect1d`
    either = both.size - common
    return common / either if either else 0.0


def pairs(sets: Sequence[Triples], threshold: float) -> list[Pair]:
    """Return every pair at least `threshold` (above 0) alike, in order; of many copies, each with the one before it."""
    found = ((first, second, alike(sets[first], sets[second])) for first, second in _proposed(sets, threshold))
    return sorted(Pair(*pair) for pair in found if pair[2] >= threshold)


def of_one_problem(found: Sequence[Pair], texts: int) -> list[Pair]:
    """Return the pairs of `found` among `texts` that may leak into each other.

    A group of more than two texts that makes up over a tenth of the corpus is a template, not a leak: who fills in one form
    a hundred times still needs three splits.
    """
    group: dict[int, int] = {}

    def root(member: int) -> int:
        while (above := group.setdefault(member, member)) != member:
            group[member] = member = group[above]
        return member

    for pair in found:
        group[root(pair.second)] = root(pair.first)
    sizes = Counter(root(member) for member in list(group))
    return [pair for pair in found if sizes[root(pair.first)] <= max(2, texts // 10)]


def kin(dialogues: Sequence[Dialogue | Moment]) -> list[tuple[str, str]]:
    """Return the pairs of ids whose dialogues tell of one problem, so that one would leak into the other's split."""
    sets = [of_turns(turn.text for turn in dialogue.turns) for dialogue in dialogues]
    return [(dialogues[pair.first].id, dialogues[pair.second].id) for pair in of_one_problem(pairs(sets, LEAK), len(sets))]


def _proposed(sets: Sequence[Triples], threshold: float) -> Iterator[tuple[int, int]]:
    """Yield the pairs that share enough of the triples few texts have."""
    if len(sets) < 2:  # noqa: PLR2004 - a pair
        return
    hashes = np.concatenate(sets)
    owners = np.repeat(np.arange(len(sets)), [some.size for some in sets])
    if len(sets) > LARGE:
        kept = hashes % np.uint64(SAMPLE) == 0
        hashes, owners = hashes[kept], owners[kept]
    sizes = np.bincount(owners, minlength=len(sets))
    order = ranks(np.array([signature(some) for some in sets], np.uint64))
    yield from zip(*(some.tolist() for some in enough(*shared(hashes, owners, order), sizes, threshold)), strict=True)


def shared(hashes: Triples, owners: Whole, order: Whole) -> tuple[Whole, Whole]:
    """Return which pairs have some of `hashes` in common, and how many of them.

    Args:
        hashes: of some triples, in any order; whoever has a triple must be here with it.
        owners: the text that each belongs to, by its position.
        order: of all texts, as `ranks` gives it.

    Returns:
        Pairs as `first * texts + second`, sorted, and their counts.

    """
    sorted_ = np.lexsort((order[owners], hashes))
    hashes, owners = hashes[sorted_], owners[sorted_]
    changes = np.flatnonzero(np.r_[True, hashes[1:] != hashes[:-1], True])
    rare = np.repeat(np.diff(changes), np.diff(changes)) <= COMMON
    proposed = []
    for gap in range(1, COMMON):
        same = (hashes[gap:] == hashes[:-gap]) & (rare[gap:] if gap > 1 else True)
        some, others = owners[:-gap][same], owners[gap:][same]
        proposed.append(np.minimum(some, others) * order.size + np.maximum(some, others))
    pairs_, counts = np.unique(np.concatenate(proposed), return_counts=True)
    return pairs_, counts


def summed(parts: Sequence[tuple[Whole, Whole]]) -> tuple[Whole, Whole]:
    """Return the pairs of all `parts`, as `shared` gives them, with their counts added up."""
    pairs_, places = np.unique(np.concatenate([some for some, _ in parts]), return_inverse=True)
    counts = np.zeros(pairs_.size, np.int64)
    np.add.at(counts, places, np.concatenate([some for _, some in parts]))
    return pairs_, counts


def enough(pairs_: Whole, counts: Whole, sizes: Whole, threshold: float) -> tuple[Whole, Whole]:
    """Return the first and second text of each pair that may be `threshold` alike; `sizes` are the triples that were looked at."""
    first, second = np.divmod(pairs_, len(sizes))
    # `counts` misses triples that are in many texts, and an eighth is only a sample: half the threshold is enough here.
    kept = counts >= threshold / 2 * np.minimum(sizes[first], sizes[second])
    return first[kept], second[kept]
