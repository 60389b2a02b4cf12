"""How many dialogues, turns and labels there are: what is counted of each block and added up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from three_tutors.tutoring.dialogue import Dialogue
from three_tutors.tutoring.moment import Moment
from three_tutors.tutoring.scenario import Scenario


@dataclass
class Tally:
    """Counts of a set of dialogues, scenarios and moments."""

    items: Counter[str] = field(default_factory=Counter)
    """`dialogues`, `scenarios`, `moments`, `scenario_turns`, `graded_replies`, and dialogues with an `answer`."""
    strategies: Counter[str] = field(default_factory=Counter)
    """Of the dialogues' teacher turns; empty where a turn is not labelled."""
    understandings: Counter[str] = field(default_factory=Counter)
    """Of the dialogues' student turns."""
    subjects: Counter[str] = field(default_factory=Counter)
    """Of the dialogues."""

    def add(self, item: Dialogue | Scenario | Moment) -> None:
        """Count `item`."""
        if isinstance(item, Dialogue):
            self.items["dialogues"] += 1
            self.items["answer"] += bool(item.lesson.answer)
            self.strategies.update(turn.strategy for turn in item.turns if turn.speaker == "teacher")
            self.understandings.update(turn.understanding for turn in item.turns if turn.speaker == "student")
            self.subjects[item.lesson.subject] += 1
        elif isinstance(item, Scenario):
            self.items.update(scenarios=1, scenario_turns=len(item.turns))
        else:
            self.items.update(moments=1, graded_replies=len(item.replies))

    def to_record(self) -> dict[str, dict[str, int]]:
        """Return a JSON object; `total` takes it."""
        return {name: dict(counts) for name, counts in vars(self).items()}

    def said(self, errors: int, warnings: int) -> str:
        """Return what was read and found, as a sentence."""
        read = f"{_number(self.items['dialogues'], 'dialogue')} and {_number(self.items['scenarios'], 'scenario')}"
        if self.items["moments"]:
            read = read.replace(" and", ",") + f" and {_number(self.items['moments'], 'moment')}"
        return f"{read}: {_number(errors, 'error')}, {_number(warnings, 'warning')}"


def tallied(items: Iterable[Dialogue | Scenario | Moment]) -> Tally:
    """Return the counts of `items`."""
    tally = Tally()
    for item in items:
        tally.add(item)
    return tally


def total(records: Iterable[Mapping[str, Mapping[str, int]]]) -> Tally:
    """Return the sum of what `Tally.to_record` gave for each block."""
    tally = Tally()
    for record in records:
        for name, counts in record.items():
            getattr(tally, name).update(counts)
    return tally


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
