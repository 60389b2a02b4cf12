"""The engine as a `Backend` (see there), with a memory of how recent prompts begin."""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from transformers import PretrainedConfig

from three_tutors.language_model import adapters, base
from three_tutors.language_model.llama.families import head_dim
from three_tutors.language_model.llama.kv_cache import SEGMENT
from three_tutors.language_model.llama.model import GROUP, SEGMENTS, Llama, Segment
from three_tutors.language_model.loaded import Loaded
from three_tutors.language_model.number_format import number_format
from three_tutors.language_model.weights import read_tensors

AT_ONCE = 2 * SEGMENTS
"""Texts whose states are computed at a time: enough for full rounds, and a quarter of the memory that all slots would take."""
KEPT = 768 << 20
"""Bytes of prompts' segments that are remembered, 1.5 MB each for the embedded model in bf16: later turns begin like earlier ones."""


@dataclass
class _Prefill:
    """A prompt on its way into a slot."""

    prompt: list[int]
    slot: int
    done: int = 0
    """Tokens prefilled so far."""
    since: int = sys.maxsize
    """The first token whose state is asked for; usually only the last one's."""


class LlamaBackend(Loaded):
    """Prompts go through the model in segments, and a segment that was seen before is copied instead."""

    def __init__(self, folder: Path, config: PretrainedConfig, adapter: Path | None, slots: int, context: int) -> None:
        """Load and pack the weights."""
        super().__init__(folder, config, context)
        weights = {name: tensor.to(number_format()) for name, tensor in read_tensors(folder / base.WEIGHTS).items()}
        if adapter is not None:
            weights = adapters.merged(weights, adapter)
        self.model = Llama(config, weights, slots, self.context)
        self._kept = KEPT // (
            2 * config.num_hidden_layers * config.num_key_value_heads * head_dim(config) * SEGMENT * number_format().itemsize
        )
        self._waiting: list[_Prefill] = []
        self._seen: OrderedDict[tuple[int, ...], Tensor] = OrderedDict()

    def begin(self, prompt: list[int], slot: int) -> None:
        """See `Backend`. The cache grows at once and beyond the prompt: growing it again would copy the whole group."""
        self.model.group(slot).reserve(min(len(prompt) + SEGMENT, self.model.length))
        self._waiting.append(_Prefill(prompt, slot))

    def prefill(self, *, full: bool) -> dict[int, Tensor] | None:
        """See `Backend`. A copied segment has the same bits that computing it again would give."""
        computed = self._round(full=full)
        if computed is None:
            return None
        last = {one.slot: state[len(one.prompt) - start - 1] for one, start, state in computed if start + SEGMENT >= len(one.prompt)}
        return dict(zip(last, self.logits(torch.stack(list(last.values()))), strict=True)) if last else {}

    def _round(self, *, full: bool) -> list[tuple[_Prefill, int, Tensor]] | None:
        """Compute the next segments of those that wait; return each with its start and its states, None where nothing was computed."""
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
        for one, start in planned:
            one.done = start + SEGMENT
            if one.done <= len(one.prompt):
                self._seen[tuple(one.prompt[: one.done])] = self.model.group(one.slot).copy_segment(one.slot % GROUP, start)
        while len(self._seen) > self._kept:
            self._seen.popitem(last=False)
        self._waiting = [one for one in self._waiting if one.done < len(one.prompt)]
        return [(one, start, state) for (one, start), state in zip(planned, states, strict=True)]

    def _copy_seen(self, one: _Prefill) -> None:
        """Copy the segments that were seen before and whose states nobody asks for; the last token's are always asked for."""
        while one.done + SEGMENT <= min(one.since, len(one.prompt) - 1):
            key = tuple(one.prompt[: one.done + SEGMENT])
            if (seen := self._seen.get(key)) is None:
                return
            self._seen.move_to_end(key)
            self.model.group(one.slot).restore_segment(seen, one.slot % GROUP, one.done)
            one.done += SEGMENT

    def decode(self, ids: list[int], positions: list[int]) -> Tensor:
        """See `Backend`."""
        return self.model.decode(torch.tensor(ids), torch.tensor(positions))

    def states(self, texts: Sequence[tuple[list[int], int]]) -> list[Tensor]:
        """See `Backend`. Texts take slots as they become free, so that every round has all of its segments."""
        parts: list[list[Tensor]] = [[] for _ in texts]
        free, owner, following = list(range(min(AT_ONCE, self.model.slots))), dict[int, int](), iter(enumerate(texts))
        upcoming = next(following, None)
        while upcoming or self._waiting:
            while upcoming and free:
                number, (ids, since) = upcoming
                slot = free.pop()
                owner[slot] = number
                self.begin(ids, slot)
                self._waiting[-1].since = since
                upcoming = next(following, None)
            for one, start, state in self._round(full=False) or ():
                parts[owner[one.slot]].append(state[max(0, one.since - start) : len(one.prompt) - start].clone())
                if start + SEGMENT >= len(one.prompt):
                    free.append(one.slot)
        self.release(range(self.model.slots))
        return [torch.cat(part) for part in parts]

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
