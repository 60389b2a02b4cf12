"""What each reply of a run got in a figure of sense, kept beside the table of a study: two runs are compared reply by reply.

reports/studies/replies/<name>.jsonl has a line a run and figure. Lines are added and never changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.records import read_numbered_jsonl, write_jsonl
from three_tutors.scoring.statistics import Difference, by_dialogue, paired_difference

FOLDER = "replies"
"""Beside the tables."""


@dataclass(frozen=True)
class Replies:
    """The replies of one run to held-out student turns and moments, which every run is asked alike."""

    tutor: str
    settings: str
    """As in the table."""
    figure: str
    reader: str
    """Digest of the model whose states were read; empty where the wording was scored."""
    base: str
    data: str
    code: str
    params: str
    values: Mapping[str, float]
    """Item → value, 0–1."""

    @property
    def setting(self) -> dict[str, str]:
        """The settings by name."""
        return dict(one.split("=", 1) for one in self.settings.split("; ") if "=" in one)


def path_of(table: Path) -> Path:
    """Return where the replies of the runs in `table` are kept."""
    return table.parent / FOLDER / f"{table.stem}.jsonl"


def read_replies(table: Path) -> list[Replies]:
    """Return the replies kept beside `table`, of equal runs the last ones; nothing where there are none.

    Raises:
        DataError: a line is none that a study writes.

    """
    path, found = path_of(table), {}
    for line, row in read_numbered_jsonl(path) if path.exists() else []:
        try:
            one = Replies(**row)
        except TypeError as error:
            raise DataError(f"{path}:{line}: no replies of a run ({error}); restore the file from Git.") from None
        found[one.tutor, one.settings, one.figure, one.data, one.params] = one
    return [*found.values()]


def add_replies(table: Path, replies: Iterable[Replies]) -> None:
    """Put the replies of a run at the end of the file beside `table`."""
    path = path_of(table)
    kept = [row for _, row in read_numbered_jsonl(path)] if path.exists() else []
    if added := [asdict(one) for one in replies]:
        write_jsonl(path, [*kept, *added])


def difference(one: Sequence[Replies], other: Sequence[Replies]) -> Difference | None:
    """Return how much more `one` gets than `other` on the items that all of them replied to, each side's runs averaged first.

    None where no item is common. Dialogues and moments are drawn for the interval, trainings are not.
    """
    common = set.intersection(*({*run.values} for run in (*one, *other))) if one and other else set()
    if not common:
        return None
    mine, theirs = ({item: sum(run.values[item] for run in runs) / len(runs) for item in sorted(common)} for runs in (one, other))
    return paired_difference(by_dialogue({item: mine[item] - theirs[item] for item in mine}))
