r"""Answer conversations with a model on disk, many at once, each as if it were alone.

    generator = Generator(Path("models/base"), adapter=Path("models/lora"))     # or without an adapter
    replies = generator.replies([messages, …], Options(max_tokens=64))          # all at once, in order

    number = generator.add(messages, Options(max_tokens=64, stop=("\n\n",)))    # or one by one, as they come:
    while generator.busy:
        for event in generator.step():                                          # one token for every conversation
            print(event.number, event.text, event.finish_reason)
    generator.cancel(number)

`step` lets waiting conversations in as slots become free. In one generator, a conversation's tokens depend on its messages,
options and the weights alone: not on what else is answered, on which slot it has, or on what was answered before. On some
CPUs they also depend on how many slots the generator has (`packed.blocks`). Not thread-safe: one thread calls it.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tokenizers.decoders import DecodeStream
from torch import Tensor
from transformers.convert_slow_tokenizer import bytes_to_unicode

from three_tutors.language_model import chat_template
from three_tutors.language_model.backend import Backend
from three_tutors.language_model.load import load_backend
from three_tutors.language_model.replies import SLOTS, Event, FinishReason, Options, TokenLogprob, WholeReply
from three_tutors.language_model.sampling import Choice, choose
from three_tutors.pipeline.diagnostics import TutorError
from three_tutors.tutoring.formats import Message

ROUNDS = 4
"""Most rounds of prefill before the next token of the conversations under way, so that those do not wait long."""


@dataclass
class _Running:
    """One conversation in a slot or waiting for one."""

    number: int
    prompt: list[int]
    options: Options
    rng: random.Random
    stream: DecodeStream
    made: int = 0
    last: int = 0
    held: str = ""
    """Text that may be the beginning of a stop string."""
    choice: Choice | None = None
    done: bool = False


class Generator:
    """A model, loaded once, that answers conversations in a fixed number of slots."""

    def __init__(self, model: Path, adapter: Path | None = None, *, slots: int = SLOTS, context: int = 2048) -> None:
        """Load the model in folder `model`, with the LoRA adapter in folder `adapter` merged into it.

        Args:
            model: a folder as `base.prepare` or `finetune` write it.
            adapter: a folder with `adapter_model.safetensors`, checked against the base it was trained on.
            slots: conversations answered at once.
            context: most tokens of prompt and reply together.

        Raises:
            TutorError: a folder holds no model, or the adapter was trained on another base.

        """
        self.backend: Backend = load_backend(model, adapter, slots, context)
        self.tokenizer = self.backend.tokenizer
        self.context = self.backend.context
        self._waiting: deque[_Running] = deque()
        self._slots: list[_Running | None] = [None] * slots
        self._count = 0
        self._bytes = {character: byte for byte, character in bytes_to_unicode().items()}
        """The byte behind each character of a byte-level token."""

    @property
    def busy(self) -> bool:
        """Whether any conversation is waiting or under way."""
        return bool(self._waiting) or any(self._slots)

    def add(self, said: Sequence[Message], options: Options) -> int:
        """Take a conversation to be answered by the coming steps; return its number.

        Raises:
            TutorError: the prompt leaves no room for a reply.
            DataError: the chat template refuses the conversation.

        """
        prompt = chat_template.prompt_ids(self.tokenizer, said)
        if len(prompt) >= self.context:
            raise TutorError(f"The conversation has {len(prompt)} tokens; at most {self.context - 1} leave room for a reply.")
        self._count += 1
        rng = random.Random(options.seed) if options.seed is not None else random.Random()
        self._waiting.append(_Running(self._count, prompt, options, rng, DecodeStream(skip_special_tokens=True)))
        return self._count

    def cancel(self, number: int) -> None:
        """Drop a conversation; the others go on as if it had never been there."""
        self._waiting = deque(running for running in self._waiting if running.number != number)
        self._slots = [None if running and running.number == number else running for running in self._slots]
        self.backend.release(self._free())

    def step(self) -> list[Event]:
        """Let waiting conversations in, prefill their prompts and make the next token of every one under way."""
        self._admit()
        events = self._prefill()
        under_way = [(slot, running) for slot, running in enumerate(self._slots) if running and running.made]
        if under_way:
            events += self._decode(under_way)
        self.backend.release(self._free())
        return events

    def _admit(self) -> None:
        while self._waiting and (free := self._free()):
            running = self._waiting.popleft()
            slot = self.backend.place(len(running.prompt), free)
            self.backend.begin(running.prompt, slot)
            self._slots[slot] = running

    def _prefill(self) -> list[Event]:
        """Prefill, and make the first token of those whose prompts are done."""
        events = []
        for number in range(ROUNDS):
            found = self.backend.prefill(full=number > 0)
            if found is None:
                break
            for slot, logits in found.items():
                running = self._slots[slot]
                assert running is not None  # noqa: S101 - `release` forgot the prompts of free slots
                events += self._advance([(slot, running)], logits[None])
        return events

    def _decode(self, under_way: list[tuple[int, _Running]]) -> list[Event]:
        """Make the next token of those that have their first."""
        ids, positions = [0] * len(self._slots), [-1] * len(self._slots)
        for slot, running in under_way:
            ids[slot], positions[slot] = running.last, len(running.prompt) + running.made - 1
        logits = self.backend.decode(ids, positions)
        if len(under_way) < len(logits):
            logits = logits[[slot for slot, _ in under_way]]
        return self._advance(under_way, logits)

    def _free(self) -> list[int]:
        return [slot for slot, running in enumerate(self._slots) if running is None]

    def replies(self, conversations: Sequence[Sequence[Message]], options: Options) -> list[WholeReply]:
        """Return the replies to `conversations`, in their order."""
        numbers = [self.add(said, options) for said in conversations]
        # Short ones first: neighbours are then alike in length, and later turns find their beginning already prefilled.
        self._waiting = deque(sorted(self._waiting, key=lambda running: len(running.prompt)))
        texts: dict[int, list[str]] = {number: [] for number in numbers}
        logprobs: dict[int, list[TokenLogprob]] = {number: [] for number in numbers}
        last: dict[int, Event] = {}
        while self.busy:
            for event in self.step():
                if event.number in texts:
                    texts[event.number].append(event.text)
                    logprobs[event.number] += [event.logprob] if event.logprob else []
                    last[event.number] = event
        return [
            WholeReply(
                text="".join(texts[number]),
                finish_reason=last[number].finish_reason or "length",
                prompt_tokens=last[number].prompt_tokens,
                completion_tokens=last[number].completion_tokens,
                logprobs=tuple(logprobs[number]),
            )
            for number in numbers
        ]

    def _advance(self, under_way: list[tuple[int, _Running]], logits: Tensor) -> list[Event]:
        """Choose a token for each of `under_way` from its row of `logits`; those that end leave their slots."""
        choices = choose(logits, [(running.options, running.rng) for _, running in under_way])
        events = []
        for (slot, running), choice in zip(under_way, choices, strict=True):
            events.append(self._append(running, choice))
            if running.done:
                self._slots[slot] = None
        return events

    def _append(self, running: _Running, choice: Choice) -> Event:
        """Add a token to a conversation: text, stop strings, end of turn and length."""
        running.made += 1
        running.last = choice.token
        finish: FinishReason | None = None
        if choice.token in self.backend.ends:
            finish = "stop"
        else:
            running.held += running.stream.step(self.backend.text_of, choice.token) or ""
            cut = min((found for stop in running.options.stop if stop and (found := running.held.find(stop)) >= 0), default=-1)
            if cut >= 0:
                running.held, finish = running.held[:cut], "stop"
            elif running.made >= running.options.max_tokens or len(running.prompt) + running.made >= self.context:
                finish = "length"
        keep = 0 if finish else max((_overlap(running.held, stop) for stop in running.options.stop), default=0)
        text, running.held = running.held[: len(running.held) - keep], running.held[len(running.held) - keep :]
        running.done = finish is not None
        wanted = running.options.logprobs is not None
        return Event(
            number=running.number,
            text=text,
            token=choice.token,
            finish_reason=finish,
            prompt_tokens=len(running.prompt),
            completion_tokens=running.made,
            logprob=self._logprob(choice.token, choice.logprob) if wanted and choice.logprob is not None else None,
            top_logprobs=tuple(self._logprob(token, value) for token, value in choice.top),
        )

    def _logprob(self, token: int, value: float) -> TokenLogprob:
        piece = self.tokenizer.convert_ids_to_tokens(token) or ""
        raw = bytes(self._bytes[character] for character in piece) if set(piece) <= self._bytes.keys() else piece.encode()
        return TokenLogprob(raw.decode(errors="replace"), raw, value)


def _overlap(text: str, stop: str) -> int:
    """Return how many characters at the end of `text` may be the beginning of `stop`."""
    return next((count for count in range(min(len(text), len(stop) - 1), 0, -1) if text.endswith(stop[:count])), 0)
