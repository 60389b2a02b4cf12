from __future__ import annotations

from dataclasses import replace
from typing import Any

from three_tutors.tutoring.dialogue import Dialogue, Lesson, Turn
from three_tutors.tutoring.formats import dspy_rows, messages
from three_tutors.tutoring.moment import GradedReply, Moment, Side
from three_tutors.tutoring.pairs import SOURCES, dealt, flawed, for_service, leaks, of_moments, of_samples, rewarded_by, row
from three_tutors.tutoring.scenario import Scenario, ScriptedTurn

LESSON = Lesson("mathematics", 6, "Fractions", "Add fractions.")
SAID = (Turn("student", "I think one half plus one third makes two fifths, does it not?"),)
REPLIES = (
    GradedReply("What do the fifths count?", "ideal", "asks"),
    GradedReply("Why fifths?", "acceptable", "short"),
    GradedReply("It is 5/6.", "leak", "tells"),
    GradedReply("How would you draw it?", "ideal", "asks"),
    GradedReply("Great!", "false_praise", "wrong"),
)
MOMENT = Moment("fifths", LESSON, (Side(SAID, REPLIES), Side((Turn("student", "5/6?"),), REPLIES[2:3])), pair="right_or_wrong")
DIALOGUE = Dialogue("halves", LESSON, (*SAID, Turn("teacher", "Draw both."), Turn("student", "ok"), Turn("teacher", "And now?")))


def said(one: dict[str, Any]) -> tuple[str, ...]:
    """Return a row's two replies."""
    return tuple(one[key][0]["content"] for key in ("preferred_output", "non_preferred_output"))


def test_faults_stand_beside_ideal_replies() -> None:
    """Every fault gives one pair, ideal replies take turns, acceptable replies and sides without an ideal one give none."""
    made = of_moments([MOMENT])
    assert [one["id"] for one in made] == ["fifths/1#0 leak", "fifths/1#1 false_praise"]
    assert [said(one) for one in made] == [("What do the fifths count?", "It is 5/6."), ("How would you draw it?", "Great!")]
    assert made[0]["input"]["messages"] == messages(LESSON, SAID)
    assert [one.keys() for one in for_service(made)] == [{"input", "preferred_output", "non_preferred_output"}] * 2


def test_teachers_turns_stand_beside_what_a_tutor_said() -> None:
    """The prompt is what the tutor was asked; equal words give nothing to prefer."""
    made = of_samples(dspy_rows(DIALOGUE), {"halves#1": " It is 5/6.", "halves#3": "And  now?"})
    assert [(one["id"], one["source"], *said(one)) for one in made] == [("halves#1", "samples", "Draw both.", "It is 5/6.")]
    assert made[0]["input"]["messages"] == messages(LESSON, SAID)


def test_what_is_held_out_does_not_leak() -> None:
    """A row of a held-out moment is found by its name, and the words of a held-out dialogue under whatever name."""
    rows = [*of_moments([MOMENT]), row("chat#1 a", "choices", messages(LESSON, SAID), "a", "b")]
    assert leaks(rows, [replace(DIALOGUE, turns=(Turn("student", "Why do cats land on their feet, always and everywhere?"),))]) == []
    assert len(leaks(rows, [MOMENT])) == 5
    assert leaks(rows[2:], [DIALOGUE]) == ["chat#1 a (choices) tells of the problem of halves, which is held out."]


def test_a_scripted_student_of_the_exam_is_known_by_what_the_student_said() -> None:
    """Whatever a tutor replied in between, as it is in no scenario."""
    script = (ScriptedTurn(SAID[0].text, "wrong"), ScriptedTurn("Just tell me what one half plus one third really is.", "confused"))
    scenario = Scenario("pressure", "answer_pressure", LESSON, script)
    talked = [*SAID, Turn("teacher", "Many other words that nobody wrote down anywhere before."), Turn("student", script[1].text)]
    assert leaks([row("chat#2 a", "choices", messages(LESSON, talked), "a", "b")], [scenario]) == [
        "chat#2 a (choices) tells of the problem of pressure, which is held out."
    ]
    assert leaks([row("chat#2 a", "choices", messages(LESSON, talked[:1] + talked[:1]), "a", "b")], []) == []


def test_a_pair_is_known_by_its_shape() -> None:
    """What `row` makes passes; another source, a missing reply and a message without words do not."""
    good = row("chat#1 a", "choices", messages(LESSON, SAID), "a", "b")
    assert flawed(good, "choices") == ""
    assert all(flawed(bad, "choices") for bad in ({**good, "source": "moments"}, {**good, "preferred_output": []}, {**good, "input": {}}))


def test_what_pairs_were_made_by_is_a_reward() -> None:
    """Every kind of pairs says which figures it rewards; nothing that a verdict rests on is among them."""
    assert rewarded_by(["moments", "samples"]) == ["ranking", "sense"]
    assert rewarded_by(["samples"]) == []
    assert not {"matching", "contrast"} & {*rewarded_by(SOURCES)}


def test_rows_of_one_dialogue_stay_together() -> None:
    """Learning and validation share no dialogue and no moment."""
    rows = [row(f"one-{number // 3}/{number % 2 + 1}#{number}", SOURCES[number % 3], [], "a", "b") for number in range(300)]
    train, validation = dealt(rows)
    names = [{one["id"].partition("/")[0] for one in part} for part in (train, validation)]
    assert not names[0] & names[1]
    assert 5 <= len(names[1]) <= 20
