"""What every request must pass: the bearer token, the checks of Host and Origin, and the limit on the size of a body.

A web page can reach a server on loopback under a name of its own (DNS rebinding), hence the checks of Host and Origin.
No CORS header is ever sent.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from three_tutors.openai_server.errors import ApiError

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
FILES = "/v1/files"
MOST_DIGITS = 18
"""Of a length in bytes."""


@dataclass(frozen=True)
class Limits:
    """What one request may take of the machine."""

    body_bytes: int = 4 * 2**20
    """Body of any request but an upload."""
    file_bytes: int = 512 * 10**6
    """One uploaded file."""
    chats: int = 256
    """Chat requests in flight or waiting; one more is refused with 429."""
    choices: int = 16
    """`n` of a chat request."""


@dataclass(frozen=True)
class Guard:
    """ASGI middleware in front of the application."""

    app: ASGIApp
    api_key: str
    limits: Limits
    hosts: tuple[str, ...] = LOOPBACK
    """Names, without port, under which this server may be called."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        limit = self._limit(scope["path"])
        refusal = self._refusal(headers, limit)
        if refusal is not None:
            await refusal.response()(scope, receive, send)
            return
        await self.app(scope, _limited(receive, limit), send)

    def _limit(self, path: str) -> int:
        margin = 64 * 2**10  # the rest of the form around an uploaded file
        return self.limits.file_bytes + margin if path == FILES else self.limits.body_bytes

    def _refusal(self, headers: Headers, limit: int) -> ApiError | None:
        host = headers.get("host", "")
        name = host if host.endswith("]") else host.rsplit(":", 1)[0]
        if name.lower() not in self.hosts:
            return ApiError(403, f"This server does not answer under the name {host!r}.", code="host_not_allowed")
        if "origin" in headers:
            return ApiError(403, "This server does not answer to web pages.", code="origin_not_allowed")
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), self.api_key.encode()):
            return ApiError(401, "Incorrect API key provided.", code="invalid_api_key")
        length = headers.get("content-length", "0")
        if not length.isdecimal() or len(length) > MOST_DIGITS or int(length) > limit:
            return _too_large(limit)
        return None


def _too_large(limit: int) -> ApiError:
    return ApiError(413, f"The body is larger than {limit} bytes.", code="request_too_large")


def _limited(receive: Receive, limit: int) -> Receive:
    """Count what a body without a length brings."""
    seen = 0

    async def counting() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            raise _too_large(limit)
        return message

    return counting
