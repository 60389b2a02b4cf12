"""What a kill leaves behind: everything that anybody saw."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.chat.site import hidden


@contextmanager
def process(root: Path, folder: Path, base_url: str, script: str) -> Iterator[httpx.Client]:
    """Yield a visitor of a page in a process of its own, which is killed at the end."""
    command = [sys.executable, "-m", "tests.chat.site", str(folder), base_url, script]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout
        port, token = running.stdout.readline().split()
        origin = f"http://127.0.0.1:{port}"
        with httpx.Client(base_url=origin, headers={"Origin": origin}, follow_redirects=True, timeout=30) as client:
            client.get("/", params={"token": token})
            yield client
        running.kill()


def test_a_kill_loses_nothing_that_was_shown(root: Path, tmp_path: Path, base_url: str) -> None:
    """Killed in the middle of four replies: the turn and every word that was shown are there again, marked as cut."""
    shown: dict[str, str] = {}
    with process(root, tmp_path, base_url, "words:400:0.02") as client:
        form = {"start": "empty", "tutor": ["baseline", "dspy", "openai", "lora"]}
        address = client.post("/conversations", data=form).url.path
        fields = {"request": hidden(client.get(address).text, "request"), "text": "Is it 5/6?", "ask": list("abcd")}
        client.post(f"{address}/turns", data=fields)
        with client.stream("GET", f"{address}/events?exchange=1") as stream:
            event = ""
            for line in stream.iter_lines():
                if line.startswith("event: "):
                    event = line.removeprefix("event: ")
                if line.startswith("data: ") and event == "piece":
                    piece = json.loads(line.removeprefix("data: "))
                    shown[piece["key"]] = shown.get(piece["key"], "") + piece["text"]
                if sum(map(len, shown.values())) > 200:
                    break
    with process(root, tmp_path, base_url, "asks") as client:
        html = client.get(address).text
    assert "Is it 5/6?" in html
    for key, text in shown.items():
        column = re.search(rf'id="reply-1-{key}".*?<div class="text" data-text="(.*?)">.*?<p class="ending">(.*?)</p>', html, re.DOTALL)
        assert column
        assert column[1].startswith(text)
        assert "The program ended before this reply did." in column[2]
