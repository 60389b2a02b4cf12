"""Grading: does each score put ideal replies before faulty ones, and does it rise with what people rated?

    python -m three_tutors.trust.grading [FILE.jsonl] [--model DIR] [--json]

FILE holds graded or rated replies (see `graded`); without it, the graded replies of the project's own test half are taken. Where the
base model is on disk, what its states say of sense (see `sense`) stands beside the scores that need no model. Figures are those of
`faults` and `following`.
"""

from __future__ import annotations

if __name__ == "__main__":
    from three_tutors.pipeline.starting import start

    start("three_tutors.trust.grading")

import argparse
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.scoring.measure import Measure
from three_tutors.scoring.scores import MEASURES
from three_tutors.scoring.statistics import Interval
from three_tutors.trust import sense, sense_figures
from three_tutors.trust.faults import WEAK, Grading, grading
from three_tutors.trust.following import Follows, following
from three_tutors.trust.graded import Graded, of_moments, read_graded
from three_tutors.tutoring.moment import read_moments

EXAM = Path("data/processed/moments/test.jsonl")


def table(found: Grading, followed: Mapping[str, Mapping[str, Follows]], measures: Mapping[str, Measure] = MEASURES) -> str:
    """Return the figures as text for a person."""
    lines = [
        f"{found.rows} replies in {found.groups} groups, which the 95 % intervals draw. AUC of ideal replies against each kind within",
        f"moments (chance 0.50, weak below {WEAK:.2f}), over all moments, and Spearman's ρ with what people said; better is always higher.",
    ]
    for name in dict.fromkeys([*found.sees, *followed]):
        lines += ["", measures[name].label if name in measures else name]
        for kind, sees in found.sees.get(name, {}).items():
            told = f"{_shown(sees.within)} of {sees.pairs} pairs{', weak' if sees.weak else ''}" if sees.within else "no pair in a moment"
            lines.append(f"  {kind:<22}{told}; over all moments {sees.anywhere:.2f} of {sees.replies} replies")
        for asked, follows in followed.get(name, {}).items():
            told = "; ".join(
                f"{what}{_shown(rho)}"
                for what, rho in (("", follows.everyone), ("without the teachers ", follows.tutors), ("within writers ", follows.within))
                if rho
            )
            each = ", ".join(f"{writer} {'–' if rho is None else f'{rho:.2f}'}" for writer, rho in follows.writers.items())
            lines.append(f"  {'ρ with ' + asked:<22}{told or 'does not vary'} of {follows.rows} replies{f' ({each})' if each else ''}")
    if not found.sees and not followed:
        lines += ["", "No row has a kind beside ideal ones, a grade or a label that a score could be held against."]
    return "\n".join(lines)


def _shown(interval: Interval) -> str:
    ends = "" if interval.low is None or interval.high is None else f" [{interval.low:.2f}, {interval.high:.2f}]"
    return f"{interval.value:.2f}{ends}"


def read_exam(path: Path = EXAM) -> list[Graded]:
    """Return the graded replies of the project's own moments in `path`.

    Raises:
        DataError: they are not there, or there are none.

    """
    rows = of_moments(read_moments(path))
    if not rows:
        raise DataError(f"{path}: holds no graded reply; write moments in data/raw/moments, or name a file of graded replies.")
    return rows


def main() -> None:
    """Grade the scores by the replies of a file, or by those of the project's own exam, and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m three_tutors.trust.grading", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", type=Path, nargs="?", help=f"graded or rated replies, one JSON object a line (default: {EXAM})")
    parser.add_argument("--model", type=Path, default=sense.MODEL, help=f"the base model's folder (default: {sense.MODEL})")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    given = parser.parse_args()
    rows = read_graded(given.file) if given.file else read_exam()
    fitted = sense.at_hand(given.model)
    measures = {**MEASURES, sense_figures.NAME: sense.measure(rows, given.model, fitted)} if fitted else MEASURES
    found, followed = grading(rows, measures), following(rows, measures)
    if given.json:
        told = asdict(found) | {"follows": {name: {asked: asdict(one) for asked, one in of.items()} for name, of in followed.items()}}
        print(json.dumps(told, indent=2, ensure_ascii=False, allow_nan=False))
    else:
        print(table(found, followed, measures))
