"""Looking for cues in what a reply says of its own.

What it quotes or says back from the student is left out: who only repeats the student has affirmed or doubted nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from three_tutors.scoring.contrast_cues import TASK
from three_tutors.scoring.questioning import empty
from three_tutors.tutoring.words import sentences, words

_QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”|«[^»]*»|(?<!\w)'[^']*'(?!\w)|(?<!\w)‘[^’]*’(?!\w)")
_COPIED = 3
"""Words in a row from which a reply says back what the student said."""
_SEEN = "§"
_SOME_WORDS = 3


def heard(reply: str, student: Iterable[str], *, quoted: bool = False) -> str:
    """Return `reply` with § in place of what it quotes (kept where `quoted`), and of what it says back from a turn of `student`."""
    text = reply.replace("’", "'")
    text = text if quoted else _QUOTED.sub(_SEEN, text)
    runs = set()
    for turn in student:
        said = words(turn)
        runs |= {tuple(said[at : at + _COPIED]) for at in range(len(said) - _COPIED + 1)}
    spoken = list(re.finditer(r"\S+", text))
    flat = [(word, at) for at, match in enumerate(spoken) for word in words(match.group())]
    back = set()
    for first in range(len(flat) - _COPIED + 1):
        if tuple(word for word, _ in flat[first : first + _COPIED]) in runs:
            back |= {at for _, at in flat[first : first + _COPIED]}
    # What ends a sentence stays, so that the next one still begins.
    return " ".join(_SEEN + re.sub(r".*?([.!?,;:]*)$", r"\1", one.group()) if at in back else one.group() for at, one in enumerate(spoken))


def cue(pattern: re.Pattern[str], text: str, student: Sequence[str] = ()) -> str | None:
    """Return the first words of `text` that match, or None; words that a turn of `student` holds in the same order do not count."""
    for match in pattern.finditer(text):
        said = words(match.group())
        if said and not any(_holds(words(turn), said) for turn in student):
            return match.group().strip(" .!?…:;,—–'\"”’)")
    return None


def handed(text: str) -> str | None:
    """Return the question or the task that `text` gives the student, or None; a question for anybody at any time is none."""
    for sentence in sentences(text):
        if sentence.rstrip("\"'”’)* ").endswith("?"):
            if not empty(sentence):
                return sentence
        elif len(words(sentence)) >= _SOME_WORDS and TASK.search(sentence):
            return sentence
    return None


def _holds(turn: Sequence[str], said: Sequence[str]) -> bool:
    size = len(said)
    return any(list(turn[at : at + size]) == list(said) for at in range(len(turn) - size + 1))
