from __future__ import annotations

from pathlib import Path

from tests.benchmarks.__main__ import report, sections

ROOT = Path(__file__).parent.parent


def test_a_benchmark_alone_leaves_the_others_figures() -> None:
    """What is read from the report and written again is the report; a part that is measured anew replaces its own table."""
    text = (ROOT / "reports/benchmarks.md").read_text(encoding="utf-8")
    found = sections(text)
    assert {"chat", "training"} <= set(found)
    assert sections(report(found)) == found
    changed = report(found | {"training": "| figure | value |\n|---|---|\n| times_trl | 7 |"})
    assert sections(changed)["training"].endswith("| times_trl | 7 |")
    assert sections(changed)["chat"] == found["chat"]
