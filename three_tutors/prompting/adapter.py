"""How a program's inputs become messages and a model's text becomes its outputs.

`plain` writes a conversation as a conversation and takes the whole text as the reply. Small models need that: asked
for marked-up fields, SmolLM2-135M answers unreadably two times out of three.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import dspy

from three_tutors.tutoring.dialogue import Speaker
from three_tutors.tutoring.formats import Message

AdapterName = Literal["plain", "chat", "json", "xml"]
NAMES: dict[Speaker, tuple[str, str]] = {"teacher": ("Student", "Tutor"), "student": ("Teacher", "Student")}
"""What the one who is answered and the one who answers are called in a prompt."""
HEADING = "Examples of good replies:"


class PlainChatAdapter(dspy.Adapter):
    """The conversation as it is, after a system message of frame, instruction and demonstrations.

    Without demonstrations and with the instruction that tutors are trained with, the prompt is what
    `formats.messages` renders, byte for byte. Demonstrations stand in the system message: as turns before the
    conversation, a small model takes them for part of it and mixes up the lessons. A reminder stands in brackets after
    the student's last turn, for what a small model reads last it follows best.
    """

    def __init__(self, speaker: Speaker = "teacher", reminder: str = "") -> None:
        """Name the speakers of demonstrations as `speaker` sees them; put `reminder` after the last turn, where there is one."""
        super().__init__()
        self._names = NAMES[speaker]
        self._reminder = f"\n\n({reminder})" if reminder else ""

    def format(self, signature: type[dspy.Signature], demos: Sequence[Mapping[str, Any]], inputs: Mapping[str, Any]) -> list[Message]:
        """Return the messages of one request; a demonstration is a turn and the reply to it."""
        other, own = self._names
        shown = "".join(f"\n\n{other}: {demo['said']}\n{own}: {demo['reply']}" for demo in demos)
        system = f"{inputs['frame']} {signature.instructions}".strip() + (f"\n\n{HEADING}{shown}" if demos else "")
        said: list[Message] = [{"role": "system", "content": system}, *history_messages(inputs["history"])]
        return [*said, {"role": "user", "content": inputs["said"] + self._reminder}]

    def parse(self, signature: type[dspy.Signature], completion: str) -> dict[str, Any]:
        """Return the whole text as the one output."""
        (name,) = signature.output_fields
        return {name: completion.strip()}

    def _call_postprocess(  # DSPy calls an empty answer a parse error, which it would score without asking the metric
        self,
        processed_signature: type[dspy.Signature],
        original_signature: type[dspy.Signature],  # noqa: ARG002 - DSPy's signature
        outputs: list[Any],
        lm: dspy.BaseLM,  # noqa: ARG002 - DSPy's signature
        lm_kwargs: dict[str, Any],  # noqa: ARG002 - DSPy's signature
    ) -> list[dict[str, Any]]:
        texts = [output if isinstance(output, str) else (output or {}).get("text") or "" for output in outputs]
        return [self.parse(processed_signature, text) for text in texts]


def adapter(name: AdapterName, speaker: Speaker = "teacher", reminder: str = "") -> dspy.Adapter:
    """Return the adapter of that name: ours, or one of DSPy's that mark outputs up and remind of that themselves."""
    match name:
        case "plain":
            return PlainChatAdapter(speaker, reminder)
        case "chat":
            return dspy.ChatAdapter(use_json_adapter_fallback=False)
        case "json":
            return dspy.JSONAdapter()
        case "xml":
            return dspy.XMLAdapter()
    raise ValueError(f"no adapter is called {name!r}")


def history_exchanges(messages: Sequence[Message]) -> dspy.History:
    """Return chat messages as DSPy keeps a conversation: exchanges of what was `said` and the `reply` to it."""
    exchanges: list[dict[str, str]] = []
    for message in messages:
        if message["role"] == "user":
            exchanges.append({"said": message["content"]})
        elif exchanges and "reply" not in exchanges[-1]:
            exchanges[-1]["reply"] = message["content"]
        else:
            exchanges.append({"reply": message["content"]})
    return dspy.History(messages=exchanges)


def transcript(history: dspy.History | Mapping[str, Any] | str, speaker: Speaker = "teacher") -> str:
    """Return the conversation as text, a line a turn, for adapters that mark inputs up.

    Given a `dspy.History` they would write JSON into demonstrations and a strategy of `None` beside every earlier reply.
    """
    if isinstance(history, str):
        return history
    other, own = NAMES[speaker]
    return "\n".join(f"{other if message['role'] == 'user' else own}: {message['content']}" for message in history_messages(history))


def history_messages(history: dspy.History | Mapping[str, Any]) -> list[Message]:
    """Return the conversation as chat messages again; the other way round of `history_exchanges`."""
    exchanges = history.messages if isinstance(history, dspy.History) else history["messages"]
    said: list[Message] = []
    for exchange in exchanges:
        if "said" in exchange:
            said.append({"role": "user", "content": exchange["said"]})
        if "reply" in exchange:
            said.append({"role": "assistant", "content": exchange["reply"]})
    return said
