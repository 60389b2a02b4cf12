"""Word order: two neighbours that English does not put side by side. A score of sentences looks here, so that loose words get nothing.

Only function words are looked at, so this is no grammar: a short sentence ("Yes, ten.") stays possible in any order.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

from three_tutors.tutoring.words import sentences

_TOKEN = re.compile(r"(?<!\w)-[^\W\d_]+|[^\W\d_]+(?:'[^\W\d_]+)*|\d[\d.,:/]*\d|\d|[,;:.?!…]+(?=\s|$)|\S")
_QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”|«[^»]*»|(?<!\w)'[^']*'(?!\w)|(?<!\w)‘[^’]*’(?!\w)|\([^)]*\)")
_NAME = "X"
_END = frozenset(",;:.?!…") | {"...", "?!", "!?", "!!"}


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ARTICLES = _set("a an the")
_OWNERS = _set("your my our their its")
_JOINTS = _set("and or but")
_TO_BE = _set("is are was were am be been isn't aren't wasn't weren't")
_HELPERS = _set(
    "do does did has have had can could would will should must may might can't don't doesn't didn't won't couldn't wouldn't shouldn't"
)
_SUBJECTS = _set("i he she we they you it")
_OBJECTS = _set("me him us them")
_PLACES = _set("of to in on at for from with by into than about between without")
_ASKING = _set("what which who how why when where whose")
_LINKS = _set("if because since so that whether while although")
_CONTRACTED = _set("it's that's you're you've i'm i'd i'll we'll we're they're let's there's what's he's she's you'll")
_DEGREES = _set("very too")

# What cannot come right after the words on the left.
_NEVER: tuple[tuple[frozenset[str], frozenset[str]], ...] = (
    (
        _ARTICLES,
        _ARTICLES
        | _OWNERS
        | _JOINTS
        | _TO_BE
        | _HELPERS - _set("can will might must")
        | _SUBJECTS - {"i"}
        | _OBJECTS
        | _PLACES - _set("in to by")
        | _ASKING
        | (_LINKS - _set("if while"))
        | _CONTRACTED
        | _END
        | _set("then now there these those this again goes much also"),
    ),
    (
        _OWNERS,
        _ARTICLES
        | _OWNERS
        | _JOINTS
        | _TO_BE
        | _HELPERS - _set("can will might")
        | _SUBJECTS
        | _OBJECTS
        | _PLACES - _set("in")
        | _ASKING
        | _LINKS
        | _CONTRACTED
        | _END
        | _set("then now there these those this again not"),
    ),
    (_JOINTS, _END - _set(": …") | _JOINTS | _PLACES & _set("of than")),
    (_TO_BE - _set("be been"), _TO_BE - _set("be been") | _HELPERS | _OBJECTS | _CONTRACTED | _set("of let")),
    (_set("be been"), _TO_BE - _set("been") | _HELPERS | _OBJECTS | _SUBJECTS | _set("of")),
    (_HELPERS - _set("have had has do did does"), _HELPERS - _set("have do") | _TO_BE - _set("be") | _OBJECTS | _PLACES | _CONTRACTED),
    (_set("does did"), _HELPERS - _set("have do") | _TO_BE | _OBJECTS | _set("of from than and") | _CONTRACTED),
    (_SUBJECTS - _set("it you"), _OBJECTS | _ARTICLES | _OWNERS | _set("of from than") | _SUBJECTS | _CONTRACTED),
    (_set("it you"), _set("of")),
    (
        _set("of"),
        _TO_BE - _set("being") | _HELPERS | _SUBJECTS - _set("it you") | _JOINTS | _set("of to in on at for from with than") | _CONTRACTED,
    ),
    (
        _set("to"),
        _TO_BE - _set("be")
        | _HELPERS - _set("do have")
        | _JOINTS
        | _SUBJECTS - _set("it you")
        | _set("of to for from with than")
        | _CONTRACTED,
    ),
    (
        _set("from with for by into than at"),
        _TO_BE | _HELPERS - _set("do does did") | _JOINTS | _set("of to than") | _CONTRACTED - _set("it's that's"),
    ),
    (_set("in on"), _TO_BE | _HELPERS | _set("of than") | _CONTRACTED),
    (_LINKS - _set("that so"), _END | _TO_BE | _HELPERS - _set("so") | _OBJECTS | _JOINTS | _set("than")),
    # "Hitting you is wrong": only "you" ends what another verb follows.
    (_set("i we they"), _set("is has does isn't doesn't hasn't")),
    (_CONTRACTED, _TO_BE - _set("be been") | _HELPERS - _set("do have had") | _SUBJECTS - _set("it") | _set("of than") | _CONTRACTED),
    (_CONTRACTED - _set("it's that's"), _OBJECTS - _set("us")),
    (_set("which whose"), _JOINTS | _ARTICLES & _set("an") | _set("than")),
    (_DEGREES, _TO_BE | _HELPERS | _SUBJECTS | _OBJECTS | _ARTICLES | _OWNERS | _set("of to in for with from than")),
    (_set("not"), _TO_BE - _set("be been") | _HELPERS - _set("have do") | _set("than")),
)
_AFTER: dict[str, frozenset[str]] = {
    word: frozenset().union(*(after for before, after in _NEVER if word in before)) for before, _ in _NEVER for word in before
}
_NEVER_LAST = (
    _ARTICLES | _OWNERS | _JOINTS | _set("because whether than very every i'm it's you're you've let's we'll i'll i'd they're we're")
)
_NEVER_FIRST = _set("of than me him them us n't")


def disorder(text: str) -> str | None:
    """Return two neighbours (or one word at an end) of `text` that no English sentence has there, or None. What is quoted is left out."""
    for sentence in sentences(_QUOTED.sub("“”", text.replace("’", "'"))):
        tokens = [_NAME if _is_name(token, at) else token.lower() for at, token in enumerate(_TOKEN.findall(sentence))]
        if found := _misplaced(tokens):
            return found
    return None


def _is_name(word: str, at: int) -> bool:
    """Return whether a word is a letter or an abbreviation that stands for a thing: "what bulb A does", "the US", "slide to i"."""
    return word == "i" or (word.isupper() and word.isalpha() and word != "I" and (at > 0 or len(word) > 1))


def _misplaced(tokens: list[str]) -> str | None:
    spoken = [token for token in tokens if token not in _END]
    if not spoken:
        return None
    if tokens[0] in _NEVER_FIRST:
        return f"{tokens[0]} …"
    if spoken[-1] in _NEVER_LAST and (len(spoken) > 1) and "..." not in tokens[-1] and "…" not in tokens[-1]:
        return f"… {spoken[-1]}"
    return _side_by_side(pairwise(tokens))


def _side_by_side(pairs: Iterable[tuple[str, str]]) -> str | None:
    return next((f"{one} {two}" for one, two in pairs if two in _AFTER.get(one, ())), None)
