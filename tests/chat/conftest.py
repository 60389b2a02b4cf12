"""Fixtures of the chat tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import scripted_endpoint
from tests.chat.site import Site, conversing, site
from three_tutors.tutoring.scenario import Scenario

SCRIPTS = {"baseline": "asks", "dspy": "echo", "openai": "words:12:0.01", "lora": "asks"}


@pytest.fixture(scope="session")
def base_url() -> Iterator[str]:
    """Yield the address of a scripted endpoint."""
    with scripted_endpoint.running() as url:
        yield url


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, base_url: str) -> Iterator[Site]:
    """Yield one page for all tests of a file that care for no conversation but their own."""
    folder = tmp_path_factory.mktemp("shared")
    with conversing(folder / "chat", base_url, SCRIPTS) as conversations, site(conversations, folder / "preferences.jsonl") as running:
        yield running


@pytest.fixture
def page(tmp_path: Path, base_url: str, pressure: Scenario) -> Iterator[Site]:
    """Yield the page over four scripted tutors and one scenario."""
    with (
        conversing(tmp_path / "chat", base_url, SCRIPTS, [pressure]) as conversations,
        site(conversations, tmp_path / "preferences.jsonl") as running,
    ):
        yield running
