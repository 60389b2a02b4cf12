"""The small reader takes the simple part of YAML, reads it right, and refuses the rest."""

from __future__ import annotations

import pytest
from ruamel.yaml import YAML

from tests.reporting.walked import DIALOGUE, ROOT
from three_tutors.reporting.plain_yaml import read_plainly


def test_what_it_reads_is_what_yaml_says() -> None:
    """Every committed dialogue that it takes has the head and the turns that a full YAML reader finds, and it takes many."""
    taken = 0
    for path in sorted((ROOT / "data/raw/dialogues").glob("*/*.yaml")):
        try:
            read = read_plainly(path.read_text(encoding="utf-8"))
        except ValueError:
            continue
        taken += 1
        tree = YAML(typ="safe").load(path)
        assert (read.id, read.lesson.topic, read.lesson.grade, list(read.lesson.answer)) == (
            tree["id"],
            tree["topic"],
            tree["grade"],
            tree["answer"],
        )
        assert [turn.text for turn in read.turns] == [turn.get("student") or turn.get("teacher") for turn in tree["turns"]]
    assert taken >= 20


@pytest.mark.parametrize(
    "line",
    [
        "topic: |",
        "topic: >",
        "topic: 'quoted'",
        "topic: a # comment",
        "topic: &anchor a",
        "topic:",
        "  nested: a",
        "  - teacher: |",
        'answer: ["a"',
    ],
)
def test_what_it_cannot_read_it_refuses(line: str) -> None:
    """Blocks, single quotes, comments behind values, anchors, nesting and half a list are left to the real reader."""
    key = line.partition(":")[0]
    others = [old for old in DIALOGUE.splitlines() if not old.startswith(key)]
    with pytest.raises(ValueError, match="beyond plain YAML"):
        read_plainly("\n".join([*others, line]))


def test_a_key_that_is_missing_is_refused() -> None:
    """A file without a topic is no dialogue."""
    with pytest.raises(ValueError, match="topic"):
        read_plainly(DIALOGUE.replace("topic:", "theme:"))
