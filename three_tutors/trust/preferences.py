"""Which reply people preferred when they did not know whose it was: rows without words, and their tally.

The rows lie in data/raw/preferences.jsonl, in Git; the chat page adds to them only when somebody presses the button.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.records import Record, read_numbered_jsonl, write_jsonl
from three_tutors.scoring.statistics import wilson
from three_tutors.tutoring.methods import TUTORS

PREFERENCES = Path("data/raw/preferences.jsonl")


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Preference:
    """One choice among replies to the same student turn."""

    id: str
    """Random; the same choice written twice counts once."""
    day: str
    """Date of the choice, such as 2026-11-22."""
    subject: str
    grade: int
    shown: tuple[str, ...]
    """Tutors in the order of their columns, from left to right."""
    preferred: str | None
    """None where the person saw no difference, or found that none of the replies helps."""
    versions: tuple[str, ...]
    """Fingerprint of each tutor, in the order of `shown`; a tutor made anew is another one."""
    none_helps: bool = False
    """Whether the person found that none of the replies helps."""

    def __post_init__(self) -> None:
        """Refuse what nobody can have chosen.

        Raises:
            ValueError: a tutor is shown twice, has no version, or is preferred without having been shown or where none helps.

        """
        if len(set(self.shown)) < len(self.shown) or len(self.versions) != len(self.shown):
            raise ValueError("every tutor is shown once and has one version")
        if self.preferred is not None and self.preferred not in self.shown:
            raise ValueError(f"{self.preferred} is preferred and was not shown")
        if self.preferred is not None and self.none_helps:
            raise ValueError(f"{self.preferred} is preferred where no reply helps")


_PREFERENCE = TypeAdapter(Preference)


@dataclass(frozen=True)
class Preferred:
    """How often one tutor was preferred where it was shown."""

    tutor: str
    shown: int
    preferred: int
    no_difference: int
    none_helps: int
    """How often no reply was found to help, its own included."""
    share: float | None
    """`preferred` of the choices of one reply; None where there are none."""
    low: float | None
    """Lower end of the 95 % interval of `share` (Wilson 1927)."""
    high: float | None
    by_chance: float | None
    """The share that choosing blindly among the shown replies would give."""


def read_preferences(path: Path = PREFERENCES) -> list[Preference]:
    """Return the preferences in `path`, none where there is no such file. Of a choice that is there twice, the later one counts.

    Raises:
        DataError: a line is not a preference.

    """
    if not path.exists():
        return []
    found = {}
    for line, record in read_numbered_jsonl(path):
        try:
            one = _PREFERENCE.validate_python(record)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "the line"
            advice = "the chat page writes them, mend or remove the line"
            raise DataError(f"{path}:{line}: not a preference ({where}: {first['msg'].lower()}); {advice}.") from None
        found[one.id] = one
    return list(found.values())


def add_preferences(new: Sequence[Preference], path: Path = PREFERENCES) -> int:
    """Write `new` beside what is in `path`; return how many it holds now. A known id is replaced."""
    known = {preference.id: preference for preference in [*read_preferences(path), *new]}
    return write_jsonl(path, (_record(known[name]) for name in sorted(known)))


def tally(preferences: Sequence[Preference]) -> list[Preferred]:
    """Return how often every tutor that was ever shown was preferred: in the order of the tutors, then those that are none any more.

    The interval takes choices as independent; those of one person or one conversation are less than that.
    """
    shown = {name for preference in preferences for name in preference.shown}
    return [_preferred(name, preferences) for name in (*(name for name in TUTORS if name in shown), *sorted(shown - TUTORS.keys()))]


def _preferred(tutor: str, preferences: Sequence[Preference]) -> Preferred:
    shown = [preference for preference in preferences if tutor in preference.shown]
    decided = [preference for preference in shown if preference.preferred is not None]
    won = sum(preference.preferred == tutor for preference in decided)
    none = sum(preference.none_helps for preference in shown)
    undecided = (len(shown) - len(decided) - none, none)
    if not decided:
        return Preferred(tutor, len(shown), 0, *undecided, None, None, None, None)
    rate = wilson(won, len(decided))
    by_chance = sum(1 / len(preference.shown) for preference in decided) / len(decided)
    return Preferred(tutor, len(shown), won, *undecided, rate.value, rate.low, rate.high, by_chance)


def _record(preference: Preference) -> Record:
    return {**asdict(preference), "shown": list(preference.shown), "versions": list(preference.versions)}
