"""What changed in the dialogues from one revision to the other, turn by turn, and in what it takes to make tutors of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from three_tutors.authoring.making import Making
from three_tutors.authoring.revisions import Revision
from three_tutors.tutoring.dialogue import Dialogue, Lesson, Turn
from three_tutors.tutoring.fields import fields


@dataclass(frozen=True)
class TurnChange:
    """What happened to one turn; numbers count from 1, None where it was not there."""

    old: int | None
    new: int | None
    speaker: str
    text: tuple[str, str] | None
    """Words before and after, where they differ."""
    label: tuple[str, str] | None
    """Strategy or understanding before and after, where they differ."""


@dataclass(frozen=True)
class Change:
    """A dialogue that is in both revisions, and differs."""

    old: Dialogue
    new: Dialogue
    head: tuple[tuple[str, str, str], ...]
    """Key, value before, value after."""
    turns: tuple[TurnChange, ...]


@dataclass(frozen=True)
class Difference:
    """Everything that changed from one revision to the other."""

    before: Revision
    after: Revision
    added: tuple[Dialogue, ...]
    removed: tuple[Dialogue, ...]
    changed: tuple[Change, ...]
    making: tuple[Mapping[str, Making] | None, Mapping[str, Making] | None]
    """Tokens and money of each method before and after; None where there are too few dialogues to say."""


def difference(before: Revision, after: Revision, costs: Sequence[Mapping[str, Making] | None]) -> Difference:
    """Return what changed, each list in order of the ids."""
    old, new = before.dialogues, after.dialogues
    both = sorted(old.keys() & new.keys())
    changes = (Change(old[name], new[name], tuple(_head(old[name], new[name])), tuple(_turns(old[name], new[name]))) for name in both)
    return Difference(
        before,
        after,
        added=tuple(new[name] for name in sorted(new.keys() - old.keys())),
        removed=tuple(old[name] for name in sorted(old.keys() - new.keys())),
        changed=tuple(change for change in changes if change.head or change.turns),
        making=(costs[0], costs[1]),
    )


def _head(old: Dialogue, new: Dialogue) -> Iterator[tuple[str, str, str]]:
    for field in fields(Lesson):
        one, other = (getattr(dialogue.lesson, field.name) for dialogue in (old, new))
        if one != other:
            yield field.name, _shown(one), _shown(other)


def _turns(old: Dialogue, new: Dialogue) -> Iterator[TurnChange]:
    """Yield every turn that was added, removed, reworded or relabelled; turns are matched by their words."""
    before, after = ([(turn.speaker, turn.text) for turn in dialogue.turns] for dialogue in (old, new))
    matched = SequenceMatcher(None, before, after, autojunk=False)
    for tag, old_start, old_end, new_start, new_end in matched.get_opcodes():
        paired = min(old_end - old_start, new_end - new_start)
        while paired and any(before[old_start + at][0] != after[new_start + at][0] for at in range(paired)):
            paired -= 1
        for at in range(paired):
            change = _turn(old.turns[old_start + at], new.turns[new_start + at], old_start + at + 1, new_start + at + 1)
            if tag != "equal" or change.label:
                yield change
        for index in range(old_start + paired, old_end):
            yield TurnChange(index + 1, None, old.turns[index].speaker, (old.turns[index].text, ""), None)
        for index in range(new_start + paired, new_end):
            yield TurnChange(None, index + 1, new.turns[index].speaker, ("", new.turns[index].text), None)


def _turn(old: Turn, new: Turn, old_number: int, new_number: int) -> TurnChange:
    labels = tuple(_label(turn) for turn in (old, new))
    text = None if old.text == new.text else (old.text, new.text)
    return TurnChange(old_number, new_number, new.speaker, text, None if labels[0] == labels[1] else (labels[0], labels[1]))


def _label(turn: Turn) -> str:
    """Return everything but the words of `turn` for a reader; strategy and understanding say by themselves what they are."""
    said: list[str] = [turn.strategy or turn.understanding or "no label"]
    for field in fields(Turn)[1:]:
        value = getattr(turn, field.name)
        if field.name == "weight":
            said += [] if value else ["not learned"]
        elif field.name not in {"strategy", "understanding"} and value != field.missing:
            said.append(f"{field.name} {_shown(value)}")
    return ", ".join(said)


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) or "none" if isinstance(value, tuple) else str(value) or "none"
