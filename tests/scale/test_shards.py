from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import stages.estimate_costs
import stages.evaluate
import stages.render
import stages.split
from tests import imports
from three_tutors.checking import gathering
from three_tutors.scale import shards
from three_tutors.scale.shards import made, prune


def write(folder: Path) -> dict[str, int]:
    """Write two files and count them."""
    (folder / "a.txt").write_text("one")
    (folder / "b.txt").write_text("two")
    return {"files": 2}


def never(_: Path) -> None:
    """Fail where a shard is made that is there."""
    raise AssertionError


def test_a_shard_is_made_once(tmp_path: Path) -> None:
    """The second time it is taken as it is, with its summary."""
    first = made(tmp_path, "key", write)
    assert made(tmp_path, "key", never) == first
    assert (first.summary, (first.folder / "b.txt").read_text()) == ({"files": 2}, "two")
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


@pytest.mark.parametrize("damage", ["cut", "gone", "unmarked"])
def test_a_damaged_shard_is_made_again(damage: str, tmp_path: Path) -> None:
    """A file that is not what its marker says, or a marker that is not there, is not trusted."""
    folder = made(tmp_path, "key", write).folder
    if damage == "cut":
        (folder / "a.txt").write_text("on")
    else:
        (folder / ("a.txt" if damage == "gone" else "shard.json")).unlink()
    made(tmp_path, "key", write)
    assert (folder / "a.txt").read_text() == "one"
    assert json.loads((folder / "shard.json").read_bytes())["files"].keys() == {"a.txt", "b.txt"}


def test_whoever_is_killed_leaves_nothing_that_looks_finished(tmp_path: Path) -> None:
    """Killed with half of the files written, a shard is made anew, and what was left is deleted in the end."""
    code = f"""
import os, pathlib, signal
from three_tutors.scale.shards import made
def write(folder):
    (folder / "a.txt").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
made(pathlib.Path({str(tmp_path)!r}), "key", write)
"""
    assert subprocess.run([sys.executable, "-c", code], cwd=imports.ROOT, check=False).returncode == -9
    assert [path.name[:5] for path in tmp_path.iterdir()] == [".key."]
    shard = made(tmp_path, "key", write)
    prune(tmp_path, {shard.folder})
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_two_who_make_one_shard_keep_one(tmp_path: Path) -> None:
    """Whoever comes second finds the first one's, and neither fails."""

    def late(folder: Path) -> dict[str, int]:
        made(tmp_path, "key", write)
        return write(folder)

    assert made(tmp_path, "key", late).summary == {"files": 2}
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_an_error_leaves_nothing(tmp_path: Path) -> None:
    """What could not be made is not there."""
    with pytest.raises(AssertionError):
        made(tmp_path, "key", never)
    assert list(tmp_path.iterdir()) == []


def test_other_code_makes_another_shard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The digest of a room follows every file in it, and no other room's."""
    monkeypatch.setattr(shards, "LIBRARY", tmp_path)
    for room in ("one", "two"):
        (tmp_path / room).mkdir()
        (tmp_path / room / "code.py").write_text("1")

    def digests() -> list[str]:
        shards.code.cache_clear()
        return [shards.code("one"), shards.code("two")]

    before = digests()
    (tmp_path / "two" / "words.txt").write_text("a")
    after = digests()
    shards.code.cache_clear()
    assert (after[0] == before[0], after[1] == before[1]) == (True, False)


@pytest.mark.parametrize(
    ("module", "rooms"),
    [
        ("three_tutors.checking.gathering", gathering.ROOMS),
        ("three_tutors.scale.kin", stages.split.ROOMS),
        ("three_tutors.tutoring.rendering", stages.render.ROOMS),
        ("three_tutors.pricing.counting", stages.estimate_costs.ROOMS),
        ("three_tutors.scoring.drawn", stages.evaluate.ROOMS),
    ],
)
def test_the_rooms_that_make_a_shard_are_those_that_its_module_uses(module: str, rooms: tuple[str, ...]) -> None:
    """A room that is left out would let shards of older code pass for those of the code there is."""
    assert {imports.room(name).removeprefix("three_tutors/") for name in {module, *imports.closure(module)}} == set(rooms)
