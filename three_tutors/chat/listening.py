"""The socket that the page listens on: loopback, this machine alone."""

from __future__ import annotations

import socket

from three_tutors.pipeline.diagnostics import ParamsError

BACKLOG = 512


def listen(port: int) -> socket.socket:
    """Return a listening socket on 127.0.0.1; port 0 takes any free one.

    Connections send what they have at once. asyncio sees to that only for sockets that it has bound itself, and without
    it every page waits 40 ms for the acknowledgement of its own header.

    Raises:
        ParamsError: the port is taken.

    """
    try:
        listening = socket.create_server(("127.0.0.1", port), backlog=BACKLOG)
    except OSError as error:
        raise ParamsError(f"Port {port} cannot be had ({error.strerror}); set chat.port in params.yaml to another one, or to 0.") from None
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # accepted connections inherit it
    return listening
