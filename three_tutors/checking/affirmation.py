"""Words that tell a student "you are right", which must not follow a wrong turn.

Strict, because an error of the gate stops the pipeline: of 1,205 early replies in MathDial it flags 96, and
only 2 of those, read one by one, neither praise nor agree. `scoring.praise` finds more and scores tutors.
"""

from __future__ import annotations

import re

from three_tutors.checking.quotation import own_words
from three_tutors.tutoring.words import tokens

_GOOD = (
    r"great|good|nice|excellent|perfect|wonderful|awesome|amazing|brilliant|fantastic|super|terrific|outstanding|superb|impressive|lovely"
)
_RIGHT = r"right|correct|spot[- ]on"
_PRAISED = (
    r"job|work|thinking|try|start|idea|point|one|question|observation|effort|answer|reasoning|guess|catch|attempt|stuff|eye|instinct|step"
    r"|example|explanation|spotting|noticing|understanding"
)
_AFFIRMS = re.compile(
    rf"""(?:^|(?<=[.!?…:;\n])|(?<=[-–—]\s))[\s"'“‘(]*(?:(?:ah|oh|ok|okay|aha|wow|hi|hey|hmm|well)\b[\s,!.]*)?
      (?P<opening>  # opens a sentence
        (?:yes|yep|yeah|correct|exactly|precisely|bravo|well\ done|spot[- ]on|right|that's\ it|you(?:'ve|\ have)?\ got\ it
            |you\ nailed\ it|bingo)(?:\ right|\ correct)?
            (?=\s*[,.!;:–—…-]|\s*$|\s+(?:so|and|now|you|you're|that|that's|thats|it's|it\ is|this\ is)\b)
      | (?:(?:so|pretty|really|that\ is|that's|that\ was|what\ an?|an?)\s+){{0,2}}(?:{_GOOD})
            (?=\s*[,.!;–—…]|\s*$|\s+(?:{_PRAISED}|so|now|can\ you|could\ you|but|you|that's|thats|then|going|that)\b
              |\s+(?-i:[A-Z][a-z]+)\s*[,.!?])
      | (?:very|really)\s+(?:{_GOOD})\b
      )
    | \b(?P<verdict>
            (?:you(?:'re|\ are|\ were)|(?:that|this)(?:'s|s|\ is|\ was)|it(?:'s|\ is)
                |your\ (?:answer|idea|thinking|reasoning|method|result)\ is)\s+
            (?:(?:absolutely|completely|totally|quite|exactly|all|so|very|really|perfectly|mostly|a)\s+)?(?:{_RIGHT}|{_GOOD}))\b
            (?!\s*(?:[-']?(?:angle[ds]?|hand|side|now|away|before|after|next|there|here|in|on\ top|triangles?|about|as|of|that|when|if
                |for|at|enough|conductors?|friends?|to\ (?:ask|feel|say|wonder|check|doubt|worry|see|meet|have|a\ point))\b|\?))
    | \b(?P<right>(?:you(?:'ve|\ have)?(?:\ got|\ found)?|that(?:'s|\ is)|this\ is)\ the\ (?:right|correct)\ (?:answer|result|solution))\b
    | \b(?P<skill>(?:good|great|nice|excellent|fantastic|awesome|amazing)\s+(?:job|work|thinking))\b
    | \b(?P<proud>(?:i\s+(?:really\s+)?(?:like|love)\s+(?:how|that|the\ way|your)|i'm\ (?:so\ )?(?:proud|impressed)
        |well\ done|way\ to\ go|keep\ it\ up)(?=\W|$))
    """,
    re.IGNORECASE | re.VERBOSE,
)
_NEEDED = frozenset(
    [
        *re.findall(r"[a-z]+", f"{_GOOD} {_RIGHT}"),
        *("yes", "yep", "yeah", "exactly", "precisely", "bravo", "done", "got", "nailed", "that's", "bingo"),
        *("like", "love", "proud", "impressed", "way", "keep"),
    ]
)
"""Every match contains one of these words; looking for them first is faster."""
_TAKEN_BACK = re.compile(
    r"\b(?:not|n't|isn't|never|nearly|almost|if|whether|would|could|how|sounds|seems|looks|until|unless|why|too|sure)\b[^.!?]*$",
    re.IGNORECASE,
)


def affirmation(text: str) -> str | None:
    """Return the words that praise or agree in `text`, or None. "Right angle", "is that right?" and "not correct" do neither."""
    if _NEEDED.isdisjoint(tokens(text)):
        return None
    text = own_words(text.replace("’", "'"))
    for match in _AFFIRMS.finditer(text):
        said_before = re.split(r"[.!?\n]", text[: match.start()])[-1]
        if (match["verdict"] or match["right"]) and _TAKEN_BACK.search(said_before):
            continue
        if match["opening"] and _question_of_one(text, match.end()):
            continue
        return match.group().strip(" \t\n\"'“‘(")
    return None


def _question_of_one(text: str, end: int) -> bool:
    """Return whether the praise word is itself asked ("Right?")."""
    return text[end : end + 2].strip().startswith("?")
