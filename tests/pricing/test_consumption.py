"""A conversation's tokens grow with its history, and a cache gives back what it had room for."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from three_tutors.openai_server.hyperparameters import auto_epochs
from three_tutors.pricing.consumption import Consumption, Exchange, Talk, consumption, demonstration_tokens, talk, training_epochs
from three_tutors.pricing.prices import PromptCache
from three_tutors.pricing.tokens import chat_tokens, count, training_tokens
from three_tutors.tutoring.dialogue import Dialogue
from three_tutors.tutoring.formats import dspy_rows, messages, openai_row

ENCODING = "o200k_base"
CACHE = PromptCache(minimum=1024, step=128, source="https://example.org", checked=date(2026, 1, 1))

exchanges = st.builds(Exchange, said=st.integers(1, 400), reply=st.integers(1, 200), reply_message=st.integers(5, 204))
talks = st.builds(Talk, frame=st.integers(1, 300), exchanges=st.lists(exchanges, min_size=1, max_size=9).map(tuple))


def test_each_request_sends_what_was_said_before(fractions: Dialogue) -> None:
    """Two replies are asked with two prompts, and each is exactly what the renderer makes and a tutor sends."""
    asked = [messages(fractions.lesson, fractions.turns[:index]) for index in (1, 3)]
    used = consumption([talk(openai_row(fractions), ENCODING)])
    replies = sum(count(fractions.turns[index].text) for index in (1, 3))
    assert used == Consumption(replies=2, prompt=sum(map(chat_tokens, asked)), keepable=0, reply=replies)


def test_a_teacher_who_opens_is_asked_with_the_frame_alone(fractions: Dialogue) -> None:
    """Where the teacher speaks first, the first prompt holds the frame and nothing said."""
    opened = Dialogue(fractions.id, fractions.lesson, fractions.turns[1:])
    asked = [messages(opened.lesson, opened.turns[:index]) for index in (0, 2)]
    assert consumption([talk(openai_row(opened), ENCODING)]).prompt == sum(map(chat_tokens, asked))


@settings(deadline=None)
@given(talks)
def test_a_row_is_trained_once_and_asked_many_times(one: Talk) -> None:
    """A conversation's prompts never hold less than frame and exchanges once, nor more than all of them each time."""
    used = consumption([one])
    whole = one.frame + sum(part.said + part.reply_message for part in one.exchanges) + 3
    assert whole - one.exchanges[-1].reply_message <= used.prompt <= whole * len(one.exchanges)


@settings(deadline=None)
@given(talks, st.integers(0, 3000))
def test_no_cache_gives_back_more_than_was_sent(one: Talk, static: int) -> None:
    """What a cache keeps is a part of the prompts, nothing without a cache, and demonstrations add to each request."""
    plain, cached = consumption([one], static=static), consumption([one], CACHE, static)
    assert [plain.keepable, cached.prompt] == [0, plain.prompt]
    assert 0 <= cached.keepable <= cached.prompt
    assert plain.prompt == consumption([one]).prompt + static * len(one.exchanges)


def test_a_cache_finds_the_lesson_at_once_and_the_history_later() -> None:
    """The first request finds frame and demonstrations again (1,152 of 1,200 tokens), the second all that the first one sent."""
    used = consumption([Talk(100, (Exchange(80, 30, 34), Exchange(20, 30, 34)))], CACHE, static=1100)
    assert used.keepable == 1152 + 1280


def test_a_demonstration_is_two_messages(fractions: Dialogue) -> None:
    """A worked example adds a student turn and its reply with the overhead of both, not its lesson and not its history."""
    chat = messages(fractions.lesson, fractions.turns[2:])[1:]
    assert demonstration_tokens(dspy_rows(fractions)[1], ENCODING) == chat_tokens(chat) - 3


def test_training_counts_a_row_once(fractions: Dialogue) -> None:
    """One epoch over a row is its frame, its exchanges and the start of one reply."""
    row = openai_row(fractions)
    one = talk(row, ENCODING)
    assert training_tokens([row]) == one.frame + sum(part.said + part.reply_message for part in one.exchanges) + 3


@pytest.mark.parametrize(("examples", "epochs"), [(10, 10), (3, 25), (33, 3), (34, 3), (8_333, 3), (10_000, 2), (30_000, 1)])
def test_automatic_epochs_are_those_of_openai(examples: int, epochs: int) -> None:
    """Few examples are repeated up to 25 times, very many are seen less than three times, and a chosen number stands."""
    assert [training_epochs("auto", examples), auto_epochs(examples), training_epochs(7, examples)] == [epochs, epochs, 7]


@pytest.mark.parametrize(("factor", "length"), [(0.5, 2), (2, 6), (0.1, 1)])
def test_a_stretched_talk_has_more_of_the_same_exchanges(factor: float, length: int) -> None:
    """Half of three exchanges are two, double are six, and never none."""
    one = Talk(10, (Exchange(1, 2, 6), Exchange(3, 4, 8), Exchange(5, 6, 10)))
    assert one.stretched(factor).exchanges == (one.exchanges * 2)[:length]
