"""Score one tutor's answers for teaching quality."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from three_tutors.pipeline.diagnostics import DataError, run
from three_tutors.pipeline.records import Record, read_jsonl, write_json, write_jsonl
from three_tutors.scoring.context import context_gain
from three_tutors.scoring.score import Score
from three_tutors.scoring.strategy_classifier import StrategyClassifier, realised_as_intended, train
from three_tutors.scoring.teaching_scores import Replied, Scores, references, replied, teaching_scores
from three_tutors.tutoring.dialogue import Dialogue, Scenario, read_dialogues, read_scenarios
from three_tutors.tutoring.methods import REFERENCE, TUTORS
from three_tutors.tutoring.questions import items, questions
from three_tutors.tutoring.replies import read_replies

SPLITS = Path("data/processed/splits")
SCENARIOS = Path("data/processed/scenarios.jsonl")
ANSWERS = Path("data/processed/answers")
SCORES = Path("data/processed/scores")
METRICS = Path("reports/metrics")

SHOWN = (
    "score",
    "leak",
    "uptake",
    "questions",
    "false_praise",
    "repair",
    "actionability",
    "strategy",
    "expectations",
    "broken",
    "chrf",
    "nll",
)
"""The scores in reports/metrics/<tutor>.json, as means over what was scored."""


def evaluate(given: Sequence[Replied], classifier: StrategyClassifier, likelihoods: Sequence[Record]) -> list[Record]:
    """Return one row an answer: `item`, `kind`, each score by its name, and the strategies `intended` and `realised`."""
    spoken = [one for one in given if one.reply.strip()]
    realised = dict(
        zip([one.item for one in spoken], classifier.realised([one.reply for one in spoken], [one.turns for one in spoken]), strict=True)
    )
    likely = {row["item"]: Score(row["nll"], f"{row['tokens']} tokens") for row in likelihoods if row.get("history", "true") == "true"}
    gains = context_gain(likelihoods)
    rows = []
    for one in given:
        scores: Scores = {
            **teaching_scores(one),
            "strategy": realised_as_intended(one.intended, realised.get(one.item, ""), one.reply),
            "nll": likely.get(one.item, Score.unscored("no likelihood of the teacher's turn here")),
            "context": gains.get(one.item, Score.unscored("no likelihood under another history")),
        }
        named = {"intended": one.intended, "realised": realised.get(one.item, "")}
        rows.append({"item": one.item, "kind": one.kind, **named, **{name: score.to_record() for name, score in scores.items()}})
    return rows


def summary(rows: Sequence[Mapping[str, Record]]) -> dict[str, float]:
    """Return the mean of each shown score over the answers that have it, and how many answers got no score at all."""
    figures: dict[str, float] = {"answers": len(rows)}
    for name in SHOWN:
        values = [row[name]["value"] for row in rows if "value" in row[name]]
        if values:
            figures[name] = round(sum(values) / len(values), 4)
    figures["no_reply"] = Counter("unscored" in row["score"] for row in rows)[True]
    return figures


def main() -> None:
    """Read the answers of the tutor named on the command line, score them, write scores and metrics."""
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    given, likelihoods = _given(name, read_dialogues(SPLITS / "test.jsonl"), read_scenarios(SCENARIOS))
    rows = evaluate(given, train(read_dialogues(SPLITS / "train.jsonl")), likelihoods)
    figures = summary(rows)
    write_jsonl(SCORES / f"{name}.jsonl", rows)
    write_json(METRICS / f"{name}.json", figures)
    print(f"evaluate: {name} {', '.join(f'{key} {value:.2f}' for key, value in figures.items() if key in SHOWN)} over {len(rows)} answers")


def _given(name: str, dialogues: Sequence[Dialogue], scenarios: Sequence[Scenario]) -> tuple[list[Replied], list[Record]]:
    if name == REFERENCE:
        return references(dialogues), []
    if name not in TUTORS:
        raise DataError(f"There is no tutor {name!r}; name one of {', '.join((*TUTORS, REFERENCE))}.")
    path = ANSWERS / name / "answers.jsonl"
    answers = read_replies(path, name, items(dialogues, scenarios))
    likelihoods = read_jsonl(path.with_name("likelihood.jsonl"))
    _check_likelihoods(path.with_name("likelihood.jsonl"), name, likelihoods, [question.item for question in questions(dialogues)])
    return replied(dialogues, scenarios, answers), likelihoods


def _check_likelihoods(path: Path, name: str, rows: Sequence[Record], asked: Sequence[str]) -> None:
    """Refuse likelihoods that are cut, reordered or of another split; a tutor whose model gives none has an empty file."""
    advice = f"run `dvc repro answer@{name}`"
    for line, row in enumerate(rows, start=1):
        if row.get("item") not in asked or not isinstance(row.get("nll"), int | float) or "tokens" not in row:
            raise DataError(f"{path}:{line}: no likelihood of a held-out turn ({row.get('item')}); {advice}.")
    true = [row["item"] for row in rows if row.get("history", "true") == "true"]
    for line, (item, wanted) in enumerate(zip(true, asked, strict=False), start=1):
        if item != wanted:
            raise DataError(
                f"{path}:{line}: gives the likelihood of {item} where {wanted} was asked (reordered, or another split); {advice}."
            )
    if rows and len(true) != len(asked):
        raise DataError(f"{path}:{len(rows)}: has {len(true)} likelihoods of {len(asked)} held-out turns; {advice}.")


if __name__ == "__main__":
    run(main)
