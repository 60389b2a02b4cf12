"""The rungs of the ladder: each yields the programs that it makes, tried out on the validation turns.

zero_shot       the baseline's prompt
labelled        turns of our teachers as demonstrations: the same for all, or matched to subject, grade and words
random_search   BootstrapFewShotWithRandomSearch: demonstrations that the tutor itself made and that passed
gepa            the instruction reworded by reflection on the metric's feedback (Agrawal et al. 2025, arXiv:2507.19457)
mipro           MIPROv2: instruction and demonstrations together (Opsahl-Ong et al. 2024, arXiv:2406.11695)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, get_args

import dspy
from dspy.teleprompt import BootstrapFewShotWithRandomSearch, LabeledFewShot
from dspy.teleprompt.gepa.instruction_proposal import InstructionProposer
from dspy.utils.exceptions import AdapterParseError
from pydantic import ValidationError

from three_tutors.pipeline.diagnostics import EndpointError
from three_tutors.prompting.climber import Candidate, Climber, Made
from three_tutors.prompting.demonstrations import Matching
from three_tutors.prompting.meter import Meter
from three_tutors.prompting.metric import feedback_metric
from three_tutors.prompting.plan import Rung
from three_tutors.tutoring.dialogue import Speaker

REMINDERS: dict[Speaker, tuple[str, ...]] = {
    "teacher": (
        "Reply in one or two short sentences and ask me one question.",
        "What would a good tutor ask me now, in one short question?",
        "Reply with one short question about what I just said.",
    ),
    "student": ("Answer in one short sentence.",),
}
"""Sentences to try after the last turn, in the voice of the one who said it; further drafts take them in this order."""
LONGEST_INSTRUCTION = 1200
"""Characters. A longer one costs more with every reply than it brings."""
ADVICE = (
    "The instruction follows a sentence that says whom the tutor teaches and what. It has to serve every lesson: "
    "name no fact, number or answer out of the examples."
)


def _zero_shot(climber: Climber) -> Iterator[Candidate]:
    yield climber.try_out("zero_shot", Made("zero_shot", climber.fresh("fixed", 0)))


def _reminded(climber: Climber) -> Iterator[Candidate]:
    if climber.start.adapter_name != "plain":
        return
    made = []
    for number, reminder in enumerate(REMINDERS[climber.start.speaker], start=1):
        program = climber.fresh("fixed", 0)
        program.drafts = [reminder]
        made.append(Made(f"reminded_{number}", program))
    yield from climber.try_all("reminded", made)


def _redrafted(climber: Climber) -> Iterator[Candidate]:
    if climber.start.adapter_name != "plain":
        return
    reminders, best = REMINDERS[climber.start.speaker], climber.climb.best.program.drafts
    for name, first in {"plain": [""], "reminded": best}.items():
        others = [reminder for reminder in reminders if reminder not in first]
        if name == "reminded" and first == [""]:
            continue
        for number in range(1, len(others) + 1):
            program = climber.fresh("fixed", 0)
            program.drafts = [*first, *others[:number]]
            yield climber.try_out("redrafted", Made(f"redrafted_{name}_{number}", program))  # every draft was asked for on the rungs before


def _labelled(climber: Climber) -> Iterator[Candidate]:
    made, turns = [], climber.exemplary
    for matching in get_args(Matching):
        for shown in climber.plan.demonstrations:
            held = shown if matching == "fixed" else len(turns)
            program = LabeledFewShot(k=held).compile(climber.fresh(matching, shown), trainset=turns, sample=False)
            made.append(Made(f"labelled_{matching}_{shown}", program))
    yield from climber.try_all("labelled", made)


def _random_search(climber: Climber) -> Iterator[Candidate]:
    plan, labelled = climber.plan, climber.climb.best.program
    shown = max(1, labelled.shown)
    student = climber.fresh("fixed", plan.bootstrapped + shown)
    teacher = labelled.deepcopy()
    teacher._compiled = True  # noqa: SLF001 - DSPy's own mark; without it the teacher's demonstrations are replaced
    trainset = climber.exemplary[: plan.training_turns]
    # Fill the ledger with one parallel pass; the bootstrapping that follows asks one by one.
    climber.evaluate(teacher, trainset)
    made = []
    for number in range(plan.candidates):
        search = BootstrapFewShotWithRandomSearch(
            metric=climber.metric,
            max_bootstrapped_demos=plan.bootstrapped,
            max_labeled_demos=shown,
            num_candidate_programs=plan.candidates,
            num_threads=plan.concurrency,
        )
        # DSPy scores each set before it hands it over; one turn is enough, since we score all of them on all turns together.
        program = search.compile(student, teacher=teacher, trainset=trainset, valset=list(climber.validation[:1]), restrict=[number])
        made.append(Made(f"random_search_{number}", program))
    yield from climber.try_all("random_search", made)


def _gepa(climber: Climber) -> Iterator[Candidate]:
    plan = climber.plan
    gepa = dspy.GEPA(
        metric=feedback_metric(climber.meter),
        max_metric_calls=plan.reflections,
        reflection_lm=climber.reflection,
        num_threads=plan.concurrency,
        instruction_proposer=Proposer(climber.meter),
        use_merge=False,
        track_stats=True,
        seed=plan.seed,
    )
    trainset = climber.exemplary[: plan.training_turns]
    result = gepa.compile(climber.climb.best.program, trainset=trainset, valset=list(climber.validation))
    for number, program in enumerate(result.detailed_results.candidates[1:], start=1):
        yield climber.try_out("gepa", Made(f"gepa_{number}", program))


def _mipro(climber: Climber) -> Iterator[Candidate]:
    plan, best = climber.plan, climber.climb.best.program
    shown = max(1, best.shown)
    mipro = dspy.MIPROv2(
        metric=climber.metric,
        prompt_model=climber.reflection,
        auto=None,
        num_candidates=plan.candidates,
        max_bootstrapped_demos=plan.bootstrapped,
        max_labeled_demos=shown,
        num_threads=plan.concurrency,
        seed=plan.seed,
    )
    teacher = best.deepcopy()
    teacher._compiled = True  # noqa: SLF001 - see `_random_search`
    student = best.reset_copy()  # with the best instruction so far: DSPy wants teacher and student to have the same one
    student.matching, student.shown = "fixed", plan.bootstrapped + shown
    result = mipro.compile(
        student,
        teacher=teacher,
        trainset=climber.exemplary[: plan.training_turns],
        valset=list(climber.validation),
        num_trials=plan.candidates,
        minibatch=False,
    )
    yield climber.try_out("mipro", Made("mipro", result))


class Proposer(InstructionProposer):
    """GEPA's own proposer, whose failures stop the run: GEPA would go on and propose nothing until the budget is used up."""

    def __init__(self, meter: Meter) -> None:
        """Keep proposals short and general."""
        super().__init__(additional_instructions=ADVICE, max_chars=LONGEST_INSTRUCTION)
        self._meter = meter

    def __call__(self, *args: Any, **kwargs: Any) -> dict[str, str]:  # noqa: ANN401 - GEPA's signature
        """Return the new instruction of each predictor."""
        with self._meter.stopping():
            try:
                return super().__call__(*args, **kwargs)
            except (AdapterParseError, ValidationError) as error:
                raise unreadable("gepa", error) from None


def unreadable(rung: Rung, error: Exception) -> EndpointError:
    """Return the error for a reflection model that does not answer as it is asked to."""
    sentence = str(error).strip().split("\n", maxsplit=1)[0]
    return EndpointError(
        f"The reflection model's answer to {rung} cannot be read ({sentence}); "
        "name a more capable one as dspy.reflection_model, or set dspy.optimizer to a lower rung."
    )


LADDER: dict[Rung, Callable[[Climber], Iterator[Candidate]]] = {
    "zero_shot": _zero_shot,
    "reminded": _reminded,
    "redrafted": _redrafted,
    "labelled": _labelled,
    "random_search": _random_search,
    "gepa": _gepa,
    "mipro": _mipro,
}
