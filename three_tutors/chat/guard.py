"""What every request has to pass: the token of the link, checks of Host and Origin, and a strict policy.

Any web page and any user of this machine can send requests to loopback. The token keeps both out. The check of Host keeps out
names that somebody else points at 127.0.0.1 (DNS rebinding), the check of Origin keeps out forms of other pages.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

NAMES = ("127.0.0.1", "localhost", "[::1]")
POLICY = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


@dataclass(frozen=True)
class Guard:
    """ASGI middleware in front of the pages."""

    app: ASGIApp
    token: str
    port: int

    @property
    def cookie(self) -> str:
        """Name of the cookie; it holds the port, because cookies are shared between ports."""
        return f"three_tutors_{self.port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, let in a visitor who has the link, or refuse."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        response = self._instead(scope)

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(POLICY)
                if "cache-control" not in headers:
                    headers["Cache-Control"] = "no-store"
            await send(message)

        await (response or self.app)(scope, receive, guarded)

    def _instead(self, scope: Scope) -> Response | None:
        """Return what is sent instead of the page; None if the page may be shown."""
        headers = Headers(scope=scope)
        if headers.get("host", "").lower() not in {f"{name}:{self.port}" for name in NAMES}:
            return refusal(403, "This page does not answer under that name. Open the link that the terminal shows.")
        if not self._own(headers, scope["method"]):
            return refusal(403, "That form does not come from this page.")
        given = QueryParams(scope["query_string"]).get("token", "")
        if given and hmac.compare_digest(given.encode(), self.token.encode()):
            welcome = RedirectResponse(scope["path"], 303)  # out of the address bar and the browser's history
            welcome.set_cookie(self.cookie, self.token, httponly=True, samesite="strict")
            return welcome
        if not hmac.compare_digest(_cookie(headers, self.cookie).encode(), self.token.encode()):
            return refusal(
                403, "Open this page with the link that the terminal shows; after a restart the link is a new one. Nothing was lost."
            )
        return None

    def _own(self, headers: Headers, method: str) -> bool:
        """Return whether a request can only have come from our own page (or, to read, from the address bar)."""
        origin = headers.get("origin")
        if origin is not None and origin.lower() != f"http://{headers['host'].lower()}":
            return False
        if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"} and method != "GET":
            return False
        return method in {"GET", "HEAD"} or origin is not None


def refusal(status: int, sentence: str) -> Response:
    """Return a page with one sentence of ours."""
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Three Tutors</title>'
    text = f'<!doctype html><html lang="en">{head}<main><h1>Three Tutors</h1><p>{sentence}</p></main></html>'
    return HTMLResponse(text, status)


def _cookie(headers: Headers, name: str) -> str:
    try:
        morsel = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return ""
    return morsel.value if morsel else ""
