"""Climb the ladder of prompt optimisation: each rung keeps what is better on validation, `optimizer` says how far."""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Callable, Iterator
from typing import get_args

import dspy
from dspy.utils.exceptions import AdapterParseError

from three_tutors.pipeline.diagnostics import EndpointError
from three_tutors.prompting.climber import Candidate, Climb, Climber
from three_tutors.prompting.demonstrations import Matching
from three_tutors.prompting.meter import Meter, OverBudgetError, Stop
from three_tutors.prompting.plan import RUNGS, Plan, Rung
from three_tutors.prompting.rungs import LADDER, REMINDERS, unreadable

Say = Callable[[str], None]
DRAFTS = 2
"""Drafts of a reply to reckon with: the embedded model needs 1.9 of four."""


def climb(climber: Climber, say: Say) -> Climb:
    """Climb the ladder; return every candidate with its score, the zero-shot one first.

    A budget that is met ends the climb; what was tried so far stands.

    Args:
        climber: The plan, the examples, the models and the meter.
        say: Called with one line for each candidate.

    Raises:
        TutorError: the endpoint failed, or answered nothing that can be read. What was paid is in the ledger.

    """
    off_the_disk()
    meter, tried = climber.meter, climber.climb
    try:
        with quietly(), dspy.context(lm=climber.lm, num_threads=climber.plan.concurrency, disable_history=True):
            for candidate in _candidates(climber):
                say(_line(candidate, meter))
                _refuse_nonsense(tried)
    except Stop:
        tried.stopped_by = meter.forgive()
    except AdapterParseError as error:
        raise unreadable(climber.plan.optimizer, error) from None
    except KeyboardInterrupt as error:
        meter.stop(error)
        raise
    finally:
        meter.close()
    if not tried.candidates:
        raise OverBudgetError(f"{tried.stopped_by} Not even the zero-shot prompt could be tried; allow more.")
    tried.usage = meter.usage
    return tried


def _candidates(climber: Climber) -> Iterator[Candidate]:
    for rung in RUNGS[: RUNGS.index(climber.plan.optimizer) + 1]:
        climber.leave_room()
        yield from LADDER[rung](climber)


def planned_calls(plan: Plan, validation: int) -> int:
    """Return about how many calls the climb makes; where drafts are made anew, two for a reply are reckoned with."""
    of_rung: dict[Rung, int] = {
        "zero_shot": validation,
        "reminded": validation * len(REMINDERS["teacher"]),
        "redrafted": 0,  # every draft was asked for on the rung before
        "labelled": DRAFTS * validation * len(get_args(Matching)) * len(plan.demonstrations),
        "random_search": DRAFTS * (plan.training_turns + validation * plan.candidates),
        "gepa": plan.reflections + plan.reflections // 6,
        "mipro": validation * (plan.candidates + 1) + 3 * plan.candidates + 12,
    }
    return sum(of_rung[rung] for rung in RUNGS[: RUNGS.index(plan.optimizer) + 1])


def off_the_disk() -> None:
    """Turn DSPy's caches off: they are pickles in the home directory, keyed without the address of the model."""
    dspy.configure_cache(enable_disk_cache=False, enable_memory_cache=False)


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Keep DSPy's prints, progress bars and log lines to itself; ours go to the stream that `say` holds."""
    logger = logging.getLogger("dspy")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        logger.setLevel(level)


def _refuse_nonsense(tried: Climb) -> None:
    """Stop where most zero-shot answers are empty or unreadable: climbing on would only spend money."""
    first = tried.zero_shot
    empty = sum(not reply for reply in first.replies)
    if len(tried.candidates) == 1 and empty * 2 > len(first.replies):
        raise EndpointError(
            f"{empty} of {len(first.replies)} answers to the zero-shot prompt are empty or unreadable as "
            f"{first.program.adapter_name} output; check the model, or set dspy.adapter: plain."
        )


def _line(candidate: Candidate, meter: Meter) -> str:
    usage = meter.usage
    return (
        f"  {candidate.name:<22} {candidate.score:.3f}   so far {usage.calls} calls ({meter.paid.calls} paid now), "
        f"{usage.tokens} tokens, {meter.seconds:.0f} s, ${usage.dollars:.4f}"
    )
