"""What a rater is shown next, so that a hundred ratings say most.

- Moments come from as many dialogues as there are before one dialogue comes twice: the dialogue is the unit of every interval.
- At each moment a rater reads a few replies side by side: one reading of the conversation serves all of them, and differences within
  a moment are not blurred by how hard it is.
- Which writers are shown is balanced: whoever has been rated least for his share comes first. Teachers and the bot are anchors and
  are shown less often than the tutors.
- Every fourth moment is the same for all raters, with the same replies, so that their agreement can be measured; of the others those
  are drawn that the fewest people have rated.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from three_tutors.rating.sheets import BOT, Sheet
from three_tutors.tutoring.methods import REFERENCE

SIDE_BY_SIDE = 3
"""Replies to one moment."""
SHARED = 4
"""One moment of so many is the same for all raters."""
ENOUGH = 100
"""Ratings after which more say little more: with 25 a tutor, the interval of a mean from 1 to 5 is about ±0.4 wide."""
_SHARES = {REFERENCE: 0.6, BOT: 0.4}
"""How often an anchor is shown, compared with a tutor."""

Shown = Mapping[str, Mapping[str, Sequence[str]]]
"""Rater → item → the writers whose replies this rater has rated there; none where the moment was skipped."""


def following(sheets: Sequence[Sheet], shown: Shown, rater: str) -> tuple[Sheet, tuple[str, ...]] | None:
    """Return the moment that `rater` is shown next and whose replies, from left to right; None where all have been rated."""
    done = shown.get(rater, {})
    order = _in_order(sheets)
    shared, own = order[::SHARED], [one for place, one in enumerate(order) if place % SHARED]
    left = [one for one in own if one.item not in done]
    left_shared = [one for one in shared if one.item not in done]
    if left_shared and (not left or len(done) % SHARED == 0):
        sheet = left_shared[0]
        writers = _of_shared(shared)[sheet.item]
    elif left:
        counts = Counter(item for of in shown.values() for item in of)
        sheet = min(left, key=lambda one: counts[one.item])  # the first of those rated least often
        writers = _least_shown(sheet, Counter(_writers(shown)))
    else:
        return None
    return sheet, tuple(sorted(writers, key=lambda writer: _hash(rater, sheet.item, writer)))


def _in_order(sheets: Sequence[Sheet]) -> list[Sheet]:
    """Return the sheets so that every group comes once before one comes twice; a fixed order that looks random."""
    groups: dict[str, list[Sheet]] = defaultdict(list)
    for sheet in sorted(sheets, key=lambda one: _hash(one.item)):
        groups[sheet.group].append(sheet)
    rounds = max(map(len, groups.values()), default=0)
    return [some[place] for place in range(rounds) for some in groups.values() if place < len(some)]


def _of_shared(shared: Sequence[Sheet]) -> dict[str, list[str]]:
    counts: Counter[str] = Counter()
    found = {}
    for sheet in shared:
        found[sheet.item] = _least_shown(sheet, counts)
        counts.update(found[sheet.item])
    return found


def _least_shown(sheet: Sheet, counts: Mapping[str, int]) -> list[str]:
    """Return the writers of a sheet that have been shown least for their share."""
    ordered = sorted(sheet.replies, key=lambda writer: ((counts.get(writer, 0) + 1) / _SHARES.get(writer, 1), _hash(sheet.item, writer)))
    return _distinct(sheet, ordered)[:SIDE_BY_SIDE]


def _distinct(sheet: Sheet, writers: Iterable[str]) -> list[str]:
    """Leave out whoever says word for word what another one says: nobody can rate these apart."""
    said: Collection[str] = set()
    found = []
    for writer in writers:
        if sheet.replies[writer] not in said:
            said = {*said, sheet.replies[writer]}
            found.append(writer)
    return found


def _writers(shown: Shown) -> Iterable[str]:
    return (writer for of in shown.values() for writers in of.values() for writer in writers)


def _hash(*parts: str) -> bytes:
    return hashlib.sha256("\n".join(parts).encode()).digest()
