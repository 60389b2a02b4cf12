"""Judging: what a judge said beside what the rules say, and how far either can be believed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from three_tutors.pipeline.records import Record
from three_tutors.reporting.evidence import Evidence
from three_tutors.reporting.pages import listed, number, percent
from three_tutors.scoring.measure import VALIDATED
from three_tutors.scoring.metrics import kappa, macro_f1
from three_tutors.scoring.statistics import Interval, by_dialogue, mean_interval
from three_tutors.trust.judge_questions import ANCHORS


@dataclass(frozen=True)
class Judged:
    """One tutor in one dimension: the judge and the rules on the same replies."""

    tutor: str
    score: str
    judge: Interval
    rules: Interval
    replies: int
    unscored: int
    """Verdicts that were not bought, could not be read or quoted what was not said."""


@dataclass(frozen=True)
class Agreement:
    """How far the judge agrees in one dimension."""

    score: str
    macro_f1: float
    """With the rules, over all replies that both scored."""
    kappa: float
    replies: int
    with_people: str
    """In words, with the bias by writer."""
    validated: bool
    """Whether Cohen's kappa with people is high enough to read a figure by itself."""


@dataclass(frozen=True)
class Judging:
    """Everything that the reports tell of a judge."""

    judges: Sequence[str]
    """Who judged; several where the tutors were not all judged by the same model."""
    rows: Sequence[Judged]
    agreement: Sequence[Agreement]

    @property
    def unvalidated(self) -> list[str]:
        """The scores in which the judge's agreement with people is unknown or too low."""
        return [one.score for one in self.agreement if not one.validated]


def judging(evidence: Evidence) -> Judging | None:
    """Return what a judge said of the tutors, None where none was asked or nothing could be read."""
    rows: list[Judged] = []
    both: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for tutor, verdicts in evidence.verdicts.items():
        for name in dict.fromkeys(name for scores in verdicts.scores.values() for name in scores if name in ANCHORS):
            pairs, unscored = _pairs(evidence, tutor, name)
            if pairs:
                both[name] += [pair for _, pair in pairs]
                judge, rules = (mean_interval(by_dialogue({item: levels[side] for item, levels in pairs})) for side in (0, 1))
                rows.append(Judged(tutor, name, judge, rules, len(pairs), unscored))
    if not rows:
        return None
    judges = list(dict.fromkeys(verdicts.judge for verdicts in evidence.verdicts.values()))
    people = evidence.judge_agreement if [evidence.judge_agreement.get("judge")] == judges else {}
    rows.sort(key=lambda row: list(both).index(row.score))
    return Judging(judges, rows, [_agreement(name, pairs, people.get("scores", {}).get(name, {})) for name, pairs in both.items()])


def _pairs(evidence: Evidence, tutor: str, name: str) -> tuple[list[tuple[str, tuple[float, float]]], int]:
    """Return item, judge's and rules' level wherever both have one, and how many verdicts have none."""
    pairs, unscored = [], 0
    for item, scores in evidence.verdicts[tutor].scores.items():
        if name not in scores:
            continue
        ours = evidence.scores.get(tutor, {}).get(item, {}).get(name)
        level = scores[name].value
        if level is None:
            unscored += 1
        elif ours is not None and ours.value is not None:
            pairs.append((item, (level, ours.value)))
    return pairs, unscored


def _agreement(name: str, pairs: Sequence[tuple[float, float]], people: Record) -> Agreement:
    judge, rules = [one for one, _ in pairs], [other for _, other in pairs]
    told, validated = _with_people(people)
    return Agreement(name, macro_f1(rules, judge), kappa(rules, judge), len(pairs), told, validated)


def _with_people(figures: Record) -> tuple[str, bool]:
    if not figures.get("rows"):
        return "unvalidated: its agreement with people was not measured", False
    known: Mapping[str, float | None] = {name: figures[name]["value"] for name in ("macro_f1", "kappa")}
    validated = known["kappa"] is not None and known["kappa"] >= VALIDATED
    biases = sorted(figures["bias_by_tutor"].items(), key=lambda one: (one[1], one[0]))
    ends = listed([f"{bias * 100:+.0f} points for {writer}".replace("-", "−") for writer, bias in (biases[0], biases[-1])], "to")
    unread = figures["unscored"] / (figures["rows"] + figures["unscored"])
    return (
        f"{'' if validated else 'unvalidated: '}macro-F1 {number(known['macro_f1'])}, Cohen's κ {number(known['kappa'])} over "
        f"{figures['rows']:,} ratings; bias by writer from {ends}; {percent(unread)} unscored"
    ), validated
