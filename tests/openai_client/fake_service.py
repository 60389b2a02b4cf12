"""A fine-tuning service on loopback that keeps the protocol, or breaks it as a test says."""

from __future__ import annotations

import base64
import contextlib
import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEY = "sk-right"
RESULT = "step,train_loss,train_accuracy,valid_loss,valid_mean_token_accuracy\n1,2.5,0.4,,\n2,1.5,0.5,2.0,0.45\n"
AZURE_RESULT = (
    "step,train_loss,train_mean_token_accuracy,validation_loss,validation_mean_token_accuracy\n1,2.5,0.4,-1,-1\n2,1.5,0.5,2.0,0.45\n"
)
UNREADABLE = {
    "malformed": b'{"id": "ftjob-1", ',
    "list": b"[]",
    "digits": b'{"id": "ftjob-1", "trained_tokens": ' + b"9" * 5000 + b"}",
    "deep": b'{"id": "ftjob-1", "error": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
}
"""Answers that are no job of the protocol, by the fault's name."""


@dataclass
class Service:
    """State of the service, and what it does wrong."""

    dialect: str = "openai"
    """`azure` wants a byte-order mark and no dot in the suffix; `nebius` knows no `method` and no `metadata`."""
    faults: dict[str, list[str]] = field(default_factory=dict)
    """By call (`upload`, `create`, `retrieve`, `jobs`, …): what goes wrong, one each time; `…*` goes wrong for ever."""
    polls: int = 2
    """Looks at a job before it has ended."""
    ending: str = "succeeded"
    base64_result: bool = False
    hidden: bool = False
    """Jobs do not appear in lists."""
    job: dict[str, Any] = field(default_factory=dict)
    """What it says of every job in place of what is right."""
    event: dict[str, Any] = field(default_factory=dict)
    """The same of every event."""
    result: bytes = b""
    """What it sends as the result file in place of what is right."""
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    contents: dict[str, bytes] = field(default_factory=dict)
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    """Bodies of what created a job."""
    base_url: str = ""

    def fault(self, call: str) -> str | None:
        """Return what goes wrong with this call, if anything."""
        waiting = self.faults.get(call, [])
        if not waiting:
            return None
        return waiting[0].removesuffix("*") if waiting[0].endswith("*") else waiting.pop(0)


@contextlib.contextmanager
def service(**options: Any) -> Iterator[Service]:
    """Run a service."""
    state = Service(**options)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"state": state}))
    server.daemon_threads = True
    state.base_url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    state: Service
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two packets; Nagle would hold the second back for 40 ms

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer a GET."""
        path = urlsplit(self.path).path.removeprefix("/v1")
        if path == "/files":
            self._answer("files", lambda: self._list(list(self.state.files.values())))
        elif match := re.fullmatch(r"/files/([^/]+)/content", path):
            self._answer("content", lambda: self._content(match[1]))
        elif path == "/fine_tuning/jobs":
            self._answer(
                "jobs", lambda: self._list([] if self.state.hidden else [{**job, **self.state.job} for job in self.state.jobs.values()])
            )
        elif match := re.fullmatch(r"/fine_tuning/jobs/([^/]+)", path):
            self._answer("retrieve", lambda: self._retrieve(match[1]))
        elif match := re.fullmatch(r"/fine_tuning/jobs/([^/]+)/events", path):
            self._answer("events", lambda: self._list([{**_event(index), **self.state.event} for index in range(150)]))
        else:
            self._send(404, _error("Unknown URL", "unknown_url"))

    def do_POST(self) -> None:
        """Answer a POST."""
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        path = urlsplit(self.path).path.removeprefix("/v1")
        if path == "/files":
            self._answer("upload", lambda: self._upload(body))
        elif path == "/fine_tuning/jobs":
            self._answer("create", lambda: self._create(json.loads(body)))
        else:
            self._send(404, _error("Unknown URL", "unknown_url"))

    def _answer(self, call: str, act: Any) -> None:
        self.state.calls.append(call)
        if self.headers.get("authorization") != f"Bearer {KEY}":
            self._send(401, _error("Incorrect API key provided", "invalid_api_key"))
            return
        fault = self.state.fault(call)
        if fault is None:
            self._send(*act())
        elif fault.startswith("after "):
            act()  # the service did it, and then its answer went wrong
            self._break(fault.removeprefix("after "))
        else:
            self._break(fault)

    def _break(self, fault: str) -> None:
        if fault == "cut":
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
        elif fault == "half":
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b'{"id": "ftjob-1", "obj')
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
        elif fault == "silence":
            time.sleep(1.5)
            self.close_connection = True
        elif fault in UNREADABLE:
            self._raw(200, UNREADABLE[fault], "application/json")
        elif fault == "html":
            self._raw(200, b"<html>Welcome to the hotel network</html>", "text/html")
        elif fault == "no id":
            self._send(200, {"object": "fine_tuning.job", "status": "queued"})
        elif fault == "other id":
            self._send(200, {"id": "ftjob-of-somebody-else", "object": "fine_tuning.job", "status": "running"})
        elif fault == "odd status":
            self._send(200, {"id": "ftjob-1", "object": "fine_tuning.job", "status": "meditating"})
        else:
            status, _, code = fault.partition(" ")
            self._send(int(status), _error(f"Fault {fault}", int(code) if code.isdigit() else code or None))

    def _upload(self, body: bytes) -> tuple[int, Any]:
        name = re.search(rb'filename="([^"]+)"', body)
        content = body.split(b"application/jsonl\r\n\r\n", 1)[1].rsplit(b"\r\n--", 1)[0] if b"application/jsonl" in body else b""
        if self.state.dialect == "azure" and not content.startswith(b"\xef\xbb\xbf"):
            return 400, _error("The file has no byte order mark", "invalid_file")
        id_ = f"file-{len(self.state.files) + 1}"
        file = {"id": id_, "object": "file", "bytes": len(content), "created_at": 1, "purpose": "fine-tune", "status": "processed"}
        self.state.files[id_] = {**file, "filename": name[1].decode() if name else ""}
        self.state.contents[id_] = content
        return 200, self.state.files[id_]

    def _create(self, body: dict[str, Any]) -> tuple[int, Any]:
        self.state.requests.append(body)
        if self.state.dialect == "nebius" and body.keys() & {"method", "metadata"}:
            return 400, _error("Extra inputs are not permitted", "invalid_request")
        if self.state.dialect == "azure" and "." in body.get("suffix", ""):
            return 400, _error("The suffix must not contain a dot", "invalid_suffix")
        if body["training_file"] not in self.state.files:
            return 400, _error("No such file", "invalid_file")
        id_ = f"ftjob-{len(self.state.jobs) + 1}"
        self.state.jobs[id_] = {
            "id": id_,
            "object": "fine_tuning.job",
            "created_at": 1,
            "status": "validating_files",
            "model": body["model"],
            "training_file": body["training_file"],
            "validation_file": body.get("validation_file"),
            "hyperparameters": (body.get("hyperparameters") or body["method"][body["method"]["type"]]["hyperparameters"]),
            "metadata": body.get("metadata"),
            "fine_tuned_model": None,
            "result_files": [],
            "trained_tokens": None,
            "error": None,
            "looked": 0,
        }
        return 200, self.state.jobs[id_]

    def _retrieve(self, id_: str) -> tuple[int, Any]:
        job = self.state.jobs.get(id_)
        if job is None:
            return 404, _error("Could not find fine tune", "fine_tune_not_found")
        job["looked"] += 1
        if job["looked"] > self.state.polls and job["status"] not in ("failed", "cancelled"):
            job["status"] = self.state.ending
            if self.state.ending == "succeeded":
                named = f"{job['model']}.ft-1" if self.state.dialect == "azure" else f"ft:{job['model']}:org::1"
                job.update(fine_tuned_model=named, result_files=["file-result"], trained_tokens=1234)
            elif self.state.ending == "failed":
                job["error"] = {"code": "invalid_training_file", "message": "line 3 is no example", "param": "training_file"}
        else:
            job["status"] = "running"
        return 200, {**job, **self.state.job}

    def _content(self, _: str) -> tuple[int, Any]:
        text = (AZURE_RESULT if self.state.dialect == "azure" else RESULT).encode()
        text = self.state.result or text
        return 200, base64.b64encode(text) if self.state.base64_result else text

    def _list(self, items: list[dict[str, Any]]) -> tuple[int, Any]:
        query = parse_qs(urlsplit(self.path).query)
        newest = items[::-1]
        after = query.get("after", [None])[0]
        if after is not None:
            newest = newest[[item["id"] for item in newest].index(after) + 1 :]
        limit = int(query.get("limit", ["20"])[0])
        return 200, {"object": "list", "data": newest[:limit], "has_more": len(newest) > limit}

    def _send(self, status: int, body: Any) -> None:
        if isinstance(body, bytes):
            self._raw(status, body, "application/octet-stream")
        else:
            self._raw(status, json.dumps(body).encode(), "application/json")

    def _raw(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _error(message: str, code: str | int | None) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": code}}


def _event(index: int) -> dict[str, Any]:
    return {"id": f"ftevent-{index}", "object": "fine_tuning.job.event", "created_at": 1, "level": "info", "message": f"Event {index}"}
