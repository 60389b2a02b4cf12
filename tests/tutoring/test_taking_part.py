"""Who takes part in a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from three_tutors.pipeline.diagnostics import ParamsError
from three_tutors.pipeline.params import read
from three_tutors.tutoring.methods import USUAL
from three_tutors.tutoring.taking_part import TakingPart

ROOT = Path(__file__).parent.parent.parent


def test_the_run_as_delivered_has_the_usual_tutors() -> None:
    """Everybody who is trained from the base takes part; whoever begins with another tutor joins by a profile."""
    assert read("tutors", TakingPart, ROOT / "params.yaml").tutors == USUAL == ("baseline", "dspy", "openai", "lora")


def test_tutors_stand_in_the_order_of_the_table_and_have_a_row_there(tmp_path: Path) -> None:
    """In whatever order params.yaml names them; a name without a row is refused."""
    (tmp_path / "params.yaml").write_text("tutors: {asked: {lora: lora, baseline: base}, scored: {}}", encoding="utf-8")
    assert read("tutors", TakingPart, tmp_path / "params.yaml").tutors == ("baseline", "lora")
    (tmp_path / "params.yaml").write_text("tutors: {asked: {parrot: parrot}, scored: {}}", encoding="utf-8")
    with pytest.raises(ParamsError, match=r"tutors\.asked\.parrot"):
        read("tutors", TakingPart, tmp_path / "params.yaml")
