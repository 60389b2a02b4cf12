"""Context: does a tutor use what was said before, and does it stand by what it said itself?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from three_tutors.pipeline.records import Record
from three_tutors.scoring.moves import signals
from three_tutors.scoring.praise import acceptance
from three_tutors.scoring.score import Score
from three_tutors.tutoring.dialogue import Turn
from three_tutors.tutoring.words import content_words, words

# Two student turns that share this much of their content words say the same thing again.
_SAME = 0.6
_SHORT = 4


def consistency(reply: str, turns: Sequence[Turn]) -> Score:
    """Return 0 where the tutor says again what it said before, or accepts what it doubted before; else 1.

    Unscored at the tutor's first turn.
    """
    own = [(index, turn.text) for index, turn in enumerate(turns) if turn.speaker == "teacher"]
    if not own:
        return Score.unscored("the tutor has said nothing before")
    said = words(reply)
    for _, earlier in own:
        if len(said) >= _SHORT and words(earlier) == said:
            return Score(0.0, "says the same again, word for word")
    accepted = acceptance(reply)
    if accepted and turns[-1].understanding == "wrong":
        for index, earlier in own:
            before = turns[index - 1].text if index else ""
            if _same(before, turns[-1].text) and signals(earlier):
                return Score(0.0, f"accepts (“{accepted}”) what it doubted before")
    return Score(1.0, "stands by what it said")


def context_gain(rows: Sequence[Record]) -> Mapping[str, Score]:
    """Return by item how much likelier the true history makes the teacher's reply than a shuffled or foreign one, in nats a token.

    `rows` are likelihoods with `history`: `true` (or none), `shuffled`, `foreign`. Only items with a true history and one
    of the others get a score. Above 0 the model uses the history.
    """
    by_item: dict[str, dict[str, float]] = {}
    for row in rows:
        by_item.setdefault(row["item"], {})[row.get("history", "true")] = row["nll"]
    gains = {}
    for item, nll in by_item.items():
        others = {name: value for name, value in nll.items() if name != "true"}
        if "true" in nll and others:
            gains[item] = Score(
                sum(others.values()) / len(others) - nll["true"],
                ", ".join(f"{name} {value - nll['true']:+.3f}" for name, value in sorted(others.items())),
            )
    return gains


def _same(one: str, other: str) -> bool:
    first, second = set(content_words(one)), set(content_words(other))
    return bool(first and second) and len(first & second) / min(len(first), len(second)) >= _SAME
