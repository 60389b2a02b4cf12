"""Refusals in the shape that the OpenAI protocol gives them, which the client turns into its own exceptions."""

from __future__ import annotations

import errno
import logging
import sqlite3
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Match

from three_tutors.pipeline.diagnostics import DataError, EndpointError

logger = logging.getLogger(__name__)

RETRY_AFTER_SECONDS = 1


class ApiError(Exception):
    """One refused request: HTTP status, a sentence, and the parameter it is about."""

    def __init__(self, status: int, message: str, *, param: str | None = None, code: str | None = None) -> None:
        """Keep what the response needs; `code` is OpenAI's name of the problem where it has one."""
        super().__init__(message)
        self.status = status
        self.message = message
        self.param = param
        self.code = code

    def body(self) -> dict[str, Any]:
        """Return the JSON body of the response; what a client sent may be no text, and is shown with escapes."""
        message, param = (None if one is None else one.encode("utf-8", "backslashreplace").decode() for one in (self.message, self.param))
        return {"error": {"message": message, "type": _type(self.status), "param": param, "code": self.code}}

    def response(self, **headers: str) -> JSONResponse:
        """Return the whole response; one that is worth repeating says when."""
        if self.status in {429, 503}:
            headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
        return JSONResponse(self.body(), status_code=self.status, headers=headers)


def invalid(message: str, param: str | None = None, code: str | None = None) -> ApiError:
    """Return a 400 about one parameter."""
    return ApiError(400, message, param=param, code=code)


def unsupported(param: str, advice: str = "leave it out") -> ApiError:
    """Return the 400 for a part of the protocol that this server does not have; it is never silently ignored."""
    return invalid(f"`{param}` is not supported by this server; {advice}.", param, "unsupported_parameter")


async def on_api_error(_: Request, error: Exception) -> JSONResponse:
    """Answer with a refusal that a route raised."""
    assert isinstance(error, ApiError)  # noqa: S101 - registered for this class alone
    return error.response()


async def on_tutor_error(_: Request, error: Exception) -> JSONResponse:
    """Answer where the model refused the conversation (400) or failed (500)."""
    if isinstance(error, EndpointError):
        return ApiError(500, str(error), code="server_error").response()
    code = "invalid_value" if isinstance(error, DataError) else "context_length_exceeded"
    return invalid(str(error), "messages", code).response()


async def on_http_error(request: Request, error: Exception) -> JSONResponse:
    """Answer in the same shape where no route matches, or a form cannot be read."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class alone
    what = f"{request.method} {request.url.path}"
    if error.status_code == 405:  # noqa: PLR2004 - method not allowed
        matching = (route for route in request.app.routes if route.matches(request.scope)[0] is not Match.NONE)
        allowed = ", ".join(sorted({method for route in matching for method in route.methods}))
        sentence = f"Not allowed: {what}; this address takes {allowed}."
        return ApiError(405, sentence, code="method_not_supported").response(Allow=allowed)
    if error.status_code == 404:  # noqa: PLR2004 - not found
        return ApiError(404, f"Unknown request URL: {what}.", code="unknown_url").response()
    return ApiError(error.status_code, str(error.detail), code="invalid_value").response()


async def on_disk_error(_: Request, error: Exception) -> JSONResponse:
    """Answer where the server's folder or database could not be used; the traceback goes to the log."""
    logger.error("The server's folder could not be used.", exc_info=error)
    reason = getattr(error, "strerror", None) or str(error)
    full = getattr(error, "errno", None) in {errno.ENOSPC, errno.EDQUOT} or getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
    if full:
        return ApiError(507, f"The server could not keep this: {reason}.", code="server_error").response()
    return ApiError(500, f"The server could not use its folder: {reason}.", code="server_error").response()


async def on_failure(_: Request, __: Exception) -> JSONResponse:
    """Answer in the same shape where something broke; the traceback goes to the log."""
    return ApiError(500, "The server had an error while processing this request; its log says more.", code="server_error").response()


def _type(status: int) -> str:
    if status in {401, 403}:
        return "authentication_error" if status == 401 else "permission_error"  # noqa: PLR2004
    if status == 429:  # noqa: PLR2004
        return "rate_limit_error"
    return "server_error" if status >= 500 else "invalid_request_error"  # noqa: PLR2004
