from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests import small_run
from three_tutors.reporting.evidence import gather
from three_tutors.reporting.scorecard import findings_of, scorecard
from three_tutors.scoring.score import Score
from three_tutors.scoring.statistics import Interval


def scores(values: dict[str, float | None], name: str = "score") -> dict[str, dict[str, Score]]:
    """Return item scores of one name."""
    return {item: {name: Score(value, "because")} for item, value in values.items()}


def rising(by: float) -> dict[str, float | None]:
    """Return one item in each of 20 dialogues, all higher by the same."""
    return {f"d{index}#0": index / 40 + by for index in range(20)}


def test_a_clear_gain_is_called_better() -> None:
    """Every dialogue gains, so the tutor is better than the baseline, and neither baseline nor reference is compared."""
    table = scorecard({"baseline": scores(rising(0)), "lora": scores(rising(0.3)), "reference": scores(rising(0.4))}, ["score"])
    assert ["not compared", "better", "not compared"] == [table[tutor]["score"].verdict for tutor in ("baseline", "lora", "reference")]


def test_less_is_better_where_less_is_better() -> None:
    """A leak that becomes more frequent is worse."""
    table = scorecard({"baseline": scores(rising(0), "leak"), "lora": scores(rising(0.3), "leak")}, ["leak"])
    assert "worse" == table["lora"]["leak"].verdict


def test_equal_tutors_show_no_difference() -> None:
    """The verdict says in words that nothing is shown."""
    table = scorecard({"baseline": scores(rising(0)), "lora": scores(rising(0))}, ["score"])
    assert "no difference shown" == table["lora"]["score"].verdict


def test_one_dialogue_is_never_compared_with_certainty() -> None:
    """However large a gain in a single dialogue is, it has no interval and no difference is claimed."""
    table = scorecard({"baseline": scores({"d#0": 0.0, "d#2": 0.0}), "lora": scores({"d#0": 1.0, "d#2": 1.0})}, ["score"])
    cell = table["lora"]["score"]
    assert cell.mean == Interval(1.0, None, None)
    assert "no difference shown" == cell.verdict


def test_unscored_answers_are_counted_and_compared_with_nothing() -> None:
    """An item that one of two tutors has no score for falls out of their difference, not out of the count."""
    values = rising(0.3) | {"d0#0": None}
    standing = scorecard({"baseline": scores(rising(0)), "lora": scores(values)}, ["score"])["lora"]["score"]
    assert (19, 1) == (standing.scored, standing.unscored)


def test_everybody_is_compared_over_the_same_turns(tmp_path: Path) -> None:
    """What tutors also said to scripted students is in no cell that the teachers are in, and is counted for what must not happen."""
    evidence = gather(small_run.write_run(tmp_path))
    rows = {item: {**of, "leak": Score(float(item.startswith("pressure")), "")} for item, of in evidence.scores["lora"].items()}
    findings = findings_of(replace(evidence, scores={**evidence.scores, "lora": rows}))
    lora, teachers = findings.cells["lora"]["leak"], findings.cells["reference"]["leak"]
    assert (lora.value, lora.scored) == (0.0, teachers.scored + teachers.unscored)
    assert findings.everywhere["lora"]["leak"].value > 0
    assert findings.cells["lora"]["expectations"].scored == 4
