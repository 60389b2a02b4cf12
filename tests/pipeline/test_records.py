from __future__ import annotations

from pathlib import Path

import pytest

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.records import read_json, read_jsonl, replacing, write_json, write_jsonl


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
    with pytest.raises(DataError, match=r"rows\.jsonl:2:.*not a JSON object"):
        read_jsonl(path)


def test_what_cannot_be_read_again_is_not_written(tmp_path: Path) -> None:
    """Half of a surrogate pair or a number that is not finite leaves the old file as it was, in one sentence."""
    path = tmp_path / "a.jsonl"
    write_jsonl(path, [{"a": 1}])
    with pytest.raises(DataError, match=r"a\.jsonl was not written: it would hold U\+D83D, half of a surrogate pair"):
        write_jsonl(path, [{"a": 2}, {"a": "\ud83d"}])
    with pytest.raises(DataError, match=r"a\.jsonl was not written: it would hold a number that is not finite"):
        write_jsonl(path, [{"a": 2}, {"a": float("nan")}])
    assert read_jsonl(path) == [{"a": 1}]


@pytest.mark.parametrize("text", ["{\n]", '{"a": NaN}', '{"a": "\\ud800"}', '{"a": 1, "a": 2}'])
def test_a_file_that_is_no_json_is_named(tmp_path: Path, text: str) -> None:
    """The error says the file, the line, the column and what to do."""
    (tmp_path / "a.json").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"a\.json:\d+:\d+: .*; make the file again with `dvc repro`, or restore it from Git\."):
        read_json(tmp_path / "a.json")
