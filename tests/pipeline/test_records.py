from __future__ import annotations

from pathlib import Path

import pytest

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.records import read_jsonl, replacing, write_json, write_jsonl


def test_an_interrupted_write_leaves_the_old_file(tmp_path: Path) -> None:
    """When the block fails, the file is as it was and nothing half-written lies beside it."""
    path = tmp_path / "rows.jsonl"
    write_jsonl(path, [{"a": 1}])

    def interrupted() -> None:
        with replacing(path) as temporary:
            temporary.write_text("half", encoding="utf-8")
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        interrupted()
    assert read_jsonl(path) == [{"a": 1}]
    assert [entry.name for entry in tmp_path.iterdir()] == ["rows.jsonl"]


def test_a_folder_is_replaced_as_a_whole(tmp_path: Path) -> None:
    """A new folder takes the place of the old one, whose files are gone."""
    path = tmp_path / "model"
    for name in ("old.txt", "new.txt"):
        with replacing(path) as temporary:
            temporary.mkdir()
            (temporary / name).write_text(name, encoding="utf-8")
    assert [entry.name for entry in path.iterdir()] == ["new.txt"]


def test_the_same_value_gives_the_same_bytes(tmp_path: Path) -> None:
    """Key order does not reach the file."""
    write_json(tmp_path / "a.json", {"b": 1, "a": "ä"})
    write_json(tmp_path / "b.json", {"a": "ä", "b": 1})
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


@pytest.mark.parametrize("line", ["{", "[1]", "null", '"text"'])
def test_a_broken_line_is_named(tmp_path: Path, line: str) -> None:
    """A line that is no JSON object is refused with the file and the line number."""
    path = tmp_path / "rows.jsonl"
    path.write_text('{"a": 1}\n' + line + "\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"rows\.jsonl:2: not a JSON object"):
        read_jsonl(path)
