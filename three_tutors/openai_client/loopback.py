"""HTTP to a server on this machine: one connection for each request, written and read in as few calls as it takes.

A client for the whole world keeps connections, tries addresses, speaks TLS and follows proxies; on loopback that costs
more than the request. What a hundred replies at once take of this process lies between a person and the first word.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator

import httptools
import httpx

ORIGIN = "http://127.0.0.1"
"""Where this transport leads, as a pattern of httpx."""
MOST_BYTES = 1 << 16
"""Read at once."""
FINAL = 200
"""Smaller numbers say that an answer is on its way."""


class Loopback(httpx.BaseTransport):
    """Sends requests of an httpx client over plain sockets; any thread may use it, and none waits for another."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return the answer, whose body is read as it is asked for.

        Raises:
            httpx.TransportError: nobody listens, nothing comes in time, or what comes is no answer.

        """
        patience = request.extensions.get("timeout", {})
        try:
            line = socket.create_connection((request.url.host, request.url.port or 80), patience.get("connect"))
        except OSError as error:
            raise httpx.ConnectError(str(error)) from error
        answer = Answer(line)
        try:
            line.settimeout(patience.get("read"))
            answer.send(message(request))
            answer.begin()
        except BaseException:
            answer.close()
            raise
        return httpx.Response(answer.status, headers=answer.headers, stream=answer)


class Answer(httpx.SyncByteStream):
    """The answer on one connection."""

    def __init__(self, line: socket.socket) -> None:
        """Take an open connection."""
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self._line = line
        self._parser = httptools.HttpResponseParser(self)
        self._pieces: list[bytes] = []
        self._over = False

    def send(self, data: bytes) -> None:
        """Send a whole request."""
        try:
            self._line.sendall(data)
        except OSError as error:
            raise httpx.WriteError(str(error)) from error

    def begin(self) -> None:
        """Read up to the end of the headers."""
        while self.status < FINAL:
            self._receive()

    def __iter__(self) -> Iterator[bytes]:
        """Yield the body as it comes."""
        while True:
            pieces, self._pieces = self._pieces, []
            yield from pieces
            if self._over:
                return
            self._receive()

    def close(self) -> None:
        """Hang up; a server that is still answering notices."""
        self._line.close()

    def _receive(self) -> None:
        try:
            data = self._line.recv(MOST_BYTES)
            self._parser.feed_data(data)
        except TimeoutError as error:
            raise httpx.ReadTimeout("nothing came in time") from error
        except OSError as error:
            raise httpx.ReadError(str(error)) from error
        except httptools.HttpParserError as error:
            raise httpx.RemoteProtocolError(f"that is no HTTP: {error}") from error
        if not data and not self._over:
            if self.status < FINAL or any(name.lower() in {b"content-length", b"transfer-encoding"} for name, _ in self.headers):
                raise httpx.RemoteProtocolError("the connection was closed before the end of the answer")
            self._over = True  # an answer of a length unknown ends with its connection

    def on_message_begin(self) -> None:
        """Called by the parser, like those below."""
        self.headers.clear()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header."""
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Keep the status, which says whether this is the answer already."""
        self.status = self._parser.get_status_code()

    def on_body(self, body: bytes) -> None:
        """Keep a piece of the body."""
        self._pieces.append(body)

    def on_message_complete(self) -> None:
        """Note the end."""
        self._over = self.status >= FINAL


def message(request: httpx.Request) -> bytes:
    """Return a request as it is sent: all of it at once, and asking for the connection to be closed after the answer."""
    headers = [name + b": " + value for name, value in request.headers.raw if name.lower() != b"connection"]
    first = b"%s %s HTTP/1.1" % (request.method.encode(), request.url.raw_path)
    return b"\r\n".join((first, *headers, b"Connection: close", b"", b"")) + request.read()
