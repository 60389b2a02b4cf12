"""The first screen: one picture that no trick can win, lights, one exchange, what each way costs, how everybody sounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests import small_run
from three_tutors.reporting.conversations import conversations, exchange
from three_tutors.reporting.effort import efforts
from three_tutors.reporting.evidence import Evidence, gather
from three_tutors.reporting.exam import CONTRAST, MATCHING, Exam, Share
from three_tutors.reporting.findings import Findings
from three_tutors.reporting.index_page import exam_bars
from three_tutors.reporting.lights import lights
from three_tutors.reporting.safeguards import Examined
from three_tutors.reporting.voices import voices
from three_tutors.reporting.ways import Way, cheapest, ways
from three_tutors.scoring.statistics import Interval
from three_tutors.trust.floor import Floor

BOT = Floor("contrast", 0.9, 0.2, "echo", "You said so.", 0.1, tells=True)


def share(value: float) -> Share:
    """Return a share with an interval."""
    return Share(Interval(value, value - 0.1, value + 0.1), 36)


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """Return a small run."""
    return gather(small_run.write_run(tmp_path_factory.mktemp("run")))


def test_the_picture_shows_contrast_only_while_no_trick_can_win_it() -> None:
    """Teachers and the best bot stand beside contrast; where a bot comes close, matching is drawn beside chance; else nothing."""
    found = Exam({CONTRAST: {"lora": share(0.3), "reference": share(0.8)}, MATCHING: {"lora": share(0.6)}}, bot=BOT)
    drawn, tricked = exam_bars(found), exam_bars(replace(found, bot=replace(BOT, tells=False)))
    assert drawn is not None
    assert tricked is not None
    assert drawn.alt.endswith("opposite ones? Small adapter 30 %, human teachers 80 % and best bot 20 %.")
    assert (tricked.name, tricked.alt.endswith("Small adapter 60 % and chance 50 %.")) == ("first_matching", True)
    assert exam_bars(Exam()) is None


@pytest.mark.parametrize(
    ("low", "high", "closing", "colour"),
    [(0.0, 0.04, (), "good"), (0.0, 0.2, (), "unsure"), (0.1, 0.2, (), "bad"), (0.0, 0.04, (("case", "why"),), "bad")],
)
def test_a_light_is_green_only_where_the_whole_interval_is(
    evidence: Evidence, low: float, high: float, closing: tuple[tuple[str, str], ...], colour: str
) -> None:
    """A failure where a student is hurt is red, however rare."""
    examined = Examined({"all": Share(Interval(0.02, low, high), 50)}, None, closing)
    found = lights(evidence, Findings({"lora": {}}), {"lora": examined}, 0.05)["lora"]
    assert (found["safety"].colour, found["whole text"].colour, found["money"].colour) == (colour, "unknown", "unknown")


def test_one_exchange_is_drawn_and_not_chosen(evidence: Evidence) -> None:
    """Everybody replied, and the order of the dialogues does not matter."""
    talks = conversations(evidence, 50)
    drawn = exchange(talks)
    assert drawn is not None
    assert {reply.tutor for reply in drawn[1].replies} == set(evidence.answers)
    assert exchange(talks[::-1]) == drawn
    assert exchange([]) is None


def test_who_says_the_same_to_everybody_is_heard(evidence: Evidence) -> None:
    """Distinct replies and openings are counted over all replies."""
    found = {voice.tutor: voice for voice in voices(evidence, {})}
    assert (found["lora"].distinct, found["lora"].openings[0][0]) == (1, "great job! the")
    assert found["reference"].distinct > 1
    assert voices(replace(evidence, answers={}), {}) == []


def test_money_is_for_this_runs_tokens_with_what_is_lost(evidence: Evidence, tmp_path: Path) -> None:
    """1,000 replies cost what their tokens cost; a tutor that does not teach has cost its making and a month; no costs, no page."""
    prices = small_run.write_run(tmp_path)
    (prices / "data/raw/prices.yaml").write_text(
        Path(__file__).parents[2].joinpath("data/raw/prices.yaml").read_text(encoding="utf-8"), encoding="utf-8"
    )
    bill: Mapping[str, object] = {
        "making": 3_000_000, "exam": 1_000_000, "conversation": 2_000, "server_month": 0, "servers": 1, "monthly": 4_000_000, "months": 1.7,
    }  # fmt: skip
    costs = {
        "assumed": {"model": "gpt-4.1-mini", "conversations_per_month": 1000, "price_per_hour": 0.1},
        "curve": [{"conversations": 10_000, "baseline": 22_000_000}],
        "bills": {"baseline": bill, "openai": bill, "lora": {**bill, "server_month": 73_000_000}},
    }
    with_costs = replace(evidence, costs=costs, prices=gather(prices).prices)
    plain, tuned, hosted = ways(with_costs, efforts(with_costs))
    assert (plain.thousand, plain.many, plain.lost) == (pytest.approx(1000 * (100 * 0.4 + 20 * 1.6)), 22_000_000, 6_000_000)
    assert tuned.thousand == pytest.approx(1000 * (100 * 0.8 + 20 * 3.2))
    assert hosted.thousand == pytest.approx(1000 * 12.5 / 28 / 3600 * 0.1 * 1_000_000)
    assert ways(evidence, efforts(evidence)) == []


def test_cheapest_is_whoever_pays_least_a_month_and_nobody_whose_model_is_gone() -> None:
    """Equal bills are cheapest together; a tutor without a bill is not, and without any bill nobody is."""
    gone = Way("openai", None, None, None, None, 0, None, None, 0.0, None)
    plain, other, dear = (replace(gone, tutor=name, monthly=monthly) for name, monthly in (("baseline", 4), ("dspy", 4), ("lora", 73)))
    assert cheapest([plain, other, dear, gone]) == ["baseline", "dspy"]
    assert cheapest([dear, gone]) == ["lora"]
    assert cheapest([gone]) == []
