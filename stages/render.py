"""Write each split for DSPy, OpenAI and Hugging Face."""

from __future__ import annotations

if __name__ == "__main__":
    from three_tutors.pipeline.starting import start

    start("stages.render")

from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

from pydantic import Field

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.params import params, read
from three_tutors.pipeline.records import write_chunks
from three_tutors.scale.engine import Engine, chosen
from three_tutors.scale.rows import Work, joined, shards_of
from three_tutors.scale.shards import CACHE, Shard, prune
from three_tutors.tutoring.dialogue import Speaker, Voice
from three_tutors.tutoring.rendering import LEARNING, census_block, last_of, render_block
from three_tutors.tutoring.splits import SPLITS, Split

SPLIT_FILES = Path("data/processed/splits")
OUT = Path("data/processed")
SHARDS = CACHE / "render"
ROOMS = ("pipeline", "tutoring")
EXAMPLES = 10_000
"""Dialogues of a split that DSPy's rows are made of, at most; they take five times the space of the others."""
SURELY_FEWER = 2_000_000
"""A file of so few bytes has not as many dialogues as that."""


@params
class Params:
    """Whose words the tutors learn."""

    speaker: Speaker
    """`teacher` makes tutors; `student` makes student simulators out of the same dialogues."""
    dialogues: Annotated[int, Field(ge=1)] | None
    """Training dialogues that are learned from, drawn so that fewer are always among more; null is all."""
    voices: Annotated[list[Voice], Field(min_length=1)] | None
    """Voices of the teachers in training dialogues that are learned from, such as `[plain]`; null is all. Validation keeps every voice."""


def render(settings: Params, how: Engine) -> dict[Split, list[Shard]]:
    """Return the shards of each split, which hold its rows for every method; no others are kept.

    Raises:
        DataError: there are fewer dialogues than params.yaml asks for.

    """
    made: dict[Split, list[Shard]] = {}
    used: set[Path] = set()
    for split in SPLITS:
        path = SPLIT_FILES / f"{split}.jsonl"
        most, voices = (settings.dialogues, tuple(settings.voices or ())) if split == "train" else (None, ())
        up_to = examples_up_to = ""
        if most or path.stat().st_size > SURELY_FEWER:
            count = partial(census_block, speaker=settings.speaker, test=split == "test", voices=voices)
            [some] = shards_of([path], Work(count, ROOMS, SHARDS), how)
            used |= {one.folder for one in some}
            digests = b"".join(joined(some, "digests.txt")).decode("ascii").split()
            if most and most > len(digests):
                raise DataError(f"params.yaml: render.dialogues is {most}, but there are {len(digests)} to learn from; null takes all.")
            up_to = last_of(digests, most) if most else ""
            examples_up_to = last_of(digests, EXAMPLES) if len(digests) > EXAMPLES else ""
        whom = partial(render_block, speaker=settings.speaker, test=split == "test", voices=voices)
        make = partial(whom, up_to=up_to, examples_up_to=examples_up_to)
        [made[split]] = shards_of([path], Work(make, ROOMS, SHARDS), how)
        used |= {one.folder for one in made[split]}
    prune(SHARDS, used)
    return made


def counted(made: Sequence[Shard]) -> Counter[str]:
    """Return how many dialogues there are, are kept and drawn, and how many rows each method has."""
    return sum((Counter({**one.summary, **one.summary["rows"], "rows": 0}) for one in made), Counter())


def main() -> None:
    """Render every split for every method."""
    settings = read("render", Params)
    made = render(settings, chosen())
    counts = {split: counted(some) for split, some in made.items()}
    for split, some in counts.items():
        path = SPLIT_FILES / f"{split}.jsonl"
        if not some["dialogues"]:
            raise DataError(f"{path} holds no dialogue; write more dialogues or change `split` in params.yaml.")
        if split != "test" and not all(some[method] for method in LEARNING):
            voiced = f" in a voice of render.voices ({', '.join(settings.voices)})" if settings.voices and split == "train" else ""
            raise DataError(
                f"{path} holds nothing to learn: no turn of a {settings.speaker} there{voiced} answers anything with weight 1. "
                "Write such a turn."
            )
    for method in LEARNING:
        for split in SPLITS:
            write_chunks(OUT / method / f"{split}.jsonl", joined(made[split], f"{method}.jsonl"))
    total = sum(counts.values(), Counter())
    left_out = total["dialogues"] - total["kept"]
    other = " or whose voice is another" if settings.voices else ""
    without = f", without {left_out} in which every weight is 0{other}" if left_out else ""
    print(
        f"render: {total['drawn']} dialogues with the {settings.speaker} as the one who learns, for DSPy, OpenAI and Hugging Face, "
        f"in {OUT}{without}"
    )
