"""What DSPy changed in the prompt, with which worked examples, and what that did turn by turn."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from three_tutors.pipeline.records import Record, read_json, read_jsonl
from three_tutors.pricing.tokens import chat_tokens
from three_tutors.reporting.standing import Standing, standing
from three_tutors.scoring.substance import SUBSTANCE
from three_tutors.tutoring.methods import PROMPTED

Edit = Literal["kept", "taken out", "put in"]


@dataclass(frozen=True)
class ValidationTurn:
    """One validation turn with the plain and with the chosen prompt."""

    item: str
    before: Record
    """`reply`, its `score` and, where the program says one, the `strategy` that it chose."""
    after: Record
    teacher: str = ""
    """The strategy of the teacher's own reply."""

    @property
    def standing(self) -> Standing:
        """The chosen prompt's reply against the plain prompt's."""
        return standing(self.after["score"], self.before["score"])


@dataclass(frozen=True)
class Optimisation:
    """One search, from the plain prompt to the chosen one."""

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
    turns: Sequence[ValidationTurn]
    change: Record | None = None
    """Mean `difference` of the score over the validation turns, with the `low` and `high` of its 95 % interval over dialogues."""
    drafts: int = 1
    """Most drafts of one reply; another one is asked for where `finished_turn` finds fault with the last."""
    tokens_before: int = 0
    """Tokens of the whole prompt for one validation turn, one draft, as OpenAI counts them."""
    tokens_after: int = 0

    @property
    def standings(self) -> Counter[Standing]:
        """On how many validation turns the chosen prompt was better, the same, worse."""
        return Counter(turn.standing for turn in self.turns)

    @property
    def agreement(self) -> tuple[int, int] | None:
        """On how many labelled turns the teacher's strategy was chosen, before and after; None where nobody says one."""
        labelled = [turn for turn in self.turns if turn.teacher]
        if not any(turn.before.get("strategy") or turn.after.get("strategy") for turn in labelled):
            return None
        return (
            sum(turn.before.get("strategy") == turn.teacher for turn in labelled),
            sum(turn.after.get("strategy") == turn.teacher for turn in labelled),
        )

    @property
    def reworded(self) -> bool:
        """Whether the instruction itself changed."""
        return any(edit != "kept" for edit, _ in self.instruction)


def read_optimisation(folder: Path) -> Optimisation | None:
    """Return what `train_dspy` left in `folder`, None where it has not run."""
    if not (folder / "optimisation.json").exists():
        return None
    history = read_json(folder / "optimisation.json")
    before, after = (read_json(folder / f"prompt_{when}.json") for when in ("before", "after"))
    return Optimisation(
        before=chat_text(before),
        after=chat_text(after),
        tokens_before=chat_tokens(before),
        tokens_after=chat_tokens(after),
        chosen=history["chosen"],
        candidates=len(history["candidates"]),
        instruction=word_changes(history["instruction_before"], history["instruction_after"]),
        demonstrations=read_json(folder / "demonstrations.json"),
        turns=[
            ValidationTurn(row["item"], row["before"], row["after"], row.get("intended_strategy", ""))
            for row in read_jsonl(folder / "validation.jsonl")
        ],
        change=history.get("turns"),
        drafts=len(read_json(program)["program"].get("drafts", [""])) if (program := folder / "program.json").exists() else 1,
    )


def caveats(optimisation: Optimisation | None, tutors: Collection[str]) -> list[str]:
    """Return what a reader has to know about a tutor that was made with some of the scores; nothing where it is not among `tutors`."""
    if optimisation is None or PROMPTED not in tutors:
        return []
    by_substance = (
        f"DSPy chose {PROMPTED}'s prompt by “{SUBSTANCE.label}”, on the validation dialogues; no other tutor was made with that score, "
        f"which favours {PROMPTED} in it."
    )
    if optimisation.drafts == 1:
        return [by_substance]
    by_drafts = (
        f"{PROMPTED} may write {optimisation.drafts} drafts: if the first is cut off, repeats itself or contains markup, it writes "
        f"another. “Broken text” uses the same test, and the rubric caps replies that fail it, so {PROMPTED} has an advantage in both. "
        "Its tokens per reply count every draft."
    )
    return [by_substance, by_drafts]


def word_changes(before: str, after: str) -> list[tuple[Edit, str]]:
    """Return the words of `after` and those taken out of `before`, in pieces that were kept, taken out or put in."""
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
