"""What the rungs of the ladder share: how to climb, what was tried, and how a program is tried."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import dspy

from three_tutors.openai_client.endpoint import Sampling
from three_tutors.openai_client.paid_replies import call_key
from three_tutors.prompting.budget import Usage, at_most
from three_tutors.prompting.demonstrations import Matching
from three_tutors.prompting.language_model import REFLECTION_TOKENS, language_model
from three_tutors.prompting.meter import Meter, Model, OverBudgetError, Stop
from three_tutors.prompting.metric import Metric, judge, worth_metric
from three_tutors.prompting.plan import Plan, Rung
from three_tutors.prompting.program import TeacherStudentDialogueModel, sound
from three_tutors.tutoring.words import words

FORMULAIC = 0.3
"""Share of a candidate's replies that begin with the same three words, from which it says a formula and is not chosen."""
ENOUGH = 8
"""Fewer replies cannot show a formula."""


@dataclass(frozen=True)
class Made:
    """A program that is to be tried."""

    name: str
    program: TeacherStudentDialogueModel


@dataclass(frozen=True)
class Candidate:
    """A program that was tried on the validation turns."""

    rung: Rung
    name: str
    program: TeacherStudentDialogueModel
    scores: tuple[float, ...]
    """What its reply to every validation turn is worth, in their order."""
    replies: tuple[str, ...]
    strategies: tuple[str, ...]
    """The strategy that was chosen for each; empty where the adapter asks for none or the answer could not be read."""
    prompt_tokens: float
    """Mean tokens of all prompts for one of these turns: what it costs with every reply."""

    @property
    def score(self) -> float:
        """Mean over the validation turns."""
        return sum(self.scores) / len(self.scores)

    @property
    def standard_error(self) -> float:
        """Of that mean; 0 where there is one turn."""
        count = len(self.scores)
        return math.sqrt(sum((one - self.score) ** 2 for one in self.scores) / (count - 1) / count) if count > 1 else 0.0

    @property
    def formulaic(self) -> bool:
        """Whether too many of its replies begin alike."""
        openings = Counter(tuple(words(reply)[:3]) for reply in self.replies)
        return len(self.replies) >= ENOUGH and max(openings.values()) > FORMULAIC * len(self.replies)


@dataclass
class Climb:
    """Everything that was tried."""

    candidates: list[Candidate] = field(default_factory=list)
    usage: Usage = Usage()  # noqa: RUF009 - frozen
    """What the whole climb took, reflection included."""
    stopped_by: str = ""
    """The budget that ended the climb early, as a sentence; empty where it came to its end."""

    @property
    def best(self) -> Candidate:
        """The candidate with the shortest prompt within one standard error of the best score; of equal ones the first.

        Among so few validation turns more than that is luck, and every reply pays for a longer prompt. Formulaic candidates are left
        out, unless all of them are.
        """
        fit = [candidate for candidate in self.candidates if not candidate.formulaic] or self.candidates
        top = max(fit, key=lambda candidate: candidate.score)
        return min((one for one in fit if one.score >= top.score - top.standard_error), key=lambda one: one.prompt_tokens)

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
    tutor: Model
    """The model that is prompted."""
    reflector: Model
    """The model that rewords instructions."""
    sampling: Sampling
    """How replies are drawn."""
    meter: Meter
    climb: Climb = field(default_factory=Climb)
    _dearest: Usage = Usage()  # noqa: RUF009 - frozen

    @property
    def lm(self) -> dspy.LM:
        """The prompted model as DSPy asks it."""
        return language_model(self.tutor, self.meter, self.drawn)

    @property
    def drawn(self) -> Sampling:
        """How the tutor's texts are drawn, labels included."""
        return self.start.sampling(self.sampling)

    @property
    def reflection(self) -> dspy.LM:
        """The reflecting model as DSPy asks it."""
        return language_model(self.reflector, self.meter, replace(self.sampling, max_tokens=REFLECTION_TOKENS))

    @property
    def metric(self) -> Metric:
        """What a reply is worth, as a number or while bootstrapping as a yes or no."""
        return worth_metric(self.meter)

    @cached_property
    def exemplary(self) -> list[dspy.Example]:
        """The training turns that may serve as demonstrations, in an order of the seed's.

        Those whose teacher no fault is found in, or all where they are too few: what a small model is shown, it does.
        """
        with self.meter.stopping():
            good = [turn for turn in self.train if judge(turn, turn.reply).passed]
        turns = good if len(good) >= self.plan.training_turns else list(self.train)
        return random.Random(self.plan.seed).sample(turns, len(turns))

    def try_all(self, rung: Rung, made: Sequence[Made]) -> Iterator[Candidate]:
        """Try programs that do not wait for each other's scores: all are asked together, then told one by one."""
        together = self._ask_together([one.program for one in made])
        for one in made:
            if not together:
                self.leave_room()
            yield self.try_out(rung, one)

    def leave_room(self) -> None:
        """Stop the climb where another candidate as dear as the dearest one so far does not fit the budget.

        Raises:
            Stop: it does not.

        """
        limit = self.meter.fits(self._dearest)
        if limit:
            whole = f"{getattr(self.meter.budget, limit):g} {limit}"
            self.meter.stop(OverBudgetError(f"The budget of {whole} has no room for another candidate (dspy.budget.{limit})."))
            raise Stop

    def _ask_together(self, programs: Sequence[TeacherStudentDialogueModel]) -> bool:
        """Send the requests of all programs together, so the endpoint is never idle waiting for one program's last replies.

        Requests are ordered by turn: prompts with the same prefix prefill faster. If there is only one program, or the budget
        may not cover them all, return False and ask nothing; the programs are then tried one by one.
        """
        most = Usage()
        for program in programs:
            for example in self.validation:
                for draft in range(len(program.drafts)):
                    most += at_most(program.messages(example.inputs(), draft), self.drawn, self.tutor.price)
        if len(programs) == 1 or self.meter.fits(most):
            return False
        together = [dspy.Example(program=program, turn=turn) for turn in self.validation for program in programs]

        def asked(program: TeacherStudentDialogueModel, turn: dspy.Example) -> dspy.Prediction:
            with self.meter.stopping():
                return program(**turn.inputs())

        pairs, before = [one.with_inputs("program", "turn") for one in together], self.meter.usage
        dspy.Evaluate(devset=pairs, metric=lambda *_: 0.0, num_threads=self.plan.concurrency)(asked)
        self._note((self.meter.usage - before) // len(programs))
        return True

    def _note(self, usage: Usage) -> None:
        """Remember what the dearest candidate took."""
        self._dearest = max(self._dearest, usage, key=lambda one: one.tokens)

    def try_out(self, rung: Rung, made: Made) -> Candidate:
        """Score a program on every validation turn."""
        before = self.meter.usage
        scores, predictions = self.evaluate(made.program, self.validation)
        self._note(self.meter.usage - before)
        lengths = [self.prompt_tokens(made.program, example) for example in self.validation]
        candidate = Candidate(
            rung=rung,
            name=made.name,
            program=made.program,
            scores=scores,
            replies=tuple(prediction.reply for prediction in predictions),
            strategies=tuple(prediction.get("strategy") for prediction in predictions),
            prompt_tokens=sum(lengths) / len(lengths),
        )
        self.climb.candidates.append(candidate)
        return candidate

    def prompt_tokens(self, program: TeacherStudentDialogueModel, example: dspy.Example) -> int:
        """Return the prompt tokens of every draft that was asked for to answer an example, as the endpoint counted them."""
        total = 0
        for draft, reminder in enumerate(program.drafts):
            asked = call_key(self.tutor.identity, program.messages(example.inputs(), draft), self.drawn)
            reply = self.meter.ledger.get(asked)
            total += reply.prompt_tokens if reply else 0
            if reply is None or sound(reply.text, reminder):
                break
        return total

    def evaluate(
        self, program: TeacherStudentDialogueModel, examples: Sequence[dspy.Example]
    ) -> tuple[tuple[float, ...], tuple[dspy.Prediction, ...]]:
        """Return the score of and the prediction for every example."""

        def guarded(**inputs: object) -> dspy.Prediction:
            with self.meter.stopping():
                return program(**inputs)

        result = dspy.Evaluate(devset=list(examples), metric=self.metric, num_threads=self.plan.concurrency)(guarded)
        return tuple(float(score) for _, _, score in result.results), tuple(prediction for _, prediction, _ in result.results)

    def fresh(self, matching: Matching, shown: int) -> TeacherStudentDialogueModel:
        """Return a program without demonstrations, with the best drafts so far, told how to show those that it will get."""
        program = self.start.reset_copy()
        program.matching, program.shown = matching, shown
        if self.climb.candidates:
            program.drafts = list(self.climb.best.program.drafts)
        return program
