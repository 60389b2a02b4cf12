"""The engine as a `Backend` (see there): prefill in segments, with a memory of how recent prompts begin."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor
from transformers import PretrainedConfig

from three_tutors.language_model import adapters, base
from three_tutors.language_model.llama.key_values import SEGMENT
from three_tutors.language_model.llama.model import GROUP, TOGETHER, Llama, Segment
from three_tutors.language_model.loaded import Loaded

KEPT = 512
"""Segments of prompts that are remembered, 1.5 MB each for the embedded model: later turns of a conversation begin like earlier ones."""


@dataclass
class _Reading:
    """A prompt that is read into a slot."""

    prompt: list[int]
    slot: int
    start: int = 0
    """Tokens read so far."""


class LlamaBackend(Loaded):
    """Our lean Llama, with a memory of how recent prompts begin."""

    def __init__(self, folder: Path, config: PretrainedConfig, adapter: Path | None, slots: int, context: int) -> None:
        """Load and pack the weights."""
        super().__init__(folder, config, context)
        weights = {name: tensor.to(torch.bfloat16) for name, tensor in load_file(folder / base.WEIGHTS).items()}
        if adapter is not None:
            weights = adapters.merged(weights, adapter)
        self.model = Llama(config, weights, slots, self.context)
        self._readings: list[_Reading] = []
        self._seen: OrderedDict[tuple[int, ...], Tensor] = OrderedDict()

    def begin(self, prompt: list[int], slot: int) -> None:
        """See `Backend`. Room for the reply's beginning is made at once: making more copies what the whole group holds."""
        self.model.group(slot).reserve(min(len(prompt) + SEGMENT, self.model.length))
        self._readings.append(_Reading(prompt, slot))

    def read(self, *, full: bool) -> dict[int, Tensor] | None:
        """See `Backend`. Segments read before are copied: they are the same bits that reading them again would give."""
        planned: list[tuple[_Reading, int]] = []
        keys: set[tuple[int, ...]] = set()
        for reading in self._readings:
            if len(planned) == TOGETHER:
                break
            self._copy_seen(reading)
            for start in range(reading.start, len(reading.prompt), SEGMENT):
                key = tuple(reading.prompt[: start + SEGMENT])
                if len(planned) == TOGETHER or key in keys:  # what another one reads in this round is copied in the next
                    break
                planned.append((reading, start))
                keys.add(key)
        if not planned or (full and len(planned) < TOGETHER):
            return None
        states = self.model.read([Segment(one.prompt[start : start + SEGMENT], one.slot, start) for one, start in planned])
        last: dict[int, Tensor] = {}
        for (reading, start), state in zip(planned, states, strict=True):
            reading.start = start + SEGMENT
            if reading.start <= len(reading.prompt):
                key = tuple(reading.prompt[: reading.start])
                self._seen[key] = self.model.group(reading.slot).copied(reading.slot % GROUP, start)
            if reading.start >= len(reading.prompt):
                last[reading.slot] = state[len(reading.prompt) - start - 1]
        while len(self._seen) > KEPT:
            self._seen.popitem(last=False)
        self._readings = [reading for reading in self._readings if reading.slot not in last]
        return dict(zip(last, self.logits(torch.stack(list(last.values()))), strict=True)) if last else {}

    def _copy_seen(self, reading: _Reading) -> None:
        """Go on as far as segments read before reach; the last token is always read, for its logits."""
        while reading.start + SEGMENT < len(reading.prompt):
            key = tuple(reading.prompt[: reading.start + SEGMENT])
            if (seen := self._seen.get(key)) is None:
                return
            self._seen.move_to_end(key)
            self.model.group(reading.slot).put(seen, reading.slot % GROUP, reading.start)
            reading.start += SEGMENT

    def decode(self, ids: list[int], positions: list[int]) -> Tensor:
        """See `Backend`."""
        return self.model.decode(torch.tensor(ids), torch.tensor(positions))

    def states(self, ids: list[int]) -> Tensor:
        """See `Backend`. Uses the first slot: only while no conversation is under way."""
        segments = [Segment(ids[start : start + SEGMENT], 0, start) for start in range(0, len(ids), SEGMENT)]
        rounds = [self.model.read(segments[first : first + TOGETHER]) for first in range(0, len(segments), TOGETHER)]
        return torch.cat(rounds).flatten(0, 1)[: len(ids)]

    def logits(self, states: Tensor) -> Tensor:
        """See `Backend`; a row depends on itself alone."""
        return self.model.logits(states)

    def place(self, tokens: int, free: Sequence[int]) -> int:
        """See `Backend`. Long ones beside long ones, since a group of slots is as long as its longest."""

        def cost(slot: int) -> tuple[int, int]:
            capacity = self.model.groups[slot // GROUP].capacity
            return max(0, tokens - capacity), capacity

        return min(free, key=cost)

    def release(self, free: Collection[int]) -> None:
        """See `Backend`."""
        self._readings = [reading for reading in self._readings if reading.slot not in free]
        for index, group in enumerate(self.model.groups):
            if all(index * GROUP + row in free for row in range(group.slots)):
                group.clear()
