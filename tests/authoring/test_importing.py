from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import ROOT
from tests.written import LIMITS
from three_tutors.authoring import importing
from three_tutors.authoring.conversations import Conversation, Said, read_conversations
from three_tutors.authoring.dialogue_file import as_yaml
from three_tutors.authoring.imported import Roles, imported
from three_tutors.authoring.importing import bring_in, named, report
from three_tutors.checking.characters import without_forbidden
from three_tutors.checking.gate import check
from three_tutors.checking.yaml_source import parse
from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.records import write_text

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
    made = imported(conversation(("user", "I got 2/5."), ("user", "Is it right?"), ("assistant", "Which is bigger?")), HEAD, Roles())
    assert made.record == {**HEAD, "turns": [{"student": "I got 2/5.\nIs it right?"}, {"teacher": "Which is bigger?"}]}
    assert (made.merged, made.unlabelled, made.lost) == (1, 2, [])


def test_the_labels_of_merged_turns_are_told() -> None:
    """The first label counts; a part that is not to be learned keeps the whole turn out of learning."""
    said = (
        Said("user", "2/5"),
        Said("assistant", "Why?"),
        Said("assistant", "Draw it.", {"strategy": "scaffolding", "weight": 0}, "message 3"),
        Said("assistant", "Now?", {"strategy": "encouragement", "weight": 0}, "message 4"),
    )
    made = imported(conversation(*said), HEAD, Roles())
    assert made.record is not None
    assert made.record["turns"][1] == {"teacher": "Why?\nDraw it.\nNow?", "weight": 0, "strategy": "scaffolding"}
    assert made.lost == [
        "message 3, the weight of a merged turn: none of it is learned, for a part has weight 0",
        "message 4, strategy 'encouragement' of a merged turn",
    ]


def test_only_what_the_gate_refuses_is_cleaned_away() -> None:
    """Invisible characters go and are told; joined emoji and spaces that do not break stay, and every kind of line end is one."""
    made = imported(conversation(("user", "\u200b 5\u00a0% 👩\u200d🔬?\rYes\x07\u2028no\x85\r\n"), ("assistant", "Why?")), HEAD, Roles())
    assert made.record is not None
    assert made.record["turns"][0] == {"student": "5\u00a0% 👩\u200d🔬?\nYes\nno"}
    assert made.lost == [
        "a message, 1 × U+0007 control character, which is invisible",
        "a message, 1 × U+200B ZERO WIDTH SPACE, which is invisible",
    ]


def test_only_known_labels_are_taken_over() -> None:
    """A label of our lists is kept, another vocabulary goes into the report, and nothing else is labelled."""
    said = (
        Said("student", "2/5", labels={"understanding": "wrong"}),
        Said("teacher", "Why?", labels={"strategy": "probing"}),
        Said("student", "idk"),
        Said("teacher", "Draw."),
    )
    made = imported(conversation(*said), HEAD, Roles())
    assert made.record is not None
    assert made.record["turns"] == [
        {"student": "2/5", "understanding": "wrong"},
        {"teacher": "Why?"},
        {"student": "idk"},
        {"teacher": "Draw."},
    ]
    assert (made.unlabelled, made.lost) == (3, ['a message, strategy "probing", which is not in our list'])


def test_what_nobody_answers_is_dropped_and_told() -> None:
    """A dialogue ends with the teacher; a conversation without one makes no dialogue."""
    made = imported(conversation(("teacher", "Hello."), ("student", "hi"), ("teacher", "Why?"), ("student", "bye")), HEAD, Roles())
    assert made.record == {**HEAD, "opening": "teacher", "turns": [{"teacher": "Hello."}, {"student": "hi"}, {"teacher": "Why?"}]}
    assert made.lost == ['the last turn, which has no reply: {"student": "bye"}']
    alone = imported(conversation(("student", "hello?")), HEAD, Roles())
    assert alone.record is None
    assert report([alone])["lost"][0]["what"][-1] == "the whole conversation: no teacher turn answers a student"


def test_the_files_own_head_comes_first() -> None:
    """What the file says about a lesson wins over what the command says for all."""
    made = imported(conversation(("user", "x"), ("assistant", "y"), topic="Ratios"), HEAD, Roles())
    assert made.record is not None
    assert (made.record["topic"], made.record["objective"]) == ("Ratios", "Add two fractions.")


def test_ids_are_made_of_the_file_name() -> None:
    """They are what the gate wants, whatever the file is called."""
    results = named([imported(conversation(("user", "x"), ("assistant", "y")), HEAD, Roles())] * 10, "Übung 3 (neu)")
    assert [result.record["id"] for result in results if result.record][::9] == ["ubung-3-neu-01", "ubung-3-neu-10"]


def read_rows(tmp_path: Path, kind: Any, *rows: Any) -> list[Conversation]:
    """Return the conversations of a JSON Lines file with these rows."""
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return read_conversations(tmp_path / "rows.jsonl", kind)


def test_openai_chat_files_are_read(tmp_path: Path) -> None:
    """Text parts are joined; system messages, tool calls, names and other keys are kept in the report, whole."""
    messages = [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": [{"type": "text", "text": "a "}, {"type": "text", "text": "b"}], "name": "Ada"},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}], "refusal": None},
        {"role": "tool", "content": "4", "tool_call_id": "1"},
        {"role": "assistant", "content": [{"type": "image_url"}, "c"], "weight": 0},
    ]
    [read] = read_rows(tmp_path, "openai-chat", {"messages": messages, "tools": [{"type": "function"}], "id": None})
    assert [(said.role, said.text, dict(said.labels)) for said in read.said] == [
        ("user", "a b", {}),
        ("assistant", "", {}),
        ("assistant", "c", {"weight": 0}),
    ]
    assert read.lost == [
        """key 'tools': [{"type": "function"}]""",
        """message 1, which neither student nor teacher says: {"role": "system", "content": "Be kind."}""",
        """message 2, name of user: "Ada\"""",
        """message 3, tool_calls of assistant: [{"id": "1"}]""",
        """message 4, which neither student nor teacher says: {"role": "tool", "content": "4", "tool_call_id": "1"}""",
        """message 5, a part of assistant that is no text: {"type": "image_url"}""",
    ]


def test_sharegpt_files_are_read(tmp_path: Path) -> None:
    """A JSON list of conversations with from and value; what a tool is asked and answers is nobody's words."""
    said = [{"from": role, "value": role} for role in ("human", "function_call", "observation", "gpt")]
    (tmp_path / "share.json").write_text(json.dumps([{"id": "x", "conversations": said, "subject": "physics"}]), encoding="utf-8")
    [read] = read_conversations(tmp_path / "share.json", "sharegpt")
    assert ([said.role for said in read.said], read.head) == (["human", "gpt"], {"subject": "physics"})
    assert [what.split(":")[0] for what in read.lost] == [
        "key 'id'",
        "message 2, which neither student nor teacher says",
        "message 3, which neither student nor teacher says",
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_one_object_over_several_lines_is_read(tmp_path: Path, end: str) -> None:
    """A pretty-printed conversation is one conversation."""
    value = {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}
    (tmp_path / "one.json").write_bytes(b"\xef\xbb\xbf" + json.dumps(value, indent=2).replace("\n", end).encode())
    [read] = read_conversations(tmp_path / "one.json", "openai-chat")
    assert [said.text for said in read.said] == ["a", "b"]


def test_no_character_of_a_string_ends_a_line(tmp_path: Path) -> None:
    """U+2028, U+2029 and U+0085 stand inside strings; only a line feed ends a row."""
    (tmp_path / "chat.jsonl").write_text('{"messages": [{"role": "user", "content": "a\u2028b\u2029c\x85d"}]}\n', encoding="utf-8")
    [read] = read_conversations(tmp_path / "chat.jsonl", "openai-chat")
    assert read.said[0].text == "a\u2028b\u2029c\x85d"


def test_transcripts_are_read(tmp_path: Path) -> None:
    """One row an utterance; the conversation column tells several apart."""
    text = (
        'Conversation,speaker,text,strategy,weight,grade,mood\na,Student,"one, two",,,4,sad\na,Teacher,Why?,scaffolding,0,4,\n'
        "b,Teacher,Hi,,,,\n,,,,,,\n"
    )
    (tmp_path / "talk.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    first, second = read_conversations(tmp_path / "talk.csv", "transcript-csv")
    assert [(said.role, said.text, dict(said.labels)) for said in first.said] == [
        ("Student", "one, two", {}),
        ("Teacher", "Why?", {"strategy": "scaffolding", "weight": "0"}),
    ]
    assert (first.head, first.lost, second.source) == ({"grade": 4}, ["column 'mood': 1 cell"], "b")
    made = imported(first, {}, Roles())
    assert made.record is not None
    assert made.record["turns"][1] == {"teacher": "Why?", "strategy": "scaffolding", "weight": 0}


def test_who_teaches_can_be_told(tmp_path: Path) -> None:
    """`--teacher` turns a chat round, `--student` and `--leave-out` name who is not known; what is left out is told."""
    said = (("narrator", "It rains."), ("assistant", "Why?"), ("Ms. Smith", "Look."), ("user", "Good."))
    chat = conversation(*said)
    made = imported(chat, HEAD, Roles(["user"], ["ms. smith"], ["narrator"]))
    assert made.record is not None
    assert made.record["turns"] == [{"student": "Why?\nLook."}, {"teacher": "Good."}]
    assert made.lost == ['a message of narrator, which was left out as asked: {"text": "It rains."}']
    (tmp_path / "talk.csv").write_text("speaker,text\n" + "".join(f"{role},{text}\n" for role, text in said), encoding="utf-8")
    with pytest.raises(DataError, match=r"neither student nor teacher: 'narrator' \(1\), 'Ms. Smith' \(1\)\. Say who they are with"):
        bring_in(tmp_path / "talk.csv", "transcript-csv", HEAD, Roles())


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        ("openai-chat", "", "file: holds no conversation."),
        ("openai-chat", '{"conversations": []}', "line 1 has no list of messages; is this the right --from?"),
        ("openai-chat", '{"messages": []}\n{oops}', "file:2:2: not valid JSON"),
        ("openai-chat", '{"messages": [}\n{"messages": []}', "file:1:15: not valid JSON"),
        ("openai-chat", '{\n"messages":\n[,]}', "file:3:2: not valid JSON"),
        ("openai-chat", '{"messages": [], "messages": []}\n{"messages": []}', 'file:1:18: the key "messages" is written twice'),
        ("openai-chat", '{"messages": [[{"role": "user"}]]}', 'line 1: message 1 has no role: [{"role": "user"}]'),
        ("openai-chat", '{"messages": [{"role": ["user"]}]}', "line 1: message 1 has no role"),
        ("openai-chat", '{"messages": [null]}', "line 1: message 1 has no role: null"),
        ("openai-chat", '{"messages": [{"role": "user", "content": "\\ud83d"}]}', "file:1:44: \\ud83d is half of a surrogate pair"),
        ("sharegpt", "[" * 100_000, "nested more than 64 levels deep"),
        ("sharegpt", '[{"conversations": [{"role": "user", "content": "a"}]}]', "item 0: message 1 has no from"),
        ("transcript-csv", "who,what\na,b\n", ":1: expected the columns speaker and text, each once, found who, what"),
        ("transcript-csv", "speaker,text,text\n", ":1: expected the columns speaker and text, each once"),
        ("transcript-csv", "", ":1: expected the columns speaker and text, found nothing"),
        ("transcript-csv", "speaker,text\na,b, c\n", ":2: 3 cells for 2 columns; put text that holds a comma in double quotes"),
        ("transcript-csv", "text,speaker\na\n", ":2: 1 cells for 2 columns; the speaker or the text is missing"),
        ("transcript-csv", 'speaker,text\na,"b\nc,d\n', ":3: not a table that can be read: unexpected end of data"),
        ("transcript-csv", "conversation,speaker,text\na,x,y\n,x,y\n", ":3: names no conversation, but other rows do"),
        ("transcript-csv", "speaker,text,grade\nx,y,3\nx,y,4\n", ":3: grade is 4 where 'the transcript' had 3"),
    ],
)
def test_a_file_of_another_kind_is_an_error(kind: Any, text: str, message: str, tmp_path: Path) -> None:
    """The error says where and what was expected; nothing that may be a mistake is read as if it were meant."""
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


@pytest.mark.parametrize("subject", ["../../outside", "/outside", "a/b", "..", "C:x"])
def test_a_subject_is_never_a_path(tmp_path: Path, subject: str) -> None:
    """Whatever file or command says it, nothing is written outside `--to`, or at all."""
    said = [{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}]
    (tmp_path / "in.jsonl").write_text(json.dumps({"messages": said, "subject": subject}), encoding="utf-8")
    (tmp_path / "plain.jsonl").write_text(json.dumps({"messages": said}), encoding="utf-8")
    for name, *more in [("in.jsonl",), ("plain.jsonl", "--subject", subject)]:
        done = run(tmp_path / name, "--from", "openai-chat", "--to", tmp_path / "deep" / "to", *more)
        assert (done.returncode, "subject is" in done.stderr) == (1, True)
        assert sorted(path.name for path in tmp_path.rglob("*")) == ["in.jsonl", "plain.jsonl"]


def test_a_null_character_never_gets_into_a_path(tmp_path: Path) -> None:
    """No file name can hold one: it is taken out of the subject, and the report says so."""
    said = [{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}]
    (tmp_path / "in.jsonl").write_text(json.dumps({"messages": said, "subject": "x\u0000y"}), encoding="utf-8")
    done = run(tmp_path / "in.jsonl", "--from", "openai-chat", "--to", tmp_path / "to")
    assert (done.returncode, (tmp_path / "to" / "xy" / "in-1.yaml").exists()) == (0, True)
    (lost,) = json.loads((tmp_path / "to" / "import-report.json").read_text(encoding="utf-8"))["lost"]
    assert lost["what"] == ["subject, 1 × U+0000 control character, which is invisible"]


def test_a_failed_import_leaves_nothing_and_blocks_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a full disk what was written goes again; what a killed import left is finished by the next one."""
    said = [{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}]
    (tmp_path / "in.jsonl").write_text("\n".join([json.dumps({"messages": said})] * 3), encoding="utf-8")
    words = ["importing", str(tmp_path / "in.jsonl"), "--from", "openai-chat", "--to", str(tmp_path / "to"), "--subject", "physics"]
    monkeypatch.setattr(sys, "argv", words)
    written: list[Path] = []

    def failing(path: Path, text: str) -> None:
        if len(written) == 2:
            raise OSError(28, "No space left on device")
        written.append(path)
        write_text(path, text)

    monkeypatch.setattr(importing, "write_text", failing)
    with pytest.raises(OSError, match="No space"):
        importing.main()
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]
    monkeypatch.setattr(importing, "write_text", write_text)
    importing.main()
    (tmp_path / "to" / "import-report.json").unlink()
    (tmp_path / "to" / "physics" / "in-3.yaml").unlink()
    importing.main()
    assert (tmp_path / "to" / "physics" / "in-3.yaml").exists()
    with pytest.raises(DataError, match="tells of an earlier import"):
        importing.main()


anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats() | st.text(st.characters(), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=4,
)
content = (
    st.text(st.characters(), max_size=8)
    | st.lists(st.fixed_dictionaries({"type": st.just("text"), "text": st.text(max_size=5)}))
    | anything
)
message = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant", "Teacher", "system", "tool"]) | anything, "content": content},
    optional={
        "weight": st.sampled_from([0, 1, "0", True]) | anything,
        "strategy": st.sampled_from(["scaffolding", "probing"]),
        "name": anything,
    },
)
row = st.fixed_dictionaries(
    {"messages": st.lists(message, max_size=5) | anything},
    optional=dict.fromkeys(("subject", "grade", "topic", "answer", "id", "tools"), anything),
)


def texts(value: Any) -> list[str]:
    """Return every text in a JSON value that says something."""
    if isinstance(value, dict):
        return [text for name, one in value.items() if name != "type" for text in texts(one)]
    if isinstance(value, list):
        return [text for one in value for text in texts(one)]
    return [value] if isinstance(value, str) and value.strip() else []


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(row, min_size=1, max_size=3), st.booleans())
def test_any_row_is_read_or_refused_in_one_sentence_and_nothing_is_lost(rows: list[Any], ascii_only: bool) -> None:
    """Whatever JSON stands anywhere: every text of it is in a dialogue or in the report, and every dialogue can be read back."""
    data = "\n".join(json.dumps(row, ensure_ascii=ascii_only) for row in rows).encode(errors="surrogatepass")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "rows.jsonl").write_bytes(data)
        try:
            results = bring_in(Path(folder) / "rows.jsonl", "openai-chat", {}, Roles())
        except DataError:
            return
    for one, result in zip(rows, results, strict=True):
        kept = parse(as_yaml(result.record)).value if result.record else {"turns": []}
        assert kept["turns"] == [{key: str(value) for key, value in turn.items()} for turn in (result.record or kept)["turns"]]
        held = "\n".join([*result.lost, *texts(kept)])
        for text in texts({**one, "messages": [{**said, "role": ""} for said in one["messages"]]}):
            visible = without_forbidden(re.sub("\r\n|[\r\v\f\x85\u2028\u2029]", "\n", text)).strip()
            assert visible in held or json.dumps(text, ensure_ascii=False)[1:-1] in held


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
    for name, kind in (("mathdial.csv", "transcript-csv"), ("cima.jsonl", "openai-chat"), ("cima.json", "sharegpt")):
        read = read_conversations(tmp_path / name, kind)  # type: ignore[arg-type]
        made = report(results := named([imported(one, HEAD, Roles()) for one in read], "corpus"))
        told = sum(len(entry["what"]) for entry in made["lost"])
        kept = sum(len(result.record["turns"]) for result in results if result.record) + made["merged_turns"]
        labels = sum("which is not in our list" in what or "of a merged turn" in what for entry in made["lost"] for what in entry["what"])
        assert kept + told - labels == sum(len(one.said) for one in read)
        assert made["dialogues"] > 50
