"""The comparison: what it tells of a training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests import small_run
from three_tutors.pipeline.records import write_json
from three_tutors.reporting.comparison import Setting, shared_values, texts
from three_tutors.reporting.evidence import gather
from three_tutors.reporting.exam import exam_of
from three_tutors.reporting.provenance import provenance
from three_tutors.reporting.scorecard import findings_of


def comparison(root: Path) -> str:
    """Return the comparison on the run below `root`."""
    evidence = gather(root)
    made = provenance(evidence, root / "params.yaml", {"system": "Linux", "processor cores": "2", "memory": "24 GiB"})
    findings = findings_of(evidence)
    shared = shared_values(evidence, findings, exam_of(evidence), made, 0.05)
    return texts(evidence, findings, shared, [], made, setting=Setting(25, 0.05))["comparison.md"]


def test_the_comparison_tells_when_training_stopped(tmp_path: Path) -> None:
    """How many epochs were trained, which one was kept and why it ended are in the text."""
    root = small_run.write_run(tmp_path)
    metrics: dict[str, Any] = {"best_epoch": 2, "epochs": 4, "stopped_early": True, "valid_loss": 2.25, "valid_loss_before": 3.5}
    write_json(root / "reports/metrics/train_lora.json", metrics)
    assert "4 epochs" in comparison(root)
    assert "stopped early" in comparison(root)
    write_json(root / "reports/metrics/train_lora.json", {**metrics, "stopped_early": False})
    assert "stopped early" not in comparison(root)
