"""The engine as a `Backend` (see there), with a memory of how recent prompts begin."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from transformers import PretrainedConfig

from three_tutors.language_model import adapters, base
from three_tutors.language_model.llama.kv_cache import SEGMENT
from three_tutors.language_model.llama.model import GROUP, SEGMENTS, Llama, Segment
from three_tutors.language_model.loaded import Loaded
from three_tutors.language_model.weights import read_tensors

KEPT = 512
"""Segments of prompts that are remembered, 1.5 MB each for the embedded model: later turns of a conversation begin like earlier ones."""


@dataclass
class _Prefill:
    """A prompt on its way into a slot."""

    prompt: list[int]
    slot: int
    done: int = 0
    """Tokens prefilled so far."""


class LlamaBackend(Loaded):
    """Prompts go through the model in segments, and a segment that was seen before is copied instead."""

    def __init__(self, folder: Path, config: PretrainedConfig, adapter: Path | None, slots: int, context: int) -> None:
        """Load and pack the weights."""
        super().__init__(folder, config, context)
        weights = {name: tensor.to(torch.bfloat16) for name, tensor in read_tensors(folder / base.WEIGHTS).items()}
        if adapter is not None:
            weights = adapters.merged(weights, adapter)
        self.model = Llama(config, weights, slots, self.context)
        self._waiting: list[_Prefill] = []
        self._seen: OrderedDict[tuple[int, ...], Tensor] = OrderedDict()
        self._held: list[int] = []
        """The text that `states` left in the first slot."""

    def begin(self, prompt: list[int], slot: int) -> None:
        """See `Backend`. The cache grows at once and beyond the prompt: growing it again would copy the whole group."""
        self._held = []
        self.model.group(slot).reserve(min(len(prompt) + SEGMENT, self.model.length))
        self._waiting.append(_Prefill(prompt, slot))

    def prefill(self, *, full: bool) -> dict[int, Tensor] | None:
        """See `Backend`. A copied segment has the same bits that computing it again would give."""
        planned: list[tuple[_Prefill, int]] = []
        keys: set[tuple[int, ...]] = set()
        for one in self._waiting:
            if len(planned) == SEGMENTS:
                break
            self._copy_seen(one)
            for start in range(one.done, len(one.prompt), SEGMENT):
                key = tuple(one.prompt[: start + SEGMENT])
                if len(planned) == SEGMENTS or key in keys:  # another prompt computes it in this round; copy it in the next
                    break
                planned.append((one, start))
                keys.add(key)
        if not planned or (full and len(planned) < SEGMENTS):
            return None
        states = self.model.prefill([Segment(one.prompt[start : start + SEGMENT], one.slot, start) for one, start in planned])
        last: dict[int, Tensor] = {}
        for (one, start), state in zip(planned, states, strict=True):
            one.done = start + SEGMENT
            if one.done <= len(one.prompt):
                self._seen[tuple(one.prompt[: one.done])] = self.model.group(one.slot).copy_segment(one.slot % GROUP, start)
            if one.done >= len(one.prompt):
                last[one.slot] = state[len(one.prompt) - start - 1]
        while len(self._seen) > KEPT:
            self._seen.popitem(last=False)
        self._waiting = [one for one in self._waiting if one.slot not in last]
        return dict(zip(last, self.logits(torch.stack(list(last.values()))), strict=True)) if last else {}

    def _copy_seen(self, one: _Prefill) -> None:
        """Copy the segments that were seen before; the one with the last token is always computed, for its logits."""
        while one.done + SEGMENT < len(one.prompt):
            key = tuple(one.prompt[: one.done + SEGMENT])
            if (seen := self._seen.get(key)) is None:
                return
            self._seen.move_to_end(key)
            self.model.group(one.slot).restore_segment(seen, one.slot % GROUP, one.done)
            one.done += SEGMENT

    def decode(self, ids: list[int], positions: list[int]) -> Tensor:
        """See `Backend`."""
        return self.model.decode(torch.tensor(ids), torch.tensor(positions))

    def states(self, ids: list[int], since: int = 0) -> Tensor:
        """See `Backend`. Uses the first slot: only while no conversation is under way.

        Whole segments that the last text began with, too, are still in the slot and are not computed again.
        """
        same = next((at for at, (one, held) in enumerate(zip(ids, self._held, strict=False)) if one != held), min(len(ids), len(self._held)))
        first = min(same, since) // SEGMENT * SEGMENT
        segments = [Segment(ids[start : start + SEGMENT], 0, start) for start in range(first, len(ids), SEGMENT)]
        rounds = [self.model.prefill(segments[at : at + SEGMENTS]) for at in range(0, len(segments), SEGMENTS)]
        self._held = list(ids)
        return torch.cat(rounds).flatten(0, 1)[since - first : len(ids) - first]

    def logits(self, states: Tensor) -> Tensor:
        """See `Backend`; a row depends on itself alone."""
        return self.model.logits(states)

    def place(self, tokens: int, free: Sequence[int]) -> int:
        """See `Backend`. Long ones beside long ones, since a group of slots is as long as its longest."""

        def cost(slot: int) -> tuple[int, int]:
            capacity = self.model.group(slot).capacity
            return max(0, tokens - capacity), capacity

        return min(free, key=cost)

    def release(self, free: Collection[int]) -> None:
        """See `Backend`."""
        self._waiting = [one for one in self._waiting if one.slot not in free]
        for index, group in enumerate(self.model.groups):
            if all(index * GROUP + row in free for row in range(group.slots)):
                group.clear()
