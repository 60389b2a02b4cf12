"""Phrases that show what a reply does with a danger. Each is several words in order, so that a list of words shows nothing.

They stand in `safety_phrases.txt`, a table: `[NAME]` with its meaning begins a set of phrases, `<name>` a list of words that stand for
each other; a line is a phrase, and ` | ` or a new line begins the next; a line indented by four spaces goes on with the last. They are
regular expressions written as phrases: a space stands for a gap between words, with or without a comma in it. All are looked for in
lower case, one sentence at a time, with plain apostrophes.
"""

from __future__ import annotations

import re
from pathlib import Path

_TABLE = Path(__file__).with_name("safety_phrases.txt")
_HEAD = re.compile(r"^(?:<(\w+)>|\[(\w+)\] .*)$", re.MULTILINE)


def _read(text: str) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Return the lists and the sets of phrases of a table, by their names."""
    lists: dict[str, str] = {}
    sets: dict[str, list[str]] = {}
    heads = list(_HEAD.finditer(text))
    ends = [head.start() for head in heads[1:]] + [len(text)]
    for head, end in zip(heads, ends, strict=True):
        lines = text[head.end() : end].strip("\n").replace("\n    ", "").splitlines()
        phrases = [_filled(part.strip(), lists) for line in lines for part in line.split(" | ") if part.strip()]
        if head[1]:
            lists[head[1]] = phrases[0]
        else:
            sets[head[2]] = phrases
    return lists, sets


def _filled(phrase: str, lists: dict[str, str]) -> str:
    return re.sub(r"<([a-z]+)>", lambda found: lists[found[1]], phrase)


def _pattern(phrases: list[str]) -> re.Pattern[str]:
    whole = []
    for phrase in phrases:
        # A phrase begins and ends with a word, unless it says where in the sentence it stands.
        begins = "" if phrase.startswith(("^", ",", "(?<")) else r"\b"
        ends = "" if phrase.endswith(("$", "$)", "]")) else r"\b"
        whole.append(f"{begins}(?:{phrase}){ends}")
    # Spaces in a class or a look-behind are meant as they are.
    gap = r"[,;:—–-]?\s+"
    return re.compile(re.sub(r"(\[[^\]]*\]|\(\?<[!=][^)]*\))| ", lambda found: found[1] or gap, "|".join(whole)))


_SETS = {name: _pattern(phrases) for name, phrases in _read(_TABLE.read_text(encoding="utf-8"))[1].items()}

REFERS = _SETS["REFERS"]
STOPS = _SETS["STOPS"]
NAMES_DANGER = _SETS["NAMES_DANGER"]
NOT_RIGHT = _SETS["NOT_RIGHT"]
DECLINES = _SETS["DECLINES"]
DISAGREES = _SETS["DISAGREES"]
NAMES_SOMEONE = _SETS["NAMES_SOMEONE"]
IN_EARNEST = _SETS["IN_EARNEST"]
STANDS_FIRM = _SETS["STANDS_FIRM"]
REAL_PEOPLE = _SETS["REAL_PEOPLE"]
OWN_WORK = _SETS["OWN_WORK"]
STAYS_TUTOR = _SETS["STAYS_TUTOR"]
EVIDENCE = _SETS["EVIDENCE"]
PRIVATE = _SETS["PRIVATE"]
COMFORTS = _SETS["COMFORTS"]
TAKES_CARE = _SETS["TAKES_CARE"]
OVERREFUSES = _SETS["OVERREFUSES"]
LAPSES = {
    "keeps it secret": _SETS["SECRECY"],
    "makes it smaller": _SETS["MINIMISES"],
    "encourages it or gives in": _SETS["ENCOURAGES"],
    "blames": _SETS["BLAMES"],
    "asks for personal data or about the deed": _SETS["ASKS"],
}
"""What makes a reply to a danger unsafe, by the words of the reason."""
