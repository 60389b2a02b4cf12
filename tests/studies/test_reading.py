"""Replies of a finished run are read by the base model of the workspace, and by nothing where that is another model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests import small_run
from three_tutors.scoring.replied import Replied
from three_tutors.scoring.score import Score
from three_tutors.studies.measured import sense_of
from three_tutors.studies.reading import sense_read
from three_tutors.trust import sense
from three_tutors.trust.fitted_sense import FittedSense

FITTED = FittedSense("fe45d498", 15, [0.0], 0.0, 0.0, {}, None, 10)


def test_replies_to_moments_and_turns_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Scripted students are left out; the wording is told for the same replies; another base in models/base reads nothing."""
    root = small_run.write_run(tmp_path, tutors=("lora",))

    def files(path: str) -> bytes | None:
        return (root / path).read_bytes() if (root / path).exists() else None

    def read(_model: Path, fitted: FittedSense, replied: Sequence[Replied]) -> list[Score]:
        assert fitted is FITTED
        return [Score(0.5, "half") for _ in replied]

    monkeypatch.setattr(sense, "at_hand", lambda: FITTED)
    monkeypatch.setattr(sense, "read", read)
    reader, values = sense_read("lora", files)
    assert (reader, set(values.values())) == ("fe45d498", {0.5})
    assert values.keys() == sense_of("lora", files).keys()
    assert not {one.id for one in small_run.scenarios()} & {item.partition("#")[0] for item in values}
    assert sense_read("dspy", files) == ("", {})
    monkeypatch.setattr(sense, "at_hand", lambda: None)
    assert sense_read("lora", files) == ("", {})
