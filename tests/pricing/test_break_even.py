"""A break-even is the first number of conversations at which the dearer start has paid off, or says why there is none."""

from __future__ import annotations

import math
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from three_tutors.pricing.break_even import Bill, BreakEven, break_even, months_left


# Exact numbers: in floating point a cent drowns in large bills, and the invariants below would fail by rounding alone.
def exactly(low: int, high: int) -> st.SearchStrategy[Fraction]:
    """Return whole numbers that stay exact in every operation."""
    return st.integers(low, high).map(Fraction)


amounts, months, nothing = exactly(0, 10**8), exactly(1, 48), st.just(Fraction(0))
by_the_call = st.builds(Bill, st.just("dspy"), amounts, amounts, exactly(1, 10**5), months, nothing)
any_bill = by_the_call | st.builds(
    Bill, st.just("lora"), amounts, amounts, exactly(0, 10**5), months, exactly(1, 10**9), exactly(10, 10**7)
)


def bill(
    tutor: str, *, making: float = 0.0, conversation: float = 0.0, months: float = 10.0, server: float = 0.0, room: float = math.inf
) -> Bill:
    """Return a bill without an exam."""
    return Bill(tutor, making, 0.0, conversation, months, server, room)


def test_what_was_paid_once_is_spread_over_the_months_that_are_left() -> None:
    """A training of 1,000 over ten months is 100 a month, to which calls and servers come."""
    one = bill("lora", making=1000, conversation=2, server=50, room=100)
    assert [one.monthly(0), one.monthly(100), one.monthly(101)] == [150, 350, 402]


def test_a_fine_tune_pays_off_where_its_saving_has_paid_the_training() -> None:
    """100 a month of training and 3 saved a conversation break even at 34 conversations a month."""
    assert break_even(bill("openai", making=1000, conversation=5), bill("dspy", conversation=8)) == BreakEven(
        "openai", "dspy", "reached", 34
    )


def test_a_shorter_life_moves_the_break_even_away() -> None:
    """The same training for a model with one month left has to pay off in that month."""
    short = bill("openai", making=1000, conversation=5, months=1)
    assert break_even(short, bill("dspy", conversation=8)).conversations == 334


def test_a_dearer_call_never_breaks_even() -> None:
    """Where a fine-tune costs more a conversation, as it does once a cache pays for the long prompt, there is no point."""
    assert break_even(bill("openai", making=1000, conversation=8), bill("dspy", conversation=8)).outcome == "never"


def test_a_model_that_is_shut_down_is_over() -> None:
    """No saving helps a fine-tune whose model answers nobody."""
    assert break_even(bill("openai", making=1, months=0), bill("dspy", conversation=8)).outcome == "over"


def test_an_own_server_pays_off_where_it_is_full_enough() -> None:
    """A server of 1,000 a month beats calls of 1 each from 1,000 on, but never where it carries only 900."""
    calls = bill("dspy", conversation=1)
    assert break_even(bill("lora", server=1000, room=5000), calls) == BreakEven("lora", "dspy", "reached", 1000)
    assert break_even(bill("lora", server=1000, room=900), calls).outcome == "never"


@settings(deadline=None)
@given(any_bill, by_the_call)
def test_the_break_even_is_the_first_point_and_a_real_one(challenger: Bill, incumbent: Bill) -> None:
    """At the point the challenger costs no more, one conversation below it does; `always` and `never` hold everywhere."""
    even = break_even(challenger, incumbent)
    if even.outcome == "reached":
        assert even.conversations is not None
        assert challenger.monthly(even.conversations) <= incumbent.monthly(even.conversations)
        assert challenger.monthly(even.conversations - 1) > incumbent.monthly(even.conversations - 1)
    else:
        cheaper = [challenger.monthly(n) <= incumbent.monthly(n) for n in (1, 10, 1_000, 100_000, 10**9, 10**18)]
        assert even.conversations is None
        assert {"always": all(cheaper), "small": cheaper[0] and not cheaper[-1], "never": not any(cheaper)}[even.outcome]


@pytest.mark.parametrize(("shutdown", "months"), [(None, 24), (date(2027, 1, 1), 1.02), (date(2026, 12, 1), 0), (date(2036, 1, 1), 24)])
def test_a_model_serves_until_its_shutdown_and_no_longer_than_the_horizon(shutdown: date | None, months: float) -> None:
    """Without a date the horizon counts, after it nothing is left."""
    assert round(months_left(shutdown, date(2026, 12, 1), 24), 2) == months
