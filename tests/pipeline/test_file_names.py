from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.file_names import inside, is_file_name


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../outside",
        "/etc",
        "a/b",
        "a\\b",
        "C:x",
        "a\0b",
        "a\nb",
        ".hidden",
        "-rf",
        "a.",
        "a ",
        " a",
        "x" * 201,
        "CON",
        "nul.txt",
        "\ud83d",
    ],
)
def test_a_path_is_no_name(name: str, tmp_path: Path) -> None:
    """What leads elsewhere, or means something to a file system or a command, is refused in one sentence."""
    with pytest.raises(DataError, match=r"line 3: `subject` is .*, which cannot name a file here"):
        inside(tmp_path, name, "line 3: `subject`")


@pytest.mark.parametrize(
    "name", ["mathematics", "square-of-a-sum", "earth_science", "übung 3 (neu)", "ft:x".replace(":", "-"), "v1.2", "数学"]
)
def test_an_ordinary_name_is_taken(name: str, tmp_path: Path) -> None:
    """Letters of any language, digits, dashes, points inside and spaces between."""
    assert inside(tmp_path, name, "`id`", ".yaml") == tmp_path / f"{name}.yaml"


@given(st.text(st.characters(), max_size=12) | st.lists(st.sampled_from(["..", "/", "\\", "a", ".", "~", ":"]), max_size=6).map("".join))
def test_nothing_leads_outside(name: str) -> None:
    """A name that is taken names an entry of its folder, which can be made and found again."""
    if is_file_name(name):
        path = inside(Path("/folder"), name, "`id`")
        assert path.parent == Path("/folder")
        assert path.resolve().parent == Path("/folder")
        path.name.encode()
