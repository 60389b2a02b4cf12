"""Any causal language model that transformers knows, as a `Backend` (see there), on a GPU where PyTorch finds one.

Logits and states come back to the processor, where tokens are chosen and likelihoods added up.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from three_tutors.language_model import adapters, base
from three_tutors.language_model.loaded import Loaded
from three_tutors.language_model.number_format import number_format
from three_tutors.language_model.settings import on_gpu

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class TransformersBackend(Loaded):
    """A `Backend` that computes one conversation at a time."""

    def __init__(self, folder: Path, adapter: Path | None, slots: int, context: int) -> None:
        """Load the model, with the adapter merged by peft."""
        self.device = torch.device("cuda" if on_gpu("auto") else "cpu")
        model: PreTrainedModel = base.load_model(folder, number_format(self.device.type)).to(self.device)
        super().__init__(folder, model.config, context)
        if adapter is not None:
            model = adapters.merged_model(model, adapter)
        self.model = model
        self.slots = slots
        self._caches: dict[int, object] = {}
        self._prompts: dict[int, list[int]] = {}

    def begin(self, prompt: list[int], slot: int) -> None:
        """See `Backend`."""
        self._prompts[slot] = prompt

    @torch.inference_mode()
    def prefill(self, *, full: bool) -> dict[int, Tensor] | None:  # noqa: ARG002 - a round is one prompt
        """See `Backend`."""
        if not self._prompts:
            return None
        slot = next(iter(self._prompts))
        output = self.model(self._ids(self._prompts.pop(slot)), use_cache=True, logits_to_keep=1)
        self._caches[slot] = output.past_key_values
        return {slot: output.logits[0, -1].cpu()}

    @torch.inference_mode()
    def decode(self, ids: list[int], positions: list[int]) -> Tensor:
        """See `Backend`."""
        logits = torch.zeros(self.slots, self.model.config.get_text_config().vocab_size, dtype=self.model.dtype)
        for slot, position in enumerate(positions):
            if position >= 0:
                output = self.model(self._ids([ids[slot]]), past_key_values=self._caches[slot], use_cache=True)
                self._caches[slot] = output.past_key_values
                logits[slot] = output.logits[0, -1].cpu()
        return logits

    @torch.inference_mode()
    def states(self, texts: Sequence[tuple[list[int], int]]) -> list[Tensor]:
        """See `Backend`."""
        return [self.model.base_model(self._ids(ids)).last_hidden_state[0, since:].cpu() for ids, since in texts]

    @torch.inference_mode()
    def logits(self, states: Tensor) -> Tensor:
        """See `Backend`."""
        return self.model.get_output_embeddings()(states.to(self.device)).cpu()

    def place(self, tokens: int, free: Sequence[int]) -> int:  # noqa: ARG002 - all slots are alike here
        """See `Backend`."""
        return free[0]

    def release(self, free: Collection[int]) -> None:
        """See `Backend`."""
        for slot in free:
            self._caches.pop(slot, None)
            self._prompts.pop(slot, None)

    def _ids(self, ids: Sequence[int]) -> Tensor:
        return torch.tensor([ids], device=self.device)
