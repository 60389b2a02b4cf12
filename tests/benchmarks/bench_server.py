"""How fast the local server answers and trains, beside the bare generator and llama.cpp's server.

    python -m tests.benchmarks.bench_server

The same prompts go to everyone, side by side in one run: 32 conversations of a lesson's length, 64 new tokens each.
Servers are asked through the official client; llama.cpp (xllamacpp, the embedded Q4 weights) where it is installed.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any

import openai

from three_tutors.language_model import base
from three_tutors.tutoring.formats import Message

ROOT = Path(__file__).parent.parent.parent
BASE = ROOT / "models/base"
CHATS = 32
TOKENS = 64
SINGLE = 5
"""Short chats one after the other, whose median is told."""


def prompts() -> list[list[Message]]:
    """Return the conversations: the frame of a lesson and one student turn, each another one."""
    frame = (
        "You are a patient mathematics tutor for a grade 5 student. Topic: Adding fractions with unlike denominators. Goal: Say why both "
        "fractions need pieces of the same size before they are added. Build on what the student just said, reply in one to three short "
        "sentences, ask at most one question, and let the student find the answer."
    )
    return [
        [{"role": "system", "content": frame}, {"role": "user", "content": f"I got {n + 2}/{n + 5} for 1/{n + 2} + 1/3. Explain it to me."}]
        for n in range(CHATS)
    ]


def measure() -> dict[str, Any]:
    """Return the figures; speeds are new tokens a second over all conversations."""
    with server() as (client, ready):
        client.chat.completions.create(model="base", messages=prompts()[0], max_tokens=2)  # type: ignore[arg-type] - the model is loaded
        first = [first_token(client) for _ in range(SINGLE)]
        served = through(client, "base")
        streamed = through(client, "base", stream=True, stream_options={"include_usage": True})
        job = job_seconds(client)
    bare = bare_generator()
    return {
        "ready_seconds": round(ready, 2),
        "first_token_seconds": round(statistics.median(first), 3),
        "tokens_per_second": round(served, 1),
        "bare_generator_tokens_per_second": round(bare, 1),
        "overhead": round(1 - served / bare, 3),
        "overhead_streamed": round(1 - streamed / bare, 3),
        "job_of_12_rows_seconds": round(job, 1),
        **llama_cpp(),
    }


@contextlib.contextmanager
def server() -> Iterator[tuple[openai.OpenAI, float]]:
    """Run the server as a person does; yield its client and the seconds until it answered."""
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "three_tutors.openai_server", "--root", folder, "--base", str(BASE)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            url, key = (process.stdout.readline().strip().split("=", 1)[1] for _ in range(2))
            client = openai.OpenAI(base_url=url, api_key=key, max_retries=0, timeout=600)
            client.models.list()
            try:
                yield client, time.perf_counter() - started
            finally:
                process.terminate()


def first_token(client: openai.OpenAI) -> float:
    """Return the seconds to the first words of a short chat."""
    started = time.perf_counter()
    said: Any = [{"role": "user", "content": "What is a fraction?"}]
    with client.chat.completions.create(model="base", messages=said, max_tokens=8, temperature=0, stream=True) as chunks:
        for chunk in chunks:
            if chunk.choices and chunk.choices[0].delta.content:
                return time.perf_counter() - started
    raise AssertionError("no words came")


def through(client: openai.OpenAI, model: str, **more: Any) -> float:
    """Return tokens a second of all conversations asked at once, through the client."""

    def ask(said: Sequence[Message]) -> int:
        answer = client.chat.completions.create(model=model, messages=list(said), max_tokens=TOKENS, temperature=0, **more)  # type: ignore[call-overload]
        *_, last = answer if more else [answer]
        return int(last.usage.completion_tokens)

    with ThreadPoolExecutor(CHATS) as pool:
        return speed(lambda: sum(pool.map(ask, prompts())))


def speed(answer: Callable[[], int]) -> float:
    """Return tokens a second of the second of two rounds."""
    answer()
    started = time.perf_counter()
    tokens = answer()
    return tokens / (time.perf_counter() - started)


def bare_generator() -> float:
    """Return tokens a second of the generator without a server."""
    from three_tutors.language_model.generate import Generator  # noqa: PLC0415
    from three_tutors.language_model.replies import Options  # noqa: PLC0415

    generator = Generator(BASE)
    return speed(lambda: sum(answer.completion_tokens for answer in generator.replies(prompts(), Options(max_tokens=TOKENS))))


def llama_cpp() -> dict[str, float]:
    """Return the speed of llama.cpp's own server on the embedded Q4 weights, in 16 and 32 slots."""
    if importlib.util.find_spec("xllamacpp") is None:
        return {}
    import xllamacpp  # noqa: PLC0415

    told = {}
    for slots in (16, 32):
        params = xllamacpp.CommonParams()
        params.model.path = str(base.embedded_gguf())
        params.n_parallel, params.n_ctx, params.n_gpu_layers, params.port = slots, 512 * slots, 0, 0
        running = xllamacpp.Server(params)
        client = openai.OpenAI(base_url=f"{running.listening_address}/v1", api_key="none", timeout=600)
        told[f"xllamacpp {version('xllamacpp')} tokens_per_second in {slots} slots"] = round(through(client, "any"), 1)
        del client, running
    return told


def job_seconds(client: openai.OpenAI) -> float:
    """Return the seconds from the order to the end of a job of 12 short rows and 2 epochs."""
    row = {"messages": [{"role": "user", "content": "Is 2/5 right?"}, {"role": "assistant", "content": "Which is bigger, 2/5 or 1/2?"}]}
    data = "\n".join([json.dumps(row)] * 12).encode()
    started = time.perf_counter()
    file = client.files.create(file=("train.jsonl", data), purpose="fine-tune")
    method: Any = {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 2}}}
    job = client.fine_tuning.jobs.create(model="base", training_file=file.id, method=method, seed=1)
    while (now := client.fine_tuning.jobs.retrieve(job.id)).status not in ("succeeded", "failed"):
        time.sleep(0.1)
    assert now.status == "succeeded", now.error
    return time.perf_counter() - started


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
