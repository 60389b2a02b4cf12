"""What is asked of a model that answers, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

SLOTS = 64
"""Conversations decoded at once. On some CPUs another number changes the last bits of a product, and with them a reply: compare
replies only where this number was the same."""

FinishReason = Literal["stop", "length"]


@dataclass(frozen=True)
class Options:
    """How one reply is drawn."""

    max_tokens: int = 128
    """Most tokens of the reply, the end-of-turn token included."""
    temperature: float = 0.0
    """0 takes the likeliest token, and repeats exactly."""
    top_p: float = 1.0
    """Draw from the likeliest tokens whose probabilities sum to this (Holtzman et al. 2020)."""
    seed: int | None = None
    """Makes drawing repeat; None draws anew each time."""
    stop: tuple[str, ...] = ()
    """The reply ends before the first of these strings."""
    logprobs: int | None = None
    """With a number (0–20), events carry the token's log-probability and those of that many likeliest tokens."""


@dataclass(frozen=True)
class TokenLogprob:
    """The log-probability of one token, before temperature and top_p."""

    token: str
    raw: bytes
    """The token's bytes; `token` shows parts of a character as U+FFFD."""
    logprob: float


@dataclass(frozen=True)
class Event:
    """What one step made for one conversation."""

    number: int
    """What `add` returned."""
    text: str
    """New text, without what may still turn out to be the beginning of a stop string. May be empty."""
    token: int | None = None
    finish_reason: FinishReason | None = None
    """Set on a conversation's last event: `stop` (end of turn or stop string) or `length`."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    """So far, the end-of-turn token included."""
    logprob: TokenLogprob | None = None
    top_logprobs: tuple[TokenLogprob, ...] = ()


@dataclass(frozen=True)
class WholeReply:
    """A whole reply."""

    text: str
    finish_reason: FinishReason
    prompt_tokens: int
    completion_tokens: int
    logprobs: tuple[TokenLogprob, ...] = ()
