from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stages import train_dspy
from tests.chat_server import ChatServer, running
from three_tutors.language_model import base
from three_tutors.pipeline.diagnostics import EndpointError, ParamsError
from three_tutors.pipeline.params import read
from three_tutors.pipeline.records import Record, write_jsonl
from three_tutors.tutoring import formats
from three_tutors.tutoring.dialogue import Dialogue, Lesson, Turn

PARAMS = """
dspy:
  optimizer: random_search
  base_url: {base_url}
  model: scripted
  api_key_env: SCRIPTED_KEY
  price: {{prompt: {price}, completion: {price}}}
  reflection_model: null
  reflection_base_url: null
  reflection_api_key_env: null
  reflection_price: {{prompt: 0, completion: 0}}
  adapter: plain
  demonstrations: [1, 2]
  candidates: 1
  bootstrapped: 1
  training_turns: 4
  validation_turns: 4
  reflections: 10
  max_tokens: 40
  temperature: 0.0
  seed: 1
  concurrency: 4
  timeout_seconds: 5
  budget: {{calls: 200, tokens: 100000, seconds: 60, dollars: 1}}
"""
SCRIPTED_KEY = "sk-test-0123456789"


def completion(request: Record) -> tuple[int, Record]:
    """Say with two demonstrations in the prompt some of what the teacher says, without them nothing of it."""
    messages = request["messages"]
    shown = messages[0]["content"].count("\nTutor: ")
    taught = "If you cut a bar, how big is each piece?" if "I think" in messages[-1]["content"] else "Could you convince a friend?"
    text = taught if shown >= 2 else "Great job! That is right."
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
    usage = {"prompt_tokens": 50, "completion_tokens": 10, "total_tokens": 60}
    return 200, {"id": "c", "object": "chat.completion", "created": 0, "model": "scripted", "choices": [choice], "usage": usage}


@pytest.fixture
def server() -> Iterator[ChatServer]:
    """Yield a running endpoint."""
    with running(completion) as server:
        yield server


def dialogue(number: int) -> Dialogue:
    """Return one of many small dialogues."""
    lesson = Lesson("mathematics", 5, f"Fractions {number}", f"Compare {number} pieces.", "Adds tops and bottoms.", ())
    turns = (
        Turn("student", f"I think {number} pieces are more than {number + 1} pieces.", understanding="wrong"),
        Turn("teacher", f"Cut a bar into {number} pieces. How big is each piece?", strategy="scaffolding"),
        Turn("student", f"With {number} pieces each piece is smaller than before.", understanding="correct"),
        Turn("teacher", "How could you convince a friend of that?", strategy="check_understanding"),
    )
    return Dialogue(f"pieces-{number}", lesson, turns)


@pytest.fixture
def project(tmp_path: Path, server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a project folder, the working directory, with rendered rows and params that point at the server."""
    rows = [row for number in range(8) for row in formats.dspy_rows(dialogue(number))]
    write_jsonl(tmp_path / train_dspy.TRAIN, rows[:12])
    write_jsonl(tmp_path / train_dspy.VALIDATION, rows[12:])
    (tmp_path / "params.yaml").write_text(PARAMS.format(base_url=server.base_url, price=1.0), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SCRIPTED_KEY", SCRIPTED_KEY)
    return tmp_path


def outputs(project: Path) -> dict[str, bytes]:
    """Return every file that the stage leaves, but for its timing."""
    paths = [path for folder in ("models", "reports") for path in sorted((project / folder).rglob("*")) if path.is_file()]
    return {str(path.relative_to(project)): path.read_bytes() for path in paths if path.name != train_dspy.TIMING.name}


def test_the_stage_leaves_a_program_and_says_how_it_was_found(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Program, prompts, demonstrations, turns, history, curve and metrics; what it may take is said before it starts."""
    train_dspy.main()
    assert sorted(outputs(project)) == [
        "models/dspy/demonstrations.json",
        "models/dspy/optimisation.json",
        "models/dspy/program.json",
        "models/dspy/prompt_after.json",
        "models/dspy/prompt_before.json",
        "models/dspy/tutor.json",
        "models/dspy/validation.jsonl",
        "reports/metrics/train_dspy.json",
        "reports/plots/dspy_curve.csv",
    ]
    metrics = json.loads((project / train_dspy.METRICS).read_text())
    assert metrics["validation_best"] > metrics["validation_zero_shot"]
    assert metrics["micro_usd"] == metrics["prompt_tokens"] + metrics["completion_tokens"]
    demonstrations = json.loads((project / "models/dspy/demonstrations.json").read_text())
    assert {one["dialogue"] for one in demonstrations} <= {f"pieces-{number}" for number in range(6)}
    first, *_, last = capsys.readouterr().out.splitlines()
    assert "at most 200 calls, 100000 tokens, 60 s, $1" in first
    assert "zero-shot" in last


def test_before_is_the_baselines_prompt(project: Path) -> None:
    """The prompt before is what `formats` renders; the prompt after begins and ends as it does."""
    train_dspy.main()
    before, after = (json.loads((project / f"models/dspy/prompt_{when}.json").read_text()) for when in ("before", "after"))
    assert before == formats.messages(dialogue(6).lesson, dialogue(6).turns[:1])
    assert after[0]["content"].startswith(before[0]["content"] + "\n\nExamples")
    assert after[1:] == before[1:]


def test_two_runs_leave_the_same_bytes(project: Path, server: ChatServer) -> None:
    """Once paid for, once out of the ledger, once paid for again: nothing differs, and the second run asks nothing."""
    train_dspy.main()
    first, paid = outputs(project), len(server.asked)
    train_dspy.main()
    assert (outputs(project), len(server.asked)) == (first, paid)
    (project / train_dspy.LEDGER).unlink()
    train_dspy.main()
    assert (outputs(project), len(server.asked)) == (first, 2 * paid)


def test_the_program_does_not_say_what_it_cost(project: Path) -> None:
    """What was paid, and when, is in the metrics; the program is the same whoever paid for it and however slow the service was."""
    train_dspy.main()
    told = json.loads((project / "models/dspy/optimisation.json").read_text(encoding="utf-8"))
    assert {key for row in (told, *told["candidates"]) for key in row} & {"usage", "calls", "seconds", "micro_usd"} == set()
    assert json.loads((project / train_dspy.METRICS).read_text(encoding="utf-8"))["calls"] > 0


def test_dspys_cache_of_pickles_is_never_opened(tmp_path: Path) -> None:
    """Neither climbing nor answering with a program imports diskcache, whose files run code when read, or writes to the home folder."""
    code = (
        "import sys; from tests import test_train_dspy as test; from pathlib import Path\n"
        "import pytest; from stages import train_dspy as stage; from three_tutors.prompting.program import read_program\n"
        "patch = pytest.MonkeyPatch()\n"
        "with test.running(test.completion) as server:\n"
        "    test.project.__wrapped__(Path.cwd(), server, patch); stage.main(); read_program(stage.OUT)\n"
        "import dspy; print(type(dspy.cache.disk_cache).__name__, 'diskcache' in sys.modules)\n"
    )
    environment = {**os.environ, "HOME": str(tmp_path / "home"), "PYTHONPATH": str(Path(__file__).parents[1])}
    (tmp_path / "home").mkdir()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, env=environment, check=False)
    assert (done.stdout.splitlines()[-1:], done.returncode) == (["dict False"], 0), done.stderr
    assert [path.name for path in (tmp_path / "home").rglob("*.db")] == []


def test_no_secret_and_no_pickle_is_kept(project: Path) -> None:
    """The key stays in the environment, and nothing that is loaded can run code."""
    train_dspy.main()
    assert {path.suffix for path in project.rglob("models/dspy/*")} == {".json", ".jsonl"}
    kept = b"".join(path.read_bytes() for path in project.rglob("*") if path.is_file())
    assert SCRIPTED_KEY.encode() not in kept
    assert "I think" not in (project / train_dspy.LEDGER).read_text(encoding="utf-8")


FAULTS: dict[str, tuple[int, Any]] = {
    "refused": (401, {"error": {"message": "Incorrect API key."}}),
    "no such model": (404, {"error": {"message": "The model does not exist."}}),
    "failing": (500, {"error": {"message": "Out of order."}}),
    "no money": (429, {"error": {"message": "You exceeded your quota.", "code": "insufficient_quota"}}),
    "a page": (200, b"<html>Sign in</html>"),
    "no choices": (200, {"id": "c", "object": "chat.completion", "choices": []}),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_in_the_middle_is_one_sentence_and_what_was_paid_is_kept(
    project: Path, server: ChatServer, monkeypatch: pytest.MonkeyPatch, fault: tuple[int, Any]
) -> None:
    """The stage ends with the endpoint's name, leaves the earlier program alone, and the next run pays only for the rest."""
    monkeypatch.setattr("openai._base_client.BaseClient._calculate_retry_timeout", lambda *_, **__: 0.0)
    server.answer = lambda request: completion(request) if len(server.asked) <= 6 else fault
    with pytest.raises(EndpointError, match="scripted at http"):
        train_dspy.main()
    assert outputs(project) == {}
    kept = len((project / train_dspy.LEDGER).read_text(encoding="utf-8").splitlines())
    assert kept == 6
    server.answer, server.asked = completion, []
    train_dspy.main()
    calls = json.loads((project / train_dspy.METRICS).read_text())["calls"]
    assert len(server.asked) == calls - kept


def test_an_endpoint_that_is_not_there_is_named(project: Path, server: ChatServer) -> None:
    """Nothing listens: one sentence with the address."""
    (project / "params.yaml").write_text(PARAMS.format(base_url="http://127.0.0.1:9/v1", price=1.0), encoding="utf-8")
    with pytest.raises(EndpointError, match=r"scripted at http://127\.0\.0\.1:9/v1 did not answer"):
        train_dspy.main()
    assert server.asked == []


def test_a_budget_in_dollars_needs_a_price(project: Path, server: ChatServer) -> None:
    """Where the price is unknown the budget could not be kept, so nothing is asked."""
    (project / "params.yaml").write_text(PARAMS.format(base_url=server.base_url, price=0), encoding="utf-8")
    with pytest.raises(ParamsError, match="has no price"):
        train_dspy.main()
    assert server.asked == []


def test_a_missing_key_is_named(project: Path, server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable is named, before anything is asked."""
    monkeypatch.delenv("SCRIPTED_KEY")
    with pytest.raises(ParamsError, match="SCRIPTED_KEY is not set"):
        train_dspy.main()
    assert (project.exists(), server.asked) == (True, [])


def test_the_committed_params_are_the_stages() -> None:
    """params.yaml in Git has every key and no other."""
    assert read("dspy", train_dspy.Params, Path(__file__).parent.parent / "params.yaml").optimizer == "random_search"


@pytest.mark.slow(30)
def test_the_embedded_model_is_optimised_for_real(project: Path, root: Path, server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """With models/base behind the local server the climb ends with a program, and climbing again gives the same bytes."""
    made = root / "models/base"
    if not (made / base.SOURCE).exists():
        made = project / "base"
        base.prepare("embedded", None, made)
    monkeypatch.setattr(train_dspy, "BASE", made)
    settings = PARAMS.format(base_url="local", price=0).replace("max_tokens: 40", "max_tokens: 8").replace("dollars: 1", "dollars: 0")
    settings = settings.replace("timeout_seconds: 5", "timeout_seconds: 600")  # a processor without bf16 units is slow
    settings = settings.replace("_turns: 4", "_turns: 2")  # a few turns prove it as well as many
    (project / "params.yaml").write_text(settings, encoding="utf-8")
    train_dspy.main()
    first = outputs(project)
    (project / train_dspy.LEDGER).unlink()
    train_dspy.main()
    assert outputs(project) == first
    metrics = json.loads(first["reports/metrics/train_dspy.json"])
    assert 0 <= metrics["validation_best"] < 1
    assert metrics["candidates"] > 1
    assert (metrics["micro_usd"], server.asked) == (0, [])
