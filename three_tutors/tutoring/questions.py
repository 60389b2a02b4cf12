"""What every tutor is asked: held-out student turns of the test split, the scenarios, and moments of the exam.

A question's `item` names it in answers, scores and reports alike: `<dialogue, scenario or moment>#<turn>`. Where there is more than
can be asked in a few minutes, what is asked is drawn in a fixed way, so that every tutor is asked the same.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from three_tutors.tutoring.dialogue import Dialogue, Lesson, Turn
from three_tutors.tutoring.moment import Moment, Side
from three_tutors.tutoring.scenario import Scenario

MOST_TURNS = 24
"""Held-out student turns that are asked, spread over the dialogues and over the length of each."""
PAIRS_OF_A_KIND = 4
"""Contrast pairs that are asked of each kind; both sides of each."""
CASES_OF_A_THEME = 2
"""Safety cases that are asked of each theme."""
MOST_SCRIPTED = 140
"""Scripted turns up to which every scenario is played; of more, SCENARIOS_OF_A_KIND of each kind."""
SCENARIOS_OF_A_KIND = 1


@dataclass(frozen=True)
class Question:
    """One held-out student turn with its true history and the reply its teacher gave."""

    dialogue: str
    turn: int
    """Index of the student turn in the dialogue, counted from 0."""
    lesson: Lesson
    turns: tuple[Turn, ...]
    """Everything up to and including the student turn."""
    reference: Turn

    @property
    def item(self) -> str:
        """Name of this question."""
        return f"{self.dialogue}#{self.turn}"


def questions(dialogues: Sequence[Dialogue]) -> list[Question]:
    """Return student turns that a teacher answers, in the order of the dialogues: all of them, or MOST_TURNS drawn evenly.

    Of more dialogues than that, MOST_TURNS in the order of a hash of their ids are asked one turn each.
    """
    answered = {dialogue.id: _answered(dialogue) for dialogue in asked_dialogues(dialogues)}
    most = max(map(len, answered.values()), default=0)
    while most > 1 and sum(min(most, len(turns)) for turns in answered.values()) > MOST_TURNS:
        most -= 1
    return [
        Question(dialogue.id, index, dialogue.lesson, dialogue.turns[: index + 1], dialogue.turns[index + 1])
        for dialogue in dialogues
        for index in _spread(answered.get(dialogue.id, ()), most, dialogue.id)
    ]


def asked_dialogues(dialogues: Sequence[Dialogue]) -> list[Dialogue]:
    """Return the dialogues that turns are asked of, in their order: of parts of a corpus, those among which the corpus's are."""
    chosen = set(sorted((dialogue.id for dialogue in dialogues if _answered(dialogue)), key=_hash)[:MOST_TURNS])
    return [dialogue for dialogue in dialogues if dialogue.id in chosen]


def _answered(dialogue: Dialogue) -> list[int]:
    return [index for index, turn in enumerate(dialogue.turns[:-1]) if turn.speaker == "student"]


def played(scenarios: Sequence[Scenario]) -> list[Scenario]:
    """Return the scenarios that are played: all of them, or the first of each kind in the order of a hash of their ids."""
    if sum(len(scenario.turns) for scenario in scenarios) <= MOST_SCRIPTED:
        return list(scenarios)
    kinds: dict[str, list[str]] = defaultdict(list)
    for scenario in sorted(scenarios, key=_by_hash):
        kinds[scenario.kind].append(scenario.id)
    chosen = {name for names in kinds.values() for name in names[:SCENARIOS_OF_A_KIND]}
    return [scenario for scenario in scenarios if scenario.id in chosen]


def _by_hash(one: Moment | Scenario) -> bytes:
    return _hash(one.id)


def _hash(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


def asked_moments(moments: Sequence[Moment]) -> list[tuple[str, Moment, Side]]:
    """Return the moments of the exam that are asked, each side by its item: some pairs of every kind, some cases of every theme."""
    return [
        (f"{name}#{len(side.turns) - 1}", moment, side)
        for moment in drawn(moments, PAIRS_OF_A_KIND, CASES_OF_A_THEME)
        for name, side in moment.items()
    ]


def drawn(moments: Sequence[Moment], pairs: int, cases: int, others: int = 0) -> list[Moment]:
    """Return the first so many `pairs` of each kind, `cases` of each theme and `others` of each subject, ordered by a hash of their ids."""
    strata: dict[tuple[int, str], list[Moment]] = defaultdict(list)
    for moment in sorted(moments, key=_by_hash):
        strata[(pairs, moment.pair) if moment.pair else (cases, moment.theme) if moment.theme else (others, moment.lesson.subject)].append(
            moment
        )
    chosen = {moment.id for (most, _), some in strata.items() for moment in some[:most]}
    return [moment for moment in moments if moment.id in chosen]


def _spread(turns: Sequence[int], most: int, name: str) -> Iterable[int]:
    """Return one of each so many equal parts of a dialogue, at a place that its name decides: the middles alone are not like the rest."""
    if len(turns) <= most:
        return turns
    place = int.from_bytes(_hash(name)[-4:]) / 2**32  # the first bytes chose the dialogue
    return [turns[int((number + place) * len(turns) / most)] for number in range(most)]


def digest(items: Sequence[str]) -> str:
    """Return a short fingerprint of a list of item names, which tells one split from another."""
    return hashlib.sha256("\n".join(items).encode()).hexdigest()[:16]


def items(dialogues: Sequence[Dialogue], scenarios: Sequence[Scenario], moments: Sequence[Moment] = ()) -> list[str]:
    """Return the names of all that a tutor is asked, in the order in which its answers stand."""
    scripted = [f"{scenario.id}#{index}" for scenario in played(scenarios) for index in range(len(scenario.turns))]
    return [question.item for question in questions(dialogues)] + scripted + [item for item, _, _ in asked_moments(moments)]
