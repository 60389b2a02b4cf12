from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import dspy
import pytest

from tests.prompting.conftest import MARKED_UP, taught
from three_tutors.openai_client.endpoint import Reply, Sampling
from three_tutors.pipeline.diagnostics import EndpointError
from three_tutors.pipeline.records import Record
from three_tutors.prompting import metric
from three_tutors.prompting.adapter import AdapterName
from three_tutors.prompting.climber import Climb, Climber
from three_tutors.prompting.examples import example
from three_tutors.prompting.meter import Meter, Model
from three_tutors.prompting.optimisers import climb, planned_calls
from three_tutors.prompting.plan import Plan
from three_tutors.prompting.program import TeacherStudentDialogueModel
from three_tutors.prompting.program_files import strategy_agreement
from three_tutors.prompting.rungs import REMINDERS
from three_tutors.tutoring.formats import Message

PLAN = Plan(
    optimizer="random_search",
    demonstrations=[1, 2],
    candidates=2,
    bootstrapped=1,
    training_turns=6,
    reflections=30,
    concurrency=4,
    seed=1,
)
Climbing = Callable[..., Climb]


@pytest.fixture
def climbing(rows: list[Record], model: Model) -> Climbing:
    """Return a function that climbs with the scripted endpoint and any part of the plan changed."""

    def climb_it(meter: Meter, lines: list[str] | None = None, adapter: str = "plain", **changes: Any) -> Climb:
        climber = Climber(
            plan=replace(PLAN, **changes),
            train=[example(row) for row in rows[:10]],
            validation=[example(row) for row in rows[10:]],
            start=TeacherStudentDialogueModel(adapter),  # type: ignore[arg-type]
            tutor=model,
            reflector=model,
            sampling=Sampling(80, 0.0, 1),
            meter=meter,
        )
        return climb(climber, (lines if lines is not None else []).append)

    return climb_it


def test_the_ladder_finds_what_helps(climbing: Climbing, new_meter: Callable[..., Meter]) -> None:
    """A model that does better with two demonstrations gets them; the climb begins at zero-shot."""
    tried = climbing(new_meter())
    assert [one.name for one in tried.candidates] == [
        "zero_shot",
        "reminded_1",
        "reminded_2",
        "reminded_3",
        "redrafted_plain_1",
        "redrafted_plain_2",
        "redrafted_plain_3",
        "labelled_fixed_1",
        "labelled_fixed_2",
        "labelled_matched_1",
        "labelled_matched_2",
        "random_search_0",
        "random_search_1",
    ]
    assert tried.best.score > tried.zero_shot.score
    assert tried.best.program.shown >= 2
    assert tried.best.prompt_tokens > tried.zero_shot.prompt_tokens > 0
    assert tried.stopped_by == ""


def test_one_rung_at_a_time(climbing: Climbing, new_meter: Callable[..., Meter]) -> None:
    """`optimizer` says where the climb ends."""
    assert [one.rung for one in climbing(new_meter(), optimizer="zero_shot").candidates] == ["zero_shot"]
    assert {one.rung for one in climbing(new_meter(), optimizer="labelled").candidates} == {
        "zero_shot",
        "reminded",
        "redrafted",
        "labelled",
    }


def test_the_tutors_own_replies_become_demonstrations_where_they_pass(
    climbing: Climbing, new_meter: Callable[..., Meter], endpoint: Any, rows: list[Record]
) -> None:
    """Bootstrapping asks the best program so far; of its replies, those that say nothing of the teacher's are not shown."""

    def half_taught(messages: Sequence[Message]) -> str:
        said = messages[-1]["content"]
        return taught(said) if "bigger" in said and "\nTutor: " in messages[0]["content"] else "What makes you think so?"

    endpoint.script = half_taught
    tried = climbing(new_meter(), candidates=4, bootstrapped=4)
    own = [
        (demo, row)
        for one in tried.candidates
        if one.rung == "random_search"
        for demo in one.program.turn.demos
        for row in rows
        if row["said"] == demo["said"] and row["frame"].startswith(demo["frame"]) and row["reply"] != demo["reply"]
    ]
    assert own
    assert {demo["reply"] for demo, _ in own} == {taught("bigger")}
    assert all(metric.judge(example(row), demo["reply"]).passed for demo, row in own)


def test_a_reminder_that_helps_stays(climbing: Climbing, new_meter: Callable[..., Meter], endpoint: Any) -> None:
    """Where a sentence after the student's turn is heeded, the later rungs begin with it; of sentences that do the same, the shortest."""

    def heeds_the_last_line(messages: Sequence[Message]) -> str:
        said, _, reminder = messages[-1]["content"].partition("\n\n")
        return taught(said) if reminder else "Great job! That is right."

    endpoint.script = heeds_the_last_line
    tried = climbing(new_meter())
    shortest = min(REMINDERS["teacher"], key=lambda reminder: len(reminder.split()))
    assert tried.best.program.drafts == [shortest]
    later = [one.program.drafts for one in tried.candidates if one.rung in {"labelled", "random_search"}]
    assert later == [tried.best.program.drafts] * len(later)


def test_another_draft_is_tried_where_the_first_goes_round_in_circles(
    climbing: Climbing, new_meter: Callable[..., Meter], endpoint: Any
) -> None:
    """A model that loops until it is reminded is asked a second time, and only for those turns."""

    def loops(messages: Sequence[Message]) -> str:
        said, _, reminder = messages[-1]["content"].partition("\n\n")
        if "gets smaller" in said and not reminder:
            return "It is so. It is so. It is so."
        return "Why do pieces shrink?" if reminder and "bigger" in said else taught(said)

    endpoint.script = loops
    tried = climbing(new_meter(), optimizer="redrafted")
    assert tried.best.name == "redrafted_plain_1"
    assert tried.best.prompt_tokens > tried.zero_shot.prompt_tokens


def test_gepa_rewords_the_instruction(
    climbing: Climbing, new_meter: Callable[..., Meter], endpoint: Any, instructed: Any, good_instruction: str
) -> None:
    """A model that follows instructions gets the one that reflection proposed."""
    endpoint.script = instructed
    tried = climbing(new_meter(), optimizer="gepa")
    assert tried.best.rung == "gepa"
    assert tried.best.program.turn.signature.instructions == good_instruction


def test_mipro_climbs_too(climbing: Climbing, new_meter: Callable[..., Meter], endpoint: Any, instructed: Any) -> None:
    """MIPROv2 takes the same seams, for comparison."""
    endpoint.script = instructed
    tried = climbing(new_meter(), optimizer="mipro")
    assert tried.candidates[-1].rung == "mipro"
    assert tried.candidates[-1].score > tried.zero_shot.score


def test_candidates_are_asked_for_together(
    climbing: Climbing, new_meter: Callable[..., Meter], endpoint: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Turn by turn, all reminders in turn; programs, scores and what it takes are those of asking for one after the other."""
    together = climbing(new_meter(), concurrency=1)
    reminders = [messages[-1]["content"].partition("\n\n")[2] for messages in endpoint.asked[6:24]]
    assert reminders == [f"({reminder})" for reminder in REMINDERS["teacher"]] * 6
    asked = len(endpoint.asked)
    (tmp_path / "calls.jsonl").unlink()
    monkeypatch.setattr(Climber, "_ask_together", lambda *_: False)
    apart = climbing(new_meter(), concurrency=1)
    told = [[(one.name, one.scores, one.program.dump_state()) for one in tried.candidates] for tried in (together, apart)]
    assert told[0] == told[1]
    assert (together.usage, asked) == (apart.usage, len(endpoint.asked) - asked)


@pytest.mark.parametrize("adapter", ["chat", "json", "xml"])
def test_the_chosen_strategy_is_kept_beside_each_reply(
    climbing: Climbing, new_meter: Callable[..., Meter], endpoint: Any, rows: list[Record], adapter: AdapterName
) -> None:
    """Where the adapter asks for it, so that it can be compared with the teacher's; an unreadable answer chose none."""

    def labelled(messages: Sequence[Message]) -> str:
        return "No labels." if "gets smaller" in messages[-1]["content"] else MARKED_UP[adapter]

    endpoint.script = labelled
    tried = climbing(new_meter(), adapter=adapter, optimizer="zero_shot").zero_shot
    said = [strategy for strategy, row in zip(tried.strategies, rows[10:], strict=True) if "bigger" in row["said"]]
    assert set(said) == {"scaffolding"}
    assert strategy_agreement(tried, rows[10:]) == sum(row["strategy"] == "scaffolding" for row in rows[10:]) / 6


def test_two_climbs_give_the_same_program(climbing: Climbing, new_meter: Callable[..., Meter], tmp_path: Any) -> None:
    """The same seed and model, once paid for and once anew: same programs, same scores, same usage."""
    first = climbing(new_meter())
    (tmp_path / "calls.jsonl").unlink()
    second = climbing(new_meter())
    assert [one.program.dump_state() for one in first.candidates] == [one.program.dump_state() for one in second.candidates]
    assert ([one.scores for one in first.candidates], first.usage) == ([one.scores for one in second.candidates], second.usage)


def test_a_climb_that_was_cut_short_goes_on_without_paying_twice(
    climbing: Climbing, new_meter: Callable[..., Meter], endpoint: Any
) -> None:
    """An endpoint that dies ends the climb with its own words; the next climb asks only what is missing and ends alike."""
    whole = climbing(new_meter())
    paid = len(endpoint.asked)
    endpoint.asked.clear()
    lock, script = threading.Lock(), endpoint.chat

    def dying(messages: Sequence[Message], sampling: Sampling) -> Reply:
        with lock:
            if len(endpoint.asked) >= paid // 2:
                raise EndpointError("The endpoint is down.")
            return script(messages, sampling)

    fresh = new_meter()
    fresh.ledger._path.unlink()
    fresh.ledger._replies.clear()
    endpoint.chat = dying
    with pytest.raises(EndpointError, match="down"):
        climbing(fresh)
    endpoint.chat = script
    resumed = climbing(new_meter())
    assert len(endpoint.asked) == paid
    assert [one.scores for one in resumed.candidates] == [one.scores for one in whole.candidates]


@pytest.mark.parametrize("calls", [7, 20, 50])
def test_a_met_budget_ends_the_climb_with_what_was_tried(
    climbing: Climbing, new_meter: Callable[..., Meter], endpoint: Any, calls: int
) -> None:
    """No more calls than allowed, the best so far stands, and it is said what ended the climb."""
    tried = climbing(new_meter(calls=calls))
    assert len(endpoint.asked) <= calls
    assert "dspy.budget.calls" in tried.stopped_by
    assert tried.best in tried.candidates


def test_a_budget_too_small_for_anything_is_an_error(climbing: Climbing, new_meter: Callable[..., Meter]) -> None:
    """Without a zero-shot score there is nothing to compare with."""
    with pytest.raises(Exception, match="Not even the zero-shot prompt"):
        climbing(new_meter(calls=2))


@pytest.mark.parametrize(("script", "adapter"), [(lambda _: "", "plain"), (lambda _: "I will not mark this up.", "chat")])
def test_an_endpoint_that_answers_nonsense_is_not_climbed_on(
    climbing: Climbing, new_meter: Callable[..., Meter], endpoint: Any, script: Callable[..., str], adapter: str
) -> None:
    """Empty or unreadable answers end the climb after the first candidate, before more is spent."""
    endpoint.script = script
    with pytest.raises(EndpointError, match="empty or unreadable"):
        climbing(new_meter(), adapter=adapter)
    assert len(endpoint.asked) == 6


@pytest.mark.parametrize("optimizer", ["gepa", "mipro"])
def test_reflection_that_cannot_be_read_is_said_so(climbing: Climbing, new_meter: Callable[..., Meter], optimizer: str) -> None:
    """A model too small to propose instructions is named, instead of a budget spent on nothing."""
    with pytest.raises(EndpointError, match=r"dspy\.reflection_model"):
        climbing(new_meter(), optimizer=optimizer)


def test_a_failure_in_the_metric_is_never_a_zero(
    climbing: Climbing, new_meter: Callable[..., Meter], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends the climb, whatever DSPy would make of it."""

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(metric, "substance", broken)
    with pytest.raises(ZeroDivisionError):
        climbing(new_meter())


def test_each_candidate_is_told_with_what_it_took(
    climbing: Climbing, new_meter: Callable[..., Meter], capsys: pytest.CaptureFixture[str]
) -> None:
    """One line of ours a candidate, with calls, tokens, seconds and money; nothing of DSPy's own."""
    lines: list[str] = []
    tried = climbing(new_meter(), lines)
    assert len(lines) == len(tried.candidates)
    assert [word in lines[-1] for word in ("random_search_1", "calls", "tokens", " s,", "$")] == [True] * 5
    assert capsys.readouterr() == ("", "")


def test_the_plan_is_not_far_from_what_is_spent(climbing: Climbing, new_meter: Callable[..., Meter]) -> None:
    """What is said beforehand covers what a climb takes, and is not twice as much."""
    meter = new_meter()
    climbing(meter)
    assert meter.usage.calls <= planned_calls(PLAN, 6) <= 2 * meter.usage.calls


def test_dspy_settings_are_left_as_they_were(climbing: Climbing, new_meter: Callable[..., Meter]) -> None:
    """A climb configures nothing for the rest of the process."""
    before = (dspy.settings.lm, dspy.settings.adapter)
    climbing(new_meter(), optimizer="zero_shot")
    assert (dspy.settings.lm, dspy.settings.adapter) == before
