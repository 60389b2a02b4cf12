"""A chat endpoint on loopback that answers by a script, in whatever bytes: the fake behind the real client."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from three_tutors.pipeline.records import Record

Script = Callable[[Record], tuple[int, Any]]
"""Returns status and body of the answer to a request; bytes are sent as they are, anything else as JSON."""


class ChatServer(ThreadingHTTPServer):
    """A chat endpoint on loopback that answers by a script: the fake behind the real client."""

    daemon_threads = True

    def __init__(self, answer: Script) -> None:
        """Listen on a free port."""
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[Record] = []
        self.answer = answer
        self.lock = threading.Lock()

    @property
    def base_url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: ChatServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two packets; Nagle would hold the second back for 40 ms

    def do_POST(self) -> None:
        """Answer as the script says."""
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.asked.append(request)
        status, body = self.server.answer(request)
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/event-stream" if data.startswith(b"data: ") else "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


def completion(text: object = "Which half is bigger?", finish_reason: object = "stop", **more: object) -> Record:
    """Return a chat completion; `more` changes its keys, `message` among them."""
    message = more.pop("message", {"role": "assistant", "content": text})
    usage = {"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14}
    choice = {"index": 0, "finish_reason": finish_reason, "message": message}
    return {"id": "c", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice], "usage": usage, **more}


def stream(*chunks: Mapping[str, object]) -> bytes:
    """Return the events of a streamed answer."""
    return b"".join(b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks) + b"data: [DONE]\n\n"


@contextlib.contextmanager
def running(answer: Script) -> Iterator[ChatServer]:
    """Yield a running endpoint."""
    with ChatServer(answer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
