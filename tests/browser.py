"""A real browser for pages: Debian's Chromium, headless, driven by Playwright; axe-core comes with its own package."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
NEEDED = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed; on Debian: apt-get install chromium"),
]
"""Marks of a module that drives it."""
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]
AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module", name="chromium")
def open_chromium() -> Iterator[Any]:
    """Yield one browser for all tests of a file."""
    playwright = pytest.importorskip("playwright.sync_api", reason="pip install playwright (its own browsers are not needed)")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        yield browser
        browser.close()


def axe(tab: Any) -> list[str]:
    """Return what people with a screen reader or without a mouse would stumble over."""
    package = pytest.importorskip("axe_playwright_python.sync_playwright", reason="pip install axe-playwright-python")
    found = package.Axe().run(tab, options={"runOnly": AXE_RULES}).response["violations"]
    return [f"{one['id']}: {node['target']} {node['failureSummary']}" for one in found for node in one["nodes"]]
