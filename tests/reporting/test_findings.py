"""Sentences say what the verdicts say, and turn round with them."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from three_tutors.reporting.findings import Cell, Findings, Verdict, verdict_sentences
from three_tutors.scoring.statistics import Difference, Interval
from three_tutors.trust.floor import Floor


def cell(value: float | None, verdict: Verdict = "not compared", difference: float | None = None) -> Cell:
    """Return a cell of ten scored replies."""
    mean = None if value is None else Interval(value, value, value)
    gap = None if difference is None else Difference(difference, difference, difference, 0.01, 0.1)
    return Cell(mean, 10, 0, gap, verdict)


def table(score: str, **cells: Cell) -> Findings:
    """Return findings in one score."""
    return Findings({tutor: {score: one} for tutor, one in cells.items()})


def test_a_sentence_names_who_is_above_who_below_and_who_cannot_be_told_apart() -> None:
    """Each tutor stands in the clause of its verdict; for a score where less is better, `better` reads `less often`."""
    findings = table(
        "leak",
        baseline=cell(0.3),
        dspy=cell(0.1, "better", -0.2),
        openai=cell(0.6, "worse", 0.3),
        lora=cell(0.28, "no difference shown", -0.02),
        reference=cell(0.02),
    )
    assert findings.sentence("leak") == (
        "The answer is given away more often by openai (60 %) and less often by dspy (10 %) than by the baseline (30 %). "
        "No difference is shown for lora (28 %)."
    )


def test_teachers_are_compared_on_the_turns_that_they_answered() -> None:
    """Beside the teachers stands the best tutor on the same turns, and no figure of other turns; without one, nothing is said of them."""
    findings = table("leak", baseline=cell(0.3), dspy=cell(0.1, "better", -0.2), lora=cell(0.0, "better", -0.3), reference=cell(0.02))
    same = replace(findings, held_out={"baseline": {"leak": 0.4}, "dspy": {"leak": 0.04}, "lora": {"leak": 0.06}})
    assert "teachers" not in findings.sentence("leak")
    assert same.sentence("leak").endswith(" The teachers' own turns: 2 %; dspy on the same turns: 4 %.")
    described = replace(table("length", baseline=cell(40), lora=cell(30), reference=cell(20)), held_out={"lora": {"length": 22.0}})
    assert "on the held-out turns: lora 22 and reference 20." in described.sentence("length")
    assert "on the held-out turns" not in table("length", baseline=cell(40), lora=cell(30)).sentence("length")


def test_a_score_nobody_took_is_not_spoken_of() -> None:
    """Without a baseline value there is no sentence."""
    assert table("leak", baseline=cell(None), dspy=cell(0.2)).sentence("leak") == ""
    assert table("leak", dspy=cell(0.2)).sentence("uptake") == ""


def test_the_headline_turns_round_with_the_verdict() -> None:
    """The same figures with the opposite verdict say the opposite."""
    better = table("score", baseline=cell(0.4), lora=cell(0.6, "better", 0.2))
    scripted = replace(better, scripted=True)
    worse = table("score", baseline=cell(0.6), lora=cell(0.4, "worse", -0.2))
    level = table("score", baseline=cell(0.5), lora=cell(0.5, "no difference shown", 0.0))
    assert verdict_sentences(better)[0] == "By the rubric, lora (60 %) scores higher than the untrained model (40 %)."
    assert verdict_sentences(scripted)[0].endswith(" (40 %); these figures are over all replies, scripted students included.")
    assert verdict_sentences(worse)[0] == "By the rubric, lora (40 %) scores lower than the untrained model (60 %)."
    assert verdict_sentences(level)[0] == "By the rubric, no difference from the untrained model (50 %) is shown for lora (50 %)."


def test_a_tutor_as_good_as_the_teachers_is_a_reason_to_doubt_the_rubric() -> None:
    """At or above the teachers' own value the gap is not praised but questioned."""
    findings = replace(table("score", baseline=cell(0.4), lora=cell(0.7, "better", 0.5), reference=cell(0.8)))
    findings = replace(findings, held_out={"lora": {"score": 0.9}})
    assert "no longer tells a tutor from a teacher" in verdict_sentences(findings)[1]
    below = replace(findings, held_out={"lora": {"score": 0.7}})
    assert verdict_sentences(below)[1] == "On the held-out turns, the teachers score 80 %, 10 points more than lora (70 %)."


def test_a_rubric_that_a_trick_wins_is_named_before_anybody_is_praised() -> None:
    """The bot's sentence, the teachers and the best tutor on the same turns come first; a score that tells is named."""
    scores = table("score", baseline=cell(0.4), lora=cell(0.6, "better", 0.2), reference=cell(0.8))
    tricked = Floor("score", 0.8, 0.97, "nonsense", "Purple ladders", 0.2, tells=False)
    found = replace(scores, held_out={"baseline": {"score": 0.5}, "lora": {"score": 0.66}}, floors={"score": tricked})
    assert verdict_sentences(found)[0] == (
        "These scores do not show teaching: a bot without a model gets 97 % of the rubric by saying “Purple ladders”, the human "
        "teachers get 80 % and the best tutor, lora, 66 %, all on the held-out turns. No score of this run can tell teaching "
        "from such tricks: they compare the form of replies."
    )
    telling = replace(found, floors={"score": tricked, "uptake": replace(tricked, tells=True)})
    assert "Only “Takes up the student” can tell teaching from such tricks." in verdict_sentences(telling)[0]
    assert verdict_sentences(replace(found, floors={"score": replace(tricked, tells=True)}))[0].startswith("By the rubric")


def test_nothing_compared_gives_no_verdict() -> None:
    """A run with the baseline alone says that there is no verdict."""
    sentences = verdict_sentences(table("score", baseline=cell(0.4)))
    assert sentences == ["No tutor could be compared with the baseline in this run, so there is no verdict."]


@given(
    st.dictionaries(st.sampled_from(["dspy", "openai", "lora"]), st.sampled_from(["better", "worse", "no difference shown"]), min_size=1)
)
def test_every_compared_tutor_is_named_once_in_the_headline(verdicts: dict[str, Verdict]) -> None:
    """Whatever the verdicts, nobody is left out and nobody is named twice."""
    findings = table("score", baseline=cell(0.5), **{tutor: cell(0.5, verdict, 0.0) for tutor, verdict in verdicts.items()})
    headline = verdict_sentences(findings)[0]
    assert {tutor: headline.count(f"{tutor} (") for tutor in verdicts} == dict.fromkeys(verdicts, 1)


def test_checked_scores_may_contradict_the_rubric() -> None:
    """A tutor that the rubric puts first and the checked scores put below the baseline is not praised without saying so."""
    rows = {"score": cell(0.9, "better", 0.5), "uptake": cell(0.2, "worse", -0.2), "leak": cell(0.0, "better", -0.3)}
    mixed = Findings({"baseline": {"score": cell(0.4), "uptake": cell(0.4), "leak": cell(0.3)}, "lora": rows})
    assert verdict_sentences(mixed)[-1] == (
        "Of 2 scores checked against people, 1 shows that lora is better than the untrained model (“Answer given away”); "
        "1 shows that it is worse (“Takes up the student”)."
    )
    agreeing = Findings({**mixed.cells, "lora": {**rows, "uptake": cell(0.6, "better", 0.2)}})
    assert verdict_sentences(agreeing)[-1] == (
        "Of 2 scores checked against people, 2 show that lora is better than the untrained model "
        "(“Answer given away” and “Takes up the student”); none shows that it is worse."
    )


def test_tutors_with_the_same_checked_scores_share_a_sentence() -> None:
    """What is said of two tutors alike is said once."""
    rows = {"score": cell(0.9, "better", 0.5), "leak": cell(0.0, "better", -0.3)}
    alike = Findings({"baseline": {"score": cell(0.4), "leak": cell(0.3)}, "openai": rows, "lora": rows})
    assert verdict_sentences(alike)[-1] == (
        "Of 1 score checked against people, 1 shows that openai and lora are better than the untrained model (“Answer given away”); "
        "none shows that they are worse."
    )


def test_a_score_that_a_trick_gets_shows_nobody_to_be_better() -> None:
    """Where tricks get the scores, tutors score better or worse in them and are not better or worse."""
    rows = {"score": cell(0.9, "better", 0.5), "uptake": cell(0.2, "worse", -0.2), "leak": cell(0.0, "better", -0.3)}
    scored = Findings({"baseline": {"score": cell(0.4), "uptake": cell(0.4), "leak": cell(0.3)}, "openai": rows, "lora": rows})
    tricked = replace(scored, floors={"uptake": Floor("uptake", 0.5, 0.7, "echo", "You said so.", 0.5, tells=False)})
    assert verdict_sentences(tricked)[-1] == (
        "Of 2 scores checked against people, openai and lora score better than the untrained model in 1 (“Answer given away”) "
        "and worse in 1 (“Takes up the student”)."
    )
