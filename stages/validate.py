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
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

from pydantic import Field

from three_tutors.checking.gathering import gather
from three_tutors.checking.inspecting import Limits
from three_tutors.checking.problem_formats import FORMATS, MOST, formatted
from three_tutors.checking.shortfalls import shortfalls
from three_tutors.checking.tally import Tally
from three_tutors.pipeline.params import params, read
from three_tutors.pipeline.records import write_chunks, write_json
from three_tutors.scale.engine import chosen
from three_tutors.scale.shards import CACHE
from three_tutors.tutoring.dialogue import STRATEGIES, UNDERSTANDINGS, Dialogue
from three_tutors.tutoring.moment import Moment
from three_tutors.tutoring.scenario import Scenario
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


def validate(tally: Tally, warnings: Mapping[str, int]) -> dict[str, Any]:
    """Return the summary of a data set without errors: counts, and what is too few for which conclusion."""
    items, strategies, understandings = tally.items, tally.strategies, tally.understandings
    return {
        "dialogues": items["dialogues"],
        "scenarios": items["scenarios"],
        "moments": items["moments"],
        "graded_replies": items["graded_replies"],
        "scenario_turns": items["scenario_turns"],
        "student_turns": sum(understandings.values()),
        "teacher_turns": sum(strategies.values()),
        "strategies": {name: strategies[name] for name in STRATEGIES},
        "understandings": {name: understandings[name] for name in UNDERSTANDINGS},
        "unlabelled": {"student_turns": understandings[""], "teacher_turns": strategies[""]},
        "subjects": dict(sorted(tally.subjects.items())),
        "warnings": dict(warnings),
        "too_few": shortfalls(tally),
    }


def main() -> None:
    """Check the data set, or the files given, and write the table where all is well."""
    gc.disable()  # nothing here refers back to itself, and looking for what does takes a sixth of the time
    arguments = _arguments(sys.argv[1:])
    settings = read("validate", Params)
    limits = Limits(max_turns=settings.max_turns, max_words=settings.max_words, near_duplicate=settings.near_duplicate)
    data = [DIALOGUES, *(folder for folder in (SCENARIOS, MOMENTS) if any(folder.glob("[!.]*")))]  # .gitkeep is no scenario
    dealt = {**read_ledger(SPLITS), **read_ledger(MOMENT_SPLITS)}
    with nullcontext(CACHE / "validate") if not arguments.path else TemporaryDirectory() as under:
        made = gather(arguments.path or data, limits, dealt, Path(under), how=chosen(), most=arguments.most)
        gc.freeze()  # nor does Python look again when it ends
        print(formatted(made.problems, arguments.format, arguments.most, made.told.counts), end="")
        if made.told.errors:
            sys.exit(f"error: {made.summary}." + ("" if arguments.path else " Nothing was written; what an earlier run made stays."))
        if not arguments.path:
            for kind, path in ((Dialogue, DIALOGUES_OUT), (Scenario, SCENARIOS_OUT), (Moment, MOMENTS_OUT)):
                write_chunks(path, made.records(kind))
            write_json(METRICS, validate(made.tally, made.told.by_code))
    print(f"validate: {made.summary}", file=sys.stdout if arguments.format == "text" else sys.stderr)


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
