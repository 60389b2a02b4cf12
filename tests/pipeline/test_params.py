from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from three_tutors.pipeline.diagnostics import ParamsError
from three_tutors.pipeline.params import params, read

MEND = " mend it, or put it in quotes without a tag."


@params
class Params:
    """What the tests read."""

    r: Annotated[int, Field(ge=1)]
    """Rank."""
    learning_rate: float
    """Step size."""
    init: Literal["default", "pissa"] = "default"
    """Start."""


def write(folder: Path, text: str) -> Path:
    """Write a params file."""
    path = folder / "params.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_numbers_are_read_as_dvc_reads_them(tmp_path: Path) -> None:
    """`5e-4` is a number, as in YAML 1.2 and in DVC, not a text."""
    path = write(tmp_path, "lora:\n  r: 8\n  learning_rate: 5e-4\n")
    assert read("lora", Params, path) == Params(r=8, learning_rate=5e-4)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("lora:\n  r: 8\n  learning_rate: 1.0\n  rank: 4\n", ":4: lora.rank: is not a known key; remove it or mend its spelling."),
        ("lora:\n  r: 8\n", ":2: lora.learning_rate: is missing; add it (the committed params.yaml shows every key)."),
        ("lora:\n  r: 0\n  learning_rate: 1.0\n", ":2: lora.r: input should be greater than or equal to 1, not 0."),
        ("lora:\n  r: 1\n  learning_rate: 1.0\n  init: x\n", ":4: lora.init: input should be 'default' or 'pissa', not 'x'."),
        ('lora:\n  r: "16"\n  learning_rate: 1.0\n', ":2: lora.r: input should be a valid integer, not '16'."),
        ("lora:\n  r: true\n  learning_rate: 1.0\n", ":2: lora.r: input should be a valid integer, not True."),
        ("lora:\n  r: 1\n  learning_rate: '1.0'\n", ":3: lora.learning_rate: input should be a valid number, not '1.0'."),
        ("lora:\n  r: 1\n  learning_rate: .nan\n", ":3: lora.learning_rate: input should be a finite number, not nan."),
        ("lora:\n  r: 1\n  learning_rate: 1e999\n", ":3: lora.learning_rate: input should be a finite number, not inf."),
        ("lora:\n  r: " + "9" * 5000, ":2: a number of 5000 digits is more than a computer keeps."),
        ("lora:\n  r: 0x" + "f" * 5000, ":2: a number of 5000 digits is more than a computer keeps."),
        ("lora:\n  r: 1\n  r: 2\n", ':3:3: not valid YAML: found duplicate key "r" with value "2" (original value: "1")'),
        ("lora:\n  r: " + "[" * 100_000, ": nested more than 64 levels deep."),
        ("lora:\n  r: \0\n", ":2: not valid YAML: U+0000 is not allowed."),
        ("lora:\n  r: !!bool foo\n", ":2:6: not valid YAML: 'foo' is no true or false;" + MEND),
        ("lora:\n  r: !!int foo\n", ":2:6: not valid YAML: 'foo' is no whole number;" + MEND),
        ("lora:\n  r: ._\n", ":2:6: not valid YAML: '._' is no number;" + MEND),
        ("lora:\n  r: 0x_\n", ":2:6: not valid YAML: '0x_' is no whole number;" + MEND),
        (
            "lora:\n  r: 2026-02-30\n",
            ":2:6: not valid YAML: '2026-02-30' is no date that exists; mend it, or put it in quotes without a tag.",
        ),
        ('lora:\n  r: "\\UFFFFFFFF"\n', ": not valid YAML: an escape such as \\UFFFFFFFF names no character."),
        ("dspy: {}\n", ": section `lora` is missing; add it (the committed {path} shows every key)."),
        ("lora: [\n", ":2:1: not valid YAML: expected the node content, but found '<stream end>'"),
    ],
)
def test_a_mistake_in_params_is_named_with_its_line(tmp_path: Path, text: str, expected: str) -> None:
    """An unknown, missing or impossible value ends in one sentence that says where and what to do."""
    path = write(tmp_path, text)
    with pytest.raises(ParamsError) as error:
        read("lora", Params, path)
    assert str(error.value) == f"{path}{expected.replace('{path}', str(path))}"


def test_every_mistake_is_listed_at_once(tmp_path: Path) -> None:
    """Two mistakes give two lines, so that one run finds both."""
    path = write(tmp_path, "lora:\n  r: many\n  rank: 4\n  learning_rate: 1.0\n")
    with pytest.raises(ParamsError) as error:
        read("lora", Params, path)
    assert len(str(error.value).splitlines()) == 2


@given(st.binary(max_size=40) | st.text("ab:-[]{}\"'#&*!|>%@0129e.+_\n \t,?~", max_size=40).map(str.encode))
def test_any_bytes_are_params_or_refused(data: bytes) -> None:
    """Whatever stands in the file, it is read or refused in sentences that name it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "params.yaml"
        path.write_bytes(b"lora:\n  r: 1\n  learning_rate: 1\n" + data)
        try:
            read("lora", Params, path)
        except ParamsError as error:
            assert "params.yaml" in str(error)  # noqa: PT017 - either end is right
