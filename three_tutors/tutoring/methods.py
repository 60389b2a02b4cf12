"""The one table of methods and tutors. Whatever names, renders for, bills, draws or opens a tutor reads its row here.

To add a method that trains weights: its stage in stages/ and in dvc.yaml, its section and its entries under `tutors` in params.yaml,
its row here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from three_tutors.tutoring.formats import Format
    from three_tutors.tutoring.pairs import Source

Changes = Literal["nothing", "prompt", "weights", "adapter"]
Opened = Literal["base", "program", "service", "adapter", "weights"]
Billed = Literal["plain prompt", "optimised prompt", "fine-tune", "own server"]

_PLAIN: Mapping[Changes, str] = {
    "nothing": "Untrained",
    "prompt": "Better prompt",
    "weights": "All weights tuned",
    "adapter": "Small adapter",
}
_FURTHER = "Adapter by preferences"
"""Of a tutor that is trained further from another one, which has the plain name of what it changes."""


@dataclass(frozen=True)
class Method:
    """One tutor and how it is made. Its name is also that of its params section and its folders; its stage is `train_<name>`."""

    name: str
    title: str
    """What it does, in plain words that follow its name."""
    changes: Changes
    """What it changes of the base model."""
    learns_from: Format | None
    """The format that `render` writes its dialogues in; None where nothing is learned."""
    chosen_by: str
    """Key in the metrics of its stage: the figure on the validation dialogues that its best candidate or epoch was chosen by.

    It is a score, 0–1, where the prompt is changed, else a loss in nats a token, or a pair for those who learn from pairs.
    """
    opened: Opened
    """What lies in its folder below models/: a `program` of DSPy, the `adapter` or the `weights` of a model, or a description of a
    `service`, with the weights where that service was the local one. The tutor of the `base` has no folder of its own.
    """
    billed: Billed
    """How it is paid for: by the token with a plain prompt, an optimised one or as a fine-tune, or by the hour on your own server."""
    colour: str
    marker: str
    """The shape of its points in figures (`reporting.svg` draws them): without colour, tutors are told apart by these."""
    begins_with: str = ""
    """The tutor that it is trained further from; empty where it begins with the base. Such a tutor is in a run only where params.yaml
    adds it (`tutors`, by a profile)."""
    pairs: tuple[Source, ...] = ()
    """The kinds of pairs of replies that it may learn from; `pairs.REWARDED` says which figures are a reward by them."""

    @property
    def is_usual(self) -> bool:
        """Whether every run makes it."""
        return not self.begins_with

    @property
    def plain(self) -> str:
        """What a reader calls it: `Small adapter`. It follows from what it changes, so that a new row has a plain name, too."""
        return _FURTHER if self.begins_with else _PLAIN[self.changes]

    @property
    def beside(self) -> str:
        """What stands beside the plain name. A service's name alone would read as if that company's model had replied."""
        return f"{self.name} protocol" if self.opened == "service" else self.name

    @property
    def full_name(self) -> str:
        """Both, for pages: `All weights tuned · openai protocol`. Files and commands use `name`."""
        return f"{self.plain} · {self.beside}"

    @property
    def is_trained(self) -> bool:
        """Whether a loss was lowered to make it."""
        return self.changes in {"weights", "adapter"}

    @property
    def stage(self) -> str:
        """The stage that makes it; its metrics are named like it."""
        return "prepare_base" if self.opened == "base" else f"train_{self.name}"

    @property
    def target(self) -> str:
        """That stage as `dvc repro` calls it."""
        return f"{self.stage}@{self.begins_with}" if self.begins_with else self.stage

    @property
    def folder(self) -> str:
        """Its folder below models/."""
        return "base" if self.opened == "base" else self.name


# Colours are Okabe and Ito's, which colour-blind readers can tell apart.
_ROWS = (
    Method(
        name="baseline",
        title="is the untrained model with the plain prompt",
        changes="nothing",
        learns_from=None,
        chosen_by="",
        opened="base",
        billed="plain prompt",
        colour="#666666",
        marker="o",
    ),
    Method(
        name="dspy",
        title="changes the prompt",
        changes="prompt",
        learns_from="examples",
        chosen_by="validation_best",
        opened="program",
        billed="optimised prompt",
        colour="#0072B2",
        marker="s",
    ),
    Method(
        name="openai",
        title="changes every weight, at a service",
        changes="weights",
        learns_from="chats",
        chosen_by="validation_loss",
        opened="service",
        billed="fine-tune",
        colour="#D55E00",
        marker="^",
    ),
    Method(
        name="lora",
        title="adds a few small matrices to your own model",
        changes="adapter",
        learns_from="labelled chats",
        chosen_by="valid_loss",
        opened="adapter",
        billed="own server",
        colour="#009E73",
        marker="D",
    ),
    Method(
        name="preference",
        title="trains lora further on which of two replies is better",
        changes="adapter",
        learns_from=None,
        chosen_by="valid_loss",
        opened="adapter",
        billed="own server",
        colour="#CC79A7",
        marker="v",
        begins_with="lora",
        pairs=("moments", "samples", "choices"),
    ),
)

TUTORS: Mapping[str, Method] = {row.name: row for row in _ROWS}
"""Every tutor by its name, in the order of all tables and pictures."""
METHODS: Mapping[str, Method] = {name: row for name, row in TUTORS.items() if row.changes != "nothing"}
"""Those that were made: all but the baseline."""
USUAL: tuple[str, ...] = tuple(name for name, row in TUTORS.items() if row.is_usual)
"""The tutors of every run."""
REFERENCE = "reference"
"""Row of the teachers' own turns in every table; nothing replies under this name."""

if TYPE_CHECKING:
    TutorName = str
else:
    # For a type checker a name is a text; params and forms refuse one that is not in the table.
    TutorName = Literal[tuple(TUTORS)]


def first(billed: Billed) -> str:
    """Return the first tutor that is billed so; an empty name where there is none."""
    return next((name for name, row in TUTORS.items() if row.billed == billed), "")


# What a sentence or a figure is about that concerns one kind of tutor.
BASELINE = first("plain prompt")
PROMPTED = first("optimised prompt")
TUNED = first("fine-tune")
HOSTED = first("own server")
