"""The whole chat page over scripted tutors, on loopback, as a browser meets it."""

from __future__ import annotations

import contextlib
import re
import secrets
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from three_tutors.chat.app import Pages, build
from three_tutors.chat.ballots import Ballots
from three_tutors.chat.conversations import Conversations
from three_tutors.chat.replying import Asking, Replying
from three_tutors.chat.roster import Opener, Roster
from three_tutors.chat.shelf import Shelf
from three_tutors.chat.store import open_store
from three_tutors.openai_client.endpoint import Endpoint, Reply, Sampling
from three_tutors.openai_client.tutor import ChatTutor, Conversation, Instead
from three_tutors.openai_server.listening import listening, served
from three_tutors.pipeline.diagnostics import DataError
from three_tutors.tutoring.methods import USUAL
from three_tutors.tutoring.scenario import Scenario

ASKING = Asking(Sampling(max_tokens=40), window=400, patience=20.0)
AGAIN = "begins again"
"""The script of a tutor that needs no endpoint: `BeginningAgain`."""


class BeginningAgain(ChatTutor):
    """Shows a draft, drops it after `DRAFTED` is set, and shows another."""

    DRAFTED = threading.Event()

    def stream(self, conversation: Conversation, sampling: Sampling) -> Generator[str, None, Reply]:
        """See `Tutor`."""
        del conversation, sampling
        yield "It is. "
        yield "It is. "
        self.DRAFTED.wait(60)
        yield Instead("Which half ")
        yield "is bigger?"
        return Reply("Which half is bigger?", "stop", 9, 10)


def opener(base_url: str, scripts: Mapping[str, str]) -> Opener:
    """Return what opens tutors over the scripted endpoint; a tutor without a script is missing."""

    @contextlib.contextmanager
    def opened(names: Sequence[str]) -> Iterator[dict[str, Any]]:
        for name in names:
            if name not in scripts:
                raise DataError(f"models/{name} is missing: the tutor {name} was not made yet; run `dvc repro train_{name}`.")
        kinds = {name: BeginningAgain if scripts[name] == AGAIN else ChatTutor for name in names}
        yield {name: kind(name, Endpoint(base_url, scripts[name], "key")) for name, kind in kinds.items()}

    return opened


@contextlib.contextmanager
def conversing(
    folder: Path, base_url: str, scripts: Mapping[str, str], scenarios: Sequence[Scenario] = (), asking: Asking = ASKING
) -> Iterator[Conversations]:
    """Yield conversations with scripted tutors."""
    with open_store(folder) as store, Roster(list(USUAL), opener(base_url, scripts)).opened() as roster:
        replying = Replying(store, roster, asking)
        try:
            yield Conversations(store, replying, Ballots(store), Shelf(store), {scenario.id: scenario for scenario in scenarios})
        finally:
            replying.close()


@dataclass
class Site:
    """A running page and a visitor that came by its link."""

    conversations: Conversations
    port: int
    token: str
    client: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        """Come by the link."""
        headers = {"Origin": self.origin}
        self.client = httpx.Client(base_url=self.origin, follow_redirects=True, headers=headers, timeout=30)
        self.client.get("/", params={"token": self.token})

    @property
    def origin(self) -> str:
        """Return the address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def link(self) -> str:
        """Return the link that the terminal shows."""
        return f"{self.origin}/?token={self.token}"

    def start(self, **fields: Any) -> str:
        """Begin a conversation by the form; return its id."""
        form = {"start": "empty", "tutor": list(USUAL), **fields}
        return str(self.client.post("/conversations", data=form).url).rsplit("/", 1)[1]

    def say(self, talk: str, text: str, **fields: Any) -> httpx.Response:
        """Send the form of a page with another text; other fields as the page has them."""
        page = self.client.get(f"/conversations/{talk}").text
        form = {name: hidden(page, name) for name in ("request", "parent", "follow", "edit")} | {"ask": list("abcd"), "text": text} | fields
        return self.client.post(f"/conversations/{talk}/turns", data=form)

    def finished(self, talk: str, exchange: int | None = None) -> Mapping[str, Any]:
        """Wait until nobody writes in the newest exchange; return its replies."""
        exchange = exchange or max(self.conversations.store.exchanges(talk))
        wait_for(lambda: not self.conversations.replying.live(exchange))
        return self.conversations.store.exchanges(talk)[exchange].replies


@contextlib.contextmanager
def site(conversations: Conversations, preferences: Path) -> Iterator[Site]:
    """Serve the pages on a thread."""
    with listening("127.0.0.1", 0, "") as listener:
        number, token = listener.getsockname()[1], secrets.token_urlsafe(16)
        with served(build(Pages(conversations, 30, preferences), token, number), listener):
            yield Site(conversations, number, token)


def hidden(page: str, name: str) -> str:
    """Return the value of a hidden field of the turn's form."""
    found = re.search(rf'<form id="say".*?name="{name}" value="([^"]*)"', page, re.DOTALL)
    assert found, f"no field {name}"
    return found[1]


def wait_for(condition: Callable[[], Any], seconds: float = 90.0) -> None:
    """Wait until `condition` holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def main(folder: Path, base_url: str, script: str) -> None:
    """Serve pages whose tutors all follow one script, until killed; the link is the one line printed."""
    with (
        conversing(folder, base_url, dict.fromkeys(USUAL, script)) as conversations,
        site(conversations, folder / "preferences.jsonl") as page,
    ):
        print(page.port, page.token, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
