"""The page in a real browser: readable without JavaScript, filtered with it, and free of barriers."""

from __future__ import annotations

from typing import Any

import pytest

from stages.report import Params, report
from tests import small_run
from tests.browser import NEEDED, open_chromium  # noqa: F401 - a fixture
from three_tutors.reporting.evidence import gather
from three_tutors.reporting.provenance import provenance

pytestmark = NEEDED


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the address of a page on a run with hostile text in every fine-tuned reply."""
    root = small_run.write_run(tmp_path_factory.mktemp("run"), good=["dspy", "lora"])
    evidence = gather(root)
    settings = Params(conversations=50, class_size=25, tolerated_failures=0.05)
    text = report(
        evidence, provenance(evidence, root / "params.yaml", {"system": "Linux", "processor cores": "2", "memory": "8 GiB"}), settings
    )
    path = root / "index.html"
    path.write_text(text["index.html"], encoding="utf-8")
    return path.as_uri()


def score(moment: Any, tutor: str) -> str:
    """Return the score that one moment shows for one tutor."""
    return str(moment.locator(f".reply[data-tutor={tutor}]").get_attribute("data-score"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(chromium: Any, address: str, scheme: str) -> None:
    """The accessibility checker is content in light and dark, with every page shown and every conversation open."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="pip install axe-playwright-python")
    page = chromium.new_page(color_scheme=scheme, bypass_csp=True)  # the checker is a script that the page's policy would refuse
    page.goto(address)
    page.add_style_tag(content=".page { display: block !important; }")
    page.eval_on_selector_all("details", "all => all.forEach(one => { one.open = true; })")
    found = axe.Axe().run(page).response["violations"]
    assert [(one["id"], [node["html"][:120] for node in one["nodes"]][:3]) for one in found] == []


def test_the_page_asks_the_network_for_nothing(chromium: Any, address: str) -> None:
    """Opened from a file, the page makes no request but for itself, and its policy stops nothing of its own."""
    page = chromium.new_page()
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.goto(address)
    assert asked == [address]
    assert said == []


def test_without_javascript_everything_can_be_read(chromium: Any, address: str) -> None:
    """Without scripts there are no filters, and every conversation is still there and opens."""
    page = chromium.new_context(java_script_enabled=False).new_page()
    page.goto(address)
    page.click("nav a[href='#conversations']")
    assert page.locator("#claim").is_visible() is False
    assert page.locator("#filters").is_visible() is False
    assert page.locator(".talk").count() == 14
    page.locator(".talk > summary").nth(1).click()
    assert page.locator(".talk").nth(1).locator(".reply").first.is_visible()


def test_pages_are_reached_by_links_and_left_by_the_back_button(chromium: Any, address: str) -> None:
    """One page is shown at a time: the first, one from the menu, a report that it links to, and back."""
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.goto(address)
    shown = "[...document.querySelectorAll('main > section')].filter((one) => one.checkVisibility()).map((one) => one.id)"
    assert page.evaluate(shown) == ["home"]
    assert page.locator(".first svg").bounding_box()["y"] < 300
    page.click("nav a[href='#deployment_plan']")
    assert page.evaluate(shown) == ["deployment_plan"]
    page.goto(f"{address}#comparison-1-natural-dialogue")
    assert page.evaluate(shown) == ["comparison"]
    page.go_back()
    page.go_back()
    assert page.evaluate(shown) == ["home"]


def test_filters_show_the_turns_where_a_tutor_is_better(chromium: Any, address: str) -> None:
    """`better` keeps the turns on which the chosen tutor scores above the other, and says how many."""
    page = chromium.new_page()
    page.goto(f"{address}#conversations")
    page.select_option("select[name=tutor]", "openai")
    page.check("input[value=better]")
    assert page.locator(".talk .moment:visible").count() == 0
    page.select_option("select[name=tutor]", "dspy")
    better = [moment for moment in page.locator(".talk .moment").all() if float(score(moment, "dspy")) > float(score(moment, "baseline"))]
    assert page.locator(".talk .moment:visible").count() == len(better) > 0
    assert f"Better prompt · dspy is better than Untrained · baseline in {len(better)}" in page.locator("#found").inner_text()
    assert page.locator("output[data-count=better]").inner_text() == f"({len(better)})"
    page.fill("input[name=words]", "question 3")
    assert page.locator("output[data-count=better]").inner_text() == f"({page.locator('.talk .moment:visible').count()})"


def test_search_finds_words_and_starting_over_shows_everything(chromium: Any, address: str) -> None:
    """Words are looked for in turns and titles; the button brings all back."""
    page = chromium.new_page()
    page.goto(f"{address}#conversations")
    page.fill("input[name=words]", "question 3")
    assert page.locator(".talk:visible").count() == 1
    page.click("button[type=reset]")
    page.wait_for_function("document.querySelectorAll('.talk:not([hidden])').length === 14")


@pytest.mark.parametrize("width", [320, 768, 1280])
def test_nothing_is_wider_than_the_screen(chromium: Any, address: str, width: int) -> None:
    """On a phone and on a desk no page scrolls sideways, and on a phone no table does: its rows are cards."""
    page = chromium.new_page(viewport={"width": width, "height": 800})
    page.goto(address)
    for name in page.eval_on_selector_all("main > section", "all => all.map((one) => one.id)"):
        page.evaluate("name => { location.hash = name; }", name)
        assert page.evaluate("[document.documentElement.scrollWidth, location.hash]") == [width, f"#{name}"]
        wide = "one.checkVisibility() && one.scrollWidth > one.clientWidth"
        inner = f"all => all.filter((one) => {wide}).map((one) => one.outerHTML.slice(0, 99))"
        assert width > 320 or page.eval_on_selector_all("table.cards, .wide", inner) == []
