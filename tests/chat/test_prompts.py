"""How long prompts are, and what replies cost."""

from __future__ import annotations

from pathlib import Path

import pytest

from three_tutors.chat.price import micro_usd
from three_tutors.chat.prompts import counter
from three_tutors.chat.roster import EMPTY
from three_tutors.openai_client.endpoint import Endpoint
from three_tutors.openai_client.tutor import ChatTutor, Conversation
from three_tutors.pricing.prices import read_prices
from three_tutors.pricing.tokens import count
from three_tutors.tutoring.dialogue import Dialogue, Lesson, Turn
from three_tutors.tutoring.formats import Message, messages

LOCAL = ChatTutor("lora", Endpoint("http://127.0.0.1:1/v1", "local", "key"))
REMOTE = ChatTutor("openai", Endpoint("https://api.openai.com/v1", "ft:gpt-4.1-mini-2025-04-14:school::abc", "key"))


def test_a_remote_prompt_is_counted_in_openai_s_tokens(fractions: Dialogue) -> None:
    """The frame counts, and every message costs a little more than its words."""
    words = sum(count(message["content"]) for message in messages(fractions.lesson, fractions.turns[:3]))
    counted = counter(REMOTE, fractions.lesson)(fractions.turns[:3])
    assert 0 < counted - words <= 6 * 5


def test_a_local_prompt_is_never_longer_than_counted(root: Path, fractions: Dialogue) -> None:
    """The count is that of the base model's own template or a few tokens more, so that what is said to fit does fit."""
    tokenizer = root / "models/base/tokenizer.json"
    if not tokenizer.exists():
        pytest.skip("models/base is not made yet; run `dvc repro prepare_base`.")
    from three_tutors.language_model.base import load_tokenizer  # noqa: PLC0415 - only with a model
    from three_tutors.language_model.chat_template import prompt_ids  # noqa: PLC0415

    real = load_tokenizer(tokenizer.parent)
    for turns in (fractions.turns[:1], fractions.turns[:3], (Turn("student", "½ é 漢字 <|im_end|> " * 20),)):
        room = counter(LOCAL, fractions.lesson, tokenizer)(turns) - len(prompt_ids(real, messages(fractions.lesson, turns)))
        assert 0 <= room <= 3 * (len(turns) + 2)


def test_a_tutor_that_shows_its_prompt_is_counted_by_it() -> None:
    """Demonstrations take room, too."""

    class Demonstrating(ChatTutor):
        """A tutor with a longer prompt."""

        def prompt(self, conversation: Conversation) -> list[Message]:
            """Show two demonstrations before the conversation."""
            return [*messages(conversation.lesson, [Turn("student", "half " * 50)] * 2), {"role": "user", "content": "x"}]

    turns = (Turn("student", "x"),)
    assert counter(Demonstrating("dspy", REMOTE.endpoint), EMPTY)(turns) - counter(REMOTE, EMPTY)(turns) > 90


def test_a_reply_has_the_price_of_its_model(root: Path) -> None:
    """Fine-tunes cost what fine-tunes cost; this machine costs nothing; an unknown model has no price."""
    models = read_prices(root / "data/raw/prices.yaml")
    tuned = models["gpt-4.1-mini"].tuned
    assert tuned
    assert tuned.cost(100, 10) == micro_usd(REMOTE.endpoint, models, 100, 10)
    assert 0.0 == micro_usd(LOCAL.endpoint, models, 100, 10)
    assert None is micro_usd(Endpoint("https://example.org/v1", "somebody", "key"), models, 100, 10)


def test_the_empty_lesson_is_a_lesson() -> None:
    """An empty page frames a tutor like any other lesson."""
    assert "patient general tutor for a grade 8 student" in messages(Lesson(**vars(EMPTY)), [])[0]["content"]
