"""The verdict says what the exam shows, and where it shows nothing, says that first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import small_run
from three_tutors.reporting.decision import Decision
from three_tutors.reporting.evidence import Evidence, gather
from three_tutors.reporting.exam import CONTRAST, MATCHING, RANKING, Comparison, Exam, Share
from three_tutors.reporting.findings import Findings
from three_tutors.reporting.scorecard import findings_of
from three_tutors.reporting.verdict import exam_rows, headline, verdict_sentences
from three_tutors.scoring.scores import MEASURES
from three_tutors.scoring.statistics import Difference, Interval
from three_tutors.trust.floor import Floor

NOBODY = Decision(None, {"lora": ["Nothing shows that it teaches."]})
BOT = Floor("contrast", 0.9, 0.2, "echo", "You said so.", 0.1, tells=True)


def shares(**values: tuple[float, float, float]) -> dict[str, Share]:
    """Return shares by tutor, each value with the ends of its interval."""
    return {name: Share(Interval(*value), 36) for name, value in values.items()}


def exam(matching: Mapping[str, Share] | None = None, contrast: Mapping[str, Share] | None = None, **more: object) -> Exam:
    """Return an exam with these shares."""
    return replace(Exam({MATCHING: matching or {}, CONTRAST: contrast or {}}), **more)  # type: ignore[arg-type]


def told(found: Exam, decision: Decision = NOBODY, findings: Findings | None = None) -> str:
    """Return the whole verdict as one text."""
    return "\n".join(verdict_sentences(found, decision, findings or Findings({})))


LOW = shares(baseline=(0.5, 0.4, 0.6), lora=(0.55, 0.48, 0.62))
FEW = shares(lora=(0.2, 0.1, 0.3), reference=(0.9, 0.8, 1.0))


def test_nothing_shows_teaching_is_said_first_then_who_may_meet_students() -> None:
    """Without a tutor above chance or near the teachers the first sentence says so, and the second that nobody may be tried."""
    sentences = verdict_sentences(exam(LOW, FEW, bot=BOT), NOBODY, Findings({}))
    assert sentences[:2] == [
        (
            "Nothing in this run shows that any tutor teaches: no tutor's model puts replies where they belong clearly more often than "
            "chance and none serves both of two students who need opposite replies even half as often as the teachers do."
        ),
        "No tutor of this run may meet students.",
    ]


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (exam(LOW), "teaches: no tutor's model puts replies where they belong clearly more often than chance."),
        (exam(None, FEW), "teaches: none serves both of two students who need opposite replies even half as often as the teachers do."),
        (exam(None, FEW, bot=replace(BOT, tells=False)), "teaches: a bot gets too close to the teachers for contrast to count."),
        (exam(), "teaches: neither choice nor contrast was measured."),
    ],
)
def test_only_what_was_measured_is_a_reason(found: Exam, reason: str) -> None:
    """A figure that is not there is no reason that nothing is shown."""
    assert headline(found).endswith(reason)


def raised(*tutors: str) -> list[Comparison]:
    """Return comparisons that show the matching of `tutors` above the untrained model's."""
    return [Comparison(MATCHING, tutor, "baseline", Difference(0.2, 0.1, 0.3, 0.01, 0.24), 0.01) for tutor in tutors]


def test_what_is_shown_turns_the_headline_round() -> None:
    """Matching above chance and above the untrained model, and half of the teachers' contrast, are named with who has them."""
    high = shares(baseline=(0.5, 0.4, 0.6), lora=(0.7, 0.6, 0.8), openai=(0.7, 0.6, 0.8))
    near = shares(lora=(0.5, 0.4, 0.6), reference=(0.9, 0.8, 1.0))
    assert headline(exam(high, near, comparisons=raised("lora", "openai"))) == (
        "Something of teaching is shown: lora and openai put replies where they belong more often than chance and than the untrained model "
        "and lora serves both of two students who need opposite replies at least half as often as the teachers do."
    )
    both = headline(exam(None, {**near, "baseline": near["lora"]}))
    assert both.endswith("The untrained model reaches one of these marks, too.")
    only = headline(exam(None, {"baseline": near["lora"], "lora": FEW["lora"], "reference": near["reference"]}))
    assert only.startswith("Only the untrained model shows something")


def test_what_the_untrained_model_can_do_is_no_teaching() -> None:
    """Matching far above chance shows nothing where no comparison shows it to be above the untrained model's."""
    high = shares(baseline=(0.9, 0.8, 1.0), lora=(0.9, 0.8, 1.0))
    assert headline(exam(high)).startswith(
        "Nothing in this run shows that any tutor teaches: "
        "no model is shown to put replies where they belong more often than the untrained one"
    )


def test_a_pilot_is_named_in_the_second_sentence() -> None:
    """Whoever may meet students is named."""
    assert "lora may be tried with students while a teacher watches." in told(exam(LOW), Decision("lora", {"lora": []}))
    assert "may meet students" not in told(exam(LOW), Decision("lora", {"lora": []}))


def test_teachers_and_best_bot_stand_beside_contrast() -> None:
    """Contrast is told with both, and as showing nothing where a trick gets too far."""
    text = told(exam(None, FEW, bot=BOT))
    assert "in lora 20 % (10–30 %); beside them the teachers 90 % (80–100 %) and the best bot, which has no model, 20 %." in text
    assert "contrast shows nothing" not in text
    assert "so contrast shows nothing in this run" in told(exam(None, FEW, bot=replace(BOT, tells=False)))


def compared(p: float, low: float = 0.1, high: float = 0.3) -> Exam:
    """Return an exam with one comparison in matching."""
    return exam(LOW, comparisons=[Comparison(MATCHING, "lora", "openai", Difference((low + high) / 2, low, high, p, 0.24), p)])


def test_a_difference_is_told_only_where_it_is_shown() -> None:
    """A large p or an interval around zero says that none is shown, and how large one would have to be."""
    assert "against each other in matching: lora is ahead of openai by 20 points (10 to 30, p 0.010)." in told(compared(0.01))
    assert "openai is ahead of lora by 20 points (10 to 30, p 0.010)" in told(compared(0.01, -0.3, -0.1))
    for level in (compared(0.2), compared(0.01, -0.1, 0.5)):
        assert "is ahead of" not in told(level)
        assert "no difference shown between lora and openai (a true one of about 24 points would be found four times in five)" in told(
            level
        )


def test_figures_in_which_the_same_tutors_are_level_share_a_sentence() -> None:
    """Each figure's own points stand there in its order; figures that compare other tutors, or show a difference, have a sentence."""
    matching = compared(0.2).comparisons[0]
    both = told(exam(comparisons=[matching, replace(matching, figure=CONTRAST)]))
    assert "matching and contrast: no difference shown between lora and openai (a true one of about 24 and 24 points, in this order" in both
    apart = told(exam(comparisons=[matching, replace(matching, figure=CONTRAST, other="dspy")]))
    assert ["between lora and openai (" in apart, "between lora and dspy (" in apart, "matching and contrast" in apart] == [
        True,
        True,
        False,
    ]
    one = told(exam(comparisons=[matching, replace(matching, figure=CONTRAST, p=0.01)]))
    assert ("in contrast: lora is ahead" in one, "matching and contrast" in one) == (True, False)


def test_who_is_level_with_the_untrained_model_is_named_once() -> None:
    """Two or more stand behind it; a tutor that a test shows apart is not among them."""
    one = compared(0.2).comparisons[0]
    level = [one, *(replace(one, tutor=name, other="baseline") for name in ("dspy", "openai"))]
    assert "between lora and openai or baseline and any of dspy and openai (" in told(exam(comparisons=level))
    apart = told(exam(comparisons=[*level, replace(one, other="baseline", p=0.01)]))
    assert "lora is ahead of baseline" in apart
    assert "or baseline and any of dspy and openai (" in apart


def test_trainings_that_were_not_repeated_are_called_so() -> None:
    """Seeds are in the intervals or are said to be missing, tutor by tutor and figure by figure."""
    assert "Trainings were not repeated" in told(exam(LOW))
    both = told(exam({**LOW, "openai": LOW["lora"]}, FEW, repeated={MATCHING: {"lora": 3}}))
    assert "in matching for lora (3 seeds) also training with other seeds. openai was made once." in both
    assert "In contrast other seeds are not covered." in both
    assert "were not repeated" not in both
    alone = told(exam(LOW, repeated={MATCHING: {"lora": 3}}))
    assert ("made once" in alone, "are not covered" in alone) == (False, False)
    equal = {"openai": 5, "lora": 5}
    every = told(exam({**LOW, "openai": LOW["lora"]}, repeated={MATCHING: equal, RANKING: equal}))
    assert "in matching and ranking for openai and lora (5 seeds each) also training" in every
    apart = told(exam(LOW, repeated={MATCHING: equal, RANKING: {"lora": 4}}))
    assert "in matching for openai and lora (5 seeds each); in ranking for lora (4 seeds) also training" in apart


def test_scores_that_a_trick_gets_are_named_and_compare_nobody() -> None:
    """A tricked score is named as such; one that tells has its sentence; without floors neither stands there."""
    from tests.reporting.test_findings import cell  # noqa: PLC0415

    cells = {
        "baseline": {"score": cell(0.4), "uptake": cell(0.2)},
        "lora": {"score": cell(0.6, "better", 0.2), "uptake": cell(0.5, "better", 0.3)},
    }
    floors = {"score": replace(BOT, score="score", tells=False), "uptake": replace(BOT, score="uptake")}
    text = told(exam(LOW), findings=Findings(cells, floors))
    assert "“Rubric score” can be had by a trick" in text
    assert "taken up more by lora (50 %) than by the baseline (20 %)" in text
    assert "60 %" not in text.split("can be had by a trick")[0].split("Matching")[0]
    assert "trick" not in told(exam(LOW), findings=Findings(cells))


def test_a_score_that_nobody_held_against_people_is_not_in_the_verdict() -> None:
    """That no bot gets it is not enough, nor is agreement that comes from spotting broken writers."""
    from tests.reporting.test_findings import cell  # noqa: PLC0415

    names = ["uptake", *(name for name, one in MEASURES.items() if not one.is_checked and one.better != "neither")]
    cells = {
        "baseline": {name: cell(0.4) for name in names},
        "lora": {name: cell(0.6, "better", 0.2) for name in names},
    }
    floors = {name: replace(BOT, score=name) for name in names}
    text = told(exam(LOW), findings=Findings(cells, floors))
    assert text.count("lora (60 %)") == 1
    assert "taken up more by lora (60 %)" in text


def test_of_many_scores_that_a_trick_gets_the_first_are_named() -> None:
    """A list of fifteen names says less than three and how many more there are."""
    findings = Findings({}, {name: replace(BOT, score=name, tells=False) for name in MEASURES})
    others = len(findings.tricks()) - 3
    assert f"and {others} other scores can be had by a trick" in told(exam(LOW), findings=findings)


@given(st.lists(st.floats(0, 1), min_size=3, max_size=3), st.booleans())
def test_the_headline_never_praises_what_is_not_shown(values: Sequence[float], tells: bool) -> None:
    """Whatever the shares, a tutor is in the headline only above chance and the untrained model, or near the teachers."""
    low, value, high = sorted(values)
    found = exam(
        shares(lora=(value, low, high)),
        shares(lora=(value, low, high), reference=(0.9, 0.8, 1.0)),
        comparisons=raised("lora"),
        bot=replace(BOT, tells=tells),
    )
    assert ("lora" in headline(found)) == (low > 0.5 or (tells and value >= 0.45))


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """Return a small run."""
    return gather(small_run.write_run(tmp_path_factory.mktemp("run")))


def test_the_table_of_the_exam_has_its_parts(evidence: Evidence) -> None:
    """Matching is told by what pairs differ in, ranking by kind of fault, contrast as one row."""
    from three_tutors.reporting.exam import exam_of  # noqa: PLC0415

    rows = {(one.figure, one.what): one for one in exam_rows(evidence, exam_of(evidence))}
    assert rows.keys() == {("matching", ""), ("matching", "right_or_wrong"), ("ranking", ""), ("ranking", "template"), ("contrast", "")}
    assert rows["matching", "right_or_wrong"].cells.keys() == {"baseline", "dspy", "openai", "lora"}


def test_no_file_of_a_run_is_needed_for_a_verdict(tmp_path: Path) -> None:
    """A run whose tutors were asked nothing has a verdict that says so."""
    empty = gather(small_run.write_run(tmp_path, tutors=[]))
    assert verdict_sentences(Exam(), Decision(None, {}), findings_of(empty))[0] == (
        "Nothing in this run shows that any tutor teaches: neither choice nor contrast was measured."
    )
