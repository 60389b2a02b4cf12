"""Votes are saved one by one, and none is lost."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.trust.test_ratings import row
from three_tutors.rating.votes import Votes
from three_tutors.trust.ratings import read_ratings

ADDING = """
import sys
from pathlib import Path
from tests.trust.test_ratings import row
from three_tutors.rating.votes import Votes
for number in range(40):
    Votes(Path(sys.argv[1])).rate(sys.argv[2], [row(sys.argv[2], 3, item=f"a#{number}")])
"""


def test_programs_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    """Two programs and three raters, forty votes each."""
    running: list[Any] = [subprocess.Popen([sys.executable, "-c", ADDING, tmp_path, name], cwd=Path.cwd()) for name in ("AB", "CD", "EF")]
    assert [0, 0, 0] == [one.wait() for one in running]
    assert {"AB": 40, "CD": 40, "EF": 40} == {name: one.ratings for name, one in Votes(tmp_path).raters().items()}


def test_a_line_cut_short_spoils_no_other(tmp_path: Path) -> None:
    """A kill in the middle of a write loses that vote, which was never said to be saved."""
    votes = Votes(tmp_path)
    votes.rate("AB", [row("AB", 3)])
    with (tmp_path / "votes.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps({"kind": "rating", "rater": "AB"})[:20])
    votes.rate("AB", [row("AB", 4, item="b#0")])
    assert ["a#0", "b#0"] == list(votes.raters()["AB"].rows)


def test_only_what_was_consented_to_is_published(tmp_path: Path) -> None:
    """The last word counts; deleting deletes here and there."""
    votes, out = Votes(tmp_path / "cache"), tmp_path / "ratings.jsonl"
    for name, given in (("AB", True), ("CD", False), ("EF", True)):
        votes.consent(name, given=given)
        votes.rate(name, [row(name, 3)])
    assert 2 == votes.publish(out)
    votes.forget("AB", out)
    assert (["EF"], ["CD", "EF"]) == ([one.rater for one in read_ratings(out)], list(votes.raters()))
    assert "AB" not in (tmp_path / "cache/votes.jsonl").read_text(encoding="utf-8")
