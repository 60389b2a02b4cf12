"""Context: does a tutor use what was said before, does it stand by what it said itself, and does it expect what a teacher says?"""

from __future__ import annotations

from collections.abc import Sequence

from three_tutors.pipeline.records import Record
from three_tutors.scoring.measure import HIGHER, Measure
from three_tutors.scoring.moves import signals
from three_tutors.scoring.praise import acceptance
from three_tutors.scoring.replied import Replied
from three_tutors.scoring.score import Score
from three_tutors.tutoring.words import content_words, words

# Two student turns that share this much of their content words say the same thing again.
_SAME = 0.6
_SHORT = 4


def consistency(one: Replied) -> Score:
    """Return 0 where the tutor says again what it said before, or accepts what it doubted before; else 1.

    Unscored at the tutor's first turn.
    """
    own = [(index, turn.text) for index, turn in enumerate(one.turns) if turn.speaker == "teacher"]
    if not own:
        return Score.unscored("the tutor has said nothing before")
    said = words(one.reply)
    for _, earlier in own:
        if len(said) >= _SHORT and words(earlier) == said:
            return Score(0.0, "says the same again, word for word")
    accepted = acceptance(one.reply)
    if accepted and one.turns[-1].understanding == "wrong":
        for index, earlier in own:
            before = one.turns[index - 1].text if index else ""
            if _same(before, one.turns[-1].text) and signals(earlier):
                return Score(0.0, f"accepts (“{accepted}”) what it doubted before")
    return Score(1.0, "stands by what it said")


def surprise(likelihoods: Sequence[Record]) -> Score:
    """Return the nats a token of the teacher's reply. Unscored where the tutor's model gives no likelihoods."""
    for row in likelihoods:
        return Score(row["nll"], f"{row['tokens']} tokens")
    return Score.unscored("no likelihood of the teacher's turn here")


def _same(one: str, other: str) -> bool:
    first, second = set(content_words(one)), set(content_words(other))
    return bool(first and second) and len(first & second) / min(len(first), len(second)) >= _SAME


CONSISTENCY = Measure(
    name="consistency",
    label="Consistent",
    question="Does it stand by what it said before?",
    happens="Earlier statements are upheld",
    of=consistency,
    about="the conversation",
    failure="Turns that contradict or repeat what the tutor said",
)
SURPRISE = Measure(
    name="nll",
    label="Surprise at the teacher",
    question="Nats per token of the teacher's reply.",
    happens="Surprise at the teachers' turns is",
    how=HIGHER,
    of=lambda one: surprise(one.likelihoods),
    about="the teacher's words",
    better="lower",
    digits=2,
    in_metrics=True,
    needs_reply=False,
    holds_against_teacher=True,
)
