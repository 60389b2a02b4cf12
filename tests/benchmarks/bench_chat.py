"""How long the chat page takes to the first words of 100 replies at once, and whether its memory grows.

    python -m tests.benchmarks.bench_chat

The scripted endpoint, the page and the students are a process each. A student posts a turn, follows the redirect to the
page as a browser does, and opens the stream; the clock runs from the post to the first words in each column. What the
endpoint takes alone is measured with as many requests that are read to the end, too.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.chat.site import hidden
from three_tutors.tutoring.methods import TUTORS

ROOT = Path(__file__).parent.parent.parent
STUDENTS = 25
"""Each asks four tutors: 100 streams."""
SCRIPT = "words:40:0.1"
"""Four seconds a reply."""
WARM, MEASURED = 200, 1000
"""Requests before memory is read the first time, and between the two readings."""


@dataclass(frozen=True)
class Line:
    """A connection without a client's comforts: what loads the page must not take its cores from it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    headers: tuple[str, ...]

    async def send(self, method: str, path: str, body: str = "", kind: str = "application/x-www-form-urlencoded") -> str:
        """Send a request; return the head of the answer."""
        head = (f"{method} {path} HTTP/1.1", *self.headers, f"Content-Type: {kind}", f"Content-Length: {len(body.encode())}")
        self.writer.write("\r\n".join((*head, "", body)).encode())
        return (await self.reader.readuntil(b"\r\n\r\n")).decode()

    async def page(self, method: str, path: str, fields: Mapping[str, Any] | None = None) -> tuple[str, str]:
        """Send a form and go where it leads; return that address and what is there."""
        head = await self.send(method, path, urlencode(fields or {}, doseq=True))
        text = await self.reader.readexactly(int(_header(head, "content-length")))
        place = _header(head, "location").partition("#")[0]
        return await self.page("GET", place) if place else (path, text.decode())

    async def data(self) -> AsyncIterator[str]:
        """Yield what a stream of events says, until the one that is none (`[DONE]`) or empty."""
        async for line in self.reader:
            if line.startswith(b"data: "):
                text = line.removeprefix(b"data: ").decode().strip()
                if text in {"[DONE]", "{}"}:
                    return
                yield text


@contextlib.asynccontextmanager
async def line(origin: str, token: str = "") -> AsyncIterator[Line]:
    """Yield a connection of a visitor that came by the link."""
    where = urlsplit(origin)
    reader, writer = await asyncio.open_connection(where.hostname, where.port, limit=2**20)
    try:
        yield Line(reader, writer, (f"Host: {where.netloc}", f"Origin: {origin}", f"Cookie: three_tutors_{where.port}={token}"))
    finally:
        writer.close()


def measure() -> dict[str, Any]:
    """Return the figures: milliseconds to the first words, and resident memory in MB."""
    with endpoint() as base_url, page(base_url) as (origin, token, pid):
        asyncio.run(students(origin, token, 2, spread=0.0))
        own = asyncio.run(endpoint_alone(base_url))
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
        "at_once_over_endpoint_p95_ms": summary(at_once)["p95_ms"] - summary(own)["p95_ms"],
        "spread_over_4_s": summary(steady),
        "memory_mb": [round(before, 1), round(after, 1)],
        "memory_growth": round(after / before - 1, 3),
    }


async def students(origin: str, token: str, count: int, spread: float) -> list[float]:
    """Return the seconds to the first words of every column, `count` students beginning within `spread` seconds."""
    turns = [await new_turn(origin, token) for _ in range(count)]
    waits = [student(origin, token, *turn, index * spread / count) for index, turn in enumerate(turns)]
    return [seconds for columns in await asyncio.gather(*waits) for seconds in columns.values()]


async def student(origin: str, token: str, address: str, form: Mapping[str, Any], wait: float = 0.0) -> dict[str, float]:
    """Post one turn and read all columns to their end; return the seconds to the first words of each, by its letter.

    Where a tutor says nothing at all it is the seconds until that is shown.
    """
    await asyncio.sleep(wait)
    began = time.perf_counter()
    first: dict[str, float] = {}
    async with line(origin, token) as talking:
        at, _ = await talking.page("POST", f"{address}/turns", form)
        await talking.send("GET", f"{address}/events?exchange={at.partition('=')[2]}")
        async for data in talking.data():
            event = json.loads(data)
            if event["text"] or "ending" in event:
                first.setdefault(event["key"], time.perf_counter() - began)
    return first


async def requests(origin: str, token: str, count: int) -> None:
    """Send `count` turns, eight at a time, and read every reply to its end."""
    room = asyncio.Semaphore(8)

    async def one() -> None:
        async with room:
            address, form = await new_turn(origin, token)
            await student(origin, token, address, {**form, "ask": ["a"]})

    await asyncio.gather(*(one() for _ in range(count)))


async def new_turn(origin: str, token: str, text: str = "Is it 5/6?", **start: str) -> tuple[str, dict[str, Any]]:
    """Begin a conversation; return its address and the form of its first turn."""
    async with line(origin, token) as talking:
        address, html = await talking.page("POST", "/conversations", {"start": "empty", "tutor": list(TUTORS), **start})
    return address, {"request": hidden(html, "request"), "text": text, "ask": list("abcd")}


async def endpoint_alone(base_url: str) -> list[float]:
    """Return the seconds to the first token of as many requests without the page."""
    where = urlsplit(base_url)

    async def one() -> float:
        began = time.perf_counter()
        body = json.dumps({"model": SCRIPT, "messages": [{"role": "user", "content": "x"}], "stream": True})
        async with line(f"http://{where.netloc}") as asking:
            await asking.send("POST", f"{where.path}/chat/completions", body, "application/json")
            first, *_ = [time.perf_counter() - began async for _ in asking.data()]
            return first

    return list(await asyncio.gather(*(one() for _ in range(4 * STUDENTS))))


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
def process(command: Sequence[str], folder: Path = ROOT) -> Iterator[tuple[str, int]]:
    """Run a process in `folder`; yield its first line and its id."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as running:
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


def _header(head: str, name: str) -> str:
    found = re.search(rf"^{name}: (\S+)", head, re.MULTILINE | re.IGNORECASE)
    return found[1] if found else ""


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
