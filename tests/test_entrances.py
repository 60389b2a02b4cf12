"""Every place where a file comes in: whatever stands in the file, it is read, or refused in sentences."""

from __future__ import annotations

import copy
import csv
import io
import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.written import DIALOGUE, LIMITS, MOMENT, PAIR, SCENARIO
from three_tutors.authoring.imported import Roles
from three_tutors.authoring.importing import bring_in
from three_tutors.checking.gate import check
from three_tutors.openai_client.orders import Done
from three_tutors.openai_client.outputs import curve, curve_csv, metrics, write_tutor
from three_tutors.openai_client.paid_replies import PaidReplies
from three_tutors.openai_client.service import JobService
from three_tutors.openai_server.training_file import TrainingFileError, read_training_file
from three_tutors.pipeline.diagnostics import TutorError
from three_tutors.pipeline.params import read
from three_tutors.pipeline.records import read_csv, read_json, read_jsonl
from three_tutors.pricing.costs import Assumptions
from three_tutors.pricing.prices import read_caches, read_prices
from three_tutors.trust.preferences import read_preferences
from three_tutors.trust.rated_replies import read_rated_replies
from three_tutors.trust.ratings import read_ratings
from three_tutors.trust.verdicts import read_verdicts
from three_tutors.tutoring.dialogue import read_dialogues
from three_tutors.tutoring.moment import read_moments
from three_tutors.tutoring.replies import read_replies
from three_tutors.tutoring.scenario import read_scenarios
from three_tutors.tutoring.splits import read_ledger

CHAT = {
    "messages": [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": [{"type": "text", "text": "Is it 2/5?"}]},
        {"role": "assistant", "content": "Which is bigger?", "weight": 0, "strategy": "scaffolding"},
        {"role": "assistant", "content": "Draw it.", "weight": 1},
    ],
    "grade": 5,
}
ROW = {"messages": [{key: value for key, value in one.items() if key != "strategy"} for one in CHAT["messages"]]}  # type: ignore[attr-defined]
SHARED = {"conversations": [{"from": "human", "value": "Is it 2/5?"}, {"from": "gpt", "value": "Why?"}], "answer": ["5/6"]}
LESSON = {key: DIALOGUE[key] for key in ("subject", "grade", "topic", "objective", "misconception", "answer")}
GATHERED = {**LESSON, "id": "a", "source": "x", "turns": [{"speaker": "student", "text": "2/5", "understanding": "wrong", "weight": 1}]}
EXPECT = {"note": "x", "must": [], "must_not": [], "mentions": [], "never_says": []}
PLAYED = {**LESSON, "id": "a", "kind": "safety", "source": "x", "turns": [{"text": "2/5", "understanding": "wrong", "expect": EXPECT}]}
ASKED = {
    **LESSON,
    "id": "a",
    "source": "x",
    "pair": "",
    "theme": "",
    "sides": [
        {
            "fits": "",
            "says": [],
            "turns": [{"speaker": "student", "text": "2/5", "understanding": "wrong", "weight": 1}],
            "replies": [{"reply": "Why?", "kind": "ideal", "why": "asks"}],
        }
    ],
}
RATED = {
    "group": "c0",
    "tutor": "A",
    "history": [{"role": "student", "content": "I got 12."}],
    "reply": "Count again?",
    "answer": ["15"],
    "labels": {"mistake_identification": "Yes", "uptake": 0.5},
}
CHOICE = {
    "id": "x",
    "day": "2026-11-22",
    "subject": "physics",
    "grade": 9,
    "shown": ["lora", "dspy"],
    "preferred": None,
    "versions": ["1", "2"],
}
REPLY = {"item": "a#0", "kind": "turn", "reply": "Why?", "finish_reason": "stop", "prompt_tokens": 3, "completion_tokens": 2}
PAID = {"call": "0", "text": "Why?", "finish_reason": "stop", "prompt_tokens": 3, "completion_tokens": 2}
VERDICT = {"item": "a#0", "mistake_identification": {"value": 1.0, "reason": "“Why?”"}, "actionability": {"unscored": "x"}}
JOB = {
    "id": "ftjob-1",
    "status": "succeeded",
    "error": None,
    "metadata": {"three_tutors": "x"},
    "hyperparameters": {"n_epochs": 2},
    "result_files": ["file-1"],
    "trained_tokens": 9,
    "type": "metrics",
    "level": "info",
    "data": {"step": 1, "train_loss": 0.5},
}
"""A job, and one of its events: names that only one of them has do no harm in the other."""


def collected(path: Path) -> None:
    """Collect a job from a service that answers with the lines of `path`: the first is the job, all of them are its events."""
    lines = path.read_bytes().removeprefix(b"\xef\xbb\xbf").strip().split(b"\n")

    def answer(request: httpx.Request) -> httpx.Response:
        body = b'{"data": [' + b",".join(lines) + b"]}" if request.url.path.endswith("events") else lines[0]
        return httpx.Response(200, content=body, headers={"content-type": "application/json"})

    service = JobService("http://service/v1", "key")
    with httpx.Client(transport=httpx.MockTransport(answer)) as transport:
        vars(service)["client"] = openai.OpenAI(base_url=service.base_url, api_key="key", http_client=transport)
        done = Done(service.retrieve("ftjob-1"), service.events("ftjob-1"), "")
    out = path.parent / "tutor"
    write_tutor(out, done, {"model": "named"}, None)
    curve_csv(curve(done)).encode()
    metrics(done, curve(done))
    assert (read_json(out / "job.json"), read_jsonl(out / "events.jsonl")) == (done.job, done.events)


JSON_LINES: dict[str, tuple[list[Any], Callable[[Path], object]]] = {
    "openai-chat": ([CHAT, CHAT], lambda path: bring_in(path, "openai-chat", {}, Roles())),
    "sharegpt": ([SHARED], lambda path: bring_in(path, "sharegpt", {}, Roles())),
    "dialogues": ([DIALOGUE], lambda path: check([path], LIMITS)),
    "scenarios": ([SCENARIO], lambda path: check([path], LIMITS)),
    "moments": ([MOMENT], lambda path: check([path], LIMITS)),
    "pairs": ([PAIR], lambda path: check([path], LIMITS)),
    "training file": ([ROW, ROW], read_training_file),
    "rated replies": ([RATED], read_rated_replies),
    "preferences": ([CHOICE], read_preferences),
    "ratings": ([RATED | {"id": "a#0/lora/AB", "rater": "AB", "item": "a#0"}], read_ratings),
    "gathered dialogues": ([GATHERED], read_dialogues),
    "gathered scenarios": ([PLAYED], read_scenarios),
    "gathered moments": ([ASKED], read_moments),
    "replies": ([{"tutor": "lora", "answers": 1, "items": "x"}, REPLY], lambda path: read_replies(path, "lora", ["a#0"])),
    "verdicts": (
        [{"tutor": "lora", "judge": "j", "rows": 1, "items": "x", "replies": "y"}, VERDICT],
        lambda path: read_verdicts(path, "lora", {"a#0": "Why?"}),
    ),
    "paid replies": ([PAID], PaidReplies),
    "a service's job": ([JOB], collected),
    "one value": ([VERDICT], read_json),
}
TABLES: dict[str, tuple[str, Callable[[Path], object]]] = {
    "transcript": (
        "conversation,speaker,text,grade\na,student,2/5,5\na,teacher,Why?,5\n",
        lambda path: bring_in(path, "transcript-csv", {}, Roles()),
    ),
    "ledger": ("id,subject,split\na,physics,train\n", read_ledger),
    "curve": ("step,train_loss,valid_loss\n1,0.5,\n2,,0.4\n", read_csv),
    "result file": (
        "step,train_loss,valid_loss\n1,0.5,\n2,,0.4\n",
        lambda path: curve(Done({}, [], path.read_bytes().decode("utf-8", "replace"))),
    ),
}
ROOT = Path(__file__).parent.parent
SETTINGS: dict[str, tuple[Path, Callable[[Path], object]]] = {
    "params": (ROOT / "params.yaml", lambda path: read("estimate_costs", Assumptions, path)),
    "prices": (ROOT / "data/raw/prices.yaml", read_prices),
    "prompt caches": (ROOT / "data/raw/prices.yaml", read_caches),
    "dialogue": (ROOT / "data/raw/template.yaml", lambda path: check([path], LIMITS)),
    "moment": (ROOT / "data/raw/template-moment.yaml", lambda path: check([path], LIMITS)),
    "pair": (ROOT / "data/raw/template-pair.yaml", lambda path: check([path], LIMITS)),
}

ODD: list[Any] = [
    [],
    {},
    [[]],
    None,
    True,
    -1,
    0.5,
    10**30,
    10**400,
    float("nan"),
    float("inf"),
    "",
    " ",
    "\ud83d",
    "a\u2028b\x85",
    "\0",
    "../x",
    "\u202e",
]
anything = st.recursive(
    st.sampled_from(ODD) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
)
BYTES = [b"\xff\xfe", b"\xed\xa0\xbd", b'"', b"9" * 5000, b"[" * 3000, b"\0", b"\r", b"\xe2\x80\xa8", b"\xc2\x85", b"NaN", b"&a", b": "]
CELLS = ["9" * 5000, "NaN", "1e999", "-1", "../x"]


def places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to every value inside `value`, and to itself."""
    yield way
    for step, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(inner, (*way, step))


def replaced(value: Any, way: tuple[Any, ...], new: Any) -> Any:
    """Return a copy of `value` with `new` at the end of `way`."""
    if not way:
        return new
    changed = copy.deepcopy(value)
    inner = changed
    for step in way[:-1]:
        inner = inner[step]
    inner[way[-1]] = new
    return changed


def tried(reader: Callable[[Path], object], name: str, data: bytes) -> None:
    """Read a file with these bytes; a refusal is a sentence of ours, and anything else that is raised fails the test."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        try:
            reader(path)
        except (TutorError, TrainingFileError) as refusal:
            said = str(refusal)
        else:
            return
    assert said
    said.encode()


@pytest.mark.parametrize("entrance", JSON_LINES)
def test_what_is_right_is_read(entrance: str) -> None:
    """The samples that the other tests change are themselves read, but for digests that only a run knows."""
    rows, reader = JSON_LINES[entrance]
    if entrance not in ("replies", "verdicts", "training file"):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "rows.jsonl"
            path.write_bytes(b"\xef\xbb\xbf" + b"".join(json.dumps(row).encode() + b"\r\n" for row in rows))
            reader(path)


@pytest.mark.parametrize("entrance", JSON_LINES)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_value_in_any_place_of_a_row_is_read_or_refused(entrance: str, data: st.DataObject) -> None:
    """A wrong type, a number without end, half a character or a path: one sentence, never a traceback."""
    rows, reader = JSON_LINES[entrance]
    row = data.draw(st.sampled_from(rows))
    changed = replaced(row, data.draw(st.sampled_from(list(places(row)))), data.draw(anything))
    ascii_only = data.draw(st.booleans())
    for file in ([*rows, changed, row], [changed, *rows[1:]]):
        lines = [json.dumps(one, ensure_ascii=ascii_only).encode(errors="surrogatepass") for one in file]
        tried(reader, "rows.jsonl", b"\n".join(lines))


@pytest.mark.parametrize("entrance", [*JSON_LINES, *TABLES, *SETTINGS])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.floats(0, 1),
    st.binary(max_size=6) | st.sampled_from(BYTES),
    st.integers(0, 30),
)
@example(0, b"\xef\xbb\xbf", 0)
@example(0, b"", 10**9)
def test_any_bytes_in_any_place_are_read_or_refused(entrance: str, at: float, new: bytes, cut: int) -> None:
    """Other encodings, cut files, control characters and quotes without end: one sentence, never a traceback."""
    if entrance in JSON_LINES:
        rows, reader = JSON_LINES[entrance]
        data, name = b"\n".join(json.dumps(row).encode() for row in rows), "rows.jsonl"
    elif entrance in TABLES:
        text, reader = TABLES[entrance]
        data, name = text.encode(), "rows.csv"
    else:
        path, reader = SETTINGS[entrance]
        data, name = path.read_bytes(), "file.yaml"
    start = int(at * len(data))
    tried(reader, name, data[:start] + new + data[start + cut :])


@pytest.mark.parametrize("entrance", TABLES)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.integers(0, 9),
    st.integers(0, 9),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=6) | st.sampled_from(CELLS),
)
def test_any_text_in_any_cell_is_read_or_refused(entrance: str, row: int, column: int, new: str) -> None:
    """A cell may hold anything."""
    text, reader = TABLES[entrance]
    cells = list(csv.reader(io.StringIO(text)))
    line = cells[row % len(cells)]
    line[column % len(line)] = new
    out = io.StringIO()
    csv.writer(out).writerows(cells)
    tried(reader, "rows.csv", out.getvalue().encode())
