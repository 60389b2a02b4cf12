"""Check every hand-written dialogue and gather them in one table.

    python -m stages.validate                                       the stage: checks data/raw, writes data/processed
    python -m stages.validate PATH … [--format FORMAT] [--most N]   checks files or folders, writes nothing

Exit status 1 where there is an error. FORMAT is text, json, github or sarif. Of more than N (100) problems with one code in
one file the others are one line with their number, in every format; what is counted is exact, and `--most 0` prints all.
"""

from __future__ import annotations

if __name__ == "__main__":
    from three_tutors.pipeline.starting import start

    start("stages.validate", own_arguments=True)

import argparse
import gc
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from three_tutors.checking.gate import Limits, Verdict, check, counts
from three_tutors.checking.problem_formats import FORMATS, MOST, formatted
from three_tutors.checking.shortfalls import shortfalls
from three_tutors.pipeline.params import params, read
from three_tutors.pipeline.records import write_json, write_jsonl
from three_tutors.tutoring.dialogue import STRATEGIES, UNDERSTANDINGS
from three_tutors.tutoring.splits import read_ledger

DIALOGUES = Path("data/raw/dialogues")
SCENARIOS = Path("data/raw/scenarios")
MOMENTS = Path("data/raw/moments")
DIALOGUES_OUT = Path("data/processed/dialogues.jsonl")
SCENARIOS_OUT = Path("data/processed/scenarios.jsonl")
MOMENTS_OUT = Path("data/processed/moments.jsonl")
METRICS = Path("reports/metrics/data.json")
SPLITS = Path("data/raw/splits.csv")
"""Read where it exists, to tell leaks between splits. No dependency: `split` writes it after this stage and checks it too."""

MOMENT_SPLITS = Path("data/raw/moment_splits.csv")
"""The same for moments."""


@params
class Params:
    """What the gate lets through."""

    max_turns: Annotated[int, Field(ge=2, le=100)]
    """Turns of the longest usual dialogue; more is a warning."""
    max_words: Annotated[int, Field(ge=1)]
    """Words of the longest usual teacher turn; more is a warning."""
    near_duplicate: Annotated[float, Field(gt=0, le=1)]
    """Share of common word triples from which two dialogues count as one, 0–1."""


def validate(verdict: Verdict) -> dict[str, Any]:
    """Return the summary of a data set without errors: counts, and what is too few for which conclusion."""
    turns = [turn for dialogue in verdict.dialogues for turn in dialogue.turns]
    strategies = Counter(turn.strategy for turn in turns if turn.speaker == "teacher")
    understandings = Counter(turn.understanding for turn in turns if turn.speaker == "student")
    subjects = Counter(dialogue.lesson.subject for dialogue in verdict.dialogues)
    return {
        "dialogues": len(verdict.dialogues),
        "scenarios": len(verdict.scenarios),
        "moments": len(verdict.moments),
        "graded_replies": sum(len(moment.replies) for moment in verdict.moments),
        "scenario_turns": sum(len(scenario.turns) for scenario in verdict.scenarios),
        "student_turns": sum(understandings.values()),
        "teacher_turns": sum(strategies.values()),
        "strategies": {name: strategies[name] for name in STRATEGIES},
        "understandings": {name: understandings[name] for name in UNDERSTANDINGS},
        "unlabelled": {"student_turns": understandings[""], "teacher_turns": strategies[""]},
        "subjects": dict(sorted(subjects.items())),
        "warnings": counts(verdict.problems),
        "too_few": shortfalls(verdict),
    }


def main() -> None:
    """Check the data set, or the files given, and write the table where all is well."""
    gc.disable()  # nothing here refers back to itself, and looking for what does takes a sixth of the time
    arguments = _arguments(sys.argv[1:])
    settings = read("validate", Params)
    limits = Limits(max_turns=settings.max_turns, max_words=settings.max_words, near_duplicate=settings.near_duplicate)
    data = [DIALOGUES, *(folder for folder in (SCENARIOS, MOMENTS) if any(folder.glob("[!.]*")))]  # .gitkeep is no scenario
    verdict = check(arguments.path or data, limits, {**read_ledger(SPLITS), **read_ledger(MOMENT_SPLITS)})
    gc.freeze()  # nor does Python look again when it ends
    print(formatted(verdict.problems, arguments.format, arguments.most), end="")
    if verdict.errors:
        sys.exit(f"error: {verdict.summary}." + ("" if arguments.path else " Nothing was written; what an earlier run made stays."))
    if not arguments.path:
        write_jsonl(DIALOGUES_OUT, (dialogue.to_record() for dialogue in verdict.dialogues))
        write_jsonl(SCENARIOS_OUT, (scenario.to_record() for scenario in verdict.scenarios))
        write_jsonl(MOMENTS_OUT, (moment.to_record() for moment in verdict.moments))
        write_json(METRICS, validate(verdict))
    print(f"validate: {verdict.summary}", file=sys.stdout if arguments.format == "text" else sys.stderr)


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError("a whole number from 0")
    return int(text)


def _arguments(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m stages.validate", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("path", nargs="*", type=Path, help="files or folders to check; without any, the stage runs")
    parser.add_argument("--format", choices=FORMATS, default="text", help="how problems are printed")
    most = "problems of one code in one file that are printed, before one line counts the others; 0 prints all (default %(default)s)"
    parser.add_argument("--most", type=_whole, default=MOST, metavar="N", help=most)
    return parser.parse_args(words)
