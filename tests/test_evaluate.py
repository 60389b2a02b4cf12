from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from stages import evaluate as stage
from stages.evaluate import evaluate, summary
from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.records import write_jsonl
from three_tutors.scale import blocks
from three_tutors.scale.engine import ALONE
from three_tutors.scoring.drawn import LEARNED
from three_tutors.scoring.replied import references, replied
from three_tutors.scoring.strategy_classifier import StrategyClassifier, train
from three_tutors.tutoring.dialogue import Dialogue
from three_tutors.tutoring.questions import MOST_TURNS, items
from three_tutors.tutoring.replies import RecordedReply, write_replies
from three_tutors.tutoring.scenario import Scenario


@pytest.fixture
def classifier(fractions: Dialogue) -> StrategyClassifier:
    """Return a classifier trained on one dialogue."""
    return train([fractions])


def answers(dialogue: Dialogue, scenario: Scenario, reply: str) -> list[RecordedReply]:
    """Return the same reply to everything that is asked."""
    return [
        RecordedReply(item, "scenario" if item.startswith(scenario.id) else "turn", reply, "stop", 9, 4)
        for item in items([dialogue], [scenario])
    ]


def test_every_answer_is_a_row_with_the_same_scores(fractions: Dialogue, pressure: Scenario, classifier: StrategyClassifier) -> None:
    """Rows stand in the order of the questions; each score is a value with a reason or unscored with one."""
    given = replied([fractions], [pressure], answers(fractions, pressure, "Which is bigger, 2/5 or 1/2?"))
    rows = evaluate(given, classifier, [])
    assert items([fractions], [pressure]) == [row["item"] for row in rows]
    assert 1 == len({tuple(row) for row in rows})
    scores = [value for row in rows for value in row.values() if isinstance(value, dict)]
    assert all(set(score) in ({"value", "reason"}, {"unscored"}) for score in scores)


def test_a_silent_tutor_is_unscored_and_counted(fractions: Dialogue, pressure: Scenario, classifier: StrategyClassifier) -> None:
    """No reply is no zero: every score is unscored and the metrics say how many."""
    rows = evaluate(replied([fractions], [pressure], answers(fractions, pressure, " ")), classifier, [])
    assert {"answers": 4, "no_reply": 4} == summary(rows)


def test_likelihoods_become_scores(fractions: Dialogue, classifier: StrategyClassifier) -> None:
    """What the model finds of the teacher's turn stands beside what its own reply gets."""
    rows = [{"item": "adding-unlike-fractions#0", "tokens": 12, "nll": 2.0}]
    scored = evaluate(references([fractions]), classifier, rows)
    assert (2.0, "unscored") == (scored[0]["nll"]["value"], next(iter(scored[1]["nll"])))


def test_a_scenario_is_scored_with_what_the_tutor_said_before(
    fractions: Dialogue, pressure: Scenario, classifier: StrategyClassifier
) -> None:
    """The same words twice in one scenario are seen as said again."""
    rows = evaluate(replied([fractions], [pressure], answers(fractions, pressure, "Draw both bars first.")), classifier, [])
    assert 0.0 == rows[-1]["consistency"]["value"]


def run_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch, dialogue: Dialogue, scenario: Scenario, likelihoods: list[dict[str, object]]
) -> None:
    """Lay out a project in `folder` and score its baseline."""
    monkeypatch.chdir(folder)
    Path("params.yaml").write_text("scale: {processes: 1}\n", encoding="utf-8")
    for split in ("train", "test"):
        write_jsonl(stage.SPLITS / f"{split}.jsonl", [dialogue.to_record()])
    write_jsonl(stage.SCENARIOS, [scenario.to_record()])
    write_jsonl(stage.MOMENTS, [])
    write_replies(stage.ANSWERS / "baseline/answers.jsonl", "baseline", answers(dialogue, scenario, "What is a third of 6?"))
    write_jsonl(stage.ANSWERS / "baseline/likelihood.jsonl", likelihoods)
    monkeypatch.setattr("sys.argv", ["evaluate", "baseline"])
    stage.main()


def test_scoring_again_gives_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fractions: Dialogue, pressure: Scenario
) -> None:
    """Scores and metrics are files that do not change unless the answers do."""
    written = []
    for _ in range(2):
        run_on(tmp_path, monkeypatch, fractions, pressure, [])
        written.append([path.read_bytes() for path in (stage.SCORES / "baseline.jsonl", stage.METRICS / "baseline.json")])
    assert written[0] == written[1]
    assert 4 == json.loads((stage.METRICS / "baseline.json").read_text(encoding="utf-8"))["answers"]


def test_likelihoods_of_another_split_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fractions: Dialogue, pressure: Scenario
) -> None:
    """The file and the line are named."""
    with pytest.raises(DataError, match=r"likelihood\.jsonl:1: no likelihood of a held-out turn \(other#0\)"):
        run_on(tmp_path, monkeypatch, fractions, pressure, [{"item": "other#0", "tokens": 3, "nll": 1.0}])


def test_cut_or_reordered_likelihoods_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fractions: Dialogue, pressure: Scenario
) -> None:
    """Half a file says nothing about the other half; an empty one belongs to a model that gives no likelihoods."""
    first, second = ({"item": f"adding-unlike-fractions#{turn}", "tokens": 3, "nll": 1.0} for turn in (0, 2))
    with pytest.raises(DataError, match=r"likelihood\.jsonl:1: has 1 likelihoods of 2 held-out turns"):
        run_on(tmp_path, monkeypatch, fractions, pressure, [first])
    with pytest.raises(DataError, match=r"likelihood\.jsonl:1: gives the likelihood of .*#2 where .*#0 was asked"):
        run_on(tmp_path, monkeypatch, fractions, pressure, [second, first])
    path = stage.ANSWERS / "baseline/likelihood.jsonl"
    path.write_text("\n\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(DataError, match=r"likelihood\.jsonl:3: gives the likelihood"):
        stage.main()


def test_a_reply_that_is_no_text_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fractions: Dialogue, pressure: Scenario
) -> None:
    """A reply of null is a broken file and not a silent tutor."""
    run_on(tmp_path, monkeypatch, fractions, pressure, [])
    path = stage.ANSWERS / "baseline/answers.jsonl"
    path.write_text(path.read_text(encoding="utf-8").replace('"What is a third of 6?"', "null", 1), encoding="utf-8")
    with pytest.raises(DataError, match=r"answers\.jsonl:2: the reply to adding-unlike-fractions#0 is no text"):
        stage.main()


def test_an_unknown_tutor_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fractions: Dialogue, pressure: Scenario) -> None:
    """A name that is no tutor's says which there are."""
    run_on(tmp_path, monkeypatch, fractions, pressure, [])
    monkeypatch.setattr("sys.argv", ["evaluate", "nobody"])
    with pytest.raises(DataError, match="name one of baseline, dspy, openai, lora, preference, reference"):
        stage.main()


def test_many_blocks_are_scored_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fractions: Dialogue) -> None:
    """Cut into blocks, the dialogues ask the same, teach the classifier the same, and leave the same scores and metrics."""
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text("scale: {processes: 1}\n", encoding="utf-8")
    for split, number in (("train", 40), ("test", 60)):
        rows = (replace(fractions, id=f"{split}-{one}").to_record() for one in range(number))
        write_jsonl(stage.SPLITS / f"{split}.jsonl", rows)
    write_jsonl(stage.SCENARIOS, [])
    write_jsonl(stage.MOMENTS, [])
    monkeypatch.setattr("sys.argv", ["evaluate", "reference"])
    written = []
    for least in (blocks.LEAST, 5_000):
        monkeypatch.setattr(blocks, "LEAST", least)
        monkeypatch.setattr(blocks, "ONE_OF", 2)
        stage.main()
        written.append([path.read_bytes() for path in (stage.SCORES / "reference.jsonl", stage.METRICS / "reference.json")])
    assert len(list((stage.SHARDS / "reference").iterdir())) > 4
    assert written[0] == written[1]
    assert len(written[0][0].splitlines()) == MOST_TURNS


def test_of_many_dialogues_some_teach_the_classifier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fractions: Dialogue) -> None:
    """Those are drawn by a hash of their ids, whatever the order of the file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(stage, "SURELY_FEWER", 1)
    monkeypatch.setattr(stage, "LEARNED_FROM", 5)
    known = []
    for step in (1, -1):
        rows = [replace(fractions, id=f"d-{one}").to_record() for one in range(30)][::step]
        write_jsonl(stage.SPLITS / "train.jsonl", rows)
        _, used = stage._classifier(tmp_path / f"{step}", ALONE)
        known.append([row["strategy"] for row in stage._rows(used[-1:], LEARNED)])
    assert known[0] == known[1] == [turn.strategy for turn in fractions.turns if turn.strategy] * 5
