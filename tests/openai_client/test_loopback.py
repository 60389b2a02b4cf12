"""Answers of servers on this machine, byte by byte."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator, Sequence

import httpx
import pytest

from tests import scripted_endpoint
from three_tutors.openai_client.loopback import ORIGIN, Loopback


@contextlib.contextmanager
def server(*answer: bytes, hold: float = 0.0) -> Iterator[tuple[httpx.Client, list[bytes]]]:
    """Yield a client of a server that reads one request, sends `answer` and hangs up, and what the server heard."""
    heard: list[bytes] = []
    ended = threading.Event()
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as listening:

        def serve() -> None:
            line, _ = listening.accept()
            with line:
                heard.append(line.recv(1 << 16))
                for part in answer:
                    line.sendall(part)
                ended.wait(hold)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        port = listening.getsockname()[1]
        with httpx.Client(base_url=f"{ORIGIN}:{port}", mounts={ORIGIN: Loopback()}, timeout=0.2) as client:
            yield client, heard
        ended.set()
        thread.join(5)


def read(client: httpx.Client, pieces: list[bytes]) -> int:
    """Ask; gather the pieces of the body; return the status."""
    with client.stream("POST", "/v1/talk?x=1", content=b"hello") as response:
        pieces += response.iter_raw()
        return response.status_code


@pytest.mark.parametrize(
    ("answer", "status", "body"),
    [
        ([b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nthere"], 200, b"there"),
        ([b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"], 404, b""),
        ([b"HTTP/1.1 200 OK\r\nTransfer-Encod", b"ing: chunked\r\n\r\n3\r\nthe\r", b"\n2\r\nre\r\n0\r\n\r\n"], 200, b"there"),
        ([b"HTTP/1.0 200 OK\r\n\r\nthe", b"re"], 200, b"there"),
        ([b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"], 200, b"ok"),
    ],
)
def test_an_answer_is_read_to_its_end(answer: Sequence[bytes], status: int, body: bytes) -> None:
    """Whatever says where the body ends, and wherever the bytes are cut, the client gets status and body."""
    pieces: list[bytes] = []
    with server(*answer) as (client, heard):
        assert (status, body) == (read(client, pieces), b"".join(pieces))
    first, *headers = heard[0].split(b"\r\n")
    assert (b"POST /v1/talk?x=1 HTTP/1.1", b"hello") == (first, headers[-1])
    assert [b"Connection: close"] == [header for header in headers if header.lower().startswith(b"connection")]


@pytest.mark.parametrize(
    ("answer", "error", "body"),
    [
        ([b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nthere"], httpx.RemoteProtocolError, b"there"),
        ([b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nthere\r\n"], httpx.RemoteProtocolError, b"there"),
        ([b"HTTP/1.1 200"], httpx.RemoteProtocolError, b""),
        ([b"SSH-2.0-OpenSSH_9.2\r\n"], httpx.RemoteProtocolError, b""),
        ([], httpx.RemoteProtocolError, b""),
    ],
)
def test_an_answer_that_ends_too_early_is_an_error(answer: Sequence[bytes], error: type[Exception], body: bytes) -> None:
    """What came before it is there."""
    pieces: list[bytes] = []
    with server(*answer) as (client, _), pytest.raises(error):
        read(client, pieces)
    assert body == b"".join(pieces)


def test_nothing_in_time_is_a_timeout() -> None:
    """A server that falls silent in the middle keeps nobody waiting."""
    pieces: list[bytes] = []
    with server(b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nthere", hold=5) as (client, _), pytest.raises(httpx.ReadTimeout):
        read(client, pieces)
    assert [b"there"] == pieces


def test_nobody_listens_is_a_connection_error() -> None:
    """An address without a server is told from one that answers badly."""
    with httpx.Client(mounts={ORIGIN: Loopback()}) as client, pytest.raises(httpx.ConnectError):
        client.get(f"{ORIGIN}:9/")


def test_whoever_leaves_is_gone_for_the_server() -> None:
    """Closing an answer in the middle closes the connection, which a server that is still writing notices."""
    with scripted_endpoint.running() as url, httpx.Client(mounts={ORIGIN: Loopback()}) as client:
        body = {"model": "words:3:5", "messages": [{"role": "user", "content": "x"}], "stream": True}
        with client.stream("POST", f"{url}/chat/completions", json=body) as response:
            assert next(response.iter_raw()).startswith(b"data: ")
            stream = response.stream
        with pytest.raises(httpx.ReadError):
            list(stream)  # type: ignore[arg-type]
