"""A server whose model says what it was told and whose training takes no time, and the client people use."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openai
import pytest

from three_tutors.language_model.replies import Options
from three_tutors.openai_server.engine import ModelFiles
from three_tutors.openai_server.fine_tuning import FineTuning
from three_tutors.openai_server.guard import Limits
from three_tutors.openai_server.serving import Server, serving
from three_tutors.pipeline.diagnostics import TutorError

FINAL = ("succeeded", "failed", "cancelled")
STORY = [
    "Files validated, moving job to queued state",
    "Fine-tuning job started",
    "Step 1/6: training loss=3.0000",
    "Step 2/6: training loss=1.5000",
    "Step 3/6: training loss=1.0000",
    "Checkpoint created at step 3",
    "Step 4/6: training loss=0.7500",
    "Step 5/6: training loss=0.6000",
    "Step 6/6: training loss=0.5000",
    "Checkpoint created at step 6",
]
"""What a job of two epochs says of itself, from its validation on."""


@dataclass(frozen=True)
class Said:
    """One event of the fake engine; has what `generate.Event` has."""

    text: str
    finish_reason: str | None
    prompt_tokens: int
    completion_tokens: int
    logprob: None = None
    top_logprobs: tuple[()] = ()


@dataclass
class EchoEngine:
    """Repeats the last message word by word in a thread of its own; `hold` makes it wait, `broken` makes it fail."""

    files: ModelFiles
    context: int = 100
    hold: threading.Event = field(default_factory=threading.Event)
    broken: bool = False
    stopped: list[str] = field(default_factory=list)
    started: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Do not wait unless told to."""
        self.hold.set()

    def start(self, said: Sequence[Any], options: Options, hear: Callable[[Any], None], *, streamed: bool = False) -> Callable[[], None]:  # noqa: ARG002
        """Begin to repeat."""
        text = said[-1]["content"]
        prompt = sum(len(message["content"].split()) for message in said)
        if prompt >= self.context:
            hear(TutorError(f"The conversation has {prompt} tokens; at most {self.context - 1} leave room for a reply."))
            return lambda: None
        self.started.append(text)
        threading.Thread(target=self._say, args=(text, prompt, options, hear), daemon=True).start()
        return lambda: self.stopped.append(text)

    def close(self) -> None:
        """Nothing to give back."""

    def _say(self, text: str, prompt: int, options: Options, hear: Callable[[Any], None]) -> None:
        words = text.split() or [""]
        for index, word in enumerate(words, start=1):
            self.hold.wait()
            cut = index == options.max_tokens
            last = index == len(words)
            hear(Said(word if index == 1 else f" {word}", "length" if cut and not last else "stop" if last else None, prompt, index))
            if cut:
                return
            if self.broken:
                from three_tutors.pipeline.diagnostics import EndpointError  # noqa: PLC0415

                hear(EndpointError("The model failed while answering: out of memory"))
                return


@dataclass
class Running:
    """A server in a test."""

    server: Server
    client: openai.OpenAI
    engines: list[EchoEngine]
    root: Path


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., Any]:
    """Return a function that serves the fakes from the test's folder."""

    def started(name: str = "base", **limits: int) -> Any:
        return _serving(tmp_path / "root", Limits(**limits), name)

    return started


class _serving:  # noqa: N801 - reads like the context manager it is
    def __init__(self, root: Path, limits: Limits, name: str = "base") -> None:
        self._root = root
        self._name = name
        self._limits = limits

    def __enter__(self) -> Running:
        engines: list[EchoEngine] = []

        def load(files: ModelFiles) -> EchoEngine:
            engines.append(EchoEngine(files))
            return engines[-1]

        base = {self._name: ModelFiles(self._root)}
        training = FineTuning(self._root, base, "tests.openai_server.fake_job")
        self._block = serving(base, training=training, limits=self._limits, load=load)
        server = self._block.__enter__()
        client = openai.OpenAI(base_url=server.base_url, api_key=server.api_key, max_retries=0, timeout=20)
        return Running(server, client, engines, self._root)

    def __exit__(self, *error: object) -> None:
        self._block.__exit__(None, None, None)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Return a server that the tests of a file share."""
    with _serving(tmp_path_factory.mktemp("server") / "root", Limits()) as one:
        yield one


def examples(count: int = 12) -> bytes:
    """Return a training file."""
    rows = [
        {"messages": [{"role": "user", "content": f"q{index}"}, {"role": "assistant", "content": f"a{index}"}]} for index in range(count)
    ]
    return "\n".join(json.dumps(row) for row in rows).encode()


def create(client: openai.OpenAI, data: bytes | None = None, **more: Any) -> Any:
    """Upload a training file and create a job of two epochs."""
    file = client.files.create(file=("train.jsonl", data or examples()), purpose="fine-tune")
    method = {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 2, "batch_size": 4}}}
    return client.fine_tuning.jobs.create(**{"model": "base", "training_file": file.id, "seed": 1, "method": method, **more})


def wait_for(client: openai.OpenAI, job: str, *statuses: str) -> Any:
    """Return the job once it has one of `statuses` (any final one where none is given)."""
    deadline = time.monotonic() + 600  # on a machine busy with other work; a hung job is found as well
    while (now := client.fine_tuning.jobs.retrieve(job)).status not in (statuses or FINAL):
        assert time.monotonic() < deadline, f"still {now.status}"
        time.sleep(0.02)
    return now


def messages_of(client: openai.OpenAI, job: str) -> list[str]:
    """Return the messages of every event of a job, oldest first."""
    return [event.message for event in client.fine_tuning.jobs.list_events(job)][::-1]


def lists(client: openai.OpenAI, *, empty: bool = False) -> dict[str, Any]:
    """Ask for every list, with every filter; return the jobs by id."""
    jobs = {job.id: job for job in client.fine_tuning.jobs.list(limit=100)}
    for query in ({"metadata": "null"}, {"metadata[a]": "b"}):
        list(client.fine_tuning.jobs.list(extra_query=query))
    assert list(client.files.list(purpose="fine-tune")) or empty
    assert list(client.files.list()) or empty
    assert list(client.models.list())
    for id_ in jobs:
        if "/" not in id_:
            list(client.fine_tuning.jobs.list_events(id_))
            list(client.fine_tuning.jobs.checkpoints.list(id_))
    return jobs


def strictly(answer: Any) -> Any:
    """Return the client's object for a raw answer after checking every required field and type, which the client skips."""
    parsed = answer.parse()
    items = json.loads(answer.text).get("data") if hasattr(parsed, "data") else None
    if items is not None:
        for one, raw in zip(parsed.data, items, strict=True):
            type(one).model_validate_json(json.dumps(raw), strict=True)
        return parsed
    return type(parsed).model_validate_json(answer.text, strict=True)


def script(root: Path, *lines: str) -> None:
    """Say what happens in training."""
    (root / "script.txt").write_text("\n".join(lines))
