"""The kept program is priced and measured as it is, not as the estimate assumed it, and drafts are no length."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from tests import small_run
from three_tutors.pipeline.records import Record
from three_tutors.reporting.evidence import gather
from three_tutors.reporting.kept_program import KeptProgram, kept_program, prompt_sentence, with_kept_program
from three_tutors.reporting.optimisation import Optimisation
from three_tutors.tutoring.replies import RecordedReply

PROGRAM = Optimisation("", "", "redrafted", 3, [], [], [], drafts=2, tokens_before=100, tokens_after=110)


def replies(prompt_tokens: int) -> dict[str, RecordedReply]:
    """Return one reply to a held-out turn and one to a scenario, which does not count."""
    turn = RecordedReply("a#0", "turn", "Why?", "stop", prompt_tokens, 5)
    return {"a#0": turn, "s#0": replace(turn, item="s#0", kind="scenario", prompt_tokens=9999)}


def bill(conversation: int, **more: float) -> Record:
    """Return the record of a bill."""
    return {"making": 0, "exam": 0, "conversation": conversation, "months": 10.0, "server_month": 0, "server_conversations": None, **more}


COSTS: Record = {
    "assumed": {"conversations_per_month": 10},
    "tokens": {"plain": {"replies": 2.0, "prompt": 400.0, "reply": 60.0}},
    "rates": {"input": 0.5, "output": 2.0},
    "bills": {"baseline": bill(320), "dspy": bill(900), "openai": bill(700, making=1000)},
    "break_even": [
        {"challenger": "openai", "incumbent": "baseline", "outcome": "never", "conversations": None},
        {"challenger": "openai", "incumbent": "dspy", "outcome": "reached", "conversations": 1},
    ],
    "curve": [{"conversations": 10, "baseline": 3200, "dspy": 9000, "openai": 7100}],
}


def test_drafts_are_told_from_length() -> None:
    """220 prompt tokens a reply are two drafts of 110, and not a prompt of 2.2 times the length."""
    kept = kept_program(PROGRAM, {"baseline": replies(100), "dspy": replies(220)})
    assert kept == KeptProgram(demonstrations=0, added=10, drafts=2.0)
    sentence = prompt_sentence(PROGRAM, kept)
    assert "has 110 tokens and the plain one 100: it is 1.1 times as long. It asks for 2.0 drafts a reply" in sentence
    assert "2.2" not in sentence


@pytest.mark.parametrize(
    ("after", "drafts", "said", "not_said"),
    [
        (100, 1.0, "is as long as the plain one", "longer"),
        (102, 1.0, "it is longer.", "times as long"),
        (90, 1.0, "it is shorter.", "longer"),
        (150, 1.04, "1.5 times as long", "drafts"),
    ],
)
def test_the_sentence_follows_the_figures(after: int, drafts: float, said: str, not_said: str) -> None:
    """Longer, shorter and equal have words of their own; one draft is not spoken of."""
    sentence = prompt_sentence(replace(PROGRAM, tokens_after=after), KeptProgram(0, after - 100, drafts))
    assert said in sentence
    assert not_said not in sentence


def test_one_draft_is_assumed_where_nothing_was_measured() -> None:
    """A program of one draft asks once, whatever its prompts took; without answers nothing is made up; without DSPy there is none."""
    one = kept_program(replace(PROGRAM, drafts=1), {"baseline": replies(100), "dspy": replies(500)})
    unasked = kept_program(PROGRAM, {})
    assert [made.drafts for made in (one, unasked) if made] == [1, 1]
    assert kept_program(None, {}) is None
    assert prompt_sentence(None, None) == ""


def test_the_bill_is_that_of_the_kept_program() -> None:
    """Prompt and drafts decide the price; break-even, month and curve follow; what does not concern the prompt stays."""
    made = with_kept_program(COSTS, KeptProgram(0, 0, 1.0))
    assert (made["bills"]["dspy"]["conversation"], made["bills"]["dspy"]["monthly"]) == (320, 3200)
    assert [one["outcome"] for one in made["break_even"]] == ["never", "never"]
    twice = with_kept_program(COSTS, KeptProgram(0, 50, 2.0))
    # Two drafts of 400 + 2 · 50 tokens at 0.5, and two of 60 at 2.
    assert twice["bills"]["dspy"]["conversation"] == 2 * (500 * 0.5 + 60 * 2)
    assert twice["break_even"][1]["outcome"] == "reached"
    assert [point["dspy"] for point in twice["curve"]] == [7400]
    assert twice["bills"]["baseline"] == COSTS["bills"]["baseline"]


@pytest.mark.parametrize("costs", [{}, {**COSTS, "rates": None}, {**COSTS, "bills": {"baseline": bill(1)}}])
def test_an_estimate_that_cannot_be_corrected_stays(costs: Record) -> None:
    """Without prices, or without a bill of the prompted tutor, the estimate is as it was."""
    assert with_kept_program(costs, KeptProgram(0, 10, 1.0)) == costs
    assert with_kept_program(COSTS, None) == COSTS


def test_a_model_that_is_gone_has_no_month() -> None:
    """A bill whose model was shut down has no monthly price."""
    gone = {**COSTS, "bills": {**COSTS["bills"], "dspy": bill(900, making=5, months=0.0)}}
    assert with_kept_program(gone, KeptProgram(0, 0, 1.0))["bills"]["dspy"]["monthly"] is None
    assert math.isfinite(with_kept_program(COSTS, KeptProgram(0, 0, 1.0))["bills"]["dspy"]["monthly"])


def test_a_program_on_disk_is_measured(tmp_path: Path) -> None:
    """The prompts that were written for the same turn are counted in tokens."""
    optimisation = gather(small_run.write_run(tmp_path)).optimisation
    assert optimisation is not None
    assert optimisation.tokens_after > optimisation.tokens_before > 0
