"""The tutor as a DSPy program: one turn of a teacher, asked for with demonstrations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import dspy
from dspy.utils.exceptions import AdapterParseError

from three_tutors.openai_client.endpoint import Sampling
from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.records import Record, read_json
from three_tutors.prompting.adapter import AdapterName, adapter, transcript
from three_tutors.prompting.demonstrations import Matching, choose
from three_tutors.prompting.examples import INSTRUCTIONS, inputs_of
from three_tutors.tutoring.dialogue import Lesson, Speaker, Strategy, Turn, Understanding
from three_tutors.tutoring.finished_turn import fault
from three_tutors.tutoring.formats import Message

PROGRAM = "program.json"
"""The program's file in models/dspy."""

LABELS_TOKENS = 60
"""Tokens that the labels around a reply take where the adapter asks for them."""

OWN = ("adapter_name", "speaker", "drafts", "matching", "shown")
"""What of a program is ours beside DSPy's own state."""


class PlainReply(dspy.Signature):
    """Answer the last turn of a conversation."""

    frame: str = dspy.InputField(desc="who speaks, to whom, about what")
    history: dspy.History = dspy.InputField(desc="the conversation so far")
    said: str = dspy.InputField(desc="the last turn")
    reply: str = dspy.OutputField(desc="the next turn, and nothing else")


class LabelledReply(dspy.Signature):
    """Understand the student's last turn, choose a teaching strategy for it, and reply with it."""

    frame: str = dspy.InputField(desc="who speaks, to whom, about what")
    history: str = dspy.InputField(desc="the conversation so far")
    said: str = dspy.InputField(desc="the student's last turn")
    understanding: Understanding = dspy.OutputField(desc="what the student's last turn shows")
    strategy: Strategy = dspy.OutputField(desc="the teaching move that helps this student now")
    reply: str = dspy.OutputField(desc="the tutor's next turn, which makes that move, and nothing else")


class TeacherStudentDialogueModel(dspy.Module):
    """A tutor in a conversation of any length.

    `forward` replies to one student turn after a given history, which is how it is optimised and asked by the other
    stages; `converse` plays a whole dialogue and keeps what it said itself. With an adapter that marks outputs up it
    first says what the student's turn shows (its check of understanding) and which strategy it chooses; the plain one
    goes straight to the reply, and the demonstrations carry the strategy.

    `drafts` holds the reminders of successive drafts, the first usually empty: a second draft is asked for only where
    the first is no finished turn, which the tutor sees without knowing the answer or the metric.
    """

    def __init__(self, adapter_name: AdapterName = "plain", speaker: Speaker = "teacher") -> None:
        """Begin zero-shot: the prompt of the baseline. As `student` it is a student simulator."""
        super().__init__()
        self.adapter_name = adapter_name
        self.speaker = speaker
        self.matching: Matching = "fixed"
        self.shown = 0
        self.drafts = [""]
        signature = PlainReply if adapter_name == "plain" else LabelledReply
        self.turn = dspy.Predict(signature.with_instructions(INSTRUCTIONS[speaker]))

    def forward(self, frame: str, history: dspy.History, said: str, subject: str = "", grade: int = 0) -> dspy.Prediction:
        """Return the prediction for one turn: `reply`, and with most adapters `understanding` and `strategy`.

        Where a draft is no finished turn the next one is asked for; where none is, the first one stands. An optimiser
        that learns from traces sees the draft that stands and no other.
        """
        inputs = {"frame": frame, "history": history, "said": said, "subject": subject, "grade": grade}
        drafts: list[tuple[dspy.Prediction, list[Any]]] = []
        for reminder in self.drafts:
            trace: list[Any] = []
            with dspy.context(adapter=self.adapter(reminder), trace=trace):
                drafts.append((self._draft(inputs), trace))
            if sound(drafts[-1][0].reply, reminder):
                break
        else:
            drafts = drafts[:1]
        prediction, trace = drafts[-1]
        if dspy.settings.trace is not None:
            dspy.settings.trace.extend(trace)
        return prediction

    def adapter(self, reminder: str = "") -> dspy.Adapter:
        """Return how inputs become messages, with `reminder` after the last turn."""
        return adapter(self.adapter_name, self.speaker, reminder)

    def converse(self, lesson: Lesson, said: Sequence[str]) -> list[dspy.Prediction]:
        """Return the predictions for a whole dialogue in which the student says `said`, turn by turn."""
        turns: list[Turn] = []
        predictions: list[dspy.Prediction] = []
        for text in said:
            turns.append(Turn("student", text))
            predictions.append(self(**inputs_of(lesson, turns)))
            turns.append(Turn("teacher", predictions[-1].reply))
        return predictions

    def sampling(self, sampling: Sampling) -> Sampling:
        """Allow extra tokens for the labels around a reply; a plain reply has none."""
        return sampling if self.adapter_name == "plain" else replace(sampling, max_tokens=sampling.max_tokens + LABELS_TOKENS)

    def demonstrations(self, inputs: Mapping[str, Any]) -> list[Any]:
        """Return the demonstrations that are shown for these inputs."""
        chosen = choose(self.turn.demos, self.matching, self.shown, inputs)
        if self.adapter_name == "plain":
            return chosen
        # DSPy says of an output that is not there that it was not supplied; an empty label would be imitated.
        known = [{name: value for name, value in demo.items() if value or name not in ("understanding", "strategy")} for demo in chosen]
        return [dspy.Example({**demo, "history": transcript(demo["history"], self.speaker)}) for demo in known]

    def prompted(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Return the inputs that the prompt shows, as the adapter wants them; `subject` and `grade` only choose demonstrations."""
        history = inputs["history"]
        return {
            "frame": inputs["frame"],
            "history": history if self.adapter_name == "plain" else transcript(history, self.speaker),
            "said": inputs["said"],
        }

    def messages(self, inputs: Mapping[str, Any], draft: int = 0) -> list[Message]:
        """Return the exact messages that are sent for these inputs; each draft has its own."""
        written = self.adapter(self.drafts[draft])
        return list(written.format(self.turn.signature, self.demonstrations(inputs), self.prompted(inputs)))

    def parse(self, text: str) -> dict[str, Any]:
        """Return the outputs in a model's text.

        Raises:
            dspy.utils.exceptions.AdapterParseError: the text is not marked up as the adapter asked.

        """
        return dict(self.adapter().parse(self.turn.signature, text))

    def _draft(self, inputs: Mapping[str, Any]) -> dspy.Prediction:
        try:
            return self.turn(**self.prompted(inputs), demos=self.demonstrations(inputs))
        except AdapterParseError:
            return dspy.Prediction(reply="", strategy="", understanding="")  # no reply, which is worth nothing

    def dump_state(self, json_mode: bool = True) -> Record:
        """Return the program as JSON: DSPy's own state and how demonstrations are chosen."""
        own = {name: getattr(self, name) for name in OWN}
        return {**super().dump_state(json_mode=json_mode), "program": own}

    def load_state(self, state: Record, *, allow_unsafe_lm_state: bool = False) -> None:
        """Read what `dump_state` wrote."""
        super().load_state(state, allow_unsafe_lm_state=allow_unsafe_lm_state)
        for name in OWN:
            setattr(self, name, state["program"][name])


def read_program(folder: Path) -> TeacherStudentDialogueModel:
    """Return the program in `folder`.

    Raises:
        DataError: it is not a program of ours.

    """
    path = folder / PROGRAM
    state = read_json(path)
    try:
        program = TeacherStudentDialogueModel(state["program"]["adapter_name"], state["program"]["speaker"])
        program.load_state(state)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(f"{path}: not a program of this project ({type(error).__name__}: {error}); run `dvc repro train_dspy`.") from None
    return program


def sound(reply: str, reminder: str = "") -> bool:
    """Return whether `reply` is a finished turn: it does not go round in circles, break off, or show the reminder."""
    return fault(reply) is None and not (reminder and reminder.lower() in reply.lower())
