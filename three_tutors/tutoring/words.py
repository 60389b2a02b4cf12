"""Sentences, words and content words of a turn.

`words` keeps `2/5` and `12:30` whole and serves the scores. `tokens` cuts at every sign and is faster; the gate, where several rules
look at one turn, and the search for duplicates use it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

_SENTENCE = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+|\n+")
_TOKEN = re.compile(r"\w+(?:'\w+)*")
_WORD = re.compile(r"\d+(?:[.,:/]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*")

# Function words and the small talk of lessons: they say nothing about what a turn is about.
STOP_WORDS = frozenset(
    """a about after again all also am an and any are aren't as at be because been before being both but by can can't come could
    couldn't did didn't do does doesn't doing don't done down each else even ever every few for from further get gets getting go goes
    going got had has hasn't have haven't having he he's her here hers him his how i i'd i'll i'm i've if in into is isn't it it's its
    itself just kind know let let's like made make makes many maybe me mean might more most much must my need no nor not now of off oh
    ok okay on once one only or other our out over own please really right said same say says see she should shouldn't so some still
    such sure take tell than that that's the their them then there there's these they they're thing things think this those through
    to too try um up us use used very want was wasn't way we we'll we're well were weren't what what's when where which while who whole
    why will with won't would wouldn't yeah yes yet you you'd you'll you're you've your yours idk hm hmm wait cause thats dont im
    something anything nothing someone anyone everything first next last two three another actually already""".split()  # noqa: SIM905 - a word list reads as text
)


def sentences(text: str) -> list[str]:
    """Return the sentences of `text`; a line break ends one too."""
    return [part.strip() for part in _SENTENCE.split(text) if part and part.strip()]


def words(text: str) -> list[str]:
    """Return the words and numbers of `text` in order, in lower case, typographic apostrophes made plain."""
    return _WORD.findall(text.replace("’", "'").lower())


@lru_cache(maxsize=512)
def tokens(text: str) -> tuple[str, ...]:
    """Return the words and numbers of `text` in order, in lower case, typographic apostrophes made plain."""
    return tuple(_TOKEN.findall(text.replace("’", "'").lower()))


@lru_cache(maxsize=512)
def stems(text: str) -> frozenset[str]:
    """Return the different stems of the tokens of `text`."""
    return frozenset(map(stem, tokens(text)))


@lru_cache(maxsize=1 << 16)
def stem(word: str) -> str:
    """Return `word` without its commonest English endings, so that `adding`, `added` and `adds` are one."""
    word = word.removesuffix("'s")
    if len(word) > 4 and word.endswith("ies"):  # noqa: PLR2004 - shorter ones ("dies") keep their ending
        return word[:-3] + "y"
    for ending in ("ings", "ing", "edly", "ed", "ly", "es", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):  # noqa: PLR2004
            return _undouble(word[: -len(ending)])
    return word


def content_words(text: str) -> list[str]:
    """Return the stems of the words and numbers of `text` that carry its subject, in order."""
    return list(_content_words(text))


def content(texts: Iterable[str]) -> frozenset[str]:
    """Return the different content words of several texts."""
    return frozenset(word for text in texts for word in content_words(text))


@lru_cache(maxsize=1 << 14)
def _content_words(text: str) -> tuple[str, ...]:
    return tuple(stem(word) for word in words(text) if word not in STOP_WORDS and (len(word) > 1 or word.isdigit()))


def _undouble(word: str) -> str:
    """Return `stopp` as `stop`."""
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiouls" else word  # noqa: PLR2004
