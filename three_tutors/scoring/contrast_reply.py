"""What a reply to one side of a contrast pair says: what it answers, states, echoes and hands to the student."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache

from three_tutors.scoring import cue_search
from three_tutors.scoring.leak import mention
from three_tutors.tutoring.dialogue import Lesson
from three_tutors.tutoring.moment import Side
from three_tutors.tutoring.words import content, content_words, sentences, words

_A_HINT = 5
"""Words of its own from which a reply that asks nothing still tells something."""
_SHORT = 3
"""Letters of a form that a longer word may not go on."""
# Said in any lesson: they do not tie a reply to this one.
_ANY_LESSON = frozenset(
    content_words(
        """question answer idea number word step case example sentence line time way part point try guess test check look find write
        draw read start begin end put give change compare explain use work show send hear mean big small new old good wrong sure"""
    )
)
_ANYWHERE = content(["put leave keep stay come call away tell look need make give set let"])
"""Said of anything: they tie a reply to nothing."""


@dataclass(frozen=True)
class ContrastReply:
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
        """What the student says on either side, at any time."""
        return tuple(dict.fromkeys(turn.text for side in self.sides for turn in side.turns if turn.speaker == "student"))

    @cached_property
    def own(self) -> str:
        """The reply without what it quotes or says back."""
        return cue_search.heard(self.reply, self.student)

    def cue(self, pattern: re.Pattern[str]) -> str | None:
        """Return the reply's own words that match, which the student did not say last."""
        return cue_search.cue(pattern, self.own, self.student)

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
        if found := cue_search.handed(self.own):
            return found
        return self.own if self.on_topic and len(words(self.own)) >= _A_HINT else None

    @cached_property
    def stated(self) -> str | None:
        """The words that state as a result what the student said last, or the lesson's answer; nothing is asked with them."""
        forms = {*self.lesson.answer, *([self.answer] if self.answer else []), *(claim for text in self.student for claim in _claims(text))}
        student = [_put(text, forms) for text in self.student]
        for sentence in sentences(cue_search.heard(_put(self.reply, forms), self.student)):
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
        text = cue_search.heard(self.reply, self.student_ever, quoted=True)
        return next((form for form in self.sides[side].says if _within(text, form)), None)


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
