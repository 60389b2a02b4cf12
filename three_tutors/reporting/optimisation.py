"""Optimisation: what DSPy changed in the prompt, with which worked examples, and what that did turn by turn."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from three_tutors.pipeline.records import Record, read_json, read_jsonl
from three_tutors.reporting.standing import Standing, standing

Edit = Literal["kept", "taken out", "put in"]


@dataclass(frozen=True)
class Validated:
    """One validation turn before and after."""

    item: str
    reply_before: str
    reply_after: str
    score_before: float
    score_after: float
    standing: Standing
    """Of the optimised prompt against the plain one."""
    intended: str = ""
    """The teacher's strategy."""
    chosen_before: str | None = None
    """The strategy that the program said it chose; None where it says none."""
    chosen_after: str | None = None


@dataclass(frozen=True)
class Interval:
    """A mean difference of scores with its 95 % interval over dialogues."""

    difference: float
    low: float
    high: float


@dataclass(frozen=True)
class Agreement:
    """On how many turns the program chose the teacher's strategy, of its own saying."""

    before: int
    after: int
    turns: int


@dataclass(frozen=True)
class Optimisation:
    """One climb from the plain prompt to the chosen one."""

    before: str
    """The whole prompt for one validation turn, as text."""
    after: str
    chosen: str
    """Name of the chosen candidate."""
    candidates: int
    instruction: Sequence[tuple[Edit, str]]
    """The instruction, cut where it changed."""
    demonstrations: Sequence[Record]
    """`id`, `dialogue`, `turn` and `reply_by` of each worked example."""
    turns: Sequence[Validated]
    change: Interval | None = None
    """Of the score, over all validation turns."""
    drafts: int = 1
    """Most drafts of one reply; a further one is asked for where `repetition.broken` finds the first unfinished."""

    @property
    def standings(self) -> Counter[Standing]:
        """On how many validation turns the chosen prompt was better, the same, worse."""
        return Counter(turn.standing for turn in self.turns)

    @property
    def agreement(self) -> Agreement | None:
        """How often the teacher's strategy was chosen; None where the adapter asks for the reply alone."""
        if not any(turn.chosen_before or turn.chosen_after for turn in self.turns):
            return None
        before = sum(turn.chosen_before == turn.intended for turn in self.turns)
        return Agreement(before, sum(turn.chosen_after == turn.intended for turn in self.turns), len(self.turns))

    @property
    def reworded(self) -> bool:
        """Whether the instruction itself changed."""
        return any(edit != "kept" for edit, _ in self.instruction)


def read_optimisation(folder: Path) -> Optimisation | None:
    """Return what `train_dspy` left in `folder`, None where it has not run."""
    if not (folder / "optimisation.json").exists():
        return None
    history = read_json(folder / "optimisation.json")
    before, after = (chat_text(read_json(folder / f"prompt_{when}.json")) for when in ("before", "after"))
    return Optimisation(
        before=before,
        after=after,
        chosen=history["chosen"],
        candidates=len(history["candidates"]),
        instruction=word_changes(history["instruction_before"], history["instruction_after"]),
        demonstrations=read_json(folder / "demonstrations.json"),
        turns=[_validated(row) for row in read_jsonl(folder / "validation.jsonl")],
        change=Interval(told["difference"], told["low"], told["high"]) if (told := history.get("turns")) else None,
        drafts=len(read_json(program)["program"].get("drafts", [""])) if (program := folder / "program.json").exists() else 1,
    )


def caveats(optimisation: Optimisation | None) -> list[str]:
    """Return what has to be said beside the scores of dspy, since it was made with an eye on them; nothing where it has not run."""
    if optimisation is None:
        return []
    by_rubric = (
        "DSPy chose dspy's prompt by this very rubric, on the validation dialogues; no other tutor was made with it. "
        "The scores that were checked against people are the fairer comparison."
    )
    if optimisation.drafts == 1:
        return [by_rubric]
    by_drafts = (
        f"dspy may write {optimisation.drafts} drafts of a reply: a further one is asked for where the last is cut off, repeats itself "
        "or shows machinery. The same test decides the score “Broken text” and caps the rubric score, so dspy is helped in both by "
        "knowing the test; the other tutors answer once. Its tokens a reply count every draft."
    )
    return [by_rubric, by_drafts]


def word_changes(before: str, after: str) -> list[tuple[Edit, str]]:
    """Return `after` and what is gone from `before`, cut at the words that changed."""
    old, new = before.split(), after.split()
    changes: list[tuple[Edit, str]] = []
    for kind, start, end, new_start, new_end in difflib.SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        if kind == "equal":
            changes.append(("kept", " ".join(old[start:end])))
            continue
        if end > start:
            changes.append(("taken out", " ".join(old[start:end])))
        if new_end > new_start:
            changes.append(("put in", " ".join(new[new_start:new_end])))
    return changes


def chat_text(messages: Sequence[Record]) -> str:
    """Return chat messages as a person reads them, one block a message."""
    return "\n\n".join(f"[{message['role']}]\n{message['content']}" for message in messages) + "\n"


def _validated(row: Record) -> Validated:
    before, after = row["before"], row["after"]
    return Validated(
        item=row["item"],
        reply_before=before["reply"],
        reply_after=after["reply"],
        score_before=before["score"],
        score_after=after["score"],
        standing=standing(after["score"], before["score"]),
        intended=row.get("intended_strategy", ""),
        chosen_before=before.get("strategy"),
        chosen_after=after.get("strategy"),
    )
