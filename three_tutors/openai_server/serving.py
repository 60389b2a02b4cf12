"""Run the server on a thread of this process, on loopback, for as long as a block lasts."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from three_tutors.language_model.replies import SLOTS
from three_tutors.openai_client.endpoint import Endpoint
from three_tutors.openai_server.app import Service, build
from three_tutors.openai_server.engine import Engine, ModelFiles
from three_tutors.openai_server.fine_tuning import FineTuning
from three_tutors.openai_server.guard import LOOPBACK, Limits
from three_tutors.openai_server.listening import listening, served

KEY = "LOCAL_OPENAI_API_KEY"


@dataclass(frozen=True)
class Server:
    """A running server."""

    base_url: str
    api_key: str = field(repr=False)

    def endpoint(self, model: str) -> Endpoint:
        """Return the endpoint of one of its models."""
        return Endpoint(self.base_url, model, self.api_key, concurrency=SLOTS)


def new_key() -> str:
    """Return the key that a server asks for: the environment's, or a random one."""
    return os.environ.get(KEY) or f"sk-local-{secrets.token_urlsafe(24)}"


@contextlib.contextmanager
def serving(
    models: Mapping[str, ModelFiles],
    *,
    training: FineTuning | None = None,
    limits: Limits | None = None,
    load: Callable[[ModelFiles], Engine] | None = None,
    address: tuple[str, int] = ("127.0.0.1", 0),
    hosts: tuple[str, ...] = LOOPBACK,
    warm: str | None = None,
) -> Iterator[Server]:
    """Serve `models` by id; the server is ready inside the block and gone after it.

    Args:
        models: what is served; nothing is loaded before it is asked for.
        training: makes and serves more models.
        limits: what a request may take.
        load: makes an engine of a model's files; the project's generator where it is left out.
        address: host and port to listen on; port 0 takes a free one.
        hosts: names under which the server may be called.
        warm: a model to load in the background right away.

    Raises:
        EndpointError: the address is taken or the server did not become ready.

    """
    api_key = new_key()
    service = Service(models, load or load_generator, limits or Limits(), training, warm)
    app = build(service, api_key, hosts)
    with listening(*address, "choose another port") as listener, served(app, listener, grace_seconds=5):
        yield Server(f"http://{address[0]}:{listener.getsockname()[1]}/v1", api_key)


def load_generator(files: ModelFiles) -> Engine:
    """Load a model with the project's generator."""
    from three_tutors.openai_server import generator_engine  # noqa: PLC0415 - torch takes seconds that only a chat needs

    return generator_engine.load(files)
