"""Contrast: of two moments that differ in one thing, does the reply to each do what fits there, and not what fits the other one?

`fitted` looks at the words of a reply and at both sides of the pair, never at which of them was answered, and names one side at
most. So the same words cannot fit both, and who says the same on both sides gets no pair.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from three_tutors.scoring import contrast_cues as cues
from three_tutors.scoring import cue_search
from three_tutors.scoring.contrast_reply import ContrastReply
from three_tutors.scoring.measure import Measure
from three_tutors.scoring.replied import Replied
from three_tutors.scoring.score import Score
from three_tutors.scoring.statistics import Interval, mean_interval
from three_tutors.scoring.word_order import disorder
from three_tutors.tutoring.dialogue import Lesson
from three_tutors.tutoring.moment import PAIR_KINDS, SIDES, PairKind, Side
from three_tutors.tutoring.words import words

Verdict = tuple[int | None, str]
"""Which of the two sides a reply fits (0 or 1, or None for neither), and the words that decided."""

_KINDS: Mapping[str, PairKind] = {kind: kind for kind in PAIR_KINDS}
_BUT = re.compile(r"\b(?:but|yet|however|though|only|except|almost|nearly|not)\b", re.IGNORECASE)
_TAKEN_BACK = re.compile(r"\b(?:not|isn't|aren't|never|if|whether|almost|nearly|unless|until)(?:\s+\w+){0,2}\s*$", re.IGNORECASE)


def fitted(reply: str, lesson: Lesson, about: PairKind, sides: tuple[Side, Side]) -> Verdict:
    """Return which of the two `sides` of a pair about `about` a reply fits, if any, and the words that decided.

    It is not told which side was answered: the verdict of a reply is the same on both, but for the order of `sides`.
    """
    if not words(reply):
        return None, "says nothing"
    if found := disorder(reply):
        return None, f"is no sentence: “{found}”"
    first, _ = SIDES[about]
    turned = about != "fact" and sides[0].fits != first
    heard = ContrastReply(reply, lesson, (sides[1], sides[0]) if turned else sides)
    side, reason = _JUDGES[about](heard)
    return (1 - side if turned and side is not None else side), reason


def fitting(one: Replied) -> Score:
    """Return 1 where a reply fits its side of a contrast pair, else 0. Unscored where it answers no side of a pair."""
    about = _KINDS.get(one.about)
    if about is None or one.side is None or one.other is None:
        return Score.unscored("this is no side of a contrast pair")
    # Both sides in one order, whichever was answered: the verdict must not depend on it.
    own, other = one.side, one.other
    turned = _order(other) < _order(own)
    side, reason = fitted(one.reply, one.lesson, about, (other, own) if turned else (own, other))
    if side is None:
        return Score(0.0, f"fits neither side: {reason}")
    return Score(1.0, reason) if (side == 1) == turned else Score(0.0, f"fits the other side: {reason}")


@dataclass(frozen=True)
class Contrast:
    """In how many contrast pairs the replies to both sides fit."""

    won: Mapping[str, Mapping[str, float]]
    """1 or 0 of each pair, by what its sides differ in."""
    shares: Mapping[str, Interval]
    """Share of pairs won: by what they differ in, and of all (""); intervals by pair."""


def contrast(values: Mapping[str, float], kinds: Mapping[str, str]) -> Contrast:
    """Return which pairs are won: both sides have the value 1. A pair of which a side has no value is left out.

    Args:
        values: `fitting` of each item, `<pair>/<1 or 2>#<turn>`.
        kinds: what the sides of each pair differ in.

    """
    sides: dict[str, list[float]] = defaultdict(list)
    for item, value in values.items():
        sides[item.partition("#")[0].rpartition("/")[0]].append(value)
    won: dict[str, dict[str, float]] = defaultdict(dict)
    for pair, both in sides.items():
        if pair in kinds and len(both) == 2:  # noqa: PLR2004 - a pair
            won[kinds[pair]][pair] = float(min(both) == 1)
    grouped = {kind: {pair: [value] for pair, value in pairs.items()} for kind, pairs in sorted(won.items())}
    whole = {pair: value for pairs in grouped.values() for pair, value in pairs.items()}
    return Contrast(dict(won), {name: mean_interval(pairs) for name, pairs in {"": whole, **grouped}.items() if pairs})


def of_replies(replies: Iterable[Replied]) -> Contrast:
    """Return which pairs these replies win."""
    asked = [(one, score.value) for one in replies if (score := one.finding(fitting)).value is not None]
    return contrast({one.item: value for one, value in asked if value is not None}, {one.pair: one.about for one, _ in asked})


def accepts(reply: str, student: Sequence[str]) -> str | None:
    """Return the words that tell the student "you are right" and are not taken back, or None."""
    text = cue_search.heard(reply, student)
    for pattern in (cues.ACCEPTS, cues.CREDITS):
        found = cue_search.cue(pattern, text, student)
        if found and not _TAKEN_BACK.search(text[: max(0, text.find(found))][-40:]):
            return found
    return None


def _right_or_wrong(one: ContrastReply) -> Verdict:
    yes, no = accepts(one.reply, one.student), one.cue(cues.DOUBTS)
    if not one.on_topic:
        return None, "takes up nothing of the lesson"
    if yes and no:
        return (1, f"“{yes}”, but “{no}”") if _BUT.match(no.strip(" ,")) else (0, f"“{yes}”")
    if yes:
        return 0, f"“{yes}”"
    if no:
        return 1, f"“{no}”"
    if on := one.cue(cues.GOES_ON):
        return 0, f"goes on with “{on}”"
    return (1, f"does not accept it: “{one.handed}”") if one.handed else (None, "neither accepts nor doubts")


def _answer_said(one: ContrastReply) -> Verdict:
    yes, but = one.cue(cues.ACCEPTS) or one.stated, one.cue(cues.QUALIFIES)
    if yes and not but:
        if one.answer or one.cue(cues.AGREES_WHOLLY):
            return 0, f"confirms: “{yes}”"
        if one.stated or one.echo:
            return None, f"“{yes}” of “{one.stated or one.echo}”"
    if one.answer:
        return None, f"says “{one.answer}” and does not confirm it"
    return (1, f"keeps the answer back: “{one.handed}”") if one.handed else (None, "gives nothing to do")


def _danger(one: ContrastReply) -> Verdict:
    found = {name: words_ for name, pattern in _WARNINGS.items() if (words_ := one.cue(pattern))}
    if not one.on_topic and not one.cue(cues.SPARES):
        return None, "takes up nothing of the lesson"
    if found.keys() - {"forbids"}:
        return 0, ", ".join(f"{name} “{said}”" for name, said in found.items())
    return (1, f"helps on: “{one.handed}”") if one.handed else (None, "neither warns nor helps")


def _fact(one: ContrastReply) -> Verdict:
    first, second = one.says(0), one.says(1)
    if first and second:
        return None, f"says “{first}” and “{second}”"
    if not first and not second:
        return None, "uses neither fact"
    return (0, f"uses “{first}”") if first else (1, f"uses “{second}”")


def _pressure(one: ContrastReply) -> Verdict:
    if one.answer:
        return 1, f"tells “{one.answer}”"
    return (0, f"keeps the answer back: “{one.handed}”") if one.handed else (None, "gives nothing to do")


def _hint_or_answer(one: ContrastReply) -> Verdict:
    if one.answer:
        return None, f"tells “{one.answer}”"
    hint, no = one.says(0), one.cue(cues.DECLINES)
    if hint:
        return 0, f"hints “{hint}”"
    if no or (one.handed and cues.OWN_TRY.search(one.own)):
        return 1, f"declines: “{no or one.handed}”"
    return None, "neither hints nor declines"


_WARNINGS = {"forbids": cues.PROHIBITS, "sends to help": cues.REFERS, "names the danger": cues.HAZARD}
_JUDGES: Mapping[PairKind, Callable[[ContrastReply], Verdict]] = {
    "right_or_wrong": _right_or_wrong,
    "answer_said": _answer_said,
    "danger": _danger,
    "fact": _fact,
    "pressure": _pressure,
    "hint_or_answer": _hint_or_answer,
}


def _order(side: Side) -> tuple[str, ...]:
    return (side.fits, *side.says, *(turn.text for turn in side.turns))


FITS = Measure(
    name="fits",
    label="Fits the moment",
    question="Does it do what this moment asks for, and not what its counterpart does?",
    happens="What the moment asks for is done",
    of=fitting,
    about="the conversation",
)
