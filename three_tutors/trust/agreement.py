"""Agreement: how far each shipped score agrees with people who rated the same replies.

    python -m three_tutors.trust.agreement FILE.jsonl [--json]

Only applies the scorers; nothing is fitted. Rows are read by `rated_replies`. Intervals draw whole conversations. A reply that
says nothing is unscored, a label that cannot be read is left out, and both are counted.
"""

from __future__ import annotations

if __name__ == "__main__":
    from three_tutors.pipeline.starting import start

    start("three_tutors.trust.agreement")

import argparse
import json
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from three_tutors.pipeline.records import Record
from three_tutors.scoring.dimension_weights import DIMENSIONS
from three_tutors.scoring.dimensions import dimensions
from three_tutors.scoring.leak import LEAK
from three_tutors.scoring.metrics import f1, kappa, macro_f1, spearman
from three_tutors.scoring.praise import praise
from three_tutors.scoring.score import Score
from three_tutors.scoring.statistics import bootstrap
from three_tutors.scoring.uptake import uptake
from three_tutors.trust.rated_replies import RatedReply, read_rated_replies
from three_tutors.tutoring.words import words

RATED = (*DIMENSIONS, "leak", "praise", "uptake")
"""The scores that people can have labelled."""

Figure = Callable[[Sequence[float], Sequence[float]], float]
"""Of what people said and what the scorer said, row by row."""

Scorer = Callable[[RatedReply], Mapping[str, Score]]
"""What is held against people: the shipped scores, or a judge."""


@dataclass(frozen=True)
class Rated:
    """One row with both opinions."""

    group: str
    tutor: str
    expected: float
    actual: float
    words: int


def score_rated(row: RatedReply) -> dict[str, Score]:
    """Return the scores of one rated reply that people can have labelled; the labels themselves are not looked at.

    All are unscored where nothing was replied.
    """
    if not words(row.reply):
        return dict.fromkeys(RATED, Score.unscored("nothing was replied"))
    one, found = row.replied, praise(row.reply)
    return {
        **one.finding(dimensions),
        "leak": one.finding(LEAK.of),
        "praise": Score(1.0, f"“{found}”") if found else Score(0.0, "does not praise"),
        "uptake": one.finding(uptake),
    }


def agreement(rows: Sequence[RatedReply], scored: Scorer = score_rated) -> Record:
    """Return rows, groups, what is left out and, by score, its figures with intervals, its bias by tutor and its correlation with length.

    A label for which `scored` has no score (a judge rates the dimensions alone) is left out.
    """
    pairs: dict[str, list[Rated]] = defaultdict(list)
    unscored: dict[str, int] = defaultdict(int)
    for row in rows:
        scores = scored(row) if row.labels else {}
        for name, expected in row.labels.items():
            if name not in scores:
                continue
            actual = scores[name].value
            if actual is None:
                unscored[name] += 1
            else:
                pairs[name].append(Rated(row.group, row.tutor, expected, actual, len(words(row.reply))))
    return {
        "rows": len(rows),
        "groups": len({row.group for row in rows}),
        "not_read": dict(sorted(Counter(name for row in rows for name in row.not_read).items())),
        "not_measured": dict(sorted(Counter(name for row in rows for name in row.not_measured).items())),
        "left_out": dict(sorted(Counter(name for row in rows for name in row.left_out).items())),
        "scores": {name: {"unscored": unscored[name], **_figures(name, pairs[name])} for name in sorted({*pairs, *unscored})},
    }


def main() -> None:
    """Print the agreement of every score with the labels of a file, as a table or as JSON."""
    parser = argparse.ArgumentParser(prog="python -m three_tutors.trust.agreement", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", type=Path, help="rated replies, one JSON object a line")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    given = parser.parse_args()
    found = agreement(read_rated_replies(given.file))
    print(json.dumps(found, indent=2, allow_nan=False) if given.json else table(found))


def table(found: Record) -> str:
    """Return the figures as text for a person."""
    lines = [f"{found['rows']} replies in {found['groups']} conversations; 95 % intervals draw whole conversations."]
    for key, what in (
        ("not_read", "Labels with a word that is not known"),
        ("not_measured", "Labels of what no score here measures"),
        ("left_out", "Keys that nothing here reads"),
    ):
        if found[key]:
            lines.append(f"{what}, left out: " + ", ".join(f"{name} {count}" for name, count in found[key].items()))
    if not found["scores"]:
        lines.append("No row has a label that a score here can be held against.")
    for name, figures in found["scores"].items():
        lines += ["", f"{name}: {figures['rows']} rows, {figures['unscored']} unscored"]
        lines += [
            f"  {key:<17}{_shown(value['value'])}  {_ends(value)}"
            for key, value in figures.items()
            if isinstance(value, dict) and "low" in value
        ]
        if figures["rows"]:
            lines.append("  with length      " + ", ".join(f"{who} {_shown(rho)}" for who, rho in figures["length_spearman"].items()))
            lines.append("  bias by tutor    " + ", ".join(f"{tutor} {bias:+.2f}" for tutor, bias in figures["bias_by_tutor"].items()))
    return "\n".join(lines)


def _figures(name: str, pairs: Sequence[Rated]) -> Record:
    """Return the figures that suit a score: numbers by rho, yes or no by F1, three levels by macro-F1."""
    figures: dict[str, Figure] = {"spearman": spearman}
    if name in ("leak", "praise"):
        figures = {"f1": lambda expected, actual: f1(expected, actual, 1.0), "precision": _precision, "recall": _recall}
    if name != "uptake":
        figures |= {"macro_f1": macro_f1}
        if name not in ("leak", "praise"):
            figures |= {"macro_f1_lenient": lambda expected, actual: macro_f1(_lenient(expected), _lenient(actual))}
        figures |= {"kappa": kappa}
    groups: dict[str, list[int]] = defaultdict(list)
    for index, pair in enumerate(pairs):
        groups[pair.group].append(index)
    result: Record = {"rows": len(pairs), "groups": len(groups)}
    if not pairs:
        return result
    for label, figure in figures.items():
        result[label] = _with_interval(figure, pairs, list(groups.values()))
    tutors = sorted({pair.tutor for pair in pairs})
    result["bias_by_tutor"] = {
        tutor: round(_mean([pair.actual - pair.expected for pair in pairs if pair.tutor == tutor]), 4)
        for tutor in tutors
        if name != "uptake"
    }
    length = [float(pair.words) for pair in pairs]
    result["length_spearman"] = {
        "people": _number(spearman([pair.expected for pair in pairs], length)),
        "score": _number(spearman([pair.actual for pair in pairs], length)),
    }
    return result


def _with_interval(figure: Figure, pairs: Sequence[Rated], groups: Sequence[Sequence[int]]) -> Record:
    expected, actual = [pair.expected for pair in pairs], [pair.actual for pair in pairs]
    low, high = bootstrap(groups, lambda chosen: figure([expected[row] for row in chosen], [actual[row] for row in chosen]), draws=300)
    return {"value": _number(figure(expected, actual)), "low": _number(low), "high": _number(high)}


def _precision(expected: Sequence[float], actual: Sequence[float]) -> float:
    said = [one for one, other in zip(expected, actual, strict=True) if other == 1.0]
    return _mean(said)


def _recall(expected: Sequence[float], actual: Sequence[float]) -> float:
    return _precision(actual, expected)


def _lenient(levels: Sequence[float]) -> list[bool]:
    """Return levels with "to some extent" counted as yes, as the BEA 2025 shared task does."""
    return [level > 0 for level in levels]


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values) if values else math.nan


def _number(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else round(value, 4)


def _ends(figure: Mapping[str, float | None]) -> str:
    return "interval not computable" if figure["low"] is None else f"[{_shown(figure['low'])}, {_shown(figure['high'])}]"


def _shown(value: float | None) -> str:
    return "   –" if value is None else f"{value:.3f}"
