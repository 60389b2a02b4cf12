"""Cues: what the four dimensions are told by. Each is a number that a person can check in the reply."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from three_tutors.scoring.leak import leak
from three_tutors.scoring.praise import acceptance, praise
from three_tutors.scoring.questioning import asked, empty, stock, task
from three_tutors.scoring.uptake import last_student_turn
from three_tutors.tutoring.dialogue import Turn
from three_tutors.tutoring.quantities import quantities
from three_tutors.tutoring.words import content_words, sentences, stem, words


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE | re.VERBOSE)


WORDING: Mapping[str, re.Pattern[str]] = {
    "names_mistake": _pattern(
        r"""\b(?:not\s+(?:quite|exactly|right|correct|accurate)|isn't\s+(?:quite|right|correct)|wrong|incorrect(?:ly)?|mistakes?|errors?
        |misunderst\w+|mix(?:ed|ing)?[\s-]?up|confus\w+|oops|not\s+\$?\d[\d,.]*)\b"""
    ),
    "turns": _pattern(r"\b(?:but|however|actually|though|although|instead|rather)\b"),
    "nearly": _pattern(r"\b(?:almost|close|nearly|on\s+the\s+right\s+track|(?:good|great)\s+(?:try|start|attempt))\b"),
    "should": _pattern(r"\b(?:should(?:\s+(?:be|have|actually))?|need(?:s|ed)?\s+to|have\s+to|must|supposed)\b"),
    "checks": _pattern(
        r"""\b(?:check|re-?check|double[\s-]check|review|revisit|re-?calculate|re-?read|re-?examine|reconsider|look\s+(?:at|again|back)
        |closer\s+look|try\s+(?:it\s+|that\s+|this\s+)?again|another\s+look|make\s+sure|go\s+(?:back|over))\b"""
    ),
    "overlooked": _pattern(
        r"\b(?:forg[oe]t\w*|miss(?:ed|ing)|overlook\w*|skipped|left\s+out|account(?:ed)?\s+for|included?|already|twice|only|careful|noticed?)\b"
    ),
    "reminds": _pattern(r"\b(?:remember|recall|keep\s+in\s+mind|note\s+that|hint|think\s+(?:about|of|again)|consider)\b"),
    "seems": _pattern(
        r"\b(?:it\s+(?:seems|looks)|i\s+think|i\s+see|i\s+(?:can\s+)?understand|i'm\s+not\s+sure|there\s+(?:seems|might|may|is|was))\b"
    ),
    "lets_us": _pattern(r"\blet'?s\b|\blet\s+(?:us|me)\b"),
    "reasons": _pattern(r"\b(?:because|since|so|therefore|(?:which|this|that)\s+means|means)\b"),
    "asks_amount": _pattern(r"\b(?:what|which|how\s+(?:many|much|long|far|old))\b[^.!?]*\?"),
    "can_you": _pattern(r"\b(?:can|could|would)\s+you\b[^.!?]*\?"),
    "yes_no": _pattern(
        r"""\b(?:does|do|did|is|are|was|were|would|wouldn't|should|shouldn't|isn't|don't|doesn't|have|has)\s+
        (?:that|this|it|you|we|the|there|he|she|they)\b[^.!?]*\?"""
    ),
    "step": _pattern(
        r"""\b(?:step|part|calculation|equation|addition|multiplication|division|subtraction|total|number\s+of|amount|cost|how\s+(?:many|much)
        |per|each|half|percent\w*)\b"""
    ),
    "equates": _pattern(r"=|\bequals?\b|\b(?:is|be)\s+(?:actually\s+)?\$?\d"),
    "tells_result": _pattern(r"(?:=|equals?|is|be|gives?|get)\s+(?:actually\s+)?\$?\d[^?]*(?:[.!]|$)"),
    "method": _pattern(
        r"""\b(?:by\s+\w+ing|when\s+(?:we|you)|to\s+(?:find|get|solve|convert|calculate)|first|then|formula|rule|place\s+value|denominator
        |line\s+up|each)\b"""
    ),
    "redo": _pattern(r"re-?calculate|redo|solve\s+(?:it|for)|figure\s+out|find\s+(?:the|out)|work\s+out|now,?\s+can\s+you"),
    "tries": _pattern(
        r"\b(?:try|use|draw|write|find|add|subtract|multiply|divide|calculate|start|break|compare|count|set\s+up|figure\s+out|solve|work)\b"
    ),
}
_WARM = _pattern(
    r"\b(?:great|good|excellent|amazing|awesome|fantastic|wonderful|nice|perfect|well\s+done|love|proud|impressed|appreciate)\b"
)
_RIGHT = _pattern(r"\b(?:correct(?:ly)?|exactly|right|yes|yep|absolutely|indeed|perfect(?:ly)?|true)\b")
_MOVES_ON = _pattern(
    r"\b(?:move\s+on|next\s+(?:problem|question|one|step)|(?:another|different)\s+(?:one|problem|question|example)|continue|keep\s+(?:it\s+up|going|up))\b"
)
_THINKING = _pattern(
    r"\b(?:why|how\s+(?:did|do|would|can|could)\s+you|explain|show\s+me|walk\s+me|tell\s+me|your\s+(?:thinking|reasoning))\b"
)
_OPEN = _pattern(r"\b(?:what|which|how|why)\b")
_DOUBTS = ("names_mistake", "turns", "nearly", "should", "checks", "overlooked")
_SHORT_ANSWER = 4
# Words of any lesson: sharing them with the student says nothing about this exercise.
GENERAL = frozenset(
    stem(word)
    for word in """answer problem question step mistake error work calculation calculate check recheck review look closer think remember
    number total solve solution try good great job start close correct correctly wrong part value find understand understanding explain
    reasoning approach method process equation add subtract multiply multiplication divide division addition subtraction amount help
    together attempt effort practice let focus carefully consider mean example different difference idea tell show walk read small
    misunderstanding confusion track clarify point note catch excellent keep move next using step-by-step thought figure time word exactly
    second final result seem little information given happen break set follow see double double-check per much equal times plus minus sum
    product quick recall recap learn learning feel free appreciate love wonderful fantastic amazing perfect nice done alright almost
    nearly""".split()  # noqa: SIM905 - a word list reads as text
)


@dataclass(frozen=True)
class Exercise:
    """What a reply is about: what was said before it, and the answer it should not give."""

    turns: Sequence[Turn]
    answer: Sequence[str]

    @cached_property
    def words(self) -> frozenset[str]:
        """Content words of everything said before."""
        return frozenset(word for turn in self.turns for word in content_words(turn.text))

    @cached_property
    def numbers(self) -> frozenset[object]:
        """Numbers of everything said before."""
        return frozenset(quantity.value for turn in self.turns for quantity in quantities(turn.text))

    def words_in(self, text: str) -> int:
        """Return how many words of this exercise, not of any exercise, `text` names."""
        return len({word for word in content_words(text) if word in self.words and word not in GENERAL and not word[0].isdigit()})

    def numbers_in(self, text: str) -> int:
        """Return how many numbers of this exercise `text` names."""
        return len({quantity.value for quantity in quantities(text)} & self.numbers)

    def specific(self, parts: Sequence[str]) -> float:
        """Return how many words and numbers of the exercise the most specific of `parts` names, at most 5."""
        return float(min(max((self.words_in(part) + self.numbers_in(part) for part in parts), default=0), 5))


def cues(reply: str, exercise: Exercise) -> dict[str, float]:
    """Return every cue of one reply by its name: 0 or 1, a share, or a small count."""
    reply = reply.replace("’", "'")
    said = {name: float(bool(pattern.search(reply))) for name, pattern in WORDING.items()}
    parts, questions, last = sentences(reply), asked(reply), last_student_turn(exercise.turns)
    content = set(content_words(reply))
    last_words = set(content_words(last))
    values = {quantity.value for quantity in quantities(reply)}
    named, known = exercise.words_in(reply), exercise.numbers_in(reply)
    doubting = [part for part in parts if any(WORDING[name].search(part) for name in (*_DOUBTS, "reminds"))]
    warm, short = bool(_WARM.search(reply)), len(words(last)) <= _SHORT_ANSWER
    plain_praise = (warm or bool(_RIGHT.search(reply))) and not any(
        said[name] for name in ("names_mistake", "turns", "checks", "overlooked", "nearly")
    )
    new = values - exercise.numbers
    earlier = {quantity.value for turn in exercise.turns for quantity in quantities(turn.text)} - {
        quantity.value for quantity in quantities(last)
    }
    numbers = {
        "numbers": math.log1p(len(quantities(reply))),
        "no_number": float(not values),
        "known_numbers": float(min(known, 4)),
        "earlier_number": float(bool(values & earlier)),
        "new_number": float(bool(new)),
        "denies_number": float(
            any(re.search(rf"not\s+\$?{re.escape(quantity.text)}", reply, re.IGNORECASE) for quantity in quantities(last))
        ),
    }
    specific = {
        "named_words": float(min(named, 6)),
        "history_words": math.log1p(len(content & exercise.words)),
        "history_share": len(content & exercise.words) / max(1, len(content)),
        "student_share": len(content & last_words) / max(1, len(content)),
        "names_nothing": float(not named and not known),
        "specific_doubt": exercise.specific(doubting),
        "vague_doubt": float(bool(doubting) and named <= 1 and not known),
        "specific_question": exercise.specific(questions),
        "vague": float(not short and named <= 1 and known <= 1),
    }
    asking = {
        "asks": float(bool(questions)),
        "asks_last": float(reply.rstrip("\"' ").endswith("?")),
        "stock_question": float(any(stock(question) for question in questions)),
        "empty_question": float(bool(questions) and all(empty(question) or stock(question) for question in questions)),
        "open_question": float(bool(questions) and bool(_OPEN.search(questions[-1]))),
        "question_on_history": float(any(set(content_words(question)) & exercise.words for question in questions)),
        "question_on_last": float(any(set(content_words(question)) & last_words for question in questions)),
        "question_with_number": float(any(quantities(question) for question in questions)),
        "asks_thinking": float(bool(_THINKING.search(reply) and questions) and not said["names_mistake"] and not said["turns"]),
        "sets_task": float(task(reply) is not None),
        "ends_together": float(bool(parts) and bool(WORDING["lets_us"].search(parts[-1]))),
    }
    warmth = {
        "praises": float(praise(reply) is not None),
        "accepts": float(acceptance(reply) is not None),
        "plain_praise": float(plain_praise),
        "starts_warm": float(bool(parts) and bool(_WARM.search(parts[0]))),
        "ends_warm": float((len(parts) > 1 and bool(_WARM.search(parts[-1]))) or bool(_MOVES_ON.search(reply))),
    }
    student = {
        "short_student": float(len(words(last)) < _SHORT_ANSWER),
        "student_words": math.log1p(len(words(last))),
        "short_doubted": float(short and bool(doubting)),
        "short_praised": float(short and plain_praise),
    }
    return {
        **said,
        **numbers,
        **specific,
        **asking,
        **warmth,
        **student,
        "doubts": sum(said[name] for name in _DOUBTS),
        "short_reply": float(len(words(reply)) < 2 * _SHORT_ANSWER),
        "gives_answer": float(any(leak(reply, answer=(form,), turns=exercise.turns).value == 1.0 for form in exercise.answer)),
    }
