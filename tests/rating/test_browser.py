"""The rating page in a real browser: by the keyboard alone, without barriers, on a phone."""

from __future__ import annotations

from typing import Any

from tests.browser import NEEDED, axe, open_chromium  # noqa: F401 - a fixture
from tests.rating.site import Site

pytestmark = NEEDED


def test_a_rater_needs_no_mouse(chromium: Any, site: Site) -> None:
    """Name, Enter, one key for each question, Enter: the vote is saved, the next moment there. Light, dark, on a phone: no barriers."""
    tab = chromium.new_page(viewport={"width": 1280, "height": 900})
    trouble: list[str] = []
    tab.on("console", lambda message: trouble.append(message.text) if message.type == "error" else None)
    tab.on("pageerror", lambda error: trouble.append(str(error)))
    tab.goto(site.link)
    found = axe(tab)
    tab.keyboard.type("AB")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/rate?*")
    tab.wait_for_load_state()
    first = tab.input_value("[name=item]")
    found += axe(tab)
    replies = tab.locator("[name=reply]").count()
    for _ in range(replies):
        tab.keyboard.press("4")
        tab.keyboard.press("2")
        for key in "ysn0":
            tab.keyboard.press(key)
    tab.keyboard.press("n")  # none is good
    tab.keyboard.press("Control+Enter")
    tab.locator("text=Saved.").wait_for()
    assert first != tab.input_value("[name=item]")
    rows = site.pages.votes.raters()["AB"].rows[first].values()
    expected = {
        "sense": 4,
        "teaching": 2,
        "mistake_identification": "Yes",
        "mistake_location": "To some extent",
        "providing_guidance": "No",
    }
    assert [expected | {"best": 0}] * replies == [row["labels"] for row in rows]
    tab.set_viewport_size({"width": 390, "height": 800})
    tab.emulate_media(color_scheme="dark")
    found += axe(tab)
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    tab.locator("text=See who wrote what").click()
    tab.wait_for_load_state()
    found += axe(tab)
    tab.goto(site.origin)
    found += axe(tab)
    tab.close()
    assert [] == found
    assert [] == trouble
