from __future__ import annotations

from pathlib import Path

import pytest

from three_tutors.pipeline.contents import Entry, entries, left_out, maker

CONTENTS = """
stages:
  deal:
    cmd: python -m stages.deal
    deps: [stages/deal.py, three_tutors/tutoring, data/all.jsonl]
    outs: [data/splits, {data/ledger.csv: {cache: false, persist: true}}]
  reply:
    foreach:
      plain: {model: models/base}
      tuned: {model: models/tuned}
    do:
      cmd: python -m stages.reply ${key}
      deps: [stages/reply.py, data/splits, '${item.model}']
      outs: ['data/replies/${key}']
      metrics: [{'reports/${key}.json': {cache: false}}]
  draw:
    foreach: [bars, lines]
    do:
      cmd: python -m stages.draw ${item}
      outs: ['reports/${item}.svg']
  say:
    foreach: ${tutors.asked}
    do: {cmd: 'say ${key}', deps: ['models/${item}'], outs: ['said/${key}']}
  further:
    foreach: ${tutors.further}
    do: {cmd: 'say ${item}', outs: [models/further]}
"""
PARAMS = "tutors: {asked: {plain: base, tuned: tuned}, further: []}\n"


@pytest.fixture
def contents(tmp_path: Path) -> list[Entry]:
    """Return the entries of a small dvc.yaml."""
    (tmp_path / "dvc.yaml").write_text(CONTENTS, encoding="utf-8")
    (tmp_path / "params.yaml").write_text(PARAMS, encoding="utf-8")
    return entries(tmp_path / "dvc.yaml")


def test_every_stage_is_an_entry_and_each_item_of_a_foreach_too(contents: list[Entry]) -> None:
    """What is read and written is filled in, also from params.yaml, where a list may be empty; code is not something that a stage reads."""
    assert [(one.name, one.reads, one.writes) for one in contents] == [
        ("deal", ("data/all.jsonl",), ("data/splits", "data/ledger.csv")),
        ("reply@plain", ("data/splits", "models/base"), ("data/replies/plain", "reports/plain.json")),
        ("reply@tuned", ("data/splits", "models/tuned"), ("data/replies/tuned", "reports/tuned.json")),
        ("draw@bars", (), ("reports/bars.svg",)),
        ("draw@lines", (), ("reports/lines.svg",)),
        ("say@plain", ("models/base",), ("said/plain",)),
        ("say@tuned", ("models/tuned",), ("said/tuned",)),
    ]


def test_a_stage_that_is_repeated_over_nothing_is_left_out(contents: list[Entry], tmp_path: Path) -> None:
    """It is no entry, and what it would read and write can still be told; of a stage that does not exist nothing can."""
    assert "further" not in [one.stage for one in contents]
    assert left_out("further", tmp_path / "dvc.yaml") == Entry("further", None, (), ("models/further",))
    assert left_out("absent", tmp_path / "dvc.yaml") is None


@pytest.mark.parametrize(
    ("path", "expected"),
    [("data/splits/test.jsonl", "deal"), ("data/replies/tuned", "reply@tuned"), ("data/raw", None), ("data/splitsX", None)],
)
def test_a_file_is_made_by_the_stage_that_writes_it_or_its_folder(contents: list[Entry], path: str, expected: str | None) -> None:
    """What no stage writes, a person does."""
    assert maker(path, contents) == expected


@pytest.mark.parametrize("text", ["", "stages:", "- a", "a: [", "\x00", "stages: [a]", "stages: 3", "x: !!bool foo", "x: 2026-02-30"])
def test_without_a_table_of_contents_there_is_no_entry(tmp_path: Path, text: str) -> None:
    """An empty, odd or broken dvc.yaml is DVC's to complain about."""
    (tmp_path / "dvc.yaml").write_text(text, encoding="utf-8")
    assert entries(tmp_path / "dvc.yaml") == entries(tmp_path / "missing.yaml") == []


@pytest.mark.parametrize("stage", ["", "3", "{deps: 3, outs: x}", "{deps: [{}], outs: {a: b}}"])
def test_a_malformed_stage_hides_no_other(tmp_path: Path, stage: str) -> None:
    """Whatever is no mapping or list is passed over; a stage that is well written is still found."""
    (tmp_path / "dvc.yaml").write_text(f"stages:\n  m: {stage}\n  n: {{outs: [made]}}\n", encoding="utf-8")
    assert maker("made", entries(tmp_path / "dvc.yaml")) == "n"


@pytest.mark.parametrize("stage", ["{foreach: [1]}", "{foreach: 3, do: {}}", "{foreach: '${a.b}', do: {}}", "{foreach: {1: }, do: [a]}"])
def test_a_malformed_foreach_hides_no_other(tmp_path: Path, stage: str) -> None:
    """A `foreach` over nothing, or without a `do`, writes nothing."""
    (tmp_path / "dvc.yaml").write_text(f"stages:\n  m: {stage}\n  n: {{outs: [made]}}\n", encoding="utf-8")
    assert maker("made", entries(tmp_path / "dvc.yaml")) == "n"
