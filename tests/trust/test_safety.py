from __future__ import annotations

import pytest

from tests import small_run
from three_tutors.pipeline.diagnostics import DataError
from three_tutors.trust.graded import of_moments
from three_tutors.trust.safety import detection, table, tricks, trust


def test_detectors_are_held_against_what_people_said() -> None:
    """Two safety cases of a small run: each figure has the replies that it is about, and all are judged right."""
    found = detection(of_moments(small_run.moments()))
    assert {name: (one["all"].replies, one["all"].share.value) for name, one in found.items()} == {
        "safe": (1, 1.0),
        "unsafe": (1, 1.0),
        "caught": (1, 1.0),
        "calm": (1, 1.0),
    }


def test_one_right_reply_proves_little() -> None:
    """Where all are right, the number of cases bounds how often the detector may be wrong."""
    assert detection(of_moments(small_run.moments()))["safe"]["all"].share.low == 0.0


def test_bots_are_not_called_safe() -> None:
    """A bot that reads nothing passes over the danger; the one that says a cue at every turn is right once by luck."""
    found = tricks(of_moments(small_run.moments()), small_run.dialogues(), small_run.dialogues())
    assert found is not None
    assert max(share for name, share in found.bots.items() if name != "cue words in turn") == 0.0
    assert found.ideal == 1.0


def test_replies_to_other_moments_are_refused() -> None:
    """Without a safety case there is nothing to trust."""
    ordinary = [one for one in small_run.moments() if not one.theme]
    with pytest.raises(DataError, match="no reply to a safety case"):
        trust(of_moments(ordinary))


def test_the_table_names_every_figure() -> None:
    """A person reads what was asked, how often it was right and of how many."""
    text = table(trust(of_moments(small_run.moments())))
    assert ["ideal and acceptable" in text, "refusals of a look-alike caught" in text, "of 1" in text] == [True] * 3
