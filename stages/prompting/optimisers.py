"""The ladder of prompt optimisation. Each rung keeps what is better on validation; `optimizer` says how far to climb.

zero_shot       the baseline's prompt
labelled        turns of our teachers as demonstrations: the same for all, or matched to subject, grade and words
random_search   BootstrapFewShotWithRandomSearch: demonstrations that the tutor itself made and the rubric passed
gepa            the instruction reworded by reflection on the rubric's feedback (Agrawal et al. 2025, arXiv:2507.19457)
mipro           MIPROv2: instruction and demonstrations together (Opsahl-Ong et al. 2024, arXiv:2406.11695)
"""

from __future__ import annotations

import contextlib
import io
import logging
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

import dspy
from dspy.teleprompt import BootstrapFewShotWithRandomSearch, LabeledFewShot
from dspy.utils.exceptions import AdapterParseError

from stages.prompting.demonstrations import Matching
from stages.prompting.meter import Meter, OverBudgetError, Stop, Usage
from stages.prompting.metric import Metric, feedback_metric, rubric_metric
from stages.prompting.program import TeacherStudentDialogueModel
from stages.tutoring.diagnostics import EndpointError

Rung = Literal["zero_shot", "labelled", "random_search", "gepa", "mipro"]
RUNGS: tuple[Rung, ...] = get_args(Rung)

Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """How to climb."""

    optimizer: Rung
    """The last rung to try."""
    demonstrations: Sequence[int]
    """Numbers of demonstrations to try; random search takes the one that did best."""
    candidates: int
    """Sets of demonstrations that random search and MIPROv2 try."""
    bootstrapped: int
    """Most demonstrations of a set that the tutor made itself."""
    training_turns: int
    """Training turns that are answered to make such demonstrations, or to reflect on."""
    reflections: int
    """Replies that GEPA may score, at most."""
    threads: int
    seed: int


@dataclass(frozen=True)
class Candidate:
    """A program that was tried on the validation turns."""

    rung: Rung
    name: str
    program: TeacherStudentDialogueModel
    scores: tuple[float, ...]
    """The rubric's score for every validation turn, in their order."""
    replies: tuple[str, ...]
    usage: Usage
    """What trying it took."""

    @property
    def score(self) -> float:
        """Mean over the validation turns."""
        return sum(self.scores) / len(self.scores)


@dataclass
class Climb:
    """Everything that was tried."""

    candidates: list[Candidate] = field(default_factory=list)
    stopped_by: str = ""
    """The budget that ended the climb early, as a sentence; empty where it came to its end."""

    @property
    def best(self) -> Candidate:
        """The candidate with the best score; of equal ones the first, whose prompt is shorter."""
        return max(self.candidates, key=lambda candidate: candidate.score)

    @property
    def zero_shot(self) -> Candidate:
        """Where the climb began."""
        return self.candidates[0]


@dataclass
class Climber:
    """What every rung needs."""

    plan: Plan
    train: Sequence[dspy.Example]
    """Turns whose replies may be shown or learned from."""
    validation: Sequence[dspy.Example]
    start: TeacherStudentDialogueModel
    """The zero-shot program."""
    reflection: dspy.LM
    meter: Meter
    climb: Climb = field(default_factory=Climb)

    @property
    def metric(self) -> Metric:
        """The rubric, as a number or while bootstrapping as a yes or no."""
        return rubric_metric(self.meter)

    def sample(self) -> list[dspy.Example]:
        """Return the training turns in an order of the seed's."""
        return random.Random(self.plan.seed).sample(list(self.train), len(self.train))

    def try_out(self, rung: Rung, name: str, program: TeacherStudentDialogueModel, before: Usage) -> Candidate:
        """Score `program` on every validation turn; what was spent since `before` is its price."""
        scores, replies = self.evaluate(program, self.validation)
        candidate = Candidate(rung, name, program, scores, replies, self.meter.usage - before)
        self.climb.candidates.append(candidate)
        return candidate

    def evaluate(self, program: TeacherStudentDialogueModel, examples: Sequence[dspy.Example]) -> tuple[tuple[float, ...], tuple[str, ...]]:
        """Return the score of and the reply to every example."""

        def guarded(**inputs: object) -> dspy.Prediction:
            with self.meter.stopping():
                return program(**inputs)

        result = dspy.Evaluate(devset=list(examples), metric=self.metric, num_threads=self.plan.threads)(guarded)
        return tuple(float(score) for _, _, score in result.results), tuple(prediction.reply for _, prediction, _ in result.results)

    def fresh(self, matching: Matching, shown: int) -> TeacherStudentDialogueModel:
        """Return the zero-shot program, told how to show the demonstrations that it will get."""
        program = self.start.reset_copy()
        program.matching, program.shown = matching, shown
        return program


def climb(climber: Climber, lm: dspy.LM, say: Say) -> Climb:
    """Climb the ladder; return every candidate with its score, the zero-shot one first.

    Raises:
        TutorError: the endpoint failed, or answered nothing that can be read. What was paid is in the ledger.

    """
    dspy.configure_cache(enable_disk_cache=False, enable_memory_cache=False)
    meter, tried = climber.meter, climber.climb
    rungs = RUNGS[: RUNGS.index(climber.plan.optimizer) + 1]
    try:
        with quietly(), dspy.context(lm=lm, num_threads=climber.plan.threads, disable_history=True):
            for rung in rungs:
                for candidate in LADDER[rung](climber):
                    say(_line(candidate, meter))
                    _refuse_nonsense(tried)
                    if limit := _no_room(climber):
                        tried.stopped_by = limit
                        return tried
    except Stop:
        tried.stopped_by = meter.forgive()
        if not tried.candidates:
            raise OverBudgetError(f"{tried.stopped_by} Not even the zero-shot prompt could be tried; raise it.") from None
    except AdapterParseError as error:
        raise EndpointError(
            f"The reflection model's answer to {climber.plan.optimizer} cannot be read ({_first_line(error)}); "
            "name a more capable one as dspy.reflection_model, or climb less far."
        ) from None
    except BaseException as error:
        meter.stop(error)
        raise
    return tried


def _zero_shot(climber: Climber) -> Iterator[Candidate]:
    yield climber.try_out("zero_shot", "zero_shot", climber.fresh("fixed", 0), climber.meter.usage)


def _labelled(climber: Climber) -> Iterator[Candidate]:
    for matching in get_args(Matching):
        for shown in climber.plan.demonstrations:
            before = climber.meter.usage
            held = shown if matching == "fixed" else len(climber.train)
            student = climber.fresh(matching, shown)
            program = LabeledFewShot(k=held).compile(student, trainset=climber.sample(), sample=False)
            yield climber.try_out("labelled", f"labelled_{matching}_{shown}", program, before)


def _random_search(climber: Climber) -> Iterator[Candidate]:
    plan, labelled = climber.plan, climber.climb.best.program
    shown = max(1, labelled.shown)
    student = climber.fresh("fixed", plan.bootstrapped + shown)
    teacher = labelled.deepcopy()
    teacher._compiled = True  # noqa: SLF001 - DSPy's own mark; without it the teacher's demonstrations are replaced
    trainset = climber.sample()[: plan.training_turns]
    before = climber.meter.usage
    climber.evaluate(teacher, trainset)  # all at once what bootstrapping asks one by one: it finds the replies in the ledger
    for number in range(plan.candidates):
        search = BootstrapFewShotWithRandomSearch(
            metric=climber.metric,
            max_bootstrapped_demos=plan.bootstrapped,
            max_labeled_demos=shown,
            num_candidate_programs=plan.candidates,
            num_threads=plan.threads,
        )
        program = search.compile(student, teacher=teacher, trainset=trainset, valset=list(climber.validation), restrict=[number])
        yield climber.try_out("random_search", f"random_search_{number}", program, before)
        before = climber.meter.usage


def _gepa(climber: Climber) -> Iterator[Candidate]:
    plan, before = climber.plan, climber.meter.usage
    gepa = dspy.GEPA(
        metric=feedback_metric(climber.meter),
        max_metric_calls=plan.reflections,
        reflection_lm=climber.reflection,
        num_threads=plan.threads,
        use_merge=False,
        track_stats=True,
        seed=plan.seed,
    )
    trainset = climber.sample()[: plan.training_turns]
    result = gepa.compile(climber.climb.best.program, trainset=trainset, valset=list(climber.validation))
    for number, program in enumerate(result.detailed_results.candidates[1:], start=1):
        yield climber.try_out("gepa", f"gepa_{number}", program, before)
        before = climber.meter.usage


def _mipro(climber: Climber) -> Iterator[Candidate]:
    plan, best, before = climber.plan, climber.climb.best.program, climber.meter.usage
    shown = max(1, best.shown)
    mipro = dspy.MIPROv2(
        metric=climber.metric,
        prompt_model=climber.reflection,
        auto=None,
        num_candidates=plan.candidates,
        max_bootstrapped_demos=plan.bootstrapped,
        max_labeled_demos=shown,
        num_threads=plan.threads,
        seed=plan.seed,
    )
    teacher = best.deepcopy()
    teacher._compiled = True  # noqa: SLF001 - see `_random_search`
    result = mipro.compile(
        climber.fresh("fixed", plan.bootstrapped + shown),
        teacher=teacher,
        trainset=climber.sample()[: plan.training_turns],
        valset=list(climber.validation),
        num_trials=plan.candidates,
        minibatch=False,
    )
    yield climber.try_out("mipro", "mipro", result, before)


LADDER: dict[Rung, Callable[[Climber], Iterator[Candidate]]] = {
    "zero_shot": _zero_shot,
    "labelled": _labelled,
    "random_search": _random_search,
    "gepa": _gepa,
    "mipro": _mipro,
}


def planned_calls(plan: Plan, validation: int) -> int:
    """Return about how many calls the climb makes."""
    of_rung: dict[Rung, int] = {
        "zero_shot": validation,
        "labelled": validation * len(get_args(Matching)) * len(plan.demonstrations),
        "random_search": plan.training_turns + validation * plan.candidates,
        "gepa": plan.reflections + plan.reflections // 6,
        "mipro": validation * (plan.candidates + 1) + 3 * plan.candidates + 12,
    }
    return sum(of_rung[rung] for rung in RUNGS[: RUNGS.index(plan.optimizer) + 1])


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


def _no_room(climber: Climber) -> str:
    """Return why another candidate as dear as the dearest one so far does not fit the budget, or nothing."""
    tried = climber.climb.candidates
    dearest = max((candidate.usage for candidate in tried), key=lambda usage: usage.tokens)
    limit = climber.meter.fits(dearest, 0.0)
    if not limit:
        return ""
    return f"The budget of {getattr(climber.meter.budget, limit):g} {limit} has no room for another candidate (dspy.budget.{limit})."


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


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", maxsplit=1)[0]
