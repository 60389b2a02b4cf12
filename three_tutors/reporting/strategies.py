"""Strategies: which moves a tutor makes, and whether it makes them where the teacher did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from three_tutors.reporting.figures import Figure, grid
from three_tutors.reporting.names import plain_name
from three_tutors.reporting.pages import listed, percent, plain
from three_tutors.tutoring.dialogue import STRATEGIES
from three_tutors.tutoring.methods import REFERENCE

Pair = tuple[str, str]
"""The strategy that the teacher used, and the one that the tutor's reply realised."""

RARE = 0.05
"""Share of replies below which a strategy does not count as part of the repertoire."""


@dataclass(frozen=True)
class Repertoire:
    """The moves of one tutor on the held-out turns."""

    counts: Counter[Pair]

    @property
    def realised(self) -> Counter[str]:
        """How often each strategy was realised."""
        found: Counter[str] = Counter()
        for (_, realised), number in self.counts.items():
            found[realised] += number
        return found

    @property
    def used(self) -> list[str]:
        """The strategies of the repertoire, the commonest first."""
        return [name for name, number in self.realised.most_common() if number >= RARE * self.counts.total()]

    @property
    def commonest(self) -> str:
        """The strategy that was realised most often."""
        return self.realised.most_common(1)[0][0]

    @property
    def share_of_commonest(self) -> float:
        """Share of all replies that realise it."""
        return self.realised[self.commonest] / self.counts.total()

    @property
    def macro_f1(self) -> float:
        """Mean F1 over the strategies that the teachers used, each strategy counting the same."""
        return sum(self.f1.values()) / len(self.f1)

    @property
    def f1(self) -> dict[str, float]:
        """F1 of each strategy that the teachers used: 2 × hits / (intended + realised)."""
        intended: Counter[str] = Counter()
        for (name, _), number in self.counts.items():
            intended[name] += number
        realised = self.realised
        return {name: 2 * self.counts[name, name] / (intended[name] + realised[name]) for name in STRATEGIES if intended[name]}


def repertoire(pairs: Sequence[Pair]) -> Repertoire | None:
    """Return the moves of one tutor; None where no reply was told apart."""
    counts = Counter((intended, realised) for intended, realised in pairs if intended and realised)
    return Repertoire(counts) if counts else None


def confusion_figure(tutor: str, moves: Repertoire) -> Figure:
    """Draw which strategy a tutor realised where the teacher intended which."""
    table = [[moves.counts[intended, realised] for realised in STRATEGIES] for intended in STRATEGIES]
    names = [plain(name) for name in STRATEGIES]
    met = sum(moves.counts[name, name] for name in STRATEGIES)
    each = [f"{plain(name)} {value:.2f}" for name, value in moves.f1.items()]
    alt = (
        f"{tutor} makes the teacher's move in {met} of {moves.counts.total()} turns ({percent(met / moves.counts.total())}). "
        f"F1 by strategy: {listed(each)}. Its commonest move is {plain(moves.commonest)} ({percent(moves.share_of_commonest)})."
    )
    own = "Strategies of the teachers: how well the classifier reads them"
    title = own if tutor == REFERENCE else f"Strategies of {plain_name(tutor)} across, of the teacher down"
    return Figure(f"strategies_{tutor}", title, alt, grid(names, names, table, alt, "the teacher's move"))
