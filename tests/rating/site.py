"""A running rating page and a visitor that came by its link."""

from __future__ import annotations

import re
from typing import Any

import httpx

from three_tutors.rating.app import RatingPages
from three_tutors.scoring.dimension_weights import DIMENSIONS


class Site:
    """A running page and a visitor that came by its link."""

    def __init__(self, pages: RatingPages, port: int, token: str) -> None:
        """Come by the link."""
        self.pages, self.origin = pages, f"http://127.0.0.1:{port}"
        self.link = f"{self.origin}/?token={token}"
        self.client = httpx.Client(base_url=self.origin, follow_redirects=True, headers={"Origin": self.origin}, timeout=30)
        self.client.get("/", params={"token": token})

    def begin(self, rater: str = "AB", consent: str = "yes") -> str:
        """Sign in; return the first page."""
        return self.client.post("/raters", data={"rater": rater, "consent": consent}).text

    def vote(self, html: str, rater: str = "AB", **changed: Any) -> httpx.Response:
        """Send the form of a page: everything 3, every dimension yes, the first reply best."""
        names = replies(html)
        form: dict[str, Any] = {"rater": rater, "item": item(html), "reply": names, "best": names[0]}
        form |= {f"{asked}-{name}": "3" for asked in ("sense", "teaching") for name in names}
        form |= {f"{asked}-{name}": "Yes" for asked in DIMENSIONS for name in names}
        return self.client.post("/rate", data=form | changed)


def replies(html: str) -> list[str]:
    """Return the names of the replies in the form."""
    return re.findall(r'name="reply" value="(\w+)"', html)


def item(html: str) -> str:
    """Return which moment is shown."""
    found = re.search(r'name="item" value="([^"]+)"', html)
    assert found
    return found[1]
