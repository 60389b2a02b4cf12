from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.written import LIMITS
from three_tutors.authoring.conversations import Conversation, Said, read_conversations
from three_tutors.authoring.importing import imported, named, report
from three_tutors.checking.gate import check
from three_tutors.pipeline.diagnostics import DataError

CORPORA = ROOT.parent / "shared" / "corpora"
HEAD = {"subject": "mathematics", "grade": 5, "topic": "Fractions", "objective": "Add two fractions."}


def conversation(*said: tuple[str, str] | Said, **head: Any) -> Conversation:
    """Return a conversation of roles and words."""
    return Conversation("line 1", [one if isinstance(one, Said) else Said(*one) for one in said], head)


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the command as an author does."""
    command = [sys.executable, "-m", "three_tutors.authoring.importing", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_consecutive_turns_of_one_speaker_are_merged() -> None:
    """Two messages in a row become one turn of two lines, and are counted."""
    made = imported(conversation(("user", "I got 2/5."), ("user", "Is it right?"), ("assistant", "Which is bigger?")), HEAD, "assistant")
    assert made.record == {**HEAD, "turns": [{"student": "I got 2/5.\nIs it right?"}, {"teacher": "Which is bigger?"}]}
    assert (made.merged, made.unlabelled, made.lost) == (1, 2, [])


def test_only_what_the_gate_refuses_is_cleaned_away() -> None:
    """Invisible characters go; joined emoji and spaces that do not break stay, and every kind of line end is one."""
    made = imported(conversation(("user", "\u200b 5\u00a0% 👩\u200d🔬?\rYes\x07\r\n"), ("assistant", "Why?")), HEAD, "assistant")
    assert made.record is not None
    assert made.record["turns"][0] == {"student": "5\u00a0% 👩\u200d🔬?\nYes"}


def test_only_known_labels_are_taken_over() -> None:
    """A label of our lists is kept, another vocabulary goes into the report, and nothing else is labelled."""
    said = (
        Said("student", "2/5", understanding="wrong"),
        Said("teacher", "Why?", strategy="probing"),
        Said("student", "idk"),
        Said("teacher", "Draw."),
    )
    made = imported(conversation(*said), HEAD, "teacher")
    assert made.record is not None
    assert made.record["turns"] == [
        {"student": "2/5", "understanding": "wrong"},
        {"teacher": "Why?"},
        {"student": "idk"},
        {"teacher": "Draw."},
    ]
    assert (made.unlabelled, made.lost) == (3, ["strategy 'probing', which is not in our list"])


def test_what_nobody_answers_is_dropped_and_told() -> None:
    """A dialogue ends with the teacher; a conversation without one makes no dialogue."""
    made = imported(conversation(("teacher", "Hello."), ("student", "hi"), ("teacher", "Why?"), ("student", "bye")), HEAD, "teacher")
    assert made.record == {**HEAD, "opening": "teacher", "turns": [{"teacher": "Hello."}, {"student": "hi"}, {"teacher": "Why?"}]}
    assert made.lost == ["the last turn, which nobody answers: 'bye'"]
    alone = imported(conversation(("student", "hello?")), HEAD, "teacher")
    assert alone.record is None
    assert report([alone])["lost"][0]["what"][-1] == "the whole conversation: no teacher turn answers a student"


def test_the_files_own_head_comes_first() -> None:
    """What the file says about a lesson wins over what the command says for all."""
    made = imported(conversation(("user", "x"), ("assistant", "y"), topic="Ratios"), HEAD, "assistant")
    assert made.record is not None
    assert (made.record["topic"], made.record["objective"]) == ("Ratios", "Add two fractions.")


def test_ids_are_made_of_the_file_name() -> None:
    """They are what the gate wants, whatever the file is called."""
    results = named([imported(conversation(("user", "x"), ("assistant", "y")), HEAD, "assistant")] * 10, "Übung 3 (neu)")
    assert [result.record["id"] for result in results if result.record][::9] == ["ubung-3-neu-01", "ubung-3-neu-10"]


def test_openai_chat_files_are_read(tmp_path: Path) -> None:
    """System messages, tool calls and other keys have no place in a dialogue and are kept in the report."""
    rows = [
        {
            "messages": [
                {"role": "system", "content": "Be kind."},
                {"role": "user", "content": "a"},
                {"role": "assistant", "content": None},
            ],
            "tools": [],
        }
    ]
    (tmp_path / "chat.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    [read] = read_conversations(tmp_path / "chat.jsonl", "openai-chat")
    assert [(said.role, said.text) for said in read.said] == [("user", "a")]
    assert [what.split(":")[0] for what in read.lost] == ["key 'tools'", "a message of system", "a message of assistant"]


def test_sharegpt_files_are_read(tmp_path: Path) -> None:
    """A JSON list of conversations with from and value."""
    value = [{"id": "x", "conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}], "subject": "physics"}]
    (tmp_path / "share.json").write_text(json.dumps(value), encoding="utf-8")
    [read] = read_conversations(tmp_path / "share.json", "sharegpt")
    assert ([said.role for said in read.said], read.head, read.lost) == (["human", "gpt"], {"subject": "physics"}, ["key 'id'"])


def test_transcripts_are_read(tmp_path: Path) -> None:
    """One row an utterance; the conversation column tells several apart."""
    text = 'conversation,speaker,text,strategy,grade,mood\na,Student,"one, two",,4,sad\na,Teacher,Why?,scaffolding,4,\nb,Teacher,Hi,,,\n'
    (tmp_path / "talk.csv").write_text(text, encoding="utf-8")
    first, second = read_conversations(tmp_path / "talk.csv", "transcript-csv")
    assert [(said.role, said.text, said.strategy) for said in first.said] == [
        ("student", "one, two", None),
        ("teacher", "Why?", "scaffolding"),
    ]
    assert (first.head, first.lost, second.source) == ({"grade": 4}, ["column 'mood'"], "b")


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        ("openai-chat", '{"conversations": []}', "line 1 has no list of messages; is this the right --from?"),
        ("openai-chat", '{"messages": []}\n{oops}', "file:2:2: not valid JSON"),
        ("sharegpt", "[" * 100_000, "nested too deeply"),
        ("transcript-csv", "who,what\na,b\n", ":1: expected the columns speaker and text, found who, what"),
    ],
)
def test_a_file_of_another_kind_is_an_error(kind: Any, text: str, message: str, tmp_path: Path) -> None:
    """The error says where and what was expected."""
    (tmp_path / "file").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=re.escape(message)):
        read_conversations(tmp_path / "file", kind)


def test_the_command_writes_files_that_the_gate_reads(tmp_path: Path) -> None:
    """The dialogues lie in the folder of their subject, pass the gate as far as the file goes, and are never overwritten."""
    rows = [
        {"messages": [{"role": "user", "content": f"Is {index} even or odd, I forgot?"}, {"role": "assistant", "content": "Halve it."}]}
        for index in range(3)
    ]
    (tmp_path / "chat.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    arguments = [
        tmp_path / "chat.jsonl",
        "--from",
        "openai-chat",
        "--to",
        tmp_path / "dialogues",
        "--subject",
        "mathematics",
        "--grade",
        "3",
    ]
    done = run(*arguments, "--topic", "Parity")
    assert "3 dialogues of 3 conversations" in done.stdout
    assert json.loads((tmp_path / "dialogues" / "import-report.json").read_text(encoding="utf-8"))["unlabelled_turns"] == 6
    verdict = check([tmp_path / "dialogues"], LIMITS)
    assert {(Path(problem.path).parent.name, problem.code) for problem in verdict.errors} == {("mathematics", "E106")}
    again = run(*arguments)
    assert again.returncode == 1
    assert "chat-1.yaml is there already" in again.stderr


@pytest.mark.skipif(not CORPORA.exists(), reason="the corpora lie beside the project only where it is developed")
def test_real_corpora_come_in_whole(tmp_path: Path) -> None:
    """Of MathDial (teacher's moves as labels we do not have) and CIMA every turn is in a dialogue or in the report."""
    rows = [json.loads(line) for line in (CORPORA / "mathdial.jsonl").read_text(encoding="utf-8").splitlines()[:60]]
    with (tmp_path / "mathdial.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["conversation", "speaker", "text", "strategy"])
        for index, row in enumerate(rows):
            for turn in row["conversation"].split("|EOM|"):
                speaker, text = turn.split(": ", 1)
                move = re.match(r"\((\w+)\)", text)
                writer.writerow([index, "teacher" if speaker == "Teacher" else "student", text, move.group(1) if move else ""])
    exercises = list(json.loads((CORPORA / "cima.json").read_text(encoding="utf-8"))["prepDataset"].values())[:60]
    chats = [
        {"messages": [{"role": ("assistant", "user")[index % 2], "content": text} for index, text in enumerate(one["past_convo"])]}
        for one in exercises
    ]
    (tmp_path / "cima.jsonl").write_text("\n".join(map(json.dumps, chats)), encoding="utf-8")
    shared = [
        {
            "conversations": [
                {"from": {"assistant": "gpt", "user": "human"}[one["role"]], "value": one["content"]} for one in chat["messages"]
            ]
        }
        for chat in chats
    ]
    (tmp_path / "cima.json").write_text(json.dumps(shared), encoding="utf-8")
    for name, kind, role in (
        ("mathdial.csv", "transcript-csv", "teacher"),
        ("cima.jsonl", "openai-chat", "assistant"),
        ("cima.json", "sharegpt", "gpt"),
    ):
        read = read_conversations(tmp_path / name, kind)  # type: ignore[arg-type]
        made = report(results := named([imported(one, HEAD, role) for one in read], "corpus"))
        told = sum(len(entry["what"]) for entry in made["lost"])
        kept = sum(len(result.record["turns"]) for result in results if result.record) + made["merged_turns"]
        labels = sum("which is not in our list" in what or "of a merged turn" in what for entry in made["lost"] for what in entry["what"])
        assert kept + told - labels == sum(len(one.said) for one in read)
        assert made["dialogues"] > 50
