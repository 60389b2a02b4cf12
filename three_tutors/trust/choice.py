"""Choice: does a model put good replies where they belong, and before faulty ones? Told by its likelihoods, without a judge.

    python -m three_tutors.trust.choice FILE.jsonl [--model DIR] [--adapter DIR] [--json]

FILE holds graded replies (see `graded`); `--model` is a folder such as models/base, `--adapter` one such as models/lora. What is
asked and how it is counted stands in `scoring/choice.py`.
"""

from __future__ import annotations

if __name__ == "__main__":
    from three_tutors.pipeline.starting import start

    start("three_tutors.trust.choice")

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from three_tutors.pipeline.records import Record
from three_tutors.scoring.choice import Choice, choice
from three_tutors.scoring.statistics import Interval
from three_tutors.trust.graded import Graded, by_moment, read_graded
from three_tutors.tutoring.choosing import Choosable, Likelihoods, likely
from three_tutors.tutoring.dialogue import Lesson, Turn
from three_tutors.tutoring.formats import messages

BASE = Path("models/base")


def of_graded(rows: Sequence[Graded]) -> list[Choosable]:
    """Return the moments that `rows` reply to; the sides of a pair differ in their conversations."""
    found = []
    for some in by_moment(rows):
        first = some[0]
        replies = tuple((row.kind, row.replied.reply) for row in some)
        found.append(Choosable(first.item, first.group, first.replied.lesson, first.replied.turns, replies, first.pair))
    return found


def likelihoods_of(model: Path, adapter: Path | None = None) -> Likelihoods:
    """Return the likelihoods of the model in folder `model`, asked with the plain frame of the lesson.

    Raises:
        TutorError: a folder holds no model, or an adapter of another one.

    """
    from three_tutors.language_model.generate import Generator  # noqa: PLC0415 - torch takes seconds
    from three_tutors.language_model.likelihood import of_replies  # noqa: PLC0415

    generator = Generator(model, adapter)

    def likelihoods(asked: Sequence[tuple[Lesson, Sequence[Turn], str]]) -> list[tuple[float, int]]:
        return of_replies(generator, [(messages(lesson, turns), reply) for lesson, turns, reply in asked])

    return likelihoods


def record(found: Choice) -> Record:
    """Return the figures as a JSON object; everything together is called `all`."""
    parts = {"matching": (found.matching, found.pairs), "ranking": (found.ranking, found.faults)}
    return {
        part: {name or "all": {**asdict(shares[name]), "n": counts[name]} for name in shares} for part, (shares, counts) in parts.items()
    }


def table(found: Choice) -> str:
    """Return the figures as text for a person."""
    lines = []
    for title, shares, counts, what in (
        ("Matching: pairs whose good replies the model puts where they belong (chance 50 %)", found.matching, found.pairs, "pairs"),
        ("Ranking: faulty replies that ideal ones are likelier than, a token (chance 50 %)", found.ranking, found.faults, "replies"),
    ):
        lines += [title] + [f"  {name or 'all':<22}{_shown(share)}  of {counts[name]} {what}" for name, share in shares.items()]
        lines += [] if shares else ["  nothing here to choose from"]
    return "\n".join(lines)


def _shown(share: Interval) -> str:
    ends = "" if share.low is None or share.high is None else f" [{share.low:.2f}, {share.high:.2f}]"
    return f"{share.value:.2f}{ends}"


def main() -> None:
    """Ask the model about every reply of the file and print what it chooses."""
    parser = argparse.ArgumentParser(prog="python -m three_tutors.trust.choice", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", type=Path, help="graded replies, one JSON object a line")
    parser.add_argument("--model", type=Path, default=BASE, help="folder of the model (default %(default)s)")
    parser.add_argument("--adapter", type=Path, help="folder of a LoRA adapter of that model")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    given = parser.parse_args()
    moments = of_graded(read_graded(given.file))
    found = choice(moments, likely(moments, likelihoods_of(given.model, given.adapter)))
    print(json.dumps(record(found), indent=2, allow_nan=False) if given.json else table(found))
