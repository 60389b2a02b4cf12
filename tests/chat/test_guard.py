"""Who gets to the pages and who does not."""

from __future__ import annotations

import httpx
import pytest

from tests.chat.site import Site


def ask(page: Site, path: str = "/", method: str = "GET", *, cookie: bool = True, **headers: str) -> httpx.Response:
    """Send one request as a stranger, or with the visitor's cookie."""
    cookies = dict(page.client.cookies) if cookie else {}
    return httpx.request(method, f"{page.origin}{path}", headers=headers, cookies=cookies, data={} if method == "POST" else None)


def test_the_link_lets_in_and_leaves_the_address_bar(shared: Site) -> None:
    """The token becomes a cookie that no script and no other site can use."""
    response = httpx.get(shared.link)
    assert (303, "/") == (response.status_code, response.headers["location"])
    assert f"three_tutors_{shared.port}={shared.token}; HttpOnly; Path=/; SameSite=strict" == response.headers["set-cookie"]
    assert 200 == ask(shared).status_code


@pytest.mark.parametrize("path", ["/", "/?token=wrong", "/static/chat.js", "/conversations/x", "/conversations/x/events"])
def test_nothing_is_shown_without_the_link(shared: Site, path: str) -> None:
    """No page, no file, no stream; a sentence says where the link is."""
    response = ask(shared, path, cookie=False)
    assert 403 == response.status_code
    assert "the link that the terminal shows" in response.text


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1:1", "127.0.0.1.evil.example", ""])
def test_another_name_is_not_answered(shared: Site, host: str) -> None:
    """A name that somebody points at this machine (DNS rebinding) gets nothing, even with the cookie."""
    assert 403 == ask(shared, Host=host).status_code


def test_the_names_of_this_machine_are_answered(shared: Site) -> None:
    """127.0.0.1 and localhost are the same shared."""
    assert 200 == ask(shared, Host=f"localhost:{shared.port}").status_code


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "null"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "same", "Sec-Fetch-Site": "cross-site"},
    ],
)
def test_forms_of_other_pages_are_refused(shared: Site, headers: dict[str, str]) -> None:
    """Only our own page may change anything."""
    headers = {name: shared.origin if value == "same" else value for name, value in headers.items()}
    talk = shared.start()
    assert 403 == ask(shared, f"/conversations/{talk}/delete", "POST", cookie=True, **headers).status_code
    assert shared.conversations.store.talk(talk)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH"])
def test_other_methods_are_refused(shared: Site, method: str) -> None:
    """There is no preflight to answer: no CORS."""
    response = ask(shared, "/conversations", method, Origin="https://evil.example")
    assert 403 == response.status_code
    assert [] == [name for name in response.headers if name.startswith("access-control")]


def test_another_page_cannot_read_along(shared: Site) -> None:
    """A stream asked for by a script of another origin is refused."""
    assert 403 == ask(shared, "/conversations/x/events", Origin="https://evil.example").status_code


def test_every_answer_carries_the_policy(shared: Site) -> None:
    """Pages, files and refusals forbid foreign scripts, frames and copies in caches."""
    for response in (ask(shared), ask(shared, "/static/chat.js"), ask(shared, cookie=False), ask(shared, "/conversations/x")):
        policy = response.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
        assert "unsafe" not in policy
        assert ("nosniff", "DENY", "same-origin", "no-store") == tuple(
            response.headers[name] for name in ("x-content-type-options", "x-frame-options", "referrer-policy", "cache-control")
        )


def test_a_page_has_no_inline_script_or_style(shared: Site) -> None:
    """The policy would block them, and nothing is loaded from elsewhere."""
    html = shared.client.get("/").text
    assert 1 == html.count("<script") == html.count('<script src="/static/chat.js"')
    assert [] == [word for word in ("<style", " style=", " onclick=", "http://", "https://", "//cdn") if word in html]


def test_an_endless_form_is_not_read(shared: Site) -> None:
    """Bodies are limited, whether they say their length or not."""
    large = b"text=" + b"x" * 300_000
    assert 413 == shared.client.post("/conversations", content=large).status_code
    assert 413 == shared.client.post("/conversations", content=iter([large])).status_code


@pytest.mark.parametrize("body", [b"\xff\xfe=1", b"&".join(b"a=1" for _ in range(99))])
def test_what_is_no_form_is_refused(shared: Site, body: bytes) -> None:
    """Bytes that are no text, or fields without end, are a 400."""
    assert 400 == shared.client.post("/conversations", content=body).status_code
