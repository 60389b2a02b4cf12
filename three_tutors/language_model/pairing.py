"""Write pairs of replies to learn preferences from: out of graded replies, a tutor's own samples, and choices made in the chat.

python -m three_tutors.language_model.pairing [--adapter models/lora] [--turns 200] [--choices FILE …] [--out data/processed/pairs]
"""

from __future__ import annotations

if __name__ == "__main__":
    from three_tutors.pipeline.starting import start

    start("three_tutors.language_model.pairing")

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from three_tutors.language_model import base
from three_tutors.language_model.generate import Generator
from three_tutors.language_model.replies import Options
from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.records import Record, read_jsonl, write_jsonl
from three_tutors.tutoring.dialogue import read_dialogues
from three_tutors.tutoring.formats import Message
from three_tutors.tutoring.moment import read_moments
from three_tutors.tutoring.pairs import dealt, for_service, leaks, of_moments, of_samples

TURNS = Path("data/processed/dspy/train.jsonl")
MOMENTS = Path("data/processed/moments")
SPLITS = Path("data/processed/splits")
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


def pairing(turns: Sequence[Record], said: dict[str, str], choices: Sequence[Record]) -> tuple[list[Record], list[Record]]:
    """Return the pairs to learn from and those to validate with.

    Raises:
        DataError: a pair tells of a problem that is held out.

    """
    rows = [*of_moments(read_moments(MOMENTS / "train.jsonl")), *of_samples(turns, said), *choices]
    held_out = [one for name in ("validation", "test") for one in read_dialogues(SPLITS / f"{name}.jsonl")]
    found = leaks(rows, [*read_moments(MOMENTS / "test.jsonl"), *held_out])
    if found:
        raise DataError("No pairs were written:\n" + "\n".join(found))
    return dealt(rows)


def main() -> None:
    """Read what there is, ask the tutor, write rows for our own training and, beside them, files for a service."""
    parser = argparse.ArgumentParser(prog="python -m three_tutors.language_model.pairing", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--base", type=Path, default=base.BASE, help="folder of the base model (default: %(default)s)")
    parser.add_argument("--adapter", type=Path, default=LORA, help="the supervised tutor that is sampled (default: %(default)s)")
    parser.add_argument(
        "--turns", type=int, default=200, help="most training turns that it replies to; 0 asks nothing (default: %(default)s)"
    )
    parser.add_argument("--choices", type=Path, nargs="*", default=[], metavar="FILE", help="choices that the chat page exported")
    parser.add_argument("--out", type=Path, default=OUT, help="folder (default: %(default)s)")
    arguments = parser.parse_args()
    every = read_jsonl(TURNS)
    turns = every[:: max(1, -(-len(every) // arguments.turns))] if arguments.turns else []
    said = samples(arguments.base, arguments.adapter, turns) if turns else {}
    parts = pairing(turns, said, [row for file in arguments.choices for row in read_jsonl(file)])
    for name, rows in zip(("train", "validation"), parts, strict=True):
        write_jsonl(arguments.out / f"{name}.jsonl", rows)
        write_jsonl(arguments.out / f"{name}.service.jsonl", for_service(rows))
        counted = Counter(row["source"] for row in rows)
        print(f"{arguments.out / name}.jsonl: {len(rows)} pairs ({', '.join(f'{count} {source}' for source, count in counted.items())})")
