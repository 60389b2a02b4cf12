"""Write the reports a teacher can read."""

from __future__ import annotations

if __name__ == "__main__":
    from three_tutors.pipeline.starting import start

    start("stages.report", reads_what_is_there=True)

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.params import PARAMS_FILE, params, read
from three_tutors.pipeline.records import write_text
from three_tutors.reporting.comparison import Setting, shared_values, texts
from three_tutors.reporting.cost_benefit import cost_benefit
from three_tutors.reporting.croissant import croissant
from three_tutors.reporting.data_card import data_card
from three_tutors.reporting.data_figures import coverage, moves
from three_tutors.reporting.evidence import Evidence, gather
from three_tutors.reporting.exam import CONTRAST, Exam, exam_of
from three_tutors.reporting.figures import Figure
from three_tutors.reporting.index_page import index_page
from three_tutors.reporting.overview import markdown, overview
from three_tutors.reporting.pictures import pictures
from three_tutors.reporting.provenance import Provenance, provenance, this_machine
from three_tutors.reporting.scorecard import findings_of
from three_tutors.reporting.studies import studies_of
from three_tutors.reporting.summary import summary
from three_tutors.reporting.without_prose import without_prose
from three_tutors.tutoring.methods import HOSTED, TUTORS

OUT = Path("reports")


@params
class Params:
    """What the reports show."""

    conversations: Annotated[int, Field(ge=1)]
    """Most conversations shown side by side in index.html, which has to stay under 5 MB."""
    class_size: Annotated[int, Field(ge=1)]
    """Students of the class that the deployment plan is made for."""
    tolerated_failures: Annotated[float, Field(gt=0, lt=1)]
    """Share of replies that may give an answer away or break off in a tutor that meets students, 0–1."""
    prose: bool = True
    """Whether the texts hold sentences; without them they hold tables, pictures and questions, for students who write the analysis."""


def report(evidence: Evidence, made: Provenance, settings: Params) -> Mapping[str, str]:
    """Return the reports by file name below reports/: the page, the texts and the pictures that the texts show.

    Raises:
        DataError: no reply was scored, not even a teacher's.

    """
    if not evidence.tutors:
        raise DataError("There are no scored replies to report on yet: run `dvc repro`, which makes tutors and lets them reply.")
    findings, exam = findings_of(evidence), exam_of(evidence)
    studied = [figure for study in studies_of(evidence, made.sections) for figure in study.pictures]
    figures = [*pictures(evidence, findings, exam), *studied]
    setting = Setting(settings.class_size, settings.tolerated_failures)
    shared = shared_values(evidence, findings, exam, made, setting.tolerated_failures)
    of_data = [coverage(evidence.dialogues), moves(evidence.dialogues)]
    written = {
        **texts(evidence, findings, shared, figures, made, setting=setting),
        **_costs(evidence, exam),
        "data_card.md": _data_card(evidence, of_data),
    }
    if not settings.prose:
        written = {name: without_prose(name, text) for name, text in written.items()}
    return {
        "index.html": index_page(
            evidence,
            findings,
            shared,
            figures,
            made,
            documents=written | ({"benchmarks.md": evidence.benchmarks} if evidence.benchmarks else {}),
            most_conversations=settings.conversations,
        ),
        **written,
        "croissant.json": _croissant(evidence),
        "summary.json": json.dumps(summary(evidence, exam), indent=2, sort_keys=True) + "\n",
        **{f"figures/{figure.name}.svg": figure.file for figure in [*figures, *of_data]},
    }


def _costs(evidence: Evidence, exam: Exam) -> dict[str, str]:
    if not evidence.costs:
        return {}
    bought = {name: exam.value(CONTRAST, name) for name in TUTORS}
    speed = evidence.metrics.get(f"timing_{HOSTED}", {}).get("tokens_per_second")
    better = [one.tutor for one in exam.comparisons if one.figure == CONTRAST and one.shown and one.difference.value > 0]
    return {"cost_benefit.md": cost_benefit(evidence.costs, bought, CONTRAST, speed, better if exam.tells else ())}


def _data_card(evidence: Evidence, figures: Sequence[Figure]) -> str:
    return data_card(
        evidence.dialogues,
        evidence.every_scenario,
        evidence.ledger,
        evidence.metrics.get("data", {}),
        figures=figures,
        moments=evidence.every_moment,
        halves=evidence.halves,
        agreed=evidence.agreed,
    )


def _croissant(evidence: Evidence) -> str:
    described = croissant(evidence.dialogues, evidence.every_scenario, evidence.every_moment, evidence.ledger, evidence.digests)
    return json.dumps(described, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Gather what the run left, write the reports, say what is missing."""
    settings = read("report", Params)
    evidence = gather()
    reports = report(evidence, provenance(evidence, PARAMS_FILE, this_machine()), settings)
    for name, text in {**reports, "overview.md": markdown(overview(tutors=[name for name in TUTORS if evidence.takes_part(name)]))}.items():
        write_text(OUT / name, text)
    for sentence in evidence.missing:
        print(f"report: {sentence}")
    print(f"report: {len(evidence.tutors)} rows over {len(evidence.test)} held-out dialogues; open {OUT / 'index.html'}")
