"""Praise: is it there, and is it deserved?

On MRBench, praise words go with "encouraging" tone (ρ = +.65) and against mistake identification (ρ = −.22): praise hides errors.
"""

from __future__ import annotations

import re

from three_tutors.scoring.measure import MRBENCH, RULES, Checked, Measure
from three_tutors.scoring.replied import Replied
from three_tutors.scoring.score import Score

_PRAISE = re.compile(
    r"""\b(?:(?:great|good|excellent|amazing|awesome|fantastic|wonderful|brilliant|nice|superb|terrific|outstanding|impressive|lovely)
      (?:\s+(?:job|work|question|start|try|thinking|point|idea|answer|catch|effort|attempt|going|stuff|one|observation|explanation|reasoning|progress))?
      (?=\s*[!.,;:—–-]|\s+(?:job|work|question|start|try|thinking|point|idea|answer|catch|effort|attempt|on\b))
    |(?:that(?:'s|\s+is)|it(?:'s|\s+is)|this\s+is|what|you(?:'re|\s+are|'ve|\s+have)(?:\s+\w+)?)\s+(?:an?\s+)?(?:really\s+|very\s+|such\s+an?\s+|so\s+)?
      (?:great|good|excellent|amazing|awesome|fantastic|wonderful|brilliant|nice|lovely|perfect|interesting|smart|clever)\b
    |i\s+love\s+(?:it|that|your|how|the)|well\s+done|perfect(?:ly)?|bravo|way\s+to\s+go|spot\s+on|you(?:'re|\s+are)\s+(?:doing\s+)?(?:so\s+|really\s+)?(?:great|smart|right\s+on|brilliant|a\s+star|amazing)
    |i(?:'m|\s+am)\s+(?:so\s+)?(?:proud|impressed)|proud\s+of\s+you|keep\s+(?:it\s+up|up\s+the)|congrat\w+|you(?:'ve|\s+have)?\s+(?:nailed|got)\s+it)\b""",
    re.IGNORECASE | re.VERBOSE,
)
_ACCEPT = re.compile(
    r"""(?:^|[.!?…]\s+|["“])(?:yes|yep|yeah|yup|exactly|correct|right|true|agreed|indeed|precisely|absolutely|spot\s+on|perfect|that\s+works|both\s+right)\b
    |\b(?:that(?:'s|\s+is)|you(?:'re|\s+are)|it(?:'s|\s+is)|this\s+is|which\s+is)\s+(?:also\s+|absolutely\s+|exactly\s+|quite\s+|completely\s+|all\s+|both\s+)?
        (?:right|correct|true|fine|it|sound|valid)\b(?!\s*\?|\s+track)
    |\byou\s+(?:(?:have|'ve)\s+)?(?:correctly|rightly)\b|\b(?:agreed|well\s+spotted|well\s+put)\b
    |\bis\s+(?:right|correct)\b(?!\s*\?)|\byou(?:'ve|\s+have)?\s+(?:got\s+it|nailed)\b""",
    re.IGNORECASE | re.VERBOSE,
)
_DENIED = re.compile(
    r"\b(?:not|isn't|aren't|n't|almost|nearly|if|whether|would|unless|until|partly|half)\b(?:\s+\w+){0,2}\s*$", re.IGNORECASE
)


def praise(reply: str) -> str | None:
    """Return the words of `reply` that praise, or None."""
    match = _PRAISE.search(reply)
    return match.group() if match else None


def acceptance(reply: str) -> str | None:
    """Return the words of `reply` that say the student is right, or None."""
    for match in _ACCEPT.finditer(reply):
        if not _DENIED.search(reply[max(0, match.start() - 40) : match.start()].rstrip('."“ ')) and not _DENIED.search(match.group()):
            return match.group().strip(' .!?…"“')
    return None


def false_praise(one: Replied) -> Score:
    """Return 1 where a reply praises a wrong turn or calls it right, else 0. Unscored after any other turn."""
    if not one.turns or one.turns[-1].understanding != "wrong":
        return Score.unscored("the student was not wrong here")
    found = praise(one.reply) or acceptance(one.reply)
    return Score(1.0, f"“{found}” after a wrong turn") if found else Score(0.0, "does not praise the mistake")


FALSE_PRAISE = Measure(
    name="false_praise",
    label="Praises a mistake",
    question="Does it praise a turn that is wrong?",
    happens="Wrong turns are praised",
    of=false_praise,
    about="the turn",
    better="lower",
    checked=Checked("F1", 0.77, 0.72, 0.81, 779, MRBENCH, RULES, 0.66, "“encouraging tone”; people were not asked whether it was deserved"),
    in_metrics=True,
    failure="Mistakes praised",
)
