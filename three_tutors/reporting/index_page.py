"""The page reports/index.html: one file that needs no network, with style, script and pictures inside."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Sequence

from three_tutors.reporting.conversations import conversations
from three_tutors.reporting.cost_benefit import usd
from three_tutors.reporting.data_figures import coverage, moves
from three_tutors.reporting.effort import duration, efforts
from three_tutors.reporting.evidence import Evidence
from three_tutors.reporting.figures import Figure
from three_tutors.reporting.findings import Findings, verdict_sentences
from three_tutors.reporting.judging import judging
from three_tutors.reporting.optimisation import caveats
from three_tutors.reporting.pages import page, source
from three_tutors.reporting.provenance import Provenance
from three_tutors.reporting.scripted_students import courses, kind_name, kinds
from three_tutors.reporting.sweep import tries
from three_tutors.reporting.teachers import DIMENSIONS, teachers_row
from three_tutors.scoring.scores import MEASURES
from three_tutors.tutoring.methods import METHODS, REFERENCE


def index_page(
    evidence: Evidence, findings: Findings, figures: Sequence[Figure], made: Provenance, *, texts: Sequence[str], most_conversations: int
) -> str:
    """Return the page; `texts` are the names of the reports beside it, `most_conversations` keeps it small."""
    style, script = source("page.css") + _colours(), source("page.js")
    talks = conversations(evidence, most_conversations)
    best = findings.best("score", findings.challengers)
    return page(
        "index.html.jinja",
        evidence=evidence,
        findings=findings,
        verdict=verdict_sentences(findings),
        measures=[score for name, score in MEASURES.items() if any(name in cells for cells in findings.cells.values())],
        figures=figures,
        texts=texts,
        data_figures=[coverage(evidence.dialogues), moves(evidence.dialogues)],
        splits=Counter(evidence.ledger.values()),
        warnings=evidence.metrics.get("data", {}).get("warnings", {}),
        too_few=evidence.metrics.get("data", {}).get("too_few", []),
        talks=talks,
        left_out=len(evidence.test) + len(evidence.scenarios) - len(talks),
        tutors=[name for name in evidence.answers if name != REFERENCE],
        kinds=list(dict.fromkeys(talk.kind for talk in talks)),
        focus=best[0] if best else "",
        optimisation=evidence.optimisation,
        bills=evidence.costs.get("bills", {}),
        usd=usd,
        efforts=efforts(evidence),
        duration=duration,
        caveats=caveats(evidence.optimisation, findings.cells),
        tries=tries(
            evidence.plots.get("sweep", ()), findings.challengers, evidence.optimisation.candidates if evidence.optimisation else 0
        ),
        scripted=kinds(evidence),
        kind_name=kind_name,
        courses=courses(evidence),
        teachers=teachers_row(evidence, findings),
        dimensions=DIMENSIONS,
        judging=judging(evidence),
        told_as=MEASURES,
        provenance=made,
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
    )


def _colours() -> str:
    """Return the style that marks each tutor's replies with its colour."""
    return "".join(f".reply[data-tutor={name}] {{ border-color: {method.colour}; }}\n" for name, method in METHODS.items())


def _hash(text: str) -> str:
    """Return the hash by which the page's policy lets in its own style and script and nothing else."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
