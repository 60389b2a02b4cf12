"""A judge's table: which judge, how far it agrees with people by kind of fault, its bias by writer, what it took, and what it says then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from three_tutors.pipeline.records import Record
from three_tutors.reporting.evidence import Evidence
from three_tutors.scoring.statistics import Interval, by_dialogue, mean_interval
from three_tutors.trust.judge_questions import QUALITIES


@dataclass(frozen=True)
class AgreementRow:
    """One quality on one file of replies."""

    file: str
    quality: str
    replies: int
    unscored: int
    auc: Mapping[str, float]
    """Kind → how often an ideal reply gets more than one of the kind to the same moment."""
    rho: float | None
    """Spearman's ρ with people over all rows."""
    within: float | None
    """The mean of it within the tutors."""
    bias: Mapping[str, float]
    """Writer → how much higher the judge ranks the replies than people do, a share of all replies."""


@dataclass(frozen=True)
class JudgeTable:
    """Everything the reports tell of a judge beside the four dimensions."""

    judge: str
    rows: Sequence[AgreementRow]
    kinds: Sequence[str]
    cost: Sequence[str]
    """A sentence for each file: what judging it took."""
    opinions: Sequence[tuple[str, str, Interval]]
    """Tutor, quality and the mean verdict; only of the judge whose agreement is told."""


def judge_table(evidence: Evidence) -> JudgeTable | None:
    """Return the table, None where no judge was held against graded replies."""
    kept = evidence.judge_graded
    if not kept.get("files"):
        return None
    rows = [_row(file, name, found["replies"], one) for file, found in kept["files"].items() for name, one in found["qualities"].items()]
    cost = [
        f"{found['replies']} replies of {file} took {found['seconds']:,.0f} s and {found['tokens']:,} tokens"
        for file, found in kept["files"].items()
    ]
    opinions = [
        (tutor, name, mean_interval(by_dialogue(values)))
        for tutor, verdicts in evidence.verdicts.items()
        if verdicts.judge == kept["judge"]
        for name in QUALITIES
        if (values := {item: value for item, one in verdicts.scores.items() if name in one and (value := one[name].value) is not None})
    ]
    return JudgeTable(kept["judge"], rows, list(dict.fromkeys(kind for row in rows for kind in row.auc)), cost, opinions)


def _row(file: str, name: str, replies: int, found: Record) -> AgreementRow:
    rho = {what: one["value"] for what, one in found["rho"].items()}
    auc = {kind: one["value"] for kind, one in found["auc"].items()}
    return AgreementRow(file, name, replies, found["unscored"], auc, rho.get("all"), rho.get("within"), found["bias"])
