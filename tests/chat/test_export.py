"""Conversations that are handed on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from three_tutors.chat.export import choices, draft, identifier, jsonl
from three_tutors.chat.roster import EMPTY
from three_tutors.chat.talk import Exchange, Talk, TutorReply
from three_tutors.checking.gate import check
from three_tutors.checking.inspecting import Limits
from three_tutors.pipeline.diagnostics import TutorError
from three_tutors.tutoring.dialogue import Dialogue, Lesson

texts = st.text(max_size=60)
heads = st.text(min_size=1, max_size=30)
NASTY = [
    "no",
    "- teacher: hi",
    "turns:\n  - x",
    '"',
    "'",
    "# not a comment",
    "\u202e reversed",
    "\x00",
    "é\u0301",
    "{a: b}",
    "&a *a",
    "\u2028",
    " ",
]


def exchange(number: int, said: str, reply: str) -> Exchange:
    """Return one exchange with lora."""
    return Exchange(number, number - 1 or None, None, said, "wrong", ("lora",), {"lora": TutorReply("lora", reply, "whole")})


def verdict(folder: Path, talk: Talk, way: list[Exchange]) -> tuple[list[Dialogue], list[str]]:
    """Return what the gate reads out of a draft, and which structural errors it finds."""
    path = folder / f"{identifier(talk.lesson.topic, talk.id)}.yaml"
    path.write_text(draft(talk, way, "lora"), encoding="utf-8")
    found = check([path], Limits(max_turns=100, max_words=1000, near_duplicate=1.0))
    return found.dialogues, [str(problem) for problem in found.problems if problem.code.startswith("E1")]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    pairs=st.lists(st.tuples(texts | st.sampled_from(NASTY), texts | st.sampled_from(NASTY)), min_size=1, max_size=5),
    topic=heads | st.sampled_from(NASTY),
    grade=st.integers(1, 13),
)
def test_every_draft_passes_the_gate_s_structure(tmp_path: Path, pairs: list[tuple[str, str]], topic: str, grade: int) -> None:
    """Whatever was typed or replied, the draft is one dialogue of alternating turns that the gate can read."""
    talk = Talk("Ab_9-x", Lesson("mathematics", grade, topic, topic, topic, (topic,)), ("lora",), blind=False, scenario=None, created=1.0)
    way = [exchange(number, said, reply) for number, (said, reply) in enumerate(pairs, start=1)]
    if not any(reply.strip() for _, reply in pairs):
        with pytest.raises(TutorError, match="no reply of this tutor"):
            draft(talk, way, "lora")
        return
    (dialogue,), errors = verdict(tmp_path, talk, way)
    assert [] == errors
    assert 2 * sum(bool(reply.strip()) for _, reply in pairs) == len(dialogue.turns)


def test_a_draft_keeps_the_words(tmp_path: Path) -> None:
    """Plain text comes out of the gate as it was said, with the label of a scripted turn."""
    talk = Talk("abcdef", EMPTY, ("lora",), blind=False, scenario=None, created=1.0)
    said, reply = "I got 2/5: is that right?\nOr not?", 'Hm - "bigger", or smaller than ½?'
    (dialogue,), errors = verdict(tmp_path, talk, [exchange(1, said, reply)])
    assert [] == errors
    assert [("student", said, "wrong"), ("teacher", reply, "")] == [
        (turn.speaker, turn.text, turn.understanding) for turn in dialogue.turns
    ]
    assert "what-the-student-brings-along-abcdef" == dialogue.id


def test_a_draft_holds_no_words_of_a_tutor_under_another_s_name() -> None:
    """Where the person went on with one tutor, the draft of the other ends with its own last reply."""
    talk = Talk("abcdef", EMPTY, ("lora", "dspy"), blind=False, scenario=None, created=1.0)
    both: dict[str, TutorReply] = {name: TutorReply(name, f"{name} asks", "whole") for name in talk.tutors}
    way = [
        Exchange(1, None, None, "first", "", talk.tutors, both),
        Exchange(2, 1, "lora", "second", "", ("lora",), {"lora": TutorReply("lora", "lora goes on", "whole")}),
    ]
    drafts = {
        name: [line.partition(": ")[2] for line in draft(talk, way, name).splitlines() if line.startswith("  - ")] for name in talk.tutors
    }
    assert {"lora": ["first", "lora asks", "second", "lora goes on"], "dspy": ["first", "dspy asks"]} == drafts


def test_jsonl_holds_every_branch_under_the_labels_of_the_page() -> None:
    """One line about the conversation, then one a turn; a blind export stays blind."""
    talk = Talk("abc", EMPTY, ("lora", "dspy"), blind=True, scenario=None, created=1.0)
    other = Exchange(2, 1, "lora", "And now?", "", ("dspy",), {"dspy": TutorReply("dspy", "", "failed", "Gone.", (1,))})
    exchanges = {1: exchange(1, "Is it 5/6?", "Which half?\n"), 2: other}
    head, *lines = [json.loads(line) for line in jsonl(talk, exchanges, {"lora": "Tutor A", "dspy": "Tutor B"}).splitlines()]
    assert ("abc", "general", True) == (head["conversation"], head["subject"], head["blind"])
    assert [
        {"exchange": 1, "parent": None, "follows": None, "speaker": "student", "text": "Is it 5/6?"},
        {"exchange": 1, "speaker": "teacher", "tutor": "Tutor A", "text": "Which half?\n", "status": "whole", "note": "", "left_out": []},
        {"exchange": 2, "parent": 1, "follows": "Tutor A", "speaker": "student", "text": "And now?"},
        {"exchange": 2, "speaker": "teacher", "tutor": "Tutor B", "text": "", "status": "failed", "note": "Gone.", "left_out": [1]},
    ] == lines


def test_choices_are_exported_with_their_words_and_without_names() -> None:
    """The preferred reply stands beside each whole one to the same conversation that says something else."""
    texts = {"baseline": "It is 3/4.", "dspy": "What is half of it?", "lora": "What is half  of it?", "openai": "It is"}
    given = {name: TutorReply(name, text, "length" if name == "openai" else "whole") for name, text in texts.items()}
    names = tuple(texts)
    first, second = (Exchange(number, number - 1 or None, None, f"Turn {number}", "", names, given) for number in (1, 2))
    talk = Talk("Ab", EMPTY, names, blind=True, scenario=None, created=1.0)
    (line,) = [json.loads(line) for line in choices(talk, {1: first, 2: second}, {1: "dspy", 2: "dspy"}).splitlines()]
    assert (line["id"], line["source"], line["input"]["messages"][1:]) == ("Ab#1 a", "choices", [{"role": "user", "content": "Turn 1"}])
    assert [line[key][0]["content"] for key in ("preferred_output", "non_preferred_output")] == ["What is half of it?", "It is 3/4."]
    together = Exchange(2, 1, "dspy", "Turn 2", "", names, given)
    made = [json.loads(line) for line in choices(talk, {1: first, 2: together}, {2: "dspy"}).splitlines()]
    assert [message["content"] for message in made[0]["input"]["messages"][1:]] == ["Turn 1", "What is half of it?", "Turn 2"]
    with pytest.raises(TutorError, match="no choice here"):
        choices(talk, {1: first}, {1: "openai"})
