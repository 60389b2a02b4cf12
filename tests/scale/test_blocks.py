from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.scale import blocks
from three_tutors.scale.blocks import Block, chunks, cut, digest, read


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("LEAST", 500), ("MOST", 4000), ("ONE_OF", 8)):
        monkeypatch.setattr(blocks, name, value)


def contents(path: Path) -> list[bytes]:
    """Return the bytes of each block."""
    return [b"".join(chunks(block)) for block in cut(path)]


@given(st.lists(st.binary(max_size=200).filter(lambda line: b"\n" not in line), max_size=60), st.booleans())
def test_blocks_hold_every_line_once(tmp_path_factory: pytest.TempPathFactory, written: list[bytes], ended: bool) -> None:
    """Blocks follow one another, hold the whole file, and each but the last ends with a line."""
    path = tmp_path_factory.mktemp("lines") / "a.jsonl"
    path.write_bytes(b"\n".join(written) + (b"\n" if ended else b""))
    found = contents(path)
    assert b"".join(found) == path.read_bytes()
    assert all(block.endswith(b"\n") for block in found[:-1])


def test_a_line_added_anywhere_changes_one_block_or_two(tmp_path: Path) -> None:
    """Cuts hang on what lines say: those after the new line are where they were."""
    generator = random.Random(2)
    lines = [b"%030d\n" % generator.randrange(10**30) for _ in range(3000)]
    (tmp_path / "a").write_bytes(b"".join(lines))
    before = set(contents(tmp_path / "a"))
    assert len(before) > 80
    for place in (0, 1500, 3000):
        (tmp_path / "b").write_bytes(b"".join([*lines[:place], b"a new line\n", *lines[place:]]))
        assert len(set(contents(tmp_path / "b")) - before) <= 2


def test_blocks_are_neither_small_nor_endless(tmp_path: Path) -> None:
    """Lines that are all alike never say that a block ends; it ends all the same."""
    (tmp_path / "a").write_bytes(b"the same\n" * 5000)
    sizes = [len(block) for block in contents(tmp_path / "a")]
    assert all(500 <= size <= 4010 for size in sizes[:-1])
    assert len(sizes) > 10


def test_one_long_line_is_one_block(tmp_path: Path) -> None:
    """A line is never cut, and what comes after it is found."""
    (tmp_path / "a").write_bytes(b"a\n" + b"x" * 900_000 + b"\nb\n" * 400)
    assert len(contents(tmp_path / "a")[0]) == 900_003


def test_the_digest_is_that_of_the_bytes(tmp_path: Path) -> None:
    """Equal blocks have equal digests wherever they stand."""
    (tmp_path / "a").write_bytes(b"xx\nab\n")
    (tmp_path / "b").write_bytes(b"ab\nxx\n")
    assert digest(Block(tmp_path / "a", 3, 6)) == digest(Block(tmp_path / "b", 0, 3)) != digest(Block(tmp_path / "a", 0, 3))


@pytest.mark.parametrize(("bad", "says"), [(b"{", r"a:4:2: not valid JSON"), (b"[]", r"a:4: not a JSON object")])
def test_a_bad_line_is_told_with_its_line_in_the_file(bad: bytes, says: str, tmp_path: Path) -> None:
    """The line counts from the beginning of the file, not of the block."""
    (tmp_path / "a").write_bytes(b'{"a":1}\n\n{"b":2}\n' + bad + b"\n")
    assert read(Block(tmp_path / "a", 0, 17)) == [{"a": 1}, {"b": 2}]
    with pytest.raises(DataError, match=says):
        read(Block(tmp_path / "a", 9, (tmp_path / "a").stat().st_size))
