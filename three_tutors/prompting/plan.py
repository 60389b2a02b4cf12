"""How far to climb the ladder of prompt optimisation, and with what."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field

from three_tutors.pipeline.params import params

Rung = Literal["zero_shot", "reminded", "redrafted", "labelled", "random_search", "gepa", "mipro"]
RUNGS: tuple[Rung, ...] = get_args(Rung)


@params
class Plan:
    """How to climb."""

    optimizer: Rung
    """Last rung of the ladder: `zero_shot`, `reminded`, `redrafted`, `labelled`, `random_search`, `gepa` or `mipro`."""
    demonstrations: Annotated[list[Annotated[int, Field(ge=1, le=16)]], Field(min_length=1)]
    """Numbers of demonstrations to try, 1–16 each; random search takes the one that did best."""
    candidates: Annotated[int, Field(ge=1, le=64)]
    """Sets of demonstrations that random search and MIPROv2 try, 1–64."""
    bootstrapped: Annotated[int, Field(ge=1, le=16)]
    """Most demonstrations of such a set that the tutor made itself, 1–16."""
    training_turns: Annotated[int, Field(ge=1)]
    """Training turns that the tutor answers to make them, or that GEPA reflects on."""
    reflections: Annotated[int, Field(ge=1)]
    """Replies that GEPA may score."""
    seed: Annotated[int, Field(ge=0)]
    """Which turns are taken, and in which order."""
    concurrency: Annotated[int, Field(ge=1, le=256)]
    """Requests in flight at once."""
