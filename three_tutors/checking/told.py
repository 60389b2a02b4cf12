"""Which problems are told one by one: all of them, or the first of each code in each file; what is counted is exact."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping


class Told:
    """Counts problems as they are found, and says whether to keep one.

    Problems of one code in one file come in the order of their lines.
    """

    def __init__(self, most: int = 0) -> None:
        """Keep `most` of each code in each file, and the one after them, in whose place the others are counted; 0 keeps all."""
        self.most = most
        self.counts: Counter[tuple[str, str]] = Counter()
        """By file and code."""
        self._last: dict[tuple[str, str], int] = {}

    def keep(self, file: str, code: str, line: int) -> bool:
        """Count a problem; return whether to keep it. Of those on one line all are kept, for their columns decide their order."""
        key = (file, code)
        self.counts[key] += 1
        if not self.most or self.counts[key] <= self.most + 1:
            self._last[key] = line
            return True
        return self._last[key] == line

    def skip(self, found: Mapping[tuple[str, str], int]) -> bool:
        """Return whether none of the problems of a block would be kept, and count them if so."""
        full = bool(self.most) and all(self.counts[key] > self.most for key in found)
        if full:
            self.counts.update(found)
        return full

    @property
    def errors(self) -> int:
        """How many stop the pipeline."""
        return sum(count for (_, code), count in self.counts.items() if code.startswith("E"))

    @property
    def by_code(self) -> dict[str, int]:
        """How often each code was found, sorted by code."""
        found: Counter[str] = Counter()
        for (_, code), count in self.counts.items():
            found[code] += count
        return dict(sorted(found.items()))
