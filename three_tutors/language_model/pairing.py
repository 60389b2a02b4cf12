"""Make pairs of replies to learn preferences from: out of graded replies, a tutor's own samples, and choices made in the chat.

python -m three_tutors.language_model.pairing [--pairs moments samples choices] [--turns 200] [--out data/processed/pairs]

The command writes them as a fine-tuning service takes them; the stage `train_preference` makes its own.
"""

from __future__ import annotations

if __name__ == "__main__":
    from three_tutors.pipeline.starting import start

    start("three_tutors.language_model.pairing")

import argparse
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path

from three_tutors.language_model import base
from three_tutors.language_model.generate import Generator
from three_tutors.language_model.replies import Options
from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.records import Record, read_jsonl, read_numbered_jsonl, write_jsonl
from three_tutors.tutoring.dialogue import read_dialogues
from three_tutors.tutoring.formats import Message
from three_tutors.tutoring.moment import read_moments
from three_tutors.tutoring.pairs import SOURCES, Source, dealt, flawed, for_service, leaks, of_moments, of_samples
from three_tutors.tutoring.scenario import read_scenarios

TURNS = Path("data/processed/dspy/train.jsonl")
MOMENTS = Path("data/processed/moments")
SPLITS = Path("data/processed/splits")
SCENARIOS = Path("data/processed/scenarios.jsonl")
CHOICES = Path("data/raw/choices")
LORA = Path("models/lora")
OUT = Path("data/processed/pairs")
LONGEST = 80
"""Most tokens of a sample, as in `answer.max_tokens`."""


def samples(model: Path, adapter: Path, turns: Sequence[Record]) -> dict[str, str]:
    """Return the tutor's own reply to each turn, by its id: the likeliest one, so that it repeats. One that broke off is left out."""
    generator = Generator(model, adapter)
    asked: list[list[Message]] = [
        [{"role": "system", "content": turn["frame"]}, *turn["history"], {"role": "user", "content": turn["said"]}] for turn in turns
    ]
    replies = generator.replies(asked, Options(max_tokens=LONGEST))
    return {turn["id"]: reply.text for turn, reply in zip(turns, replies, strict=True) if reply.finish_reason == "stop"}


def pairing(kinds: Collection[Source], model: Path, adapter: Path, most: int) -> tuple[list[Record], list[Record]]:
    """Return the pairs of these `kinds` to learn from, and those to validate with; at most so many turns are sampled.

    Raises:
        DataError: a pair tells of a problem that is held out, an exported choice is none, or there are no pairs for one of the two.

    """
    rows: list[Record] = []
    if "moments" in kinds:
        rows += of_moments(read_moments(MOMENTS / "train.jsonl"))
    if "samples" in kinds:
        turns = _spread(read_jsonl(TURNS), most)
        rows += of_samples(turns, samples(model, adapter, turns))
    if "choices" in kinds:
        rows += read_choices()
    held_out = [one for name in ("validation", "test") for one in read_dialogues(SPLITS / f"{name}.jsonl")]
    found = leaks(rows, [*read_moments(MOMENTS / "test.jsonl"), *held_out, *read_scenarios(SCENARIOS)])
    if found:
        raise DataError("No pairs were made:\n" + "\n".join(found))
    parts = dealt(rows)
    if not all(parts):
        said = " and ".join(f"{len(part)} to {what}" for part, what in zip(parts, ("learn from", "validate with"), strict=True))
        raise DataError(f"Of {', '.join(kinds) or 'no kind of'} pairs there are {said}; take more kinds, or more `turns`.")
    return parts


def read_choices(folder: Path = CHOICES) -> list[Record]:
    """Return the choices that the chat page exported into `folder`.

    Raises:
        DataError: a line is no such choice; says which.

    """
    rows = []
    for path in sorted(folder.glob("*.jsonl")):
        for line, one in read_numbered_jsonl(path):
            if problem := flawed(one, "choices"):
                raise DataError(f"{path}:{line}: {problem}; export the choices from the chat page again.")
            rows.append(one)
    return rows


def counted(rows: Sequence[Record]) -> str:
    """Return how many pairs there are, in words: `120 pairs (80 moments, 40 samples)`."""
    found = Counter(row["source"] for row in rows)
    return f"{len(rows)} pairs ({', '.join(f'{count} {source}' for source, count in found.items())})"


def _spread(turns: Sequence[Record], most: int) -> list[Record]:
    """Return at most so many of the turns, equally far apart."""
    return [turns[number * len(turns) // most] for number in range(most)] if most < len(turns) else list(turns)


def main() -> None:
    """Make the pairs, write them for a service and, with their sources, for a reader."""
    parser = argparse.ArgumentParser(prog="python -m three_tutors.language_model.pairing", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--base", type=Path, default=base.BASE, help="folder of the base model (default: %(default)s)")
    parser.add_argument("--adapter", type=Path, default=LORA, help="the supervised tutor that is sampled (default: %(default)s)")
    parser.add_argument(
        "--pairs", nargs="+", choices=SOURCES, default=["moments", "samples"], help="kinds of pairs (default: moments samples)"
    )
    parser.add_argument("--turns", type=int, default=200, help="most training turns that are sampled (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=OUT, help="folder (default: %(default)s)")
    given = parser.parse_args()
    parts = pairing(given.pairs, given.base, given.adapter, given.turns)
    for name, rows in zip(("train", "validation"), parts, strict=True):
        write_jsonl(given.out / f"{name}.jsonl", rows)
        write_jsonl(given.out / f"{name}.service.jsonl", for_service(rows))
        print(f"{given.out / name}.jsonl: {counted(rows)}")
