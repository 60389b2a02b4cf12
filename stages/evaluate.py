"""Score one tutor's answers for teaching quality."""

from __future__ import annotations

if __name__ == "__main__":
    from three_tutors.pipeline.starting import start

    start("stages.evaluate")

import sys
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.records import Record, read_numbered_jsonl, write_json, write_jsonl
from three_tutors.scoring.replied import Replied, read_replied
from three_tutors.scoring.scores import MEASURES, scores
from three_tutors.scoring.strategy_classifier import StrategyClassifier, train
from three_tutors.tutoring.dialogue import read_dialogues
from three_tutors.tutoring.methods import REFERENCE
from three_tutors.tutoring.moment import read_moments
from three_tutors.tutoring.questions import questions
from three_tutors.tutoring.scenario import read_scenarios
from three_tutors.tutoring.words import words

SPLITS = Path("data/processed/splits")
SCENARIOS = Path("data/processed/scenarios.jsonl")
MOMENTS = Path("data/processed/moments/test.jsonl")
ANSWERS = Path("data/processed/answers")
SCORES = Path("data/processed/scores")
METRICS = Path("reports/metrics")


def evaluate(given: Sequence[Replied], classifier: StrategyClassifier, likelihoods: Sequence[Record]) -> list[Record]:
    """Return one row a reply: `item`, `kind`, the strategies `intended` and `realised`, and each score by its name."""
    spoken = [one for one in given if words(one.reply)]
    told = classifier.realised([one.reply for one in spoken], [one.turns for one in spoken])
    realised = dict(zip([one.item for one in spoken], told, strict=True))
    likely: dict[str, list[Record]] = defaultdict(list)
    for row in likelihoods:
        likely[row["item"]].append(row)
    rows = []
    for bare in given:
        one = replace(bare, realised=realised.get(bare.item, ""), likelihoods=likely[bare.item])
        named = {"item": one.item, "kind": one.kind, "intended": one.intended, "realised": one.realised}
        rows.append({**named, **{name: score.to_record() for name, score in scores(one).items()}})
    return rows


def summary(rows: Sequence[Mapping[str, Record]]) -> dict[str, float]:
    """Return the mean of each score kept in metrics over the replies that have it, and how many replies got no score at all."""
    figures: dict[str, float] = {"answers": len(rows)}
    for name in (name for name, measure in MEASURES.items() if measure.in_metrics):
        values = [row[name]["value"] for row in rows if "value" in row[name]]
        if values:
            figures[name] = round(sum(values) / len(values), 4)
    figures["no_reply"] = Counter("unscored" in row["score"] for row in rows)[True]
    return figures


def main() -> None:
    """Read the answers of the tutor named on the command line, score them, write scores and metrics."""
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    test = read_dialogues(SPLITS / "test.jsonl")
    given = read_replied(ANSWERS, name, test, read_scenarios(SCENARIOS), read_moments(MOMENTS))
    likelihoods = [] if name == REFERENCE else _likelihoods(name, [question.item for question in questions(test)])
    rows = evaluate(given, train(read_dialogues(SPLITS / "train.jsonl")), likelihoods)
    figures = summary(rows)
    write_jsonl(SCORES / f"{name}.jsonl", rows)
    write_json(METRICS / f"{name}.json", figures)
    means = ", ".join(f"{key} {value:.2f}" for key, value in figures.items() if key not in ("answers", "no_reply"))
    print(f"evaluate: {name} {means} over {len(rows)} answers")


def _likelihoods(tutor: str, asked: Sequence[str]) -> list[Record]:
    """Return the likelihoods of the teacher's turns; a tutor whose model gives none has an empty file.

    Raises:
        DataError: they are cut, reordered or of another split; says the line.

    """
    path, advice = ANSWERS / tutor / "likelihood.jsonl", f"run `dvc repro answer@{tutor}`"
    rows = read_numbered_jsonl(path)
    for line, row in rows:
        if row.get("item") not in asked or not isinstance(row.get("nll"), int | float) or "tokens" not in row:
            raise DataError(f"{path}:{line}: no likelihood of a held-out turn ({row.get('item')}); {advice}.")
    for (line, row), wanted in zip(rows, asked, strict=False):
        if row["item"] != wanted:
            raise DataError(
                f"{path}:{line}: gives the likelihood of {row['item']} where {wanted} was asked (reordered, or another split); {advice}."
            )
    if rows and len(rows) != len(asked):
        raise DataError(f"{path}:{rows[-1][0]}: has {len(rows)} likelihoods of {len(asked)} held-out turns; {advice}.")
    return [row for _, row in rows]
