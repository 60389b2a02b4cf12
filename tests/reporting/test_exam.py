"""The exam compares everybody over the same pairs, tests tutors against each other, and lets seeds widen what it says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from tests import small_run
from three_tutors.reporting.evidence import Evidence, gather
from three_tutors.reporting.exam import Exam, Share, exam_of, spread
from three_tutors.scoring.choice import Choice
from three_tutors.scoring.score import Score
from three_tutors.scoring.statistics import Interval
from three_tutors.trust.floor import Floor
from three_tutors.tutoring.moment import PAIR_KINDS
from three_tutors.tutoring.questions import asked_moments

BOT = Floor("contrast", 0.9, 0.2, "echo", "You said so.", 0.1, tells=True)


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """Return a small run, with six contrast pairs in the place of its one."""
    found = gather(small_run.write_run(tmp_path_factory.mktemp("run")))
    [pair] = [moment for moment in found.moments if moment.pair]
    return replace(found, moments=[replace(pair, id=f"pair-{number}", pair=PAIR_KINDS[number % 2]) for number in range(6)])


def choosing(evidence: Evidence, **matched: Sequence[float]) -> Evidence:
    """Return the evidence with these pairs matched by these tutors."""
    choices = {
        name: Choice({}, {}, {}, {}, {f"pair {number}": [value] for number, value in enumerate(values)}) for name, values in matched.items()
    }
    return replace(evidence, choices=choices)


def fitting(evidence: Evidence, fits: Mapping[str, Sequence[float | None]]) -> Evidence:
    """Return the evidence in which a tutor's first reply to each pair fits, and the second as is given."""
    second = {f"pair-{number}/2#0": number for number in range(6)}
    items = [item for item, _, _ in asked_moments(evidence.moments)]
    scores = {
        name: {item: {"fits": Score(values[second[item]] if item in second else 1.0, "said")} for item in items}
        for name, values in fits.items()
    }
    return replace(evidence, scores=scores)


def test_a_pair_counts_only_where_both_sides_fit(evidence: Evidence) -> None:
    """One reply that fits is worth nothing; one that nobody could score is left out for all; a silent tutor did not fit."""
    fits = {"lora": [1, 1, 0, 0, None, 1], "openai": [1, 1, 1, 1, 1, 1], "reference": [1, 1, 1, 1, 1, None]}
    exam = exam_of(fitting(evidence, fits))
    assert {name: (share.value, share.clusters) for name, share in exam.shares["contrast"].items()} == {
        "lora": (0.4, 5),
        "openai": (1.0, 5),
        "reference": (1.0, 5),
    }


def test_pairs_that_somebody_was_not_asked_are_left_out(evidence: Evidence) -> None:
    """Everybody is told over the same pairs, whatever more one has."""
    found = exam_of(choosing(evidence, lora=[1, 0], openai=[1, 0, 1, 1])).shares["matching"]
    assert {name: (share.value, share.clusters) for name, share in found.items()} == {
        "lora": (0.5, 2),
        "openai": (0.5, 2),
    }


def test_tutors_are_tested_against_each_other_and_the_baseline(evidence: Evidence) -> None:
    """Neighbours and the baseline are compared, and all tests of the exam share one correction."""
    exam = exam_of(choosing(evidence, baseline=[0] * 12, dspy=[0] * 12, openai=[1] * 12, lora=[1] * 12))
    pairs = {(one.tutor, one.other): (one.shown, one.difference.value) for one in exam.comparisons}
    assert pairs == {
        ("lora", "openai"): (False, 0.0),
        ("openai", "dspy"): (True, 1.0),
        ("dspy", "baseline"): (False, 0.0),
        ("openai", "baseline"): (True, 1.0),
        ("lora", "baseline"): (True, 1.0),
    }
    shown = next(one for one in exam.comparisons if (one.tutor, one.other) == ("openai", "dspy"))
    assert shown.p == pytest.approx(5 * 2 / 2**12)


def test_few_differing_pairs_show_nothing(evidence: Evidence) -> None:
    """Four pairs that all point one way are one of eight patterns: no difference is shown."""
    exam = exam_of(choosing(evidence, baseline=[0] * 30, lora=[1] * 4 + [0] * 26))
    assert [one.shown for one in exam.comparisons] == [False]


def test_seeds_widen_intervals_and_can_take_a_claim_away(evidence: Evidence) -> None:
    """What another training would give is in the interval; a tutor that was trained once is not widened."""
    asked = choosing(evidence, baseline=[0, 1] * 12, lora=[1] * 23 + [0])
    seeds = [{"tutor": "lora", "seed": str(seed), "score": "matching", "value": value} for seed, value in ((1, "0.96"), (2, "0.1"))]
    once, again = exam_of(asked), exam_of(replace(asked, seeds=seeds))
    assert once.comparisons[0].shown
    assert not again.comparisons[0].shown
    assert (once.repeated, again.repeated) == ({}, {"matching": {"lora": 2}})
    narrow, wide = once.shares["matching"]["lora"].interval, again.shares["matching"]["lora"].interval
    assert wide.low is not None
    assert narrow.low is not None
    assert wide.low < narrow.low
    assert wide.high == 1
    assert once.shares["matching"]["baseline"] == again.shares["matching"]["baseline"]
    assert spread(seeds[:1]) == {}


def test_few_seeds_reach_further_than_many_of_the_same_spread() -> None:
    """Two trainings tell a deviation badly: Student's t, not the normal curve, says how far a third may lie."""
    two, four = (
        [{"tutor": "lora", "seed": str(seed), "score": "matching", "value": value} for seed, value in enumerate(values)]
        for values in (("0.4", "0.6"), ("0.4", "0.6", "0.4", "0.6"))
    )
    assert spread(two)["matching", "lora"] == pytest.approx(12.71 * 0.1 * 2**0.5)
    assert spread(four)["matching", "lora"] == pytest.approx(3.18 * 0.2 / 3**0.5)


def test_what_could_be_found_knows_of_seeds_and_of_the_number_of_tests(evidence: Evidence) -> None:
    """More tests, and trainings that differ, need a larger difference to be found four times in five."""
    lora = [1] * 20 + [0] * 10
    one = exam_of(choosing(evidence, baseline=[0, 1] * 15, lora=lora)).comparisons
    asked = choosing(evidence, baseline=[0, 1] * 15, dspy=[1, 0] * 15, openai=[1] * 15 + [0] * 15, lora=lora)
    five = exam_of(asked).comparisons
    seeds = [{"tutor": "lora", "seed": str(seed), "score": "matching", "value": value} for seed, value in enumerate(("0.6", "0.7", "0.65"))]
    again = exam_of(replace(asked, seeds=seeds)).comparisons
    assert [len(found) for found in (one, five, again)] == [1, 5, 5]
    found = [
        next(each.difference.detectable for each in found if (each.tutor, each.other) == ("lora", "baseline")) or 0.0
        for found in (one, five, again)
    ]
    assert found[1] == pytest.approx(found[0] * (2.576 + 0.842) / (1.96 + 0.842), rel=1e-3)
    assert found[2] > found[1]


def contrast(lora: float, *, bot: Floor | None = BOT) -> Exam:
    """Return an exam in which the teachers get 90 % of the pairs."""
    shares = {name: Share(Interval(value, value, value), 36) for name, value in {"lora": lora, "reference": 0.9}.items()}
    return Exam({"contrast": shares}, bot=bot)


def test_half_of_the_teachers_is_the_mark_where_no_bot_reaches_it() -> None:
    """Below half nobody is near the teachers; where a trick gets as far, nobody is either."""
    assert (contrast(0.45).near_teachers, contrast(0.44).near_teachers) == (["lora"], [])
    assert contrast(0.9, bot=replace(BOT, tells=False)).near_teachers == []


@pytest.mark.parametrize(("interval", "above"), [((0.6, 0.51, 0.7), True), ((0.9, 0.5, 1.0), False), ((0.9, None, None), False)])
def test_above_chance_means_the_whole_interval(interval: tuple[float, float | None, float | None], above: bool) -> None:
    """A value above chance whose interval reaches it, or that has none, is not clearly above."""
    assert (Exam({"matching": {"lora": Share(Interval(*interval), 60)}}).above_chance == ["lora"]) == above


def test_a_run_without_exam_has_an_empty_one(evidence: Evidence) -> None:
    """Nothing is made up where neither choices nor fits are there."""
    exam = exam_of(replace(evidence, choices={}))
    assert (exam.tutors, exam.comparisons, exam.unsafe, exam.shows_teaching) == ([], [], {}, [])
