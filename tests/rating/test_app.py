"""The rating page as a browser meets it, over a small run."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.rating.site import Site, item, replies
from three_tutors.pipeline.diagnostics import DataError
from three_tutors.rating.app import RatingPages
from three_tutors.rating.sheets import BOT, Sheet, read_sheets
from three_tutors.rating.votes import Votes
from three_tutors.trust.ratings import read_ratings
from three_tutors.tutoring.methods import REFERENCE, TUTORS, USUAL


def test_everybody_s_replies_are_there(sheets: list[Sheet]) -> None:
    """The tutors', the teachers' and a bot's, to held-out turns."""
    assert sheets
    assert all({REFERENCE, BOT, "lora"} <= sheet.replies.keys() for sheet in sheets)


def test_without_answers_there_is_a_sentence(tmp_path: Path) -> None:
    """Before the first run."""
    with pytest.raises(DataError, match="There are no replies to rate yet: run `make repro`"):
        read_sheets(tmp_path)


def test_nothing_tells_who_wrote_what(site: Site) -> None:
    """No writer's name and no score on the page; after the vote both are there, and the vote stays."""
    html = site.begin()
    assert [] == [name for name in (*USUAL, REFERENCE, BOT) if re.search(rf"\b{name}\b", html)]
    assert 404 == site.client.get("/look", params={"rater": "AB", "item": item(html)}).status_code
    site.vote(html)
    told = site.client.get("/look", params={"rater": "AB", "item": item(html)}).text
    names = [*(row.full_name for row in map(TUTORS.__getitem__, USUAL)), "the teacher", "a bot without a model"]
    assert len(replies(html)) == sum(f'">{name}' in told for name in names)
    assert "Rubric score" in told
    refused = site.vote(html, best="none")
    assert (400, True) == (refused.status_code, "your ratings stay as they are" in refused.text)


def test_a_vote_goes_into_the_data_set_as_rows(site: Site) -> None:
    """One row a reply, readable by agreement and grading."""
    html = site.begin()
    site.vote(html, best="none", comment="All beside the point.")
    assert "now holds" in site.client.post("/publish").text
    rows = read_ratings(site.pages.published)
    assert (len(replies(html)), {True}, {"AB"}) == (len(rows), {row.none_helps for row in rows}, {row.rater for row in rows})
    assert all({"sense": 3.0, "best": 0.0, "actionability": 1.0}.items() <= row.graded.labels.items() for row in rows)


def test_what_is_missing_is_said_and_nothing_is_lost(site: Site) -> None:
    """The page comes back as it was filled in."""
    html = site.begin()
    first = replies(html)[0]
    refused = site.vote(html, **{f"sense-{first}": "", f"teaching-{first}": "5", "comment": "Kept."})
    assert (400, True) == (refused.status_code, "Rate sense of reply A from 1 to 5." in refused.text)
    assert re.search(rf'name="teaching-{first}" value="5" checked', refused.text)
    assert ">Kept.</textarea>" in refused.text
    assert 0 == site.pages.votes.raters()["AB"].ratings


def test_it_goes_on_where_it_stopped(site: Site, sheets: list[Sheet]) -> None:
    """After a kill a new program shows the next moment; two tabs with the same moment lose no vote; a mind may be changed."""
    html = site.begin()
    second = site.vote(html).text
    assert item(second) != item(html)
    again = RatingPages({sheet.item: sheet for sheet in sheets}, Votes(site.pages.votes._path.parent), site.pages.published)
    assert item(second) == item(again._moment("AB", again.votes.raters()["AB"]).body.decode())
    site.vote(second)
    site.vote(html, best="none")  # the other tab
    known = site.pages.votes.raters()["AB"]
    assert ({item(html), item(second)}, True) == (known.rows.keys(), all(row["none_helps"] for row in known.rows[item(html)].values()))
    changing = site.client.get("/rate", params={"rater": "AB", "item": item(html)}).text
    assert (item(html), True) == (item(changing), 'value="none" checked' in changing)


def test_raters_do_not_see_each_other(site: Site) -> None:
    """Each has a moment of its own first; skipping counts as done; a strange name is refused."""
    first = site.begin()
    site.client.post("/rate", data={"rater": "AB", "item": item(first), "skip": "yes"})
    assert {item(first)} == site.pages.votes.raters()["AB"].skipped
    assert item(first) == item(site.begin("Öz. K."))  # the first moment is the same for all
    assert "Give a name or initials" in site.begin("<b>")
    assert 404 == site.client.get("/rate", params={"rater": "nobody"}).status_code


def test_replies_that_changed_meanwhile_are_shown_again(site: Site) -> None:
    """A vote is for the words that the rater read."""
    html = site.begin()
    sheet = site.pages.sheets[item(html)]
    changed = {writer: f"{reply} Or not?" for writer, reply in sheet.replies.items()}
    vars(site.pages)["sheets"] = {**site.pages.sheets, sheet.item: replace(sheet, replies=changed)}
    assert "asked anew meanwhile" in site.vote(html).text
