"""A judge: any model behind an OpenAI-compatible endpoint, or a larger one on this machine, that judges replies. Off by default.

    python -m three_tutors.trust.judge --graded FILE   judge replies that people graded or rated, and say how far the judge agrees
    python -m three_tutors.trust.judge --rated FILE    the same in the four dimensions, on replies that people rated in them
    python -m three_tutors.trust.judge NAME            judge a tutor's answers, or the teachers' own turns (`reference`)

Run them in this order: the reports show how far a judge agrees beside its figures, and what it says of sense only where that is known.

An endpoint is asked one question a call: three anchored levels, the answer given, reasoning and a verbatim quotation before the
level. What it was paid for is kept by content in .cache/judge.jsonl, so that an interrupted run goes on where it stopped and nothing
is bought twice. A verdict that cannot be read, or quotes words that the reply does not hold, is unscored and never a level. A model on
this machine (`judge.base_url: local`) costs nothing and is read off its logits (`local_judge`); what it says of sense is read off its
states, once `python -m three_tutors.trust.sense --model DIR` has learned how.
"""

from __future__ import annotations

if __name__ == "__main__":
    from three_tutors.pipeline.starting import start

    start("three_tutors.trust.judge")

import argparse
import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Protocol

from pydantic import Field

from three_tutors.openai_client.addresses import BaseUrl, listed
from three_tutors.openai_client.endpoint import Endpoint, Reply, Sampling, api_key
from three_tutors.openai_client.paid_replies import PaidReplies, call_key, identity
from three_tutors.pipeline.diagnostics import ParamsError
from three_tutors.pipeline.params import params, read
from three_tutors.pipeline.records import Record, read_json, write_json
from three_tutors.scoring.replied import Replied, read_replied
from three_tutors.scoring.score import Score
from three_tutors.trust import fitted_sense
from three_tutors.trust.agreement import agreement
from three_tutors.trust.graded import read_graded
from three_tutors.trust.judge_agreement import against_graded, keep
from three_tutors.trust.judge_questions import ANCHORS, QUALITIES, prompt, verdict
from three_tutors.trust.local_judge import LocalJudge, folder_of
from three_tutors.trust.rated_replies import RatedReply, read_rated_replies
from three_tutors.trust.verdicts import AGREEMENT, FOLDER, write_verdicts
from three_tutors.tutoring.dialogue import read_dialogues
from three_tutors.tutoring.formats import Message
from three_tutors.tutoring.methods import REFERENCE, TUTORS
from three_tutors.tutoring.moment import read_moments
from three_tutors.tutoring.scenario import read_scenarios
from three_tutors.tutoring.words import words

TEST = Path("data/processed/splits/test.jsonl")
SCENARIOS = Path("data/processed/scenarios.jsonl")
MOMENTS = Path("data/processed/moments/test.jsonl")
ANSWERS = Path("data/processed/answers")
MODELS = Path("models")
HERE = "local"
"""The address of a model on this machine."""
PAID = Path(".cache/judge.jsonl")
AT_ONCE = 8
"""Verdicts asked for at a time of each address."""
VERDICT = Sampling(max_tokens=2000)
"""How a verdict is drawn. It is some 100 tokens long, but what a reasoning model thinks before counts too."""


@params
class Params:
    """Who judges, and for how many calls."""

    enabled: bool
    """Whether a judge may be asked at all; `false` by default."""
    base_url: BaseUrl
    """Address of an OpenAI-compatible endpoint, up to and including `/v1`, or several; `local` for a model on this machine."""
    model: str
    """Name of the judging model, or its folder or GGUF file on this machine; never one of the tutors."""
    key: str
    """Name of the environment variable that holds the endpoint's key."""
    most_calls: Annotated[int, Field(ge=1)]
    """Calls that one run may pay for; what is left stays unscored until the next run."""


class Judge(Protocol):
    """Whatever judges replies: a `RemoteJudge` or a `LocalJudge`."""

    name: str

    def scores(self, asked: Sequence[tuple[Replied, str]]) -> list[Score]:
        """Return the verdict on each reply in each dimension or quality, 0 to 1."""


class Chat(Protocol):
    """What answers a judge's prompts: an `Endpoint`, or a fake in tests."""

    def chat(self, messages: Sequence[Message], sampling: Sampling) -> Reply:
        """Return the reply to one conversation."""


@dataclass
class Allowance:
    """Verdicts already paid for, and how many more may be bought."""

    paid: PaidReplies
    calls_left: int
    filed_as: str = ""
    """Which model judges (`paid_replies.identity`); left out, its name says it."""
    tokens: int = 0
    """Read and written for all verdicts given so far."""

    def ask(self, chat: Chat, model: str, prompts: Sequence[Sequence[Message]], at_once: int = 1) -> list[str | None]:
        """Return the judge's words on each prompt, bought now or before; None where the budget is spent.

        The first prompts are bought first, `at_once` at a time, and equal ones once. The first call is made alone, because it finds out
        which arguments the model does not take.
        """
        keys = [call_key(self.filed_as or model, prompt, VERDICT) for prompt in prompts]
        wanted = {key: prompt for key, prompt in zip(keys, prompts, strict=True) if self.paid.get(key) is None}
        bought = list(wanted.items())[: self.calls_left]
        self.calls_left -= len(bought)
        pool = ThreadPoolExecutor(at_once)
        try:
            for some in (bought[:1], bought[1:]):
                for asked in [pool.submit(self._buy, chat, key, prompt) for key, prompt in some]:
                    asked.result()
        finally:
            pool.shutdown(cancel_futures=True)  # those under way are paid for, so they are waited for and kept
        replies = [self.paid.get(key) for key in keys]
        self.tokens += sum(reply.prompt_tokens + reply.completion_tokens for reply in replies if reply)
        return [reply.text if reply else None for reply in replies]

    def _buy(self, chat: Chat, key: str, prompt: Sequence[Message]) -> None:
        self.paid.put(key, chat.chat(prompt, VERDICT))


@dataclass
class RemoteJudge:
    """A model behind an endpoint, paid call by call."""

    chat: Chat
    name: str
    allowance: Allowance
    at_once: int = 1
    """Calls under way at a time."""

    @property
    def tokens(self) -> int:
        """Tokens read and written for the verdicts so far, bought now or before."""
        return self.allowance.tokens

    def scores(self, asked: Sequence[tuple[Replied, str]]) -> list[Score]:
        """See `Judge`."""
        said = self.allowance.ask(self.chat, self.name, [prompt(one, name) for one, name in asked], self.at_once)
        return [verdict(words, one.reply) for words, (one, _) in zip(said, asked, strict=True)]


def judge(judging: Judge, given: Sequence[Replied]) -> list[Record]:
    """Return one row an answer with a score for each dimension that its student turn raises, and for each quality."""
    asked = [[*(ANCHORS if one.turns[-1].understanding in ("wrong", "partial", "") else ()), *QUALITIES] for one in given]
    found = _levels(judging, given, asked)  # unlabelled, a turn may be wrong or right
    return [
        {"item": one.item, "kind": one.kind, **{name: score.to_record() for name, score in levels.items()}}
        for one, levels in zip(given, found, strict=True)
    ]


def against_people(judging: Judge, rows: Sequence[RatedReply]) -> Record:
    """Return how far the judge agrees with people, as `agreement` tells it of the shipped scores."""
    given = [row.replied for row in rows]
    found = _levels(judging, given, [[name for name in row.labels if name in ANCHORS] for row in rows])
    levels = {id(row): one for row, one in zip(rows, found, strict=True)}
    return {"judge": judging.name, **agreement(rows, lambda row: levels[id(row)])}


def main() -> None:
    """Let the judge of params.yaml judge a tutor's answers, or replies that people graded or rated."""
    parser = argparse.ArgumentParser(prog="python -m three_tutors.trust.judge", description=(__doc__ or "").splitlines()[0])
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("name", nargs="?", choices=(*TUTORS, REFERENCE), help="whose replies are judged")
    what.add_argument("--graded", type=Path, help="replies that people graded or rated, one JSON object a line")
    what.add_argument("--rated", type=Path, help="replies that people rated in the four dimensions, one JSON object a line")
    asked = parser.parse_args()
    settings = read("judge", Params)
    _permitted(settings)
    judging = _open(settings)
    begun = time.monotonic()
    if asked.graded:
        found = against_graded(judging, read_graded(asked.graded))
        keep(asked.graded.name, {**found, "seconds": round(time.monotonic() - begun, 1), "tokens": judging.tokens})
        print(json.dumps(found["qualities"], indent=2))
    elif asked.rated:
        write_json(FOLDER / AGREEMENT, against_people(judging, read_rated_replies(asked.rated)))
    else:
        given = read_replied(ANSWERS, asked.name, read_dialogues(TEST), read_scenarios(SCENARIOS), read_moments(MOMENTS))
        rows = judge(judging, given)
        write_verdicts(FOLDER / f"{asked.name}.jsonl", asked.name, judging.name, {one.item: one.reply for one in given}, rows)
    about = asked.graded or asked.rated or asked.name
    print(f"judge: {judging.name} judged {about} in {time.monotonic() - begun:.0f} s, in {FOLDER}; `dvc repro report` shows it")
    if isinstance(judging, RemoteJudge):
        _tell(judging, settings.most_calls)


def _open(settings: Params) -> RemoteJudge | LocalJudge:
    if settings.base_url == HERE:
        return LocalJudge(folder_of(settings.model), fitted_sense.read())
    urls = listed(settings.base_url)
    endpoint = Endpoint(urls[0], settings.model, api_key(settings.key), others=urls[1:], concurrency=AT_ONCE)
    allowance = Allowance(PaidReplies(PAID), settings.most_calls, identity(urls, settings.model))
    return RemoteJudge(endpoint, settings.model, allowance, endpoint.at_once)


def _tell(judging: RemoteJudge, most_calls: int) -> None:
    print(f"judge: {most_calls - judging.allowance.calls_left} calls were paid for.")
    if isinstance(judging.chat, Endpoint):
        for remark in judging.chat.remarks(0):
            print(f"judge: {remark}")
    if not judging.allowance.calls_left:
        print("judge: the budget of judge.most_calls is spent; what was left out is unscored. Run it again to go on.")


def _levels(judging: Judge, given: Sequence[Replied], asked: Sequence[Sequence[str]]) -> list[dict[str, Score]]:
    """Return the verdicts on each reply by what was asked of it; a reply that says nothing is not judged."""
    wanted = [(number, name) for number, names in enumerate(asked) for name in names if words(given[number].reply)]
    found = dict(zip(wanted, judging.scores([(given[number], name) for number, name in wanted]), strict=True))
    nothing = Score.unscored("nothing was replied")
    return [{name: found.get((number, name), nothing) for name in names} for number, names in enumerate(asked)]


def _permitted(settings: Params) -> None:
    if not settings.enabled:
        raise ParamsError("params.yaml: judge.enabled is false; set it to true and name an endpoint, its model and its key to ask a judge.")
    tutors = {str(read_json(path).get("model")) for path in sorted(MODELS.glob("*/tutor.json"))}
    if settings.model.startswith(("local-", "ft:")) or settings.model in tutors:
        raise ParamsError(f"params.yaml: judge.model {settings.model} is a tutor; a tutor does not judge itself, name another model.")
