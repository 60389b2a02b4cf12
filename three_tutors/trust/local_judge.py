"""A judge on this machine: a larger model whose verdict is read off the logits of one word, yes or no.

The value is the share of yes. Small models say yes or no whatever they read, so the odds are held against those that the same model
gives to an empty reply at the same moment (contextual calibration: Zhao et al. 2021, "Calibrate Before Use"). Where the model was
learned (`sense`), the verdict on sense is read off its states instead.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from three_tutors.pipeline.diagnostics import ParamsError
from three_tutors.scoring.replied import Replied
from three_tutors.scoring.score import Score
from three_tutors.trust import sense
from three_tutors.trust.fitted_sense import SENSE, FittedSense
from three_tutors.trust.judge_questions import ANCHORS, one_word_prompt
from three_tutors.tutoring.formats import Message

if TYPE_CHECKING:
    from three_tutors.language_model.generate import Generator

CONVERTED = Path(".cache/judge")
"""Folders made of GGUF files."""
NOTHING = "…"
"""The empty reply."""
_WORDS = {True: ("Yes", "yes", " Yes", " yes", "YES"), False: ("No", "no", " No", " no", "NO")}
_CONTEXT = 4096
_AT_ONCE = 64
"""Texts computed at a time; their states take little memory."""


class LocalJudge:
    """A model folder that says yes or no."""

    def __init__(self, folder: Path, fitted: FittedSense | None = None) -> None:
        """Load the model.

        Args:
            folder: as `base.prepare` writes it.
            fitted: how sense is read off its states; left out where that was learned for another model.

        Raises:
            TutorError: there is no model in `folder`.
            ParamsError: a word for yes is also the beginning of one for no.

        """
        from three_tutors.language_model import base  # noqa: PLC0415 - torch takes seconds
        from three_tutors.language_model.generate import Generator  # noqa: PLC0415

        self.digest = str(base.description(folder)["digest"])
        self.name = f"{folder.name}@{self.digest[:8]}"
        self._folder = folder
        self.fitted = fitted if fitted and fitted.model == self.digest else None
        self.tokens = 0
        """Tokens read so far, those of shared beginnings as often as they are shared."""
        self._generator: Generator = Generator(folder, slots=8, context=_CONTEXT)
        encoded = {side: {self._generator.tokenizer.encode(word, add_special_tokens=False)[0] for word in _WORDS[side]} for side in _WORDS}
        self._yes, self._no = (sorted(encoded[side] - encoded[not side]) for side in (True, False))
        if not self._yes or not self._no:
            raise ParamsError(f"judge.model {folder}: yes and no begin with the same token, so that it cannot judge; take another model.")

    def scores(self, asked: Sequence[tuple[Replied, str]]) -> list[Score]:
        """Return the verdict on each reply in each dimension or quality: 0 to 1, in the four dimensions 0, 0.5 or 1."""
        by_states = [number for number, (_, name) in enumerate(asked) if name == SENSE and self.fitted]
        by_words = [number for number in range(len(asked)) if number not in set(by_states)]
        found: dict[int, Score] = {}
        if self.fitted and by_states:
            found |= zip(by_states, sense.read(self._folder, self.fitted, [asked[number][0] for number in by_states]), strict=True)
        for number, odds in zip(by_words, self._read([asked[number] for number in by_words]), strict=True):
            share = 1 / (1 + math.exp(-max(-50.0, min(odds, 50.0))))
            found[number] = Score(round(share * 2) / 2 if asked[number][1] in ANCHORS else share, f"yes {share:.2f}")
        return [found[number] for number in range(len(asked))]

    def _read(self, asked: Sequence[tuple[Replied, str]]) -> list[float]:
        """Return for each the log-odds of yes against those of an empty reply."""
        empty = {_moment(one, name): one_word_prompt(one, name, NOTHING) for one, name in asked}
        prompts = [*empty.values(), *(one_word_prompt(one, name, one.reply or NOTHING) for one, name in asked)]
        odds = self._odds(prompts)
        neutral = dict(zip(empty, odds, strict=False))
        return [value - neutral[_moment(one, name)] for (one, name), value in zip(asked, odds[len(empty) :], strict=True)]

    def _odds(self, prompts: Sequence[Sequence[Message]]) -> list[float]:
        from three_tutors.language_model import chat_template  # noqa: PLC0415

        texts = [chat_template.prompt_ids(self._generator.tokenizer, said) for said in prompts]
        texts = [ids[-_CONTEXT:] for ids in texts]
        # Neighbours share their beginnings, which are then computed once.
        order = sorted(range(len(texts)), key=lambda number: texts[number])
        self.tokens += sum(map(len, texts))
        found: dict[int, float] = {}
        for begin in range(0, len(order), _AT_ONCE):
            some = order[begin : begin + _AT_ONCE]
            states = self._generator.backend.states([(texts[number], len(texts[number]) - 1) for number in some])
            for number, state in zip(some, states, strict=True):
                logits = self._generator.backend.logits(state[-1:])[0].float()
                found[number] = float(logits[self._yes].logsumexp(0) - logits[self._no].logsumexp(0))
        return [found[number] for number in range(len(texts))]


def folder_of(model: str) -> Path:
    """Return the folder of a model on this machine; a GGUF file is converted once, as `base_model.source` is.

    Raises:
        ParamsError: there is no such folder or file, or it cannot be read as a model.

    """
    path = Path(model)
    if path.is_dir():
        return path
    if not path.is_file():
        raise ParamsError(
            f"judge.model: there is no folder or GGUF file {model}; judge.base_url is local, so it names one on this machine."
        )
    from three_tutors.language_model import base  # noqa: PLC0415

    made = CONVERTED / f"{path.stem}-{path.stat().st_size}"
    if not made.exists():
        CONVERTED.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CONVERTED) as making:
            base.prepare(str(path), None, Path(making) / "model")
            (Path(making) / "model").rename(made)
    return made


def _moment(one: Replied, name: str) -> tuple[object, ...]:
    return (one.lesson, one.turns, name)
