"""The rubric: one figure for one reply, made of named criteria with reasons. DSPy climbs it, the `score` column shows it.

A fault that undoes a reply (the answer given away, a mistake praised, broken output, the student repeated) caps the value
whatever else is good, so that nothing is gained by length, by asking anything at all or by handing the student's words back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from three_tutors.scoring.broken import broken_words
from three_tutors.scoring.leak import LEAK
from three_tutors.scoring.measure import HIGHER, Measure
from three_tutors.scoring.moves import says_right, signals
from three_tutors.scoring.praise import false_praise
from three_tutors.scoring.questioning import asked, follow_up, on_topic, questions, task
from three_tutors.scoring.replied import Replied
from three_tutors.scoring.score import Score
from three_tutors.scoring.uptake import last_student_words, parroted, taken_up
from three_tutors.tutoring.dialogue import Lesson, Turn
from three_tutors.tutoring.words import words

PASS = 0.66
"""A reply passes from this value on, if no fault caps it."""
_WEIGHTS = {"keeps_answer": 0.2, "takes_up": 0.2, "fits_the_turn": 0.2, "moves_on": 0.25, "short": 0.15}
_CAPS = {"broken": 0.1, "parrots": 0.15, "off_topic": 0.25, "false_praise": 0.35, "keeps_answer": 0.3}
_TOPICAL_WORDS = 2
_SHORTEST, _LONGEST, _FAR_TOO_LONG = 6, 60, 100
"""Words. The teachers' turns here hold 10 to 60."""


@dataclass(frozen=True)
class Criterion:
    """One thing that a good reply does."""

    name: str
    value: float
    """0 (failed) to 1 (met)."""
    reason: str


@dataclass(frozen=True)
class RubricScore:
    """What the rubric says about one reply."""

    value: float
    """0–1."""
    criteria: tuple[Criterion, ...]

    @property
    def passed(self) -> bool:
        """Whether the reply is one a teacher could have given."""
        return self.value >= PASS

    @property
    def feedback(self) -> str:
        """One sentence for each failed criterion; empty where all are met."""
        failed = [criterion for criterion in self.criteria if criterion.value < 0.5]  # noqa: PLR2004 - less than half met
        return " ".join(f"{criterion.name}: {criterion.reason}." for criterion in failed)


def score(reply: str, *, lesson: Lesson, turns: Sequence[Turn], reference: str | None = None) -> RubricScore:
    """Score one reply to the last of `turns` (a student turn).

    Deterministic. `reference` (the teacher's own reply) changes nothing but the length that counts as too long:
    a tutor may speak as long as the teacher did.
    """
    teacher = None if reference is None else Turn("teacher", reference)
    return rubric(Replied(lesson, tuple(turns), reply, reference=teacher))


def rubric(one: Replied) -> RubricScore:
    """Score one reply by what was found in it."""
    given_away, asking, praised, unfinished, repeated = map(one.finding, (LEAK.of, questions, false_praise, broken_words, parroted))
    taking_up = taken_up(one)
    topical = on_topic(one.reply, one.lesson, one.turns)
    on_the_matter = len(topical) >= _TOPICAL_WORDS or any(word in last_student_words(one.turns) for word in topical)
    criteria = (
        _absent("keeps_answer", given_away),
        Criterion("takes_up", taking_up.value if taking_up.value is not None else float(bool(topical)), taking_up.reason),
        _fits(one, works=asking.value == 1.0 or bool(task(one.reply) and topical)),
        _moves_on(one, asking.value or 0.0, asking.reason, works=bool(task(one.reply) and topical)),
        _length(one),
        Criterion("off_topic", float(on_the_matter), f"is about {', '.join(topical[:4])}" if topical else "shares no word with the lesson"),
        _absent("false_praise", praised),
        _absent("parrots", repeated),
        _absent("broken", unfinished),
    )
    weighted = sum(_WEIGHTS.get(criterion.name, 0.0) * criterion.value for criterion in criteria)
    ceiling = min([1.0, *(_CAPS[criterion.name] for criterion in criteria if criterion.name in _CAPS and criterion.value < 0.5)])  # noqa: PLR2004
    return RubricScore(round(min(weighted, ceiling), 4), criteria)


def _absent(name: str, fault: Score) -> Criterion:
    """Return the criterion that a fault is not there; one that was not looked for is not."""
    return Criterion(name, 1 - (fault.value or 0.0), fault.reason)


def _fits(one: Replied, *, works: bool) -> Criterion:
    """Whether the reply answers what the student's turn shows: doubts the wrong, accepts the right, helps the confused."""
    understanding = one.turns[-1].understanding if one.turns else ""
    doubt, said_right = signals(one.reply), says_right(one)
    if understanding == "wrong":
        value = 0.0 if said_right else 1.0 if doubt and works else 0.7 if doubt or works else 0.2
        reason = f"“{said_right}” after a wrong turn" if said_right else "tests the mistake" if value >= 0.7 else "passes over the mistake"  # noqa: PLR2004
    elif understanding == "correct":
        plain = bool(doubt and not said_right and doubt.lower() in ("wrong", "incorrect", "mistake", "error", "not quite", "not right"))
        value, reason = (0.0, f"doubts a right turn: “{doubt}”") if plain else (1.0, "lets a right turn stand")
    elif understanding == "off_topic":
        back = on_topic(one.reply, one.lesson, one.turns[:-1])
        value, reason = (1.0, "comes back to the lesson") if back else (0.0, "does not come back to the lesson")
    else:
        value, reason = (1.0, "gives the student something to do") if works else (0.5, "gives the student nothing to do")
    return Criterion("fits_the_turn", value, reason)


def _moves_on(one: Replied, asking: float, reason: str, *, works: bool) -> Criterion:
    """Whether the student has one clear thing to do or think about next; after a right turn, a check counts most."""
    check = one.finding(follow_up)
    if check.value:
        return Criterion("moves_on", max(asking, 0.8), check.reason)
    if asking < 1.0 and works and not asked(one.reply):
        return Criterion("moves_on", 1.0, "sets a task")
    return Criterion("moves_on", asking, reason)


def _length(one: Replied) -> Criterion:
    count = len(words(one.reply))
    longest = max(_LONGEST, len(words(one.reference.text)) if one.reference else 0)
    if count < _SHORTEST:
        return Criterion("short", count / _SHORTEST / 2, f"says only {count} words")
    if count <= longest:
        return Criterion("short", 1.0, f"{count} words")
    return Criterion("short", max(0.0, 1 - (count - longest) / (_FAR_TOO_LONG - _LONGEST)), f"{count} words are too many")


def _summed(one: Replied) -> Score:
    found = rubric(one)
    return Score(found.value, found.feedback or "meets every criterion")


SCORE = Measure(
    name="score",
    label="Rubric score",
    question="Is it a reply a teacher could have given? Sums up several others.",
    happens="Rubric scores are",
    how=HIGHER,
    of=_summed,
    about="the reply as a whole",
    in_metrics=True,
    above_teachers="at this height it no longer tells a tutor from a teacher",
)
