from __future__ import annotations

import string
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.written import DIALOGUE, dialogue
from three_tutors.authoring.dialogue_file import as_yaml
from three_tutors.checking.yaml_source import parse

words = (
    st.text(alphabet=string.ascii_letters + string.digits + string.punctuation + " \nä’–", min_size=1, max_size=30)
    .map(str.strip)
    .filter(bool)
)


@given(words, words, st.lists(words, max_size=3))
def test_what_is_written_is_read_back(topic: str, said: str, answer: list[str]) -> None:
    """Whatever the words, the gate's reader and any other YAML reader get them back as text."""
    record: dict[str, Any] = dialogue(topic=topic, answer=answer, turns=[{"student": said}, {"teacher": said, "strategy": "scaffolding"}])
    expected = record | {"grade": "5"}
    assert parse(as_yaml(record)).value == expected
    assert yaml.safe_load(as_yaml(record)) == record


def test_it_looks_like_a_hand_written_file() -> None:
    """The schema line, a key a line in the usual order, and a block for several lines."""
    written = as_yaml(DIALOGUE | {"turns": [{"student": "x = 1\nprint(x)", "understanding": "wrong"}, {"teacher": "Why?"}]})
    assert written.splitlines()[:4] == [
        "# yaml-language-server: $schema=../../dialogue.schema.json",
        "id: adding-unlike-fractions",
        "subject: mathematics",
        "grade: 5",
    ]
    assert written.endswith("turns:\n  - student: |-\n      x = 1\n      print(x)\n    understanding: wrong\n  - teacher: Why?\n")


@pytest.mark.parametrize("key", ["topic", "grade", "misconception"])
def test_a_missing_key_is_left_for_the_author(key: str) -> None:
    """What is required stands there empty, what is not is left out."""
    written = as_yaml(dialogue(**{key: ...}))
    assert (f"\n{key}:\n" in written, key in written) == ((True, True) if key != "misconception" else (False, False))
