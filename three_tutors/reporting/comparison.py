"""The comparison, the deployment plan and the reflection: Markdown reports in which the figures choose the sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from three_tutors.reporting.cost_benefit import rounded, usd
from three_tutors.reporting.decision import decide, enough_for_none, failures_by_kind
from three_tutors.reporting.effort import duration, efforts
from three_tutors.reporting.evidence import Evidence
from three_tutors.reporting.figures import Figure
from three_tutors.reporting.findings import Findings, verdict_sentences
from three_tutors.reporting.judging import judging
from three_tutors.reporting.kept_program import kept_program, prompt_sentence
from three_tutors.reporting.optimisation import caveats
from three_tutors.reporting.pages import page
from three_tutors.reporting.provenance import EMBEDDED, Provenance
from three_tutors.reporting.safeguards import detector, examined
from three_tutors.reporting.score_figures import leaks
from three_tutors.reporting.scripted_students import extremes, kind_name, kinds
from three_tutors.reporting.strategies import RARE, repertoire
from three_tutors.reporting.sweep import sweep, tries
from three_tutors.reporting.teachers import DIMENSIONS, teachers_row
from three_tutors.reporting.training import overfitted
from three_tutors.scoring.scores import MEASURES
from three_tutors.trust.grading import WEAK
from three_tutors.tutoring.dialogue import STRATEGIES
from three_tutors.tutoring.methods import REFERENCE
from three_tutors.tutoring.questions import questions

TABLE = ("score", "leak", "uptake", "questions", "actionability", "expectations")
"""The scores in the table of the comparison; index.html has them all."""
TEXTS = ("comparison.md", "deployment_plan.md", "reflection.md")
TALKATIVE = 1.5
"""A tutor is called talkative above so many times the teachers' median length."""


@dataclass(frozen=True)
class Setting:
    """The class that the deployment plan is made for."""

    class_size: int
    tolerated_failures: float
    """Share of replies, 0–1."""


WORN = 0.05
"""How much larger the share of answers given away has to be at the last turn than at the first for the word `worn down`."""


def texts(evidence: Evidence, findings: Findings, figures: Sequence[Figure], made: Provenance, setting: Setting) -> dict[str, str]:
    """Return the comparison, the deployment plan and the reflection by file name."""
    values = _values(evidence, findings, made, setting) | {"figures": {figure.name: figure for figure in figures}}
    return {name: page(f"{name}.jinja", **values) for name in TEXTS}


def shared_values(evidence: Evidence, findings: Findings) -> dict[str, Any]:
    """Return what index.html and the texts both tell."""
    optimisation = evidence.optimisation
    return {
        "evidence": evidence,
        "findings": findings,
        "verdict": verdict_sentences(findings),
        "usd": usd,
        "duration": duration,
        "efforts": efforts(evidence),
        "tries": tries(evidence.plots.get("sweep", ()), findings.challengers, optimisation.candidates if optimisation else 0),
        "too_few": evidence.metrics.get("data", {}).get("too_few", []),
        "caveats": caveats(optimisation, findings.cells),
        "prompt_sentence": prompt_sentence(optimisation, kept_program(optimisation, evidence.answers)),
        "scripted": kinds(evidence),
        "kind_name": kind_name,
        "teachers": teachers_row(evidence, findings),
        "dimensions": DIMENSIONS,
        "judging": judging(evidence),
        "weak_auc": WEAK,
        "told_as": MEASURES,
    }


def _values(evidence: Evidence, findings: Findings, made: Provenance, setting: Setting) -> dict[str, Any]:
    lengths, pressure = _lengths(evidence), _pressure(evidence)
    repertoires = {name: moves for name, pairs in evidence.moves.items() if (moves := repertoire(pairs))}
    teachers = repertoires.get(REFERENCE)
    highest = findings.value(REFERENCE, "score")
    decision = decide(evidence, findings, setting.tolerated_failures)
    tested = decision.pilot or (findings.best("score", findings.challengers) or [""])[0]
    shared, tried = shared_values(evidence, findings), evidence.plots.get("sweep", ())
    measured = [score for name, score in MEASURES.items() if any(findings.cell(tutor, name) for tutor in findings.cells)]
    return shared | {
        "measures": [score for score in measured if score.name in TABLE],
        "rounded": rounded,
        "machine": made.machine,
        "base_model": made.base_model,
        "embedded": EMBEDDED,
        "subjects": sorted({dialogue.lesson.subject for dialogue in evidence.dialogues}),
        "splits": Counter(evidence.ledger[dialogue.id] for dialogue in evidence.dialogues if dialogue.id in evidence.ledger),
        "held_out_turns": len(questions(evidence.test)),
        "lengths": lengths,
        "talkative": [name for name, words in lengths.items() if words > TALKATIVE * lengths.get(REFERENCE, float("inf"))],
        "repertoires": repertoires,
        "strategies": STRATEGIES,
        "rare": RARE,
        "narrow": [name for name, moves in repertoires.items() if teachers and len(moves.used) < len(teachers.used)],
        "detectable": max(
            (found.detectable or 0.0 for name in findings.challengers if (found := findings.difference(name, "score"))), default=0.0
        ),
        "level_with_teachers": [
            name
            for name in findings.tutors
            if highest is not None and (value := findings.on_held_out(name, "score")) is not None and value >= highest
        ],
        "overfitted": overfitted(evidence.plots),
        "sweep": sweep(tried, made.sections, evidence.digests),
        "pressure": pressure,
        "worn_down": [tutor for tutor, (first, last, _) in pressure.items() if last > first + WORN],
        "extremes": extremes(shared["scripted"]),
        "trust": [(score.label, score.checked.sentence) for score in measured if score.checked],
        "unchecked": [score.label.lower() for score in measured if not score.checked],
        "setting": setting,
        "decision": decision,
        "tested": tested,
        "failures": failures_by_kind(evidence, tested),
        "dangers": {name: examined(evidence, name) for name in findings.tutors},
        "detector": detector(evidence),
        "kinds": Counter(scenario.kind for scenario in evidence.scenarios),
        "trials": enough_for_none(setting.tolerated_failures),
    }


def _lengths(evidence: Evidence) -> dict[str, float]:
    """Return the median words of each tutor's replies to the held-out turns."""
    return {tutor: float(median(counts)) for tutor in evidence.tutors if (counts := evidence.words(tutor))}


def _pressure(evidence: Evidence) -> dict[str, tuple[float, float, int]]:
    """Return for each tutor the share of answers given away at the first turn and at the last turn that half of the scenarios reach."""
    found = {}
    for tutor in evidence.tutors:
        rates = leaks(evidence, tutor) if tutor != REFERENCE else {}
        reached = [turn for turn, rate in rates.items() if rate.of * 2 >= max(other.of for other in rates.values())]
        if len(reached) > 1:
            found[tutor] = (rates[reached[0]].share, rates[reached[-1]].share, reached[-1])
    return found
