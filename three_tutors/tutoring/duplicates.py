"""Which dialogues say the same: exact and near duplicates, and what would leak from one split or set into another.

How alike two texts are is the share of word triples that they have in common (Jaccard index of their sets of 3-word
shingles, A. Broder, "On the resemblance and containment of documents", 1997). Triples are hashed to 32 bits. Only pairs
that share rare triples are compared. In a large corpus, only the triples whose hash is a multiple of eight are looked at;
two similar texts have as many of those in common as of all others.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from three_tutors.tutoring.dialogue import Dialogue
from three_tutors.tutoring.moment import Moment
from three_tutors.tutoring.words import tokens

Triples = npt.NDArray[np.uint32]
"""Sorted hashes of the different word triples of a text."""

LEAK = 0.15
"""Two dialogues that share at least this part of their word triples work on one problem. In MathDial's 599 dialogues every such
pair does, and no pair on different problems reaches 0.10; in our own data no pair reaches 0.02."""
LARGE = 5_000
"""In a larger corpus, an eighth of the triples is enough to find the pairs to compare."""
COMMON = 8
"""A triple in more texts than this pairs each of them with the next one only; a stock phrase would pair all with all."""


@dataclass(frozen=True, order=True)
class Pair:
    """Two texts by their position, the first before the second, and how alike they are (0–1)."""

    first: int
    second: int
    alike: float


def triples(said: Iterable[str]) -> Triples:
    """Return the triples of the words `said`; fewer than three words have none."""
    hashes = np.fromiter(map(_hash, said), np.uint32)
    # Odd multipliers keep the order of the three apart; uint32 arithmetic wraps around.
    found = np.sort(hashes[:-2] * np.uint32(0x9E3779B1) + hashes[1:-1] * np.uint32(0x85EBCA77) + hashes[2:] * np.uint32(0xC2B2AE3D))
    return found[np.concatenate(([True], found[1:] != found[:-1]))[: found.size]]  # four times as fast as `np.unique`


@lru_cache(maxsize=2**16)
def _hash(word: str) -> int:
    return zlib.crc32(word.encode("utf-8", "surrogatepass"))


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
    group = list(range(texts))

    def root(member: int) -> int:
        while group[member] != member:
            group[member] = member = group[group[member]]
        return member

    for pair in found:
        group[root(pair.second)] = root(pair.first)
    sizes = Counter(root(member) for member in range(texts))
    return [pair for pair in found if sizes[root(pair.first)] <= max(2, texts // 10)]


def kin(dialogues: Sequence[Dialogue | Moment]) -> list[tuple[str, str]]:
    """Return the pairs of ids whose dialogues tell of one problem, so that one would leak into the other's split."""
    sets = [triples(word for turn in dialogue.turns for word in tokens(turn.text)) for dialogue in dialogues]
    return [(dialogues[pair.first].id, dialogues[pair.second].id) for pair in of_one_problem(pairs(sets, LEAK), len(sets))]


def _proposed(sets: Sequence[Triples], threshold: float) -> Iterator[tuple[int, int]]:
    """Yield the pairs that share enough of the triples few texts have."""
    if len(sets) < 2:  # noqa: PLR2004 - a pair
        return
    hashes = np.concatenate(sets)
    owners = np.repeat(np.arange(len(sets)), [some.size for some in sets])
    if len(sets) > LARGE:
        kept = hashes % 8 == 0
        hashes, owners = hashes[kept], owners[kept]
    sizes = np.bincount(owners, minlength=len(sets))
    order = np.lexsort((owners, hashes))
    hashes, owners = hashes[order], owners[order]
    changes = np.flatnonzero(np.r_[True, hashes[1:] != hashes[:-1], True])
    rare = np.repeat(np.diff(changes), np.diff(changes)) <= COMMON
    proposed = []
    for gap in range(1, COMMON):
        same = (hashes[gap:] == hashes[:-gap]) & (rare[gap:] if gap > 1 else True)
        proposed.append(owners[:-gap][same] * len(sets) + owners[gap:][same])
    codes, shared = np.unique(np.concatenate(proposed), return_counts=True)
    first, second = np.divmod(codes, len(sets))
    # `shared` misses triples that are in many texts, and an eighth is only a sample: half the threshold is enough here.
    enough = shared >= threshold / 2 * np.minimum(sizes[first], sizes[second])
    yield from zip(first[enough].tolist(), second[enough].tolist(), strict=True)
