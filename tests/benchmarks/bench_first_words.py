"""How long the tutors in models/ take to their first words on the chat page, each alone and all four.

    python -m tests.benchmarks.bench_first_words

The page is started as `make chat` does, with a store of its own. First words may be those of a draft that is replaced later.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from tests.benchmarks.bench_chat import ROOT, new_turn, process, student
from three_tutors.chat.talk import LETTERS
from three_tutors.tutoring.methods import TUTORS

SCENARIOS = ROOT / "data/processed/scenarios.jsonl"
TURNS = 5
"""First turns of scenarios that every tutor is asked alone, and as many that are asked of all four."""
KEYS: dict[str, str] = dict(zip(TUTORS, LETTERS, strict=False))


def measure() -> dict[str, Any]:
    """Return seconds to the first words: of one tutor, of four, and of four that are asked while they are still being opened."""
    scenarios = [json.loads(line) for line in SCENARIOS.read_text("utf-8").splitlines()]
    with tutors_page() as (origin, token):
        after_start = first_words(origin, token, scenarios[0], list(TUTORS))
        alone = {name: [first_words(origin, token, one, [name])[name] for one in scenarios[1 : 1 + TURNS]] for name in TUTORS}
        together = [first_words(origin, token, one, list(TUTORS)) for one in scenarios[1 + TURNS : 1 + 2 * TURNS]]
    return {
        "turns": TURNS,
        "one_tutor_seconds": {name: _middle(alone[name]) for name in TUTORS},
        "four_tutors_seconds": {name: _middle([turn[name] for turn in together]) for name in TUTORS},
        "first_of_four_seconds": _middle([min(turn.values()) for turn in together]),
        "all_of_four_seconds": _middle([max(turn.values()) for turn in together]),
        "asked_right_after_start_seconds": {name: round(after_start[name], 2) for name in TUTORS},
    }


def first_words(origin: str, token: str, scenario: dict[str, Any], tutors: Sequence[str]) -> dict[str, float]:
    """Begin `scenario`, say its first turn, read every reply to its end; return the seconds to each tutor's first words."""

    async def asked() -> dict[str, float]:
        address, form = await new_turn(origin, token, scenario["turns"][0]["text"], start="scenario", scenario=scenario["id"])
        return await student(origin, token, address, {**form, "ask": [KEYS[name] for name in tutors]})

    seconds = asyncio.run(asked())
    return {name: seconds[KEYS[name]] for name in tutors}


@contextlib.contextmanager
def tutors_page() -> Iterator[tuple[str, str]]:
    """Run `python -m three_tutors.chat` over models/ as `make chat` does, with a store of its own; yield its address and its token."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("data", "models"):
            (Path(folder) / name).symlink_to(ROOT / name)
        settings = yaml.safe_load((ROOT / "params.yaml").read_text("utf-8"))["chat"] | {"port": 0}
        (Path(folder) / "params.yaml").write_text(yaml.safe_dump({"chat": settings}), encoding="utf-8")
        with process([sys.executable, "-m", "three_tutors.chat", "--no-browser"], Path(folder)) as (line, _):
            link = urlsplit(line.split()[-1])
            yield f"http://{link.netloc}", link.query.removeprefix("token=")


def _middle(seconds: Sequence[float]) -> float:
    return round(statistics.median(seconds), 2)


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
