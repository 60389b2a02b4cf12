from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from tests.openai_server.conftest import EchoEngine
from three_tutors.openai_server.engine import ModelFiles
from three_tutors.openai_server.listening import listening
from three_tutors.openai_server.serving import serving
from three_tutors.pipeline.diagnostics import EndpointError


def test_answers_do_not_wait_for_an_acknowledgement(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections take the option over from the socket that listens."""
    sockets_kept: list[socket.socket] = []
    run = uvicorn.Server.run

    def kept(self: uvicorn.Server, sockets: Any = None) -> None:
        sockets_kept.extend(sockets)
        run(self, sockets)

    monkeypatch.setattr(uvicorn.Server, "run", kept)
    with serving({"base": ModelFiles(tmp_path)}, load=EchoEngine):
        assert [one.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) for one in sockets_kept] == [1]


def test_a_taken_port_is_one_sentence(tmp_path: Path) -> None:
    """Who wants another port reads how to get one."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(EndpointError, match=f"Nothing can listen on 127.0.0.1:{port} .Address already in use.; choose another port"),
            serving({"base": ModelFiles(tmp_path)}, address=("127.0.0.1", port)),
        ):
            raise AssertionError("two servers on one port")


@pytest.mark.parametrize(
    ("host", "port", "reason"),
    [
        ("127.0.0.1", 70000, "a port is a number from 0 to 65535"),
        ("127.0.0.1", -1, "a port is a number from 0 to 65535"),
        ("nowhere.invalid", 0, "(?!Unknown error)[A-Z].+"),
        ("ä" * 100, 0, "that is no name of a machine"),
    ],
)
def test_an_address_that_is_none_is_one_sentence(host: str, port: int, reason: str) -> None:
    """A port that no machine has and a host that nobody knows end as a taken port does."""
    sentence = rf"^Nothing can listen on {host}:{port} \({reason}\); choose another\.$"
    with pytest.raises(EndpointError, match=sentence), listening(host, port, "choose another"):
        raise AssertionError("nothing can listen there")
