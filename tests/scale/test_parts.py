from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.records import write_jsonl
from three_tutors.scale import blocks
from three_tutors.scale.engine import ALONE
from three_tutors.scale.parts import main, write_parts
from three_tutors.tutoring.dialogue import Dialogue, Turn


@pytest.fixture
def dialogues(fractions: Dialogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Dialogue]:
    """Return twenty dialogues, the first ones without labels, and write them to be cut into several parts."""
    monkeypatch.setattr(blocks, "LEAST", 2000)
    monkeypatch.setattr(blocks, "ONE_OF", 2)
    bare = tuple(Turn(turn.speaker, turn.text) for turn in fractions.turns)
    made = [replace(fractions, id=f"d-{number:02}", turns=bare if number < 8 else fractions.turns) for number in range(20)]
    write_jsonl(tmp_path / "all.jsonl", (one.to_record() for one in made))
    return made


def test_parts_hold_every_line_and_the_manifest_says_so(dialogues: list[Dialogue], tmp_path: Path) -> None:
    """One part after the other is the file; digests and counts in the manifest are those of the parts."""
    main([str(tmp_path / "all.jsonl"), "--to", str(tmp_path / "parts")])
    manifest = json.loads((tmp_path / "parts/manifest.json").read_bytes())
    data = [(tmp_path / "parts" / one["file"]).read_bytes() for one in manifest["parts"]]
    assert len(data) > 2
    assert b"".join(data) == (tmp_path / "all.jsonl").read_bytes()
    assert [one["sha256"] for one in manifest["parts"]] == [hashlib.sha256(one).hexdigest() for one in data]
    assert sum(one["dialogues"] for one in manifest["parts"]) == len(dialogues)


def test_parquet_gives_the_dialogues_back(dialogues: list[Dialogue], tmp_path: Path) -> None:
    """Every part has the same columns, also where no turn in it has a label, and a reader of all of them gets every field."""
    write_parts(tmp_path / "all.jsonl", tmp_path / "parts", "parquet", ALONE)
    rows = pl.read_parquet(tmp_path / "parts/part-*.parquet").rows(named=True)
    written = [row | {"turns": [{key: value for key, value in turn.items() if value is not None} for turn in row["turns"]]} for row in rows]
    assert [Dialogue.from_record(row) for row in written] == dialogues


def test_fewer_parts_leave_none_of_the_old_ones(dialogues: list[Dialogue], tmp_path: Path) -> None:
    """Written again from less, or in another format, a folder holds what its manifest names."""
    write_parts(tmp_path / "all.jsonl", tmp_path / "parts", "parquet", ALONE)
    write_jsonl(tmp_path / "all.jsonl", [dialogues[0].to_record()])
    write_parts(tmp_path / "all.jsonl", tmp_path / "parts", "jsonl", ALONE)
    assert sorted(path.name for path in (tmp_path / "parts").iterdir()) == ["manifest.json", "part-00000.jsonl"]


def test_a_folder_with_something_else_is_left_alone(dialogues: list[Dialogue], tmp_path: Path) -> None:
    """Nothing is written among files that this command did not make."""
    assert dialogues
    with pytest.raises(DataError, match="holds something else"):
        write_parts(tmp_path / "all.jsonl", tmp_path, "jsonl", ALONE)
