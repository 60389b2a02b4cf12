"""Fixtures of the rating tests."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import small_run
from tests.rating.site import Site
from three_tutors.openai_server.listening import listening, served
from three_tutors.rating.app import RatingPages, build
from three_tutors.rating.sheets import Sheet, read_sheets
from three_tutors.rating.votes import Votes


@pytest.fixture(scope="session")
def sheets(tmp_path_factory: pytest.TempPathFactory) -> list[Sheet]:
    """Return what there is to rate of a small run."""
    return read_sheets(small_run.write_run(tmp_path_factory.mktemp("run")))


@pytest.fixture
def site(tmp_path: Path, sheets: list[Sheet]) -> Iterator[Site]:
    """Yield the page."""
    pages = RatingPages({sheet.item: sheet for sheet in sheets}, Votes(tmp_path / "cache"), tmp_path / "ratings.jsonl")
    with listening("127.0.0.1", 0, "") as listener:
        port, token = listener.getsockname()[1], secrets.token_urlsafe(8)
        with served(build(pages, token, port), listener):
            yield Site(pages, port, token)
