"""The page reports/index.html: one file that needs no network, with style, script and pictures inside."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Sequence

from three_tutors.reporting.comparison import shared_values
from three_tutors.reporting.conversations import conversations
from three_tutors.reporting.data_figures import coverage, moves
from three_tutors.reporting.evidence import Evidence
from three_tutors.reporting.figures import Figure
from three_tutors.reporting.findings import Findings
from three_tutors.reporting.pages import page, source
from three_tutors.reporting.provenance import Provenance
from three_tutors.reporting.scripted_students import courses
from three_tutors.scoring.scores import MEASURES
from three_tutors.tutoring.methods import METHODS, REFERENCE


def index_page(
    evidence: Evidence,
    findings: Findings,
    figures: Sequence[Figure],
    made: Provenance,
    *,
    texts: Sequence[str],
    most_conversations: int,
    tolerated: float,
) -> str:
    """Return the page; `texts` are the names of the reports beside it, `most_conversations` keeps it small.

    `tolerated` is the share of failures up to which a tutor may meet students.
    """
    style, script = source("page.css") + _colours(), source("page.js")
    talks = conversations(evidence, most_conversations)
    shared = shared_values(evidence, findings, made, tolerated)
    measures = [score for name, score in MEASURES.items() if any(name in cells for cells in findings.cells.values())]
    return page(
        "index.html.jinja",
        **shared,
        measures=measures,
        parts=[[one for one in measures if (one.name in findings.tricks()) == tricked] for tricked in (False, True)],
        figures=figures,
        texts=texts,
        data_figures=[coverage(evidence.dialogues), moves(evidence.dialogues)],
        splits=Counter(evidence.ledger.values()),
        warnings=evidence.metrics.get("data", {}).get("warnings", {}),
        talks=talks,
        left_out=len(evidence.test) + len(evidence.scenarios) - len(talks),
        tutors=[name for name in evidence.answers if name != REFERENCE],
        kinds=list(dict.fromkeys(talk.kind for talk in talks)),
        focus=shared["exam"].best(findings.challengers),
        optimisation=evidence.optimisation,
        bills=evidence.costs.get("bills", {}),
        courses=courses(evidence),
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
