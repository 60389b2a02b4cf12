"""What a judge says of tutors is shown beside how far it agrees with people, and not without."""

from __future__ import annotations

from pathlib import Path

from tests import small_run
from three_tutors.reporting.evidence import gather
from three_tutors.reporting.judge_table import judge_table
from three_tutors.reporting.pages import page
from three_tutors.trust.judge_agreement import GRADED, keep
from three_tutors.trust.verdicts import FOLDER, write_verdicts


def test_opinions_stand_beside_the_agreement_of_the_same_judge(tmp_path: Path) -> None:
    """Without agreement nothing is told; with that of this judge, its mean verdict on a tutor is."""
    root = small_run.write_run(tmp_path, tutors=["lora"])
    replies = {item: answer.reply for item, answer in gather(root).answers["lora"].items()}
    rows = [{"item": item, "kind": "turn", "sense": {"value": 0.25, "reason": "yes 0.25"}} for item in replies]
    write_verdicts(root / FOLDER / "lora.jsonl", "lora", "wise", replies, rows)
    assert judge_table(gather(root)) is None
    quality = {
        "unscored": 0,
        "auc": {"template": {"value": 0.8, "low": 0.7, "high": 0.9, "pairs": 4}},
        "rho": {"all": {"value": 0.4, "low": None, "high": None}},
        "bias": {"lora": 0.1, "dspy": -0.1},
    }
    keep("graded.jsonl", {"judge": "wise", "replies": 4, "seconds": 2.0, "tokens": 900, "qualities": {"sense": quality}}, root / GRADED)
    found = judge_table(gather(root))
    assert found is not None
    assert [("lora", "sense", 0.25)] == [(tutor, name, mean.value) for tutor, name, mean in found.opinions]
    shown = page("judge_table.html.jinja", judge_table=found)
    assert ("0.80" in shown, "dspy −10, lora +10" in shown, "lora, sense: 25" in shown) == (True, True, True)
