"""Write each split for DSPy, OpenAI and Hugging Face."""

from __future__ import annotations

if __name__ == "__main__":
    from three_tutors.pipeline.starting import start

    start("stages.render")

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.params import params, read
from three_tutors.pipeline.records import Record, write_jsonl
from three_tutors.tutoring.dialogue import Dialogue, Speaker, read_dialogues
from three_tutors.tutoring.formats import is_learned, rendered
from three_tutors.tutoring.methods import METHODS
from three_tutors.tutoring.splits import SPLITS

SPLIT_FILES = Path("data/processed/splits")
OUT = Path("data/processed")


@params
class Params:
    """Whose words the tutors learn."""

    speaker: Speaker
    """`teacher` makes tutors; `student` makes student simulators out of the same dialogues."""
    dialogues: Annotated[int, Field(ge=1)] | None
    """Training dialogues that are learned from, drawn so that fewer are always among more; null is all."""


def render(dialogues: Sequence[Dialogue], speaker: Speaker) -> dict[str, list[Record]]:
    """Return the rows of one split by method, in the format that the method learns from."""
    return {
        name: [row for dialogue in dialogues for row in rendered(dialogue, method.learns_from, speaker)]
        for name, method in METHODS.items()
        if method.learns_from
    }


def drawn(dialogues: Sequence[Dialogue], most: int | None) -> list[Dialogue]:
    """Return `most` of the dialogues in their order; those of a smaller draw are among them.

    Raises:
        DataError: there are fewer.

    """
    if most is not None and most > len(dialogues):
        raise DataError(f"params.yaml: render.dialogues is {most}, but there are {len(dialogues)} to learn from; null takes all.")
    first = sorted(dialogues, key=lambda one: hashlib.sha256(one.id.encode()).digest())[:most]
    ids = {one.id for one in first}
    return [one for one in dialogues if one.id in ids]


def main() -> None:
    """Render every split for every method."""
    settings = read("render", Params)
    speaker = settings.speaker
    total = left_out = 0
    for split in SPLITS:
        path = SPLIT_FILES / f"{split}.jsonl"
        dialogues = read_dialogues(path)
        if not dialogues:
            raise DataError(f"{path} holds no dialogue; write more dialogues or change `split` in params.yaml.")
        kept = [dialogue for dialogue in dialogues if split == "test" or is_learned(dialogue, speaker)]
        left_out += len(dialogues) - len(kept)
        if split == "train":
            kept = drawn(kept, settings.dialogues)
        rendered = render(kept, speaker)
        if split != "test" and not all(rendered.values()):
            raise DataError(
                f"{path} holds nothing to learn: no turn of a {speaker} there answers anything with weight 1. Write such a turn."
            )
        for method, rows in rendered.items():
            write_jsonl(OUT / method / f"{split}.jsonl", rows)
        total += len(kept)
    without = f", without {left_out} in which every weight is 0" if left_out else ""
    print(f"render: {total} dialogues with the {speaker} as the one who learns, for DSPy, OpenAI and Hugging Face, in {OUT}{without}")
