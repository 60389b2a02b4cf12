"""Serve an application from a socket of this machine, in the foreground or on a thread: the local service, the chat page."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from three_tutors.pipeline.diagnostics import EndpointError

BACKLOG = 512
READY_SECONDS = 30.0


@contextlib.contextmanager
def listening(host: str, port: int, advice: str) -> Iterator[socket.socket]:
    """Yield a listening socket; port 0 takes any free one.

    Connections send what they have at once. asyncio sees to that only for sockets that it has bound itself; without it
    every response waits 40 ms for the acknowledgement of its own header.

    Raises:
        EndpointError: the port is taken or none, or the host is not known; `advice` says what to do.

    """
    try:
        listener = socket.create_server((host, port), backlog=BACKLOG)
    except (OSError, OverflowError, TypeError, ValueError) as error:
        raise EndpointError(f"Nothing can listen on {host}:{port} ({_reason(error)}); {advice}.") from None
    with listener:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # accepted connections inherit it
        yield listener


def _reason(error: Exception) -> str:
    if isinstance(error, OverflowError):
        return "a port is a number from 0 to 65535"
    if isinstance(error, OSError):  # the library repeats the address in round brackets
        return (error.strerror or str(error)).partition(" (while")[0]
    return "that is no name of a machine"


def server(app: ASGIApp, grace_seconds: int) -> uvicorn.Server:
    """Return a server that gives responses under way so many seconds when it is to end."""
    config = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=grace_seconds)
    return uvicorn.Server(config)


@contextlib.contextmanager
def served(app: ASGIApp, listener: socket.socket, grace_seconds: int = 1) -> Iterator[None]:
    """Serve `app` on a thread of this process for as long as the block lasts; signals stay with whoever owns the process.

    Raises:
        EndpointError: the application did not start.

    """
    running = server(app, grace_seconds)
    thread = threading.Thread(target=running.run, args=([listener],), name="server", daemon=True)
    thread.start()
    waiting = True
    try:
        deadline = time.monotonic() + READY_SECONDS
        while not running.started:
            if not thread.is_alive() or time.monotonic() > deadline:
                raise EndpointError("The local server did not start; its log says why.")
            time.sleep(0.01)
        yield
    except KeyboardInterrupt:
        waiting = False  # the process is about to end: nobody waits for a model that is still being loaded
        raise
    finally:
        running.should_exit = True
        if waiting:
            thread.join()
