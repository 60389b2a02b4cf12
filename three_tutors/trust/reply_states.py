"""What a model on this machine holds of a reply while it reads it: the mean of its states over the reply's tokens."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from three_tutors.scoring.replied import Replied
from three_tutors.trust.judge_questions import REPLY_BEGINS, REPLY_ENDS, one_word_prompt

if TYPE_CHECKING:
    from three_tutors.language_model.generate import Generator

SHORTENED = Path(".cache/judge")
"""Folders of shortened models."""
NOTHING = "…"
"""Stands for a reply without words."""
_CONTEXT = 4096
_AT_ONCE = 64
"""Texts computed at a time; their states take little memory."""


class ReplyStates:
    """The first layers of a model, loaded once."""

    def __init__(self, folder: Path, layers: int) -> None:
        """Load the first `layers` of the model in `folder`.

        Raises:
            TutorError: there is no model in `folder`, or it has fewer layers.

        """
        from three_tutors.language_model import base  # noqa: PLC0415 - torch takes seconds
        from three_tutors.language_model.generate import Generator  # noqa: PLC0415
        from three_tutors.language_model.shortened import shortened  # noqa: PLC0415

        self.digest = str(base.description(folder)["digest"])
        self.tokens = 0
        """Tokens read so far, those of shared beginnings as often as they are shared."""
        into = SHORTENED / f"{self.digest}-{layers}"
        self._generator: Generator = Generator(shortened(folder, layers, into), slots=8, context=_CONTEXT)

    def means(self, replied: Sequence[Replied]) -> np.ndarray:
        """Return the mean state of each reply, (replies, hidden), read after its lesson and conversation."""
        texts = [self._encoded(one) for one in replied]
        # Neighbours share their beginnings, which are then computed once.
        order = sorted(range(len(texts)), key=lambda number: texts[number][0])
        self.tokens += sum(len(ids) for ids, _ in texts)
        found: dict[int, np.ndarray] = {}
        for begin in range(0, len(order), _AT_ONCE):
            some = order[begin : begin + _AT_ONCE]
            states = self._generator.backend.states([texts[number] for number in some])
            found |= {number: state.float().mean(0).numpy() for number, state in zip(some, states, strict=True)}
        return np.array([found[number] for number in range(len(texts))])

    def _encoded(self, one: Replied) -> tuple[list[int], int]:
        """Return the tokens up to the end of the reply, and the place of the reply's first."""
        from three_tutors.language_model import chat_template  # noqa: PLC0415

        text = chat_template.render(self._generator.tokenizer, one_word_prompt(one, "sense", one.reply.strip() or NOTHING))
        begins = text.rindex(REPLY_BEGINS) + len(REPLY_BEGINS)
        ends = text.rindex(REPLY_ENDS)
        encoded = self._generator.tokenizer(text[:ends], add_special_tokens=False, return_offsets_mapping=True)
        ids: list[int] = encoded["input_ids"]
        first = next((number for number, (_, end) in enumerate(encoded["offset_mapping"]) if end > begins), len(ids) - 1)
        since = max(first, len(ids) - _CONTEXT)
        return ids[-_CONTEXT:], since - max(0, len(ids) - _CONTEXT)
