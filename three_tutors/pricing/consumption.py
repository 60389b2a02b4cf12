"""The tokens of a conversation, whose history grows with each turn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Any, Literal

from three_tutors.pricing.prices import PromptCache
from three_tutors.pricing.tokens import TOKENS_OF_REPLY_START, count, message_tokens


@dataclass(frozen=True)
class Exchange:
    """One reply and the messages since the previous reply, in tokens."""

    said: int
    """Of the messages before the reply; 0 if the tutor speaks first."""
    reply: int
    """Of the reply's text, billed as output."""
    reply_message: int
    """Of the reply as a message in the history, billed as input."""


@dataclass(frozen=True)
class Talk:
    """One dialogue as tokens: its frame and its exchanges."""

    frame: int
    exchanges: tuple[Exchange, ...]

    def stretched(self, factor: float) -> Talk:
        """Return a talk of the same words with `factor` times as many exchanges, at least one."""
        wanted = max(1, round(len(self.exchanges) * factor))
        return Talk(self.frame, tuple(self.exchanges[index % len(self.exchanges)] for index in range(wanted)))


@dataclass(frozen=True)
class Consumption:
    """Tokens of one conversation, averaged over many."""

    replies: float
    prompt: float
    """Tokens sent in all requests of the conversation; each request repeats everything said before."""
    keepable: float
    """The part of them that the service's prompt cache could return."""
    reply: float
    """Tokens received."""


def talk(row: Mapping[str, Any], encoding: str) -> Talk:
    """Return an OpenAI fine-tuning row as tokens; the assistant is the tutor."""
    frame, said, exchanges = 0, 0, []
    for message in row["messages"]:
        tokens = message_tokens(message, encoding)
        if message["role"] == "system":
            frame += tokens
        elif message["role"] == "assistant":
            exchanges.append(Exchange(said, count(message["content"], encoding), tokens))
            said = 0
        else:
            said += tokens
    return Talk(frame, tuple(exchanges))


def demonstration_tokens(row: Mapping[str, Any], encoding: str) -> int:
    """Return the tokens that one DSPy example adds to a prompt as a demonstration: a student turn and the reply to it."""
    shown = ({"role": "user", "content": row["said"]}, {"role": "assistant", "content": row["reply"]})
    return sum(message_tokens(message, encoding) for message in shown)


def consumption(talks: Iterable[Talk], cache: PromptCache | None = None, static: float = 0.0) -> Consumption:
    """Return the mean consumption of `talks`, with one request per reply.

    Args:
        talks: conversations, with at least one exchange in all.
        cache: the service's prompt cache; None if it has none.
        static: tokens after the frame that are the same in every request, such as demonstrations.

    """
    each = [_one(one, cache, static) for one in talks]
    return Consumption(*(fmean(column) for column in zip(*each, strict=True)))


def _one(talk: Talk, cache: PromptCache | None, static: float) -> tuple[float, float, float, float]:
    """Return replies, prompt, keepable and reply tokens of one conversation.

    The first request finds the frame and the demonstrations in the cache, since every conversation about the lesson sends them.
    Each later request finds everything that the previous one sent.
    """
    prompt, keepable, reply = 0.0, 0.0, 0
    history = seen = static + talk.frame
    for exchange in talk.exchanges:
        history += exchange.said
        prompt += history + TOKENS_OF_REPLY_START
        keepable += cache.kept(seen) if cache else 0.0
        seen = history
        history += exchange.reply_message
        reply += exchange.reply
    return len(talk.exchanges), prompt, keepable, reply


def training_epochs(wanted: int | Literal["auto"], examples: int) -> int:
    """Return the number of epochs that are billed: `wanted`, or OpenAI's default for so many examples.

    The default is computed as in OpenAI's notebook "Data preparation and analysis for chat model fine-tuning".
    """
    if wanted != "auto":
        return wanted
    default, fewest, most = 3, 100, 25_000
    if examples * default < fewest:
        return min(25, fewest // max(examples, 1))
    return max(1, most // examples) if examples * default > most else default
