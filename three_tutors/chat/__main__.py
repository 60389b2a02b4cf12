"""Talk with the tutors, in a browser or (`--terminal`) in a terminal.

python -m three_tutors.chat [--terminal] [--no-browser]
"""

from __future__ import annotations

if __name__ == "__main__":
    from three_tutors.pipeline.starting import start

    start("three_tutors.chat.__main__")

import argparse
import contextlib
import secrets
import sys
import webbrowser
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field

from three_tutors.chat.answering import answering
from three_tutors.chat.app import Pages, build
from three_tutors.chat.ballots import Ballots
from three_tutors.chat.conversations import Conversations
from three_tutors.chat.replying import Asking, Replying
from three_tutors.chat.roster import Roster
from three_tutors.chat.shelf import Shelf
from three_tutors.chat.store import FOLDER, open_store
from three_tutors.openai_client.endpoint import Sampling
from three_tutors.openai_server.listening import listening, server
from three_tutors.pipeline.diagnostics import ParamsError
from three_tutors.pipeline.params import params, read
from three_tutors.pricing.prices import read_prices
from three_tutors.tutoring.methods import TUTORS, TutorName
from three_tutors.tutoring.scenario import read_scenarios
from three_tutors.tutors.opening import open_tutors

SCENARIOS = Path("data/processed/scenarios.jsonl")


@params
class Params:
    """How a person talks with the tutors."""

    port: Annotated[int, Field(ge=0, le=65535)]
    """Port of the page on this machine; 0 takes any free port."""
    tutors: list[TutorName]
    """The tutors that can be asked."""
    max_tokens: Annotated[int, Field(ge=1, le=4096)]
    """Most tokens of a reply."""
    temperature: Annotated[float, Field(ge=0, le=2)]
    """0 is greedy and repeats exactly; up to 2."""
    window: Annotated[int, Field(ge=256)]
    """Most tokens of a prompt and its reply; of longer conversations the oldest turns are left out."""
    patience: Annotated[float, Field(gt=0)]
    """Seconds after which a reply that has not ended is cut off."""
    keep_days: Annotated[int, Field(ge=1, le=3650)]
    """Days from its last turn until a conversation is deleted."""


@contextlib.contextmanager
def conversations(settings: Params) -> Iterator[Conversations]:
    """Yield the conversations; the tutors are opened in the background."""
    if settings.max_tokens >= settings.window:
        raise ParamsError("params.yaml: chat.max_tokens leaves no room for a prompt in chat.window; make one of them smaller.")
    scenarios = read_scenarios(SCENARIOS) if SCENARIOS.exists() else []
    sampling = Sampling(settings.max_tokens, settings.temperature, seed=None if settings.temperature else 1)
    asking = Asking(sampling, settings.window, settings.patience, read_prices())
    names = [name for name in TUTORS if name in settings.tutors]
    with open_store() as store, Roster(names, open_tutors, FOLDER / "loading_seconds").opened() as roster:
        replying = Replying(store, roster, asking)
        try:
            offered = {scenario.id: scenario for scenario in scenarios}
            yield Conversations(store, replying, Ballots(store), Shelf(store), offered, answering(names))
        finally:
            replying.close()


def serve(talks: Conversations, settings: Params, *, browser: bool) -> None:
    """Serve the pages on loopback until Ctrl-C."""
    with listening("127.0.0.1", settings.port, "set chat.port in params.yaml to another one, or to 0") as listener:
        port, token = listener.getsockname()[1], secrets.token_urlsafe(24)
        link = f"http://127.0.0.1:{port}/?token={token}"
        print(f"Talk with the tutors: {link}\n(Keep this link to yourself. Ctrl-C stops the program.)", flush=True)
        if browser:
            webbrowser.open(link)
        app = build(Pages(talks, settings.keep_days), token, port)
        with contextlib.suppress(KeyboardInterrupt):  # the usual way to end
            server(app, grace_seconds=1).run(sockets=[listener])
        print("The conversations are saved.")


def main() -> None:
    """Open the tutors and the store, then talk in the browser or the terminal."""
    words = _arguments(sys.argv[1:])
    settings = read("chat", Params)
    with conversations(settings) as talks:
        talks.delete_old(settings.keep_days)
        if words.terminal:
            from three_tutors.chat.terminal import converse  # noqa: PLC0415 - the page does not need it

            converse(talks)
        else:
            serve(talks, settings, browser=not words.no_browser)


def _arguments(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m three_tutors.chat", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--terminal", action="store_true", help="talk here instead of in a browser")
    parser.add_argument("--no-browser", action="store_true", help="show the link and open nothing")
    return parser.parse_args(words)
