"""What a CUDA GPU does here: train LoRA in bf16 and nf4, answer, tell likelihoods, survive a kill. At most eight minutes.

    python -m tests.gpu [--minutes 8] [--dialogues 44] [--base models/base] [--device cuda]

Nothing is fetched: the base is models/base, or the embedded model where that was not made, and the dialogues are those in data/raw.
It prints a Markdown table with the card's name, to be put into reports/benchmarks.md. Where PyTorch finds no GPU it says so and
measures nothing; `--device cpu` tries the script itself.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch

from tests.benchmarks.__main__ import lines
from tests.gpu.parts import PARTS
from three_tutors.checking.gate import Limits, check
from three_tutors.language_model import base
from three_tutors.pipeline.records import Record, write_jsonl
from three_tutors.tutoring.formats import hugging_face_row
from three_tutors.tutoring.splits import read_ledger

DIALOGUES = Path("data/raw/dialogues")
SPLITS = Path("data/raw/splits.csv")
VALIDATION = 8
"""Dialogues that losses and likelihoods are measured on."""


def brought(folder: Path, dialogues: int, source: Path = base.BASE) -> None:
    """Put the base and the rows into `folder`."""
    if source != base.BASE or (source / base.SOURCE).exists():
        (folder / "base").symlink_to(base.present(source, base.ANY_WEIGHTS).absolute())
    else:
        base.prepare("embedded", None, folder / "base")
    ledger = read_ledger(SPLITS)
    found = check([DIALOGUES], Limits(max_turns=30, max_words=80, near_duplicate=1.0), ledger).dialogues
    for split, most in (("train", dialogues), ("validation", VALIDATION)):
        chosen = [one for one in found if ledger.get(one.id) == split][:most]
        write_jsonl(folder / f"{split}.jsonl", (hugging_face_row(one) for one in chosen))


def measured(name: str, folder: Path, device: str, until: float) -> Record:
    """Return the figures of one part, or why there are none."""
    if (left := until - time.monotonic()) <= 0:
        return {"skipped": "no time was left"}
    command = [sys.executable, "-m", "tests.gpu.parts", name, str(folder), device]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=left)
    except subprocess.TimeoutExpired:
        return {"failed": "it ran out of the time that was given"}
    said = (done.stdout if done.returncode == 0 else done.stderr).strip().split("\n")[-1]
    return json.loads(said) if done.returncode == 0 else {"failed": said}


def table(found: dict[str, Record]) -> str:
    """Return the figures as a part of reports/benchmarks.md."""
    return "\n".join(["## gpu", "", "| figure | value |", "|---|---|", *lines(found)])


def main() -> None:
    """Measure every part and print the table; the exit status is 1 where one failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.gpu", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=8, help="after which nothing more is begun and what runs is ended (default 8)")
    parser.add_argument("--dialogues", type=int, default=44, help="that LoRA learns from (default 44)")
    parser.add_argument("--base", type=Path, default=base.BASE, help="folder of the model that is trained (default %(default)s)")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda", help="cpu tries the script where no GPU is")
    given = parser.parse_args()
    if given.device == "cuda" and not torch.cuda.is_available():
        print(f"Skipped: PyTorch {torch.__version__} finds no CUDA GPU on this machine, so nothing was measured.")
        return
    until = time.monotonic() + 60 * given.minutes
    found: dict[str, Record] = {}
    with tempfile.TemporaryDirectory() as folder:
        brought(Path(folder), given.dialogues, given.base)
        for name in PARTS:
            found[name] = measured(name, Path(folder), given.device, until)
            print(f"{name}: {json.dumps(found[name])}", file=sys.stderr, flush=True)
    print(table(found))
    if any("failed" in one for one in found.values()):
        sys.exit(1)


if __name__ == "__main__":
    main()
