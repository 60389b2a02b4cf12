"""Run a study of params.yaml as DVC experiments and keep its figures in reports/studies/<name>.csv.

python -m three_tutors.studies NAME [--jobs N] [--json] [--plan]

What the table has is not run again: after Ctrl-C the same command goes on.
"""

from __future__ import annotations

if __name__ == "__main__":
    from three_tutors.pipeline.starting import start

    start("three_tutors.studies.__main__")

import argparse
import json
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from three_tutors.pipeline.diagnostics import ParamsError, TutorError
from three_tutors.studies.definition import runs, studies
from three_tutors.studies.experiments import experiments
from three_tutors.studies.identity import identity
from three_tutors.studies.running import Running
from three_tutors.studies.table import FOLDER

COPY = Path(".dvc/tmp/studies")


def main() -> None:
    """Read the study, run what its table lacks, say what was done."""
    parser = argparse.ArgumentParser(prog="python -m three_tutors.studies", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("name", help="a study of params.yaml")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="runs at a time; each takes the memory of a training (default 1)")
    parser.add_argument("--json", action="store_true", help="print what was done as one JSON object; progress goes to stderr")
    parser.add_argument("--plan", action="store_true", help="list the runs and which of them are there, and run none")
    given = parser.parse_args()
    known = studies()
    if given.name not in known:
        raise ParamsError(f"There is no study {given.name!r} in params.yaml; there {_are(known)}.")
    if given.jobs < 1:
        parser.error("--jobs is at least 1")
    say = partial(print, file=sys.stderr if given.json else sys.stdout, flush=True)
    study = Running(FOLDER / f"{given.name}.csv", known[given.name].figures, given.jobs, say)
    planned = [(run, identity(Path(), run)) for run in runs(given.name, known[given.name])]
    lacking = [one for one in planned if not study.there(*one)]
    there = len(planned) - len(lacking)
    say(f"{given.name}: {len(planned)} runs, {there} of them in {study.table}")
    failed: dict[str, str] = {}
    if given.plan:
        for one in planned:
            say(f"  {'to run' if one in lacking else 'there '}  {one[0].label}")
    elif lacking:
        with experiments(Path(), COPY / given.name) as queue:
            failed = study.work(queue, lacking)
    if given.json:
        run_now = 0 if given.plan else len(lacking) - len(failed)
        print(
            json.dumps(
                {"study": given.name, "table": str(study.table), "runs": len(planned), "there": there, "run": run_now, "failed": failed}
            )
        )
    if failed:
        raise TutorError(f"{given.name}: {len(failed)} of {len(lacking)} runs failed; mend what they say and give the command again.")
    if lacking and not given.plan:
        say(f"{given.name}: all runs are in {study.table}. `make repro` puts them into the reports.")


def _are(names: Mapping[str, object]) -> str:
    return f"are {', '.join(names)}" if len(names) > 1 else f"is {', '.join(names)}" if names else "are none"
