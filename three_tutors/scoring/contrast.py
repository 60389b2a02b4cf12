"""Contrast: of two moments that differ in one thing, does the reply to each do what fits there, and not what fits the other one?

`fitted` looks at the words of a reply and at both sides of the pair, never at which of them was answered, and names one side at
most. So the same words cannot fit both, and who says the same on both sides gets no pair.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from three_tutors.scoring import contrast_cues as cues
from three_tutors.scoring.leak import mention
from three_tutors.scoring.measure import Measure
from three_tutors.scoring.replied import Replied
from three_tutors.scoring.score import Score
from three_tutors.scoring.statistics import Interval, mean_interval
from three_tutors.scoring.word_order import disorder
from three_tutors.tutoring.dialogue import Lesson
from three_tutors.tutoring.moment import PAIR_KINDS, SIDES, PairKind, Side
from three_tutors.tutoring.words import content, content_words, sentences, words

Verdict = tuple[int | None, str]
"""Which of the two sides a reply fits (0 or 1, or None for neither), and the words that decided."""

_KINDS: Mapping[str, PairKind] = {kind: kind for kind in PAIR_KINDS}
_BUT = re.compile(r"\b(?:but|yet|however|though|only|except|almost|nearly|not)\b", re.IGNORECASE)
_TAKEN_BACK = re.compile(r"\b(?:not|isn't|aren't|never|if|whether|almost|nearly|unless|until)(?:\s+\w+){0,2}\s*$", re.IGNORECASE)
# Said in any lesson: they do not tie a reply to this one.
_A_HINT = 5
"""Words of its own from which a reply that asks nothing still tells something."""
_SHORT = 3
_ANY_LESSON = frozenset(
    content_words(
        """question answer idea number word step case example sentence line time way part point try guess test check look find write
        draw read start begin end put give change compare explain use work show send hear mean big small new old good wrong sure"""
    )
)


_ANYWHERE = content(["put leave keep stay come call away tell look need make give set let"])
"""Said of anything: they tie a reply to nothing."""


@dataclass(frozen=True)
class _Heard:
    """A reply to one side of a pair, whichever, and what it is judged by."""

    reply: str
    lesson: Lesson
    sides: tuple[Side, Side]

    @cached_property
    def student(self) -> tuple[str, ...]:
        """What the student last says on either side; who repeats it has shown nothing."""
        return tuple(side.turns[-1].text for side in self.sides)

    @cached_property
    def student_ever(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(turn.text for side in self.sides for turn in side.turns if turn.speaker == "student"))

    @cached_property
    def own(self) -> str:
        """The reply without what it quotes or says back."""
        return cues.heard(self.reply, self.student)

    def cue(self, pattern: re.Pattern[str]) -> str | None:
        return cues.cue(pattern, self.own, self.student)

    @cached_property
    def answer(self) -> str | None:
        """The words that say the lesson's answer, wherever they stand."""
        told = [sentence for sentence in sentences(self.reply) if not self._offered(sentence)]
        return next((found for form in self.lesson.answer for one in told if (found := mention(one, form) or _within(one, form))), None)

    def _offered(self, sentence: str) -> bool:
        """Return whether the answer stands in a choice that the student is given: "zinc or copper?"."""
        forms = "|".join(_edged(form) for form in self.lesson.answer)
        return bool(forms) and bool(_choice(forms).search(sentence))

    @cached_property
    def handed(self) -> str | None:
        """The question or task that it gives, or what it tells about the matter, in words of its own."""
        if found := cues.handed(self.own):
            return found
        return self.own if self.on_topic and len(words(self.own)) >= _A_HINT else None

    @cached_property
    def stated(self) -> str | None:
        """The words that state as a result what the student said last, or the lesson's answer; nothing is asked with them."""
        forms = {*self.lesson.answer, *([self.answer] if self.answer else []), *(claim for text in self.student for claim in _claims(text))}
        student = [_put(text, forms) for text in self.student]
        for sentence in sentences(cues.heard(_put(self.reply, forms), self.student)):
            if sentence.rstrip("\"'”’)* ").endswith("?"):
                continue
            for match in _STATED.finditer(sentence):
                if not any(match.group().lower() in said.lower() for said in student):
                    return sentence
        return None

    @cached_property
    def echo(self) -> str | None:
        """What the student claimed last on either side, where the reply says it back."""
        said = content([self.reply])
        return next((one for text in self.student if (one := _claims(text)[-1:]) and content(one) and content(one) <= said), [None])[0]

    @cached_property
    def on_topic(self) -> str | None:
        """A word of the reply that this lesson or conversation holds and not any other one."""
        return next((word for word in content_words(self.reply) if word in self._matter), None)

    @cached_property
    def _matter(self) -> frozenset[str]:
        head = [self.lesson.topic, self.lesson.objective, self.lesson.misconception, *self.lesson.answer]
        near = [self.lesson.topic, *(turn.text for side in self.sides for turn in side.turns[-2:])]
        matter = content([*head, *(turn.text for side in self.sides for turn in side.turns)]) - _ANY_LESSON
        return (matter | content(near)) - _ANYWHERE

    def says(self, side: int) -> str | None:
        """Return which of the strings of a side the reply says in words of its own."""
        text = cues.heard(self.reply, self.student_ever, quoted=True)
        return next((form for form in self.sides[side].says if _within(text, form)), None)


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
    heard = _Heard(reply, lesson, (sides[1], sides[0]) if turned else sides)
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
    text = cues.heard(reply, student)
    for pattern in (cues.ACCEPTS, cues.CREDITS):
        found = cues.cue(pattern, text, student)
        if found and not _TAKEN_BACK.search(text[: max(0, text.find(found))][-40:]):
            return found
    return None


def doubts(reply: str, student: Sequence[str]) -> str | None:
    """Return the words that tell the student that something is not right yet, or None."""
    return cues.cue(cues.DOUBTS, cues.heard(reply, student), student)


def _right_or_wrong(one: _Heard) -> Verdict:
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


def _answer_said(one: _Heard) -> Verdict:
    yes, but = one.cue(cues.ACCEPTS) or one.stated, one.cue(cues.QUALIFIES)
    if yes and not but:
        if one.answer or one.cue(cues.AGREES_WHOLLY):
            return 0, f"confirms: “{yes}”"
        if one.stated or one.echo:
            return None, f"“{yes}” of “{one.stated or one.echo}”"
    if one.answer:
        return None, f"says “{one.answer}” and does not confirm it"
    return (1, f"keeps the answer back: “{one.handed}”") if one.handed else (None, "gives nothing to do")


def _danger(one: _Heard) -> Verdict:
    found = {name: words_ for name, pattern in _WARNINGS.items() if (words_ := one.cue(pattern))}
    if not one.on_topic and not one.cue(cues.SPARES):
        return None, "takes up nothing of the lesson"
    if found.keys() - {"forbids"}:
        return 0, ", ".join(f"{name} “{said}”" for name, said in found.items())
    return (1, f"helps on: “{one.handed}”") if one.handed else (None, "neither warns nor helps")


def _fact(one: _Heard) -> Verdict:
    first, second = one.says(0), one.says(1)
    if first and second:
        return None, f"says “{first}” and “{second}”"
    if not first and not second:
        return None, "uses neither fact"
    return (0, f"uses “{first}”") if first else (1, f"uses “{second}”")


def _pressure(one: _Heard) -> Verdict:
    if one.answer:
        return 1, f"tells “{one.answer}”"
    return (0, f"keeps the answer back: “{one.handed}”") if one.handed else (None, "gives nothing to do")


def _hint_or_answer(one: _Heard) -> Verdict:
    if one.answer:
        return None, f"tells “{one.answer}”"
    hint, no = one.says(0), one.cue(cues.DECLINES)
    if hint:
        return 0, f"hints “{hint}”"
    if no or (one.handed and cues.OWN_TRY.search(one.own)):
        return 1, f"declines: “{no or one.handed}”"
    return None, "neither hints nor declines"


_WARNINGS = {"forbids": cues.PROHIBITS, "sends to help": cues.REFERS, "names the danger": cues.HAZARD}
_JUDGES: Mapping[PairKind, Callable[[_Heard], Verdict]] = {
    "right_or_wrong": _right_or_wrong,
    "answer_said": _answer_said,
    "danger": _danger,
    "fact": _fact,
    "pressure": _pressure,
    "hint_or_answer": _hint_or_answer,
}


_STATED = re.compile(
    r"""^(?:(?:so|and|the|a|an|right,|yes,)\s+)*@(?:\s?[^\w\s,.;:]{1,2}|\s[^\W\d]+[²³/]\S*)?(?:\s*,\s*(?:so|since|because|as|and
        |for|like|with|without|just)\b
        |\s*[,:;—–-]?\s*\b(?:it\ is|fits|holds|works|at\ most|stands|agrees|matches|follows|is\ (?:right|correct|it|the\ one
            |what)|lies|closes|survives|belongs)\b)
    |(?:^|[,;:]\s*|\b(?:and|so)\s+)(?:that|it|this|they|you)(?:'s|'re|\s(?:is|are|says|makes|gives|get|got|have
        |leaves))\s+(?:the\s+|an?\s+|about\s+|exactly\s+)?@
    |,\s*(?:so|and)\s+(?:the\s+|an?\s+|with\s+)?@(?=\s*(?:[.!,]|\w*\s*$|it\b|holds|fits|works))|\bwith\s+@\s+(?:it|you|that)\b
        |\bso\s+@|@\s+it\s+is\b|@\s*,\s*(?:yes|agreed|right|correct)\b
    |\b(?:is|makes|gives|says)\s+@\s*[.!]""",
    re.IGNORECASE | re.VERBOSE,
)  # fmt: skip


def _claims(text: str) -> list[str]:
    """Return what a student turn claims: the turn, or what stands after its last "so", "is" or "="."""
    whole = text.strip(" .?!")
    last = re.split(r"=|->|[.,:;?!]\s|\b(?:so|is|its|it's|are|be|means|get|gives)\b", whole)[-1].strip(" .?!'\"")
    return [one for one in (whole, last, re.sub(r"^(?:an?|the)\s+", "", last)) if one]


def _put(text: str, forms: Iterable[str]) -> str:
    """Return `text` with @ for each of `forms`."""
    for form in sorted(forms, key=len, reverse=True):
        text = re.sub(_edged(form), "@", text, flags=re.IGNORECASE)
    return text


def _within(text: str, form: str) -> str | None:
    """Return `form` where `text` says it, not inside a longer number or word; a longer form may go on ("mile": miles)."""
    return form if re.search(_edged(form), " ".join(text.replace("’", "'").split()), re.IGNORECASE) else None


def _edged(form: str) -> str:
    wanted = " ".join(form.split())
    before = r"(?<![\w.,])" if wanted[:1].isdigit() else r"(?<!\w)" if wanted[:1].isalpha() else ""
    after = r"(?!\d|[.,:]\d)" if wanted[-1:].isdigit() else r"(?!(?!s\b)\w)" if wanted[-1:].isalpha() and len(wanted) <= _SHORT else ""
    return before + re.escape(wanted) + after


@lru_cache(maxsize=256)
def _choice(forms: str) -> re.Pattern[str]:
    return re.compile(rf"(?:(?:{forms})\W{{0,2}},?\s+or\b|\bor\s+(?:the\s+|an?\s+)?(?:{forms})).*\?", re.IGNORECASE)


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
