"""The page reports/index.html: one file that needs no network, with every report, style, script and picture inside.

Each section is a page of its own: the address after `#` says which is shown, so links and the back button work without a script.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from three_tutors.reporting.conversations import conversations, exchange
from three_tutors.reporting.cost_benefit import about_usd
from three_tutors.reporting.data_figures import coverage, moves
from three_tutors.reporting.documents import TITLES, document
from three_tutors.reporting.evidence import Evidence
from three_tutors.reporting.exam import CHANCE, CONTRAST, MATCHING, Exam
from three_tutors.reporting.figures import COLOURS, Figure, share_bars
from three_tutors.reporting.findings import Findings
from three_tutors.reporting.lights import MEANS, lights
from three_tutors.reporting.names import BOT, TEACHERS, method_beside, plain_name
from three_tutors.reporting.pages import listed, page, percent, source
from three_tutors.reporting.provenance import Provenance
from three_tutors.reporting.scripted_students import courses
from three_tutors.reporting.voices import voices
from three_tutors.reporting.ways import TIMES, cheapest, ways
from three_tutors.scoring.scores import MEASURES
from three_tutors.tutoring.methods import METHODS, REFERENCE
from three_tutors.tutoring.questions import asked_dialogues

CODE = "programming"
"""The subject in which lines of a program are set as such."""


def index_page(
    evidence: Evidence,
    findings: Findings,
    shared: Mapping[str, Any],
    figures: Sequence[Figure],
    made: Provenance,
    *,
    documents: Mapping[str, str],
    most_conversations: int,
) -> str:
    """Return the page.

    Args:
        evidence: what the run left.
        findings: its scorecard.
        shared: what the texts tell, too (`comparison.shared_values`).
        figures: the pictures of the scores.
        made: where the figures come from.
        documents: the reports that are pages here, Markdown by file name.
        most_conversations: more are left out, so that the page stays small.

    """
    style, script = source("page.css") + _colours(evidence), source("page.js")
    talks, asked = conversations(evidence, most_conversations), len(asked_dialogues(evidence.test))
    taken = [score for name, score in MEASURES.items() if any(name in cells for cells in findings.cells.values())]
    measures = [one for one in taken if any(findings.cell(tutor, one.name) for tutor in findings.cells)]
    of_data = [coverage(evidence.dialogues), moves(evidence.dialogues)]
    names = {name.removesuffix(".md"): text for name, text in documents.items()}
    offers = ways(evidence, shared["efforts"])
    return page(
        "index.html.jinja",
        **shared,
        who=lambda tutor: _who(tutor, made),
        measures=measures,
        unscored=[one.label for one in taken if one not in measures],
        parts=[[one for one in measures if (one.name in findings.tricks()) == tricked] for tricked in (False, True)],
        figures=figures,
        picture=exam_bars(shared["exam"]),
        lights=lights(evidence, findings, shared["dangers"], shared["tolerated"]),
        means=MEANS,
        about=about_usd,
        exchange=exchange(talks),
        voices=voices(evidence, shared["quotations"]),
        ways=offers,
        cheapest=cheapest(offers),
        times=TIMES,
        documents={name: (TITLES.get(name, name), document(name, text, [*figures, *of_data])) for name, text in names.items()},
        data_figures=of_data,
        splits=Counter(evidence.ledger.values()),
        warnings=evidence.metrics.get("data", {}).get("warnings", {}),
        talks=talks,
        code=CODE,
        asked=asked,
        left_out=asked + len(evidence.scenarios) - len(talks),
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


def exam_bars(exam: Exam) -> Figure | None:
    """Draw the first picture: contrast with the teachers' and the best bot's line, or matching with chance; None if neither can count.

    Contrast is left out where a bot comes too close to the teachers: a score that a trick can win is no picture of teaching.
    """
    figure = CONTRAST if exam.tells and exam.shares.get(CONTRAST) else MATCHING
    shares = exam.shares.get(figure, {})
    drawn = [name for name in shares if name != REFERENCE]
    if not drawn:
        return None
    marks = []
    if figure == CONTRAST:
        marks = [(TEACHERS.lower(), share.value)] if (share := shares.get(REFERENCE)) else []
        marks += [(BOT.lower(), exam.bot.best)] if exam.bot else []
        title = "How often do both replies fit, where two students need opposite ones?"
    else:
        marks = [("chance", CHANCE)]
        title = "How often does the tutor's own model know which reply belongs where?"
    told = [f"{plain_name(name)} {percent(shares[name].value)}" for name in drawn] + [f"{name} {percent(value)}" for name, value in marks]
    bars = [(plain_name(name), method_beside(name), COLOURS[name], shares[name].interval) for name in drawn]
    alt = f"{title} {listed(told)}."
    return Figure(f"first_{figure}", title, alt, share_bars(bars, marks, alt))


def _who(tutor: str, made: Provenance) -> Markup:
    """Return a tutor's plain name with its method beside it."""
    return Markup('<b class="who">{}</b> <small>{}</small>').format(plain_name(tutor), method_beside(tutor, made.sections))


def _colours(evidence: Evidence) -> str:
    """Return the style that marks each tutor's replies with its colour."""
    return "".join(
        f"[data-tutor={name}] {{ border-color: {method.colour}; }}\n" for name, method in METHODS.items() if evidence.takes_part(name)
    )


def _hash(text: str) -> str:
    """Return the hash by which the page's policy lets in its own style and script and nothing else."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
