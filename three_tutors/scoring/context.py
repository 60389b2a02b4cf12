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
TRUE = "true"
"""The history that was, in files of likelihoods."""


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


def context_gain(likelihoods: Sequence[Record]) -> Score:
    """Return how much likelier the true history makes the teacher's reply than a shuffled or foreign one, in nats a token.

    `likelihoods` are those of one reply, by `history`: `true` (or none), `shuffled`, `foreign`. Above 0 the model uses the history.
    Unscored without the true history or without another one.
    """
    nll = {row.get("history", TRUE): row["nll"] for row in likelihoods}
    others = {name: value for name, value in nll.items() if name != TRUE}
    if TRUE not in nll or not others:
        return Score.unscored("no likelihood under another history")
    reason = ", ".join(f"{name} {value - nll[TRUE]:+.3f}" for name, value in sorted(others.items()))
    return Score(sum(others.values()) / len(others) - nll[TRUE], reason)


def surprise(likelihoods: Sequence[Record]) -> Score:
    """Return the nats a token of the teacher's reply after the true history. Unscored where the tutor's model gives no likelihoods."""
    for row in likelihoods:
        if row.get("history", TRUE) == TRUE:
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
CONTEXT = Measure(
    name="context",
    label="Uses the history",
    question="Nats per token gained by the true history.",
    happens="The gain from the true history is",
    how=HIGHER,
    of=lambda one: context_gain(one.likelihoods),
    about="the conversation",
    digits=2,
    needs_reply=False,
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
