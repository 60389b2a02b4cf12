"""Let one tutor answer held-out student turns, scenarios and moments."""

from __future__ import annotations

if __name__ == "__main__":
    from three_tutors.pipeline.starting import start

    start("stages.answer")

import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from three_tutors.openai_client.addresses import BaseUrl, listed
from three_tutors.openai_client.endpoint import Endpoint, Reply, Sampling, api_key
from three_tutors.openai_client.paid_replies import PaidReplies
from three_tutors.openai_client.tutor import Conversation, Tutor
from three_tutors.pipeline.params import params, read
from three_tutors.pipeline.records import write_json, write_jsonl
from three_tutors.tutoring.dialogue import Dialogue, Turn, read_dialogues
from three_tutors.tutoring.moment import Moment, read_moments
from three_tutors.tutoring.questions import asked_moments, played, questions
from three_tutors.tutoring.replies import RecordedReply, write_replies
from three_tutors.tutoring.scenario import Scenario, read_scenarios
from three_tutors.tutors.opening import Service, likelihoods, likely_replies, open_tutor

TEST = Path("data/processed/splits/test.jsonl")
SCENARIOS = Path("data/processed/scenarios.jsonl")
MOMENTS = Path("data/processed/moments/test.jsonl")
OUT = Path("data/processed/answers")
TIMINGS = Path("reports/metrics")
PAID = Path(".cache/answer")
"""Replies of tutors that answer at a service, kept as they come: an interrupted run pays only for the rest."""


@params
class Params:
    """How the tutors are asked; the same for all of them."""

    max_tokens: Annotated[int, Field(ge=0, le=1024)]
    """Most tokens of a reply, up to 1024. Teachers here use under 80. 0 asks for no reply: for studies that look at choice alone."""
    temperature: Annotated[float, Field(ge=0, le=2)]
    """0 is greedy and repeats exactly; up to 2."""
    seed: Annotated[int, Field(ge=0)]
    """Seed of the draw where the temperature is above 0."""
    base_url: BaseUrl
    """`local` (the stage serves the models of models/ itself), or one or several addresses where they are served under their digests."""
    api_key_env: str
    """Name of the environment variable that holds the key of that service; `local` needs none."""

    def service(self) -> Service | None:
        """Return who answers with the models of models/; None for this machine."""
        return None if self.base_url == "local" else Service(listed(self.base_url), api_key(self.api_key_env))


def answer(
    tutor: Tutor, dialogues: Sequence[Dialogue], scenarios: Sequence[Scenario], sampling: Sampling, moments: Sequence[Moment] = ()
) -> list[RecordedReply]:
    """Return the replies to held-out student turns (with their true history), to scenarios, and to moments of the exam.

    In a scenario the student is scripted and the history holds what this tutor itself replied before.
    """
    asked, exam, scenarios = questions(dialogues), asked_moments(moments), played(scenarios)
    pool = ThreadPoolExecutor(tutor.at_once)
    try:
        # Start long scenarios first, so that short single turns fill the idle slots at the end.
        playing = {
            scenario.id: pool.submit(_converse, tutor, scenario, sampling)
            for scenario in sorted(scenarios, key=lambda scenario: -len(scenario.turns))
        }
        met = {item: pool.submit(tutor.reply, Conversation(one.lesson, side.turns), sampling) for item, one, side in exam}
        # Shorter histories first, so that a later turn finds its dialogue's prefix already in the cache.
        replying = {
            one.item: pool.submit(tutor.reply, Conversation(one.lesson, one.turns), sampling)
            for one in sorted(asked, key=lambda one: len(one.turns))
        }
        answers = [_answer(one.item, "turn", replying[one.item].result()) for one in asked]
        for scenario in scenarios:
            replies = playing[scenario.id].result()
            answers += [_answer(f"{scenario.id}#{index}", "scenario", reply) for index, reply in enumerate(replies)]
        answers += [_answer(item, "moment", reply.result()) for item, reply in met.items()]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return answers


def _converse(tutor: Tutor, scenario: Scenario, sampling: Sampling) -> list[Reply]:
    """Play a scenario to its end, one student turn after the other; return the tutor's replies."""
    turns: list[Turn] = []
    replies: list[Reply] = []
    for scripted in scenario.turns:
        turns.append(Turn("student", scripted.text, understanding=scripted.understanding))
        replies.append(tutor.reply(Conversation(scenario.lesson, tuple(turns)), sampling))
        turns.append(Turn("teacher", replies[-1].text))
    return replies


def main() -> None:
    """Open the tutor named on the command line, ask it everything, keep its answers and how long they took."""
    name, settings = sys.argv[1], read("answer", Params)
    dialogues, scenarios, moments = read_dialogues(TEST), read_scenarios(SCENARIOS), read_moments(MOMENTS)
    answers: list[RecordedReply] = []
    said: list[str] = []
    seconds = 0.0
    if settings.max_tokens:
        with open_tutor(name, paid=PaidReplies(PAID / f"{name}.jsonl"), service=settings.service()) as tutor:
            started = time.perf_counter()
            answers = answer(tutor, dialogues, scenarios, Sampling(settings.max_tokens, settings.temperature, settings.seed), moments)
            seconds = time.perf_counter() - started
            said = remarks(tutor, answers)
    write_replies(OUT / name / "answers.jsonl", name, answers)
    write_jsonl(OUT / name / "likelihood.jsonl", likelihoods(name, dialogues))
    write_jsonl(OUT / name / "choice.jsonl", (one.to_record() for one in likely_replies(name, moments)))
    tokens = sum(one.completion_tokens for one in answers)
    timing = {"seconds": round(seconds, 1), "replies": len(answers), "tokens_per_second": round(tokens / seconds, 1) if seconds else 0.0}
    write_json(TIMINGS / f"timing_{name}.json", timing)
    print(
        f"answer: {name} gave {len(answers)} answers of {tokens} tokens in {seconds:.0f} s, in {OUT / name}",
        *said,
        sep="\nanswer: ",
    )


def remarks(tutor: Tutor, answers: Sequence[RecordedReply]) -> list[str]:
    """Return what a service did otherwise than it was asked to, as sentences."""
    silent = sum(not one.reply.strip() for one in answers)
    endpoint = getattr(tutor, "endpoint", None)
    said = endpoint.remarks(sum(one.estimated for one in answers)) if isinstance(endpoint, Endpoint) else []
    return [*said, *([f"{silent} answers have no text and stay unscored."] if silent else [])]


def _answer(item: str, kind: Literal["turn", "scenario", "moment"], reply: Reply) -> RecordedReply:
    taken = (reply.finish_reason, reply.prompt_tokens, reply.completion_tokens, reply.strategy, reply.estimated)
    return RecordedReply(item, kind, reply.text, *taken)
