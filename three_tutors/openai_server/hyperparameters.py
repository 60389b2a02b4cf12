"""How long and how fast a job trains: what `auto` means, and the protocol's numbers as ours."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from three_tutors.language_model import base
from three_tutors.language_model.rate import BY_PAIRS, rate_of
from three_tutors.pipeline.records import Record

Auto = Literal["auto"]
MethodType = Literal["supervised", "dpo"]
Number = int | Annotated[float, Field(allow_inf_nan=False)]

BETA = 0.1
"""What `auto` means: the value of Rafailov et al. 2023, and TRL's."""


@dataclass(frozen=True)
class Hyperparameters:
    """What a client asked for; `lora…` are extensions that Nebius Token Factory names so."""

    n_epochs: Annotated[int, Field(ge=1, le=50)] | Auto = "auto"
    batch_size: Annotated[int, Field(ge=1, le=256)] | Auto = "auto"
    learning_rate_multiplier: Annotated[Number, Field(gt=0)] | Auto = "auto"
    lora: bool = False
    lora_r: Annotated[int, Field(ge=1, le=256)] = 16
    lora_alpha: Annotated[int, Field(ge=1, le=1024)] = 32
    lora_dropout: Annotated[Number, Field(ge=0, lt=1)] = 0.0
    # Outside the text that a job's id is made from, so that supervised jobs keep theirs.
    beta: Annotated[Number, Field(gt=0, le=2)] | Auto = field(default="auto", repr=False)
    """Of `dpo`: the higher, the closer the model stays to the one that it begins with."""
    method: MethodType = field(default="supervised", repr=False)

    def resolved(self, examples: int) -> Hyperparameters:
        """Return the numbers behind `auto` for a training file of so many examples."""
        values: dict[str, Any] = asdict(self)
        if self.n_epochs == "auto":
            values["n_epochs"] = auto_epochs(examples)
        if self.batch_size == "auto":
            values["batch_size"] = max(1, min(8, examples // 10))
        if self.learning_rate_multiplier == "auto":
            values["learning_rate_multiplier"] = 1.0
        if self.method == "dpo" and self.beta == "auto":
            values["beta"] = BETA
        return Hyperparameters(**values)

    def learning_rate(self, folder: Path) -> float:
        """Return the peak learning rate of resolved hyperparameters: the multiplier times the own rate of the base in `folder`."""
        rate = rate_of(base.load_config(folder), lora=self.lora) * float(self.learning_rate_multiplier)
        return rate * BY_PAIRS if self.method == "dpo" else rate

    def described(self) -> Record:
        """Return them as a job shows them: the protocol's, and those of LoRA where it was asked for."""
        own = asdict(self)
        shown = {name: own[name] for name in ("n_epochs", "batch_size", "learning_rate_multiplier")}
        preferring = {"beta": self.beta} if self.method == "dpo" else {}
        return {**shown, **preferring, **({name: value for name, value in own.items() if name.startswith("lora")} if self.lora else {})}

    def as_method(self) -> Record:
        """Return them as a job's method."""
        return {"type": self.method, self.method: {"hyperparameters": self.described()}}


def rate_of_job(job: Record, folder: Path) -> float:
    """Return the peak learning rate of a finished `job`, as the protocol describes it, on the base in `folder`."""
    kind = job["method"]["type"]
    return Hyperparameters(**job["method"][kind]["hyperparameters"], method=kind).learning_rate(folder)


def auto_epochs(examples: int) -> int:
    """Return OpenAI's number of epochs: three, more on few examples, fewer on very many."""
    if examples * 3 < 100:  # noqa: PLR2004 - the bounds that OpenAI's cookbook gives
        return min(25, 100 // examples)
    return max(1, 25_000 // examples) if examples * 3 > 25_000 else 3  # noqa: PLR2004
