"""Score one tutor's answers for teaching quality."""

from __future__ import annotations

if __name__ == "__main__":
    from three_tutors.pipeline.starting import start

    start("stages.evaluate")

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.records import Record, read_numbered_jsonl, write_json, write_jsonl
from three_tutors.scale.engine import Engine, chosen
from three_tutors.scale.rows import Work, joined, shards_of
from three_tutors.scale.shards import CACHE, Shard, prune
from three_tutors.scoring.drawn import ASKED, DIGESTS, LEARNED, asked_block, digests_block, learned_block
from three_tutors.scoring.replied import Replied, read_replied
from three_tutors.scoring.scores import MEASURES, scores
from three_tutors.scoring.strategy_classifier import StrategyClassifier, fit
from three_tutors.tutoring.dialogue import Dialogue
from three_tutors.tutoring.methods import REFERENCE
from three_tutors.tutoring.moment import read_moments
from three_tutors.tutoring.questions import questions
from three_tutors.tutoring.rendering import last_of
from three_tutors.tutoring.scenario import read_scenarios
from three_tutors.tutoring.words import words

SPLITS = Path("data/processed/splits")
SCENARIOS = Path("data/processed/scenarios.jsonl")
MOMENTS = Path("data/processed/moments/test.jsonl")
ANSWERS = Path("data/processed/answers")
SCORES = Path("data/processed/scores")
METRICS = Path("reports/metrics")
SHARDS = CACHE / "evaluate"
ROOMS = ("pipeline", "scoring", "tutoring")
LEARNED_FROM = 10_000
"""Training dialogues that the classifier of strategies is fitted on, at most."""
SURELY_FEWER = 2_000_000
"""A file of so few bytes has not as many dialogues as that."""


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
    under, how = SHARDS / name, chosen()
    asked = _shards("test.jsonl", partial(asked_block), under, how)
    test = [Dialogue.from_record(row) for row in _rows(asked, ASKED)]
    given = read_replied(ANSWERS, name, test, read_scenarios(SCENARIOS), read_moments(MOMENTS))
    likelihoods = [] if name == REFERENCE else _likelihoods(name, [question.item for question in questions(test)])
    classifier, used = _classifier(under, how)
    prune(under, {one.folder for one in (*asked, *used)})
    rows = evaluate(given, classifier, likelihoods)
    figures = summary(rows)
    write_jsonl(SCORES / f"{name}.jsonl", rows)
    write_json(METRICS / f"{name}.json", figures)
    means = ", ".join(f"{key} {value:.2f}" for key, value in figures.items() if key not in ("answers", "no_reply"))
    print(f"evaluate: {name} {means} over {len(rows)} answers")


def _classifier(under: Path, how: Engine) -> tuple[StrategyClassifier, list[Shard]]:
    """Return the classifier of strategies, fitted on training dialogues, and the shards that it is made from."""
    up_to, used = "", []
    if (SPLITS / "train.jsonl").stat().st_size > SURELY_FEWER:
        used = _shards("train.jsonl", partial(digests_block), under, how)
        digests = b"".join(joined(used, DIGESTS)).decode("ascii").split()
        up_to = last_of(digests, LEARNED_FROM) if len(digests) > LEARNED_FROM else ""
    made = _shards("train.jsonl", partial(learned_block, up_to=up_to), under, how)
    strategies = [row["strategy"] for row in _rows(made, LEARNED)]
    return fit(strategies, (row["features"] for row in _rows(made, LEARNED))), [*used, *made]


def _shards(name: str, function: partial[Any], under: Path, how: Engine) -> list[Shard]:
    [made] = shards_of([SPLITS / name], Work(function, ROOMS, under), how)
    return made


def _rows(made: Sequence[Shard], name: str) -> Iterator[Record]:
    for one in made:
        with (one.folder / name).open("rb") as file:
            yield from map(json.loads, file)


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
