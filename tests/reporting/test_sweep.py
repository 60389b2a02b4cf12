from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stages.reporting import sweep as sweeping
from stages.reporting.comparison import Setting, texts
from stages.reporting.evidence import gather, read_table
from stages.reporting.provenance import provenance
from stages.reporting.scorecard import findings_of
from stages.reporting.sweep import COLUMNS, added, digest, sweep, table_text
from stages.tutoring.records import write_json, write_text
from tests import small_run

DIGESTS = {"dialogues.jsonl": "1", "splits.csv": "2"}


def row(r: int, rate: str, loss: float, **more: str) -> dict[str, str]:
    """Return one line of the table."""
    said = {"r": str(r), "learning_rate": rate, "valid_loss": str(loss), "valid_accuracy": "0.5", "seconds": "60.0"}
    return {**said, "base": "SmolLM2", "data": digest(DIGESTS), "date": "2026-11-22", **more}


def test_a_sweep_knows_what_is_chosen_and_what_is_lowest() -> None:
    """The setting of params.yaml and the one with the lowest loss are found, though they need not be the same."""
    found = sweep([row(4, "0.001", 2.5), row(8, "0.001", 2.25), row(8, "0.002", 2.125)], {"r": 8, "learning_rate": 1e-3}, DIGESTS)
    assert found is not None
    assert found.chosen is not None
    assert (found.chosen.r, found.chosen.learning_rate, found.lowest.learning_rate) == (8, 1e-3, 2e-3)
    assert (found.same_data, found.dates) == (True, ["2026-11-22"])


def test_no_sweep_and_other_data_are_said() -> None:
    """Without a table there is no sweep; one of other dialogues is marked, and a setting that was not tried is not chosen."""
    other = sweep([row(4, "0.001", 2.5, date="2026-11-20", data="old"), row(8, "0.001", 2.5, data="old")], {}, DIGESTS)
    assert sweep([], {}, DIGESTS) is None
    assert other is not None
    assert (other.same_data, other.chosen, other.dates) == (False, None, ["2026-11-20", "2026-11-22"])


def test_rows_replace_their_like_and_drop_what_cannot_be_compared() -> None:
    """The same setting again replaces its row; rows of other data or another base go; the order is by rank and rate."""
    table = [row(8, "0.001", 2.5), row(4, "0.0005", 2.5), row(2, "0.001", 9.0, data="old"), row(2, "0.001", 9.0, base="other")]
    assert added(table, row(8, "0.001", 2.0)) == [row(4, "0.0005", 2.5), row(8, "0.001", 2.0)]


def test_the_command_records_the_last_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Params, metrics and seconds of the run become a row of the table in Git."""
    small_run.write_run(tmp_path)
    monkeypatch.chdir(tmp_path)
    write_text(Path("params.yaml"), "lora: {r: 4, learning_rate: 1e-3}\n")
    write_json(Path("reports/metrics/train_lora.json"), {"valid_loss": 2.25, "valid_accuracy": 0.5})
    write_json(Path("reports/metrics/timing_train_lora.json"), {"seconds": 61.5})
    write_json(sweeping.BASE, {"model": "SmolLM2"})
    sweeping.main()
    [made] = read_table(sweeping.SWEEP)
    assert tuple(made) == COLUMNS
    assert (made["r"], made["learning_rate"], made["valid_loss"], made["seconds"]) == ("4", "0.001", "2.25", "61.5")
    assert made["data"] == digest(gather().digests)


def comparison(root: Path) -> str:
    """Return the comparison on the run below `root`."""
    evidence = gather(root)
    made = provenance(evidence, root / "params.yaml", {"system": "Linux", "processor cores": "2", "memory": "24 GiB"})
    return texts(evidence, findings_of(evidence), [], made, Setting(25, 0.05))["comparison.md"]


def test_the_comparison_shows_the_sweep_and_works_without(tmp_path: Path) -> None:
    """The table marks the chosen row and says on which dialogues and when; without a sweep nothing is said of one."""
    root = small_run.write_run(tmp_path)
    assert "Ranks and learning rates" not in comparison(root)
    write_text(root / sweeping.SWEEP, table_text([row(4, "0.001", 2.5), row(8, "0.002", 2.25, data="old")]))
    params = (root / "params.yaml").read_text(encoding="utf-8")
    write_text(root / "params.yaml", params + "lora: {r: 4, learning_rate: 0.001}\n")
    text = comparison(root)
    assert "| **4** | **0.001** | **2.500** | **50 %** | **60** | chosen |" in text
    assert "| 8 | 0.002 | 2.250 | 50 % | 60 | lowest |" in text
    assert "other dialogues than this report" in text


def test_the_comparison_tells_when_training_stopped(tmp_path: Path) -> None:
    """How many epochs were trained, which one was kept and why it ended are in the text."""
    root = small_run.write_run(tmp_path)
    metrics: dict[str, Any] = {"best_epoch": 2, "epochs": 4, "stopped_early": True, "valid_loss": 2.25, "valid_loss_before": 3.5}
    write_json(root / "reports/metrics/train_lora.json", metrics)
    assert "4 epochs" in comparison(root)
    assert "stopped early" in comparison(root)
    write_json(root / "reports/metrics/train_lora.json", {**metrics, "stopped_early": False})
    assert "stopped early" not in comparison(root)
