"""How long the chat page takes to the first words of 100 replies at once, and whether its memory grows.

    python -m tests.benchmarks.bench_chat

The scripted endpoint, the page and the students are a process each. A student posts a turn, follows the redirect to the
page as a browser does, and opens the stream; the clock runs from the post to the first words in each column.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx

from tests.chat.site import hidden

ROOT = Path(__file__).parent.parent.parent
STUDENTS = 25
"""Each asks four tutors: 100 streams."""
SCRIPT = "words:40:0.1"
"""Four seconds a reply."""
WARM, MEASURED = 200, 1000
"""Requests before memory is read the first time, and between the two readings."""


def measure() -> dict[str, Any]:
    """Return the figures: seconds to the first words, and resident memory in MB."""
    with endpoint() as base_url, page(base_url) as (origin, token, pid):
        own = asyncio.run(endpoint_alone(base_url))
        asyncio.run(students(origin, token, 2, spread=0.0))
        at_once = asyncio.run(students(origin, token, STUDENTS, spread=0.0))
        steady = asyncio.run(students(origin, token, STUDENTS, spread=4.0))
    with endpoint() as base_url, page(base_url, "asks") as (origin, token, pid):
        asyncio.run(requests(origin, token, WARM))
        before = memory(pid)
        asyncio.run(requests(origin, token, MEASURED))
        after = memory(pid)
    return {
        "streams": 4 * STUDENTS,
        "endpoint_alone": summary(own),
        "at_once": summary(at_once),
        "spread_over_4_s": summary(steady),
        "memory_mb": [round(before, 1), round(after, 1)],
        "memory_growth": round(after / before - 1, 3),
    }


async def students(origin: str, token: str, count: int, spread: float) -> list[float]:
    """Return the seconds to the first words of every column, `count` students beginning within `spread` seconds."""
    limits = httpx.Limits(max_connections=None, keepalive_expiry=1)  # the server closes what is idle for longer
    async with httpx.AsyncClient(base_url=origin, headers={"Origin": origin}, follow_redirects=True, timeout=60, limits=limits) as client:
        await client.get("/", params={"token": token})
        forms = [await new_turn(client) for _ in range(count)]
        waits = [student(client, address, form, index * spread / count) for index, (address, form) in enumerate(forms)]
        return [seconds for column in await asyncio.gather(*waits) for seconds in column]


async def student(client: httpx.AsyncClient, address: str, form: dict[str, Any], wait: float) -> list[float]:
    """Post one turn and read all columns to their end; return the seconds to the first words of each."""
    await asyncio.sleep(wait)
    began, first = time.perf_counter(), {}
    shown = await client.post(f"{address}/turns", data=form)
    exchange = shown.url.params["at"]
    async with client.stream("GET", f"{address}/events", params={"exchange": exchange}) as stream:
        async for line in stream.aiter_lines():
            if line.startswith("data: "):
                event = json.loads(line.removeprefix("data: "))
                if event.get("text"):
                    first.setdefault(event["key"], time.perf_counter() - began)
    return list(first.values())


async def requests(origin: str, token: str, count: int) -> None:
    """Send `count` turns, eight at a time, and read every reply to its end."""
    room = asyncio.Semaphore(8)
    async with httpx.AsyncClient(
        base_url=origin, headers={"Origin": origin}, follow_redirects=True, timeout=60, limits=httpx.Limits(keepalive_expiry=1)
    ) as client:
        await client.get("/", params={"token": token})

        async def one() -> None:
            async with room:
                address, form = await new_turn(client)
                await student(client, address, form | {"ask": ["a"]}, 0)

        await asyncio.gather(*(one() for _ in range(count)))


async def new_turn(client: httpx.AsyncClient) -> tuple[str, dict[str, Any]]:
    """Begin a conversation; return its address and the form of its first turn."""
    made = await client.post("/conversations", data={"start": "empty", "tutor": ["baseline", "dspy", "openai", "lora"]})
    return made.url.path, {"request": hidden(made.text, "request"), "text": "Is it 5/6?", "ask": list("abcd")}


async def endpoint_alone(base_url: str) -> list[float]:
    """Return the seconds to the first token of as many requests without the page."""

    async def one(client: httpx.AsyncClient) -> float:
        began = time.perf_counter()
        body = {"model": SCRIPT, "messages": [{"role": "user", "content": "x"}], "stream": True}
        async with client.stream("POST", f"{base_url}/chat/completions", json=body) as stream:
            async for _ in stream.aiter_lines():
                return time.perf_counter() - began
        return float("nan")

    async with httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=None)) as client:
        return list(await asyncio.gather(*(one(client) for _ in range(4 * STUDENTS))))


@contextlib.contextmanager
def endpoint() -> Iterator[str]:
    """Run the scripted endpoint in a process of its own."""
    with process([sys.executable, "-m", "tests.scripted_endpoint"]) as (line, _):
        yield line.strip()


@contextlib.contextmanager
def page(base_url: str, script: str = SCRIPT) -> Iterator[tuple[str, str, int]]:
    """Run the page in a process of its own; yield its address, its token and the process."""
    with (
        tempfile.TemporaryDirectory() as folder,
        process([sys.executable, "-m", "tests.chat.site", folder, base_url, script]) as (line, pid),
    ):
        port, token = line.split()
        yield f"http://127.0.0.1:{port}", token, pid


@contextlib.contextmanager
def process(command: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Run a process; yield its first line and its id."""
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout
        try:
            yield running.stdout.readline(), running.pid
        finally:
            running.kill()


def memory(pid: int) -> float:
    """Return the resident memory of a process in MB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024


def summary(seconds: Sequence[float]) -> dict[str, float]:
    """Return median and 95th percentile in milliseconds."""
    return {"median_ms": round(1000 * statistics.median(seconds)), "p95_ms": round(1000 * statistics.quantiles(seconds, n=20)[-1])}


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
