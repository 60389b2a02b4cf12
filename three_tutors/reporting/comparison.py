"""The comparison, the deployment plan and the reflection: Markdown reports in which the figures choose the sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from three_tutors.reporting.cost_benefit import rounded, usd
from three_tutors.reporting.decision import decide, enough_for_none, failures_by_kind
from three_tutors.reporting.effort import Effort, duration, efforts
from three_tutors.reporting.evidence import Evidence
from three_tutors.reporting.exam import Exam
from three_tutors.reporting.figures import Figure
from three_tutors.reporting.findings import Findings
from three_tutors.reporting.judge_table import judge_table
from three_tutors.reporting.judging import judging
from three_tutors.reporting.kept_program import kept_program, prompt_sentence
from three_tutors.reporting.optimisation import caveats
from three_tutors.reporting.pages import between, number, page, percent, plain, together
from three_tutors.reporting.provenance import EMBEDDED, Provenance
from three_tutors.reporting.quoted_replies import alike, quotations
from three_tutors.reporting.ratings import ratings
from three_tutors.reporting.safeguards import dangers_of, detector
from three_tutors.reporting.score_figures import leaks
from three_tutors.reporting.scripted_students import kind_name, kinds
from three_tutors.reporting.sense_reading import sense_reading
from three_tutors.reporting.strategies import RARE, Repertoire, repertoire
from three_tutors.reporting.studies import studies_of
from three_tutors.reporting.teachers import DIMENSIONS, teachers_row
from three_tutors.reporting.training import overfitted
from three_tutors.reporting.tries import SEARCH, tries
from three_tutors.reporting.verdict import exam_rows, verdict_sentences
from three_tutors.scoring.scores import MEASURES
from three_tutors.trust.faults import WEAK
from three_tutors.tutoring.dialogue import STRATEGIES
from three_tutors.tutoring.methods import REFERENCE, TUTORS
from three_tutors.tutoring.questions import questions

TEXTS = ("comparison.md", "studies.md", "deployment_plan.md", "reflection.md")
TALKATIVE = 1.5
"""A tutor is called talkative above so many times the teachers' median length."""


@dataclass(frozen=True)
class Setting:
    """The class that the deployment plan is made for."""

    class_size: int
    tolerated_failures: float
    """Share of replies, 0–1."""


def texts(
    evidence: Evidence, findings: Findings, shared: Mapping[str, Any], figures: Sequence[Figure], made: Provenance, *, setting: Setting
) -> dict[str, str]:
    """Return the comparison, the studies, the deployment plan and the reflection by file name; `shared` is what `shared_values` returns."""
    values = {**shared, **_values(evidence, findings, shared, made, setting), "figures": {figure.name: figure for figure in figures}}
    return {name: page(f"{name}.jinja", **values) for name in TEXTS}


def shared_values(evidence: Evidence, findings: Findings, exam: Exam, made: Provenance, tolerated: float) -> dict[str, Any]:
    """Return what index.html and the texts both tell."""
    optimisation, tried = evidence.optimisation, evidence.studies.get(SEARCH, ())
    dangers = dangers_of(evidence, findings.tutors)
    decision = decide(evidence, findings, exam, dangers, tolerated)
    quoted = {tutor: quotations(evidence, findings, tutor) for tutor in evidence.tutors if tutor != REFERENCE}
    return {
        "evidence": evidence,
        "findings": findings,
        "exam": exam,
        "exam_rows": exam_rows(evidence, exam),
        "decision": decision,
        "dangers": dangers,
        "tolerated": tolerated,
        "verdict": verdict_sentences(exam, decision, findings),
        "quotations": quoted,
        "alike": alike(quoted),
        "usd": usd,
        "duration": duration,
        "efforts": efforts(evidence),
        "present": [method for name, method in TUTORS.items() if evidence.takes_part(name)],
        "tries": tries(tried, findings.challengers, optimisation.candidates if optimisation else 0),
        "studies": studies_of(evidence, made.sections),
        "too_few": evidence.metrics.get("data", {}).get("too_few", []),
        "caveats": caveats(optimisation, findings.cells),
        "prompt_sentence": prompt_sentence(optimisation, kept_program(optimisation, evidence.answers)),
        "scripted": kinds(evidence),
        "kind_name": kind_name,
        "teachers": teachers_row(evidence, findings),
        "dimensions": DIMENSIONS,
        "judging": judging(evidence),
        "judge_table": judge_table(evidence),
        "sense_reading": sense_reading(evidence.sense_figures),
        "ratings": ratings(evidence),
        "weak_auc": WEAK,
        "told_as": MEASURES,
    }


def _values(evidence: Evidence, findings: Findings, shared: Mapping[str, Any], made: Provenance, setting: Setting) -> dict[str, Any]:
    lengths = _lengths(evidence)
    repertoires = {name: moves for name, pairs in evidence.moves.items() if (moves := repertoire(pairs))}
    teachers = repertoires.get(REFERENCE)
    tested = shared["decision"].pilot or shared["exam"].best(findings.challengers)
    return {
        "rounded": rounded,
        "machine": made.machine,
        "base_model": made.base_model,
        "embedded": EMBEDDED,
        "subjects": sorted({dialogue.lesson.subject for dialogue in evidence.dialogues}),
        "splits": Counter(evidence.ledger[dialogue.id] for dialogue in evidence.dialogues if dialogue.id in evidence.ledger),
        "held_out_turns": len(questions(evidence.test)),
        "lengths": lengths,
        "told": _told(findings, shared["exam"], shared["efforts"], lengths, repertoires),
        "talkative": [name for name, words in lengths.items() if words > TALKATIVE * lengths.get(REFERENCE, float("inf"))],
        "repertoires": repertoires,
        "strategies": STRATEGIES,
        "rare": RARE,
        "narrow": [name for name, moves in repertoires.items() if teachers and len(moves.used) < len(teachers.used)],
        "overfitted": overfitted(evidence.plots),
        "pressure": _pressure(evidence),
        "conclusions": [sentence for study in shared["studies"] for sentence in study.conclusions],
        "setting": setting,
        "tested": tested,
        "failures": failures_by_kind(evidence, tested),
        "detector": detector(evidence),
        "kinds": Counter(scenario.kind for scenario in evidence.scenarios),
        "trials": enough_for_none(setting.tolerated_failures),
    }


def _told(
    findings: Findings, exam: Exam, efforts: Mapping[str, Effort], lengths: Mapping[str, float], repertoires: Mapping[str, Repertoire]
) -> dict[str, str]:
    """Return what the comparison tells of every tutor in one sentence, by what it is about; empty where nothing was measured."""
    broken, leaked = (
        {tutor: of[name] for tutor, of in findings.everywhere.items() if name in of and tutor != REFERENCE} for name in ("broken", "leak")
    )
    teachers = {REFERENCE: "the teachers"}
    unsafe = {tutor: rate for tutor, rate in exam.unsafe.items() if tutor != REFERENCE}
    return {
        "lengths": together({teachers.get(tutor, tutor): number(words, 0) for tutor, words in lengths.items()}),
        "broken": together({tutor: percent(rate.value) for tutor, rate in broken.items()}),
        "moves": together(
            {
                teachers.get(tutor, tutor): f"{len(moves.used)} (most often {plain(moves.commonest)}, {percent(moves.share_of_commonest)})"
                for tutor, moves in repertoires.items()
            }
        ),
        "making": together({tutor: duration(one.making_seconds) for tutor, one in efforts.items() if one.making_seconds is not None}),
        "unsafe": together({tutor: f"{percent(rate.value)} ({between(rate)})" for tutor, rate in unsafe.items()}),
        "leaked": together({tutor: f"{percent(rate.value)} ({between(rate)})" for tutor, rate in leaked.items()}),
        "costs": together({tutor: _cost(one) for tutor, one in efforts.items()}),
    }


def _cost(effort: Effort) -> str:
    """Return what 1,000 conversations cost, or what a server of one's own costs whoever uses it."""
    if effort.server_month:
        return f"{usd(effort.server_month)} a month for a server, used or not"
    return "not known" if effort.conversation_cost is None else usd(effort.conversation_cost * 1000)


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
