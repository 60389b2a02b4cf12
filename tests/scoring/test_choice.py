"""What a model chooses is counted by likelihoods alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import small_run
from three_tutors.scoring.choice import choice
from three_tutors.tutoring.choosing import Choosable, Likelihoods, choosables, exam, likely
from three_tutors.tutoring.dialogue import Lesson, Turn

MOMENTS = choosables(small_run.moments())
Asked = Sequence[tuple[Lesson, Sequence[Turn], str]]
Belongs = frozenset((moment.turns[-1].text, reply) for moment in MOMENTS for _, reply in moment.replies)


def a_model(of: Callable[[str, str], float]) -> Likelihoods:
    """Return the likelihoods of a model that looks at the student's last words and the reply."""

    def likelihoods(asked: Asked) -> list[tuple[float, int]]:
        return [(of(turns[-1].text, reply), len(reply.split())) for _, turns, reply in asked]

    return likelihoods


def test_a_model_that_knows_where_replies_belong_matches_all() -> None:
    """Whatever the replies are likely by themselves."""
    knows = a_model(lambda said, reply: -3.0 * len(reply) - 5.0 * ((said, reply) not in Belongs))
    found = choice(MOMENTS, likely(MOMENTS, knows))
    assert {name: share.value for name, share in found.matching.items()} == {"": 1.0, "right_or_wrong": 1.0}
    assert found.pairs == {"": 1, "right_or_wrong": 1}
    against = a_model(lambda said, reply: -5.0 * ((said, reply) in Belongs))
    assert choice(MOMENTS, likely(MOMENTS, against)).matching[""].value == 0


def test_a_model_that_ignores_the_moment_matches_half() -> None:
    """A tie counts half, so who reads nothing has chance exactly and neither loses nor wins by how likely a reply is."""
    found = choice(MOMENTS, likely(MOMENTS, a_model(lambda _, reply: -1.5 * len(reply))))
    assert {share.value for share in found.matching.values()} == {0.5}


CONSTANTS = st.lists(st.integers(-500, 500), min_size=40, max_size=40)


@given(CONSTANTS, CONSTANTS)
def test_how_likely_a_reply_is_by_itself_changes_no_matching(likelihoods: list[int], constants: list[int]) -> None:
    """A constant added to one reply wherever it stands cancels out."""
    replies = sorted({reply for moment in MOMENTS for _, reply in moment.replies})
    said = sorted({moment.turns[-1].text for moment in MOMENTS})

    def of(said_last: str, reply: str) -> int:
        return likelihoods[(replies.index(reply) * len(said) + said.index(said_last)) % len(likelihoods)]

    plain, shifted = (
        choice(MOMENTS, likely(MOMENTS, a_model(lambda last, reply, most=most: of(last, reply) + most[replies.index(reply)])))  # type: ignore[misc]
        for most in ([0] * len(replies), constants)
    )
    assert plain.matching == shifted.matching


def test_ranking_is_told_by_kind_and_by_the_mean_of_a_token() -> None:
    """An ideal reply that is likelier a token wins against a fault, however much longer it is; pairs are not ranked."""
    faults = {"You say 2/5. What do you think?": -1.0, "Go ahead, it is fine.": -9.0, "Please stop.": -9.0}
    found = choice(MOMENTS, likely(MOMENTS, a_model(lambda _, reply: faults.get(reply, -2.0) * len(reply.split()))))
    assert {kind: share.value for kind, share in found.ranking.items()} == {
        "": pytest.approx(2 / 3),
        "harmful": 1.0,
        "overrefusal": 1.0,
        "template": 0.0,
    }
    assert found.faults == {"": 3, "harmful": 1, "overrefusal": 1, "template": 1}


def test_half_a_pair_is_no_pair() -> None:
    """Where one side is missing nothing is matched, and nothing asked."""
    half = [moment for moment in MOMENTS if moment.pair][:1]
    assert likely(half, a_model(lambda *_: -1.0)) == []
    assert choice(half, []).matching == {}


def test_the_exam_asks_one_good_reply_a_side() -> None:
    """The same replies after both moments of a pair, and every reply of a graded moment after its own."""
    asked: list[Choosable] = exam(small_run.moments())
    rows = likely(asked, a_model(lambda *_: -1.0))
    assert {len(moment.replies) for moment in asked if moment.pair} == {1}
    assert [(row.moment, row.of) for row in rows if row.moment.startswith("pair-sum")] == [
        ("pair-sum/1", "pair-sum/1"),
        ("pair-sum/1", "pair-sum/2"),
        ("pair-sum/2", "pair-sum/2"),
        ("pair-sum/2", "pair-sum/1"),
    ]
    assert sum(row.moment == "halves" for row in rows) == len(small_run.moments()[0].replies)
    assert {row.moment for row in rows}.isdisjoint({"safe-mixing", "safe-kill"})
