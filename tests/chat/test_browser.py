"""The page in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.browser import NEEDED, axe, open_chromium  # noqa: F401 - a fixture
from tests.chat.conftest import SCRIPTS
from tests.chat.site import AGAIN, ASKING, BeginningAgain, Site, conversing, site
from three_tutors.chat.talk import TutorReply
from three_tutors.tutoring.methods import USUAL
from three_tutors.tutoring.scenario import Scenario

pytestmark = NEEDED


@pytest.fixture
def visit(chromium: Any, page: Site) -> Iterator[Any]:
    """Yield a tab that came by the link; any script error or blocked script fails the test."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    tab = context.new_page()
    trouble: list[str] = []
    tab.on("pageerror", lambda error: trouble.append(str(error)))
    tab.on("console", lambda message: trouble.append(message.text) if message.type == "error" else None)
    tab.on("request", lambda request: trouble.append(request.url) if not request.url.startswith(page.origin) else None)
    tab.goto(page.link)
    yield tab
    context.close()
    assert [] == trouble


def say(tab: Any, text: str) -> None:
    """Type a turn, send it by Enter, and wait until every reply has ended."""
    count = tab.locator(".exchange").count()
    tab.fill("#text", text)
    tab.press("#text", "Enter")
    tab.locator(".exchange").nth(count).wait_for()
    tab.locator(".stop").wait_for(state="detached")


def test_a_link_opens_the_page_and_leaves_no_token(visit: Any, page: Site) -> None:
    """The address bar shows no secret, a reload still works."""
    assert f"{page.origin}/" == visit.url
    visit.reload()
    assert "Talk with the tutors" == visit.locator("h1").inner_text()


def test_the_keyboard_alone_is_enough(visit: Any, pressure: Scenario) -> None:
    """Start, send two turns, go on with a tutor: with Tab, Space and Enter, and a focus one can see."""
    visit.focus("input[name=start][value=scenario]")
    for _ in range(40):
        visit.keyboard.press("Tab")
        if visit.evaluate("document.activeElement.textContent") == "Start":
            break
    assert "none" != visit.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    visit.keyboard.press("Enter")
    visit.wait_for_url("**/conversations/*")
    visit.wait_for_load_state()
    assert pressure.turns[0].text == visit.input_value("#text")
    visit.locator("#text:focus").wait_for()
    visit.keyboard.press("Enter")
    visit.locator(".reply").first.wait_for()
    visit.wait_for_load_state()
    visit.locator(".stop").wait_for(state="detached")
    visit.locator("#text:focus").wait_for()
    for _ in range(60):
        visit.keyboard.press("Shift+Tab")
        if visit.evaluate("document.activeElement.textContent") == "Continue with Small adapter · lora":
            break
    visit.keyboard.press("Enter")
    visit.locator(".notice").wait_for()
    visit.wait_for_load_state()
    assert "Continuing with Small adapter · lora" in visit.locator(".notice").inner_text()
    visit.locator("#text:focus").wait_for()


def test_shift_enter_begins_a_line(visit: Any) -> None:
    """A turn may have several lines."""
    visit.check("input[value=empty]")
    visit.click("text='Start'")
    visit.wait_for_load_state()
    visit.keyboard.type("one")
    visit.keyboard.press("Shift+Enter")
    visit.keyboard.type("two")
    visit.keyboard.press("Enter")
    visit.locator(".exchange").wait_for()
    visit.locator(".stop").wait_for(state="detached")
    assert "one\ntwo" == visit.locator(".said").inner_text()


def test_finished_replies_are_announced_and_pieces_are_not(visit: Any, page: Site) -> None:
    """The live region speaks each reply once, whole, with its tutor's name; the columns are silent."""
    talk = page.start()
    visit.goto(f"{page.origin}/conversations/{talk}")
    say(visit, "Is it 5/6?")
    announced = visit.locator("[role=log] p").all_inner_texts()
    words = " ".join(f"word{number}" for number in range(12))
    expected = {
        "Untrained · baseline: Which half is bigger?",
        "Better prompt · dspy: You said: Is it 5/6?",
        f"All weights tuned · openai protocol: {words}",
        "Small adapter · lora: Which half is bigger?",
    }
    assert expected == {text.strip() for text in announced}
    assert 4 == len(announced)
    assert 0 == visit.locator(".replies [aria-live], .replies[aria-live], .replies [role=status]").count()


def test_reading_scores_keeps_a_half_written_turn(visit: Any, page: Site) -> None:
    """What stands in the form is still there after another page and a reload; once sent it is gone from the form."""
    talk = page.start()
    visit.goto(f"{page.origin}/conversations/{talk}")
    say(visit, "Is it 5/6?")
    visit.fill("#text", "half a thought")
    visit.get_by_label("Scores of turn 1").click()
    visit.locator(".scores").wait_for()
    visit.reload()
    assert "half a thought" == visit.input_value("#text")
    say(visit, "a whole one")
    assert "" == visit.input_value("#text")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing(visit: Any, page: Site, scheme: str, width: int) -> None:
    """Every kind of page, light and dark, wide and on a phone, satisfies WCAG 2.2 AA and axe's own advice; nothing scrolls sideways."""
    visit.emulate_media(color_scheme=scheme)
    visit.set_viewport_size({"width": width, "height": 800})
    found = axe(visit)
    for blind in ("no", "yes"):
        talk = page.start(blind=blind)
        visit.goto(f"{page.origin}/conversations/{talk}")
        found += axe(visit)
        for said in ("Is it 5/6?", "- or $\\frac{2}{5}$?", "```python\nprint(1 / 2)\n```"):
            say(visit, said)
        found += axe(visit)
        stored = page.conversations.store
        number = max(stored.exchanges(talk))
        visit.goto(f"{page.origin}/conversations/{talk}?at={number}&follow=b&scores={number}&prompt={number}.b")
        visit.locator("details").evaluate_all("all => all.forEach((one) => { one.open = true; })")
        found += axe(visit)
        visit.goto(f"{page.origin}/conversations/{talk}?edit={number}")
        found += axe(visit)
        if blind == "yes":
            visit.goto(f"{page.origin}/conversations/{talk}")
            visit.get_by_role("button", name="None of them helps").last.click()
            visit.goto(f"{page.origin}/conversations/{talk}?scores={number}")
            found += axe(visit)
            visit.get_by_role("button", name="Reveal the tutors").click()
            visit.wait_for_load_state()
        assert visit.evaluate("document.documentElement.scrollWidth") <= width
    visit.goto(f"{page.origin}/")
    found += axe(visit)
    assert [] == found


def test_at_twice_the_size_nothing_is_cut_off(visit: Any, page: Site) -> None:
    """200 % zoom on a small laptop is a viewport of half the pixels: all controls can be reached, nothing scrolls sideways."""
    visit.set_viewport_size({"width": 640, "height": 360})
    talk = page.start()
    visit.goto(f"{page.origin}/conversations/{talk}")
    say(visit, "Is it 5/6?")
    assert visit.evaluate("document.documentElement.scrollWidth") <= 640
    for name in ("Continue with Small adapter · lora", "Edit turn 1 in a new branch"):
        visit.get_by_role("link", name=name).click(trial=True)
    visit.get_by_role("button", name="Send").click(trial=True)


def test_a_reload_in_the_middle_goes_on_with_the_replies(chromium: Any, tmp_path: Path, base_url: str) -> None:
    """The page that comes back shows what was there and what comes after it, each word once."""
    scripts = dict.fromkeys(USUAL, "words:60:0.03")
    with conversing(tmp_path / "chat", base_url, scripts) as talks, site(talks, tmp_path / "preferences.jsonl") as page:
        tab = chromium.new_page()
        tab.goto(page.link)
        talk = page.start()
        tab.goto(f"{page.origin}/conversations/{talk}")
        tab.fill("#text", "Is it 5/6?")
        tab.press("#text", "Enter")
        tab.get_by_text("word5").first.wait_for()
        tab.reload()
        tab.locator(".stop").wait_for(state="detached")
        shown = [text.split() for text in tab.locator(".reply .text").all_inner_texts()]
        tab.close()
    assert [[f"word{number}" for number in range(60)]] * 4 == shown


def test_a_dropped_draft_goes_from_the_page(chromium: Any, tmp_path: Path, base_url: str) -> None:
    """What a tutor writes is seen at once; where it begins again, the other draft stands in its place, with a mark."""
    BeginningAgain.DRAFTED.clear()
    scripts = {"dspy": AGAIN, "lora": "asks"}
    with conversing(tmp_path / "chat", base_url, scripts) as talks, site(talks, tmp_path / "preferences.jsonl") as page:
        tab = chromium.new_page()
        tab.goto(page.link)
        talk = page.start(tutor=["dspy", "lora"])
        tab.goto(f"{page.origin}/conversations/{talk}")
        tab.fill("#text", "Is it 5/6?")
        tab.press("#text", "Enter")
        tab.get_by_text("It is. It is.").wait_for()
        BeginningAgain.DRAFTED.set()
        tab.locator(".stop").wait_for(state="detached")
        shown = tab.locator(".reply .text").all_inner_texts()
        announced = tab.locator("[role=log] p").all_inner_texts()
        marks = tab.get_by_text("draft dropped").count()
        tab.close()
    assert ["Which half is bigger?"] * 2 == shown
    assert not any("It is." in text for text in announced)
    assert 1 == marks


def test_what_is_asked_in_blind_mode_is_seen(visit: Any, page: Site) -> None:
    """Once the replies are there, the question and its buttons stand above the box for the next turn, not behind it."""
    visit.set_viewport_size({"width": 1280, "height": 700})
    visit.goto(f"{page.origin}/conversations/{page.start(blind='yes')}")
    say(visit, "Is it 5/6?")
    question, box = visit.locator(".choose").bounding_box(), visit.locator("#say").bounding_box()
    assert question["y"] + question["height"] <= box["y"]


def test_on_a_phone_no_table_scrolls_sideways(visit: Any, page: Site, pressure: Scenario) -> None:
    """Scores of four replies and the tally of blind choices fit: each row is a card."""
    visit.set_viewport_size({"width": 390, "height": 800})
    talk = page.start(start="scenario", scenario=pressure.id, blind="yes")
    page.say(talk, pressure.turns[0].text)
    page.finished(talk)
    page.client.post(f"/conversations/{talk}/choice", data={"exchange": 1, "preferred": "a"})
    page.client.post(f"/conversations/{talk}/reveal")
    for address in (f"/conversations/{talk}?scores=1", "/"):
        visit.goto(f"{page.origin}{address}")
        assert 1 == visit.locator(".folds").count()
        assert visit.evaluate("(one => one.scrollWidth <= one.clientWidth)(document.querySelector('.scroll'))")
        assert visit.evaluate("document.documentElement.scrollWidth") <= 390


PAYLOADS = [
    template.format(code="window.hacked=1")
    for template in (
        "<script>{code}</script>",
        "</p><script>{code}</script>",
        "</textarea><script>{code}</script>",
        '"><script>{code}</script>',
        "'><script>{code}</script>",
        "</title><script>{code}</script>",
        "<img src=x onerror={code}>",
        '<img src=x onerror="{code}">',
        "<svg onload={code}>",
        "<svg><script>{code}</script></svg>",
        "<body onload={code}>",
        "<iframe srcdoc='<script>parent.{code}</script>'></iframe>",
        '<iframe src="javascript:parent.{code}"></iframe>',
        '<a href="javascript:{code}" autofocus>x</a>',
        "[x](javascript:{code})",
        "javascript:{code}",
        "data:text/html,<script>{code}</script>",
        "<details open ontoggle={code}>",
        "<video><source onerror={code}></video>",
        "<audio src=x onerror={code}>",
        "<input autofocus onfocus={code}>",
        "<select autofocus onfocus={code}>",
        "<textarea autofocus onfocus={code}>",
        "<marquee onstart={code}>",
        "<object data='javascript:{code}'></object>",
        "<embed src='javascript:{code}'>",
        "<form action='javascript:{code}'><button>x</button></form>",
        "<math><mtext><script>{code}</script></mtext></math>",
        "<template><script>{code}</script></template>",
        '<noscript><p title="</noscript><img src=x onerror={code}>">',
        "<style>@import 'javascript:{code}';</style>",
        "<style onload={code}></style>",
        "<link rel=stylesheet href='javascript:{code}'>",
        "<base href='javascript:{code}//'>",
        "<meta http-equiv=refresh content='0;url=javascript:{code}'>",
        "&lt;script&gt;{code}&lt;/script&gt;",
        "&#60;script&#62;{code}&#60;/script&#62;",
        "%3Cscript%3E{code}%3C/script%3E",
        "\\u003cscript\\u003e{code}\\u003c/script\\u003e",
        "{{{{ ''.__class__ }}}}<script>{code}</script>",
        "{{% raw %}}<script>{code}</script>{{% endraw %}}",
        "${{{code}}}",
        "`;{code};`",
        '";{code};//',
        "';{code};//",
        "\n\nevent: reply\ndata: <script>{code}</script>\n\n",
        "data: </script><script>{code}</script>",
        "\x00<script>{code}</script>",
        "<scr<script>ipt>{code}</scr</script>ipt>",
        "<ScRiPt sRc='data:text/javascript,{code}'></ScRiPt>",
        "<!--><script>{code}</script>-->",
        "<x contenteditable onblur={code}>x</x>",
    )
]


def test_fifty_attempts_at_scripting_execute_nothing(chromium: Any, tmp_path: Path, base_url: str, pressure: Scenario) -> None:
    """By student, model, lesson, title and left-out list: all of it is shown as text, streamed and loaded again."""
    assert len(PAYLOADS) >= 50
    scripts = {**SCRIPTS, "baseline": "echo", "openai": "echo", "lora": f"says:{''.join(PAYLOADS)}"}
    asking = replace(ASKING, window=9000)
    with conversing(tmp_path / "chat", base_url, scripts, [pressure], asking) as talks, site(talks, tmp_path / "preferences.jsonl") as page:
        context = chromium.new_context()
        tab = context.new_page()
        tab.add_init_script("window.alert = window.confirm = () => { window.hacked = 1; };")
        tab.goto(page.link)
        everything = "\n".join(PAYLOADS)
        talk = page.start(start="lesson", subject=PAYLOADS[0], topic=PAYLOADS[3], objective=PAYLOADS[6])
        tab.goto(f"{page.origin}/conversations/{talk}")
        tab.fill("#text", everything)
        tab.click("text='Send'")
        tab.locator(".stop").wait_for(state="detached")
        seen = [tab.evaluate("window.hacked")]
        streamed = tab.locator(".reply .text").all_text_contents()
        shown = tab.locator(".said").text_content()
        note = TutorReply("dspy", "x", "cut", everything, (1,))
        talks.store.write("delete from replies where tutor = 'dspy'")
        talks.store.write("insert into drafts (exchange, tutor) values (1, 'dspy')")
        talks.store.end(1, note)
        for address in (f"/conversations/{talk}", f"/conversations/{talk}?edit=1", f"/conversations/{talk}?scores=1&prompt=1.a", "/"):
            tab.goto(page.origin + address)
            seen.append(tab.evaluate("window.hacked"))
        seen.append(
            tab.evaluate(
                "document.querySelectorAll('main script, main iframe, main img, main object, main svg, main style').length || null"
            )
        )
        context.close()
    assert [None] * 6 == seen
    assert all(one in (shown or "") for one in PAYLOADS[:12])
    assert all(PAYLOADS[1] in text for text in (streamed[0], streamed[2], streamed[3]))
