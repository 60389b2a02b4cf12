"""Explain the three methods on one dialogue in the terminal, in two minutes.

It needs only Python's standard library, no installation and no run; it shows the figures of the last run if there was one.
`python -m three_tutors.reporting.overview --markdown` prints the same as Markdown, without those figures.
"""

from __future__ import annotations

if __name__ == "__main__":
    from three_tutors.pipeline.starting import start

    start("three_tutors.reporting.overview")

import json
import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.text import decode
from three_tutors.reporting.overview_page import Page, as_json, folded
from three_tutors.reporting.plain_yaml import read_plainly
from three_tutors.tutoring import formats
from three_tutors.tutoring.dialogue import Dialogue, read_dialogues
from three_tutors.tutoring.methods import METHODS, TUTORS, USUAL

DIALOGUES = Path("data/raw/dialogues")
GATHERED = Path("data/processed/dialogues.jsonl")
FAVOURITE = DIALOGUES / "mathematics" / "square-of-a-sum.yaml"
METRICS = Path("reports/metrics")
SUMMARY = Path("reports/summary.json")

EXPLAINED: Mapping[str, tuple[str, str]] = {
    "program": (
        (
            "DSPy puts different instructions and worked examples before the conversation and keeps the shortest text with which replies "
            "say most of what the teachers say. The model's weights do not change. The result is a text that anyone can read and edit."
        ),
        (
            "Few dialogues (a dozen helps), a score that can be trusted, and any model behind an address. It is cheap to make and "
            "costs more to use, because every request carries the longer prompt."
        ),
    ),
    "service": (
        (
            "The dialogues are uploaded as a file, a job trains a copy of the service's model, and the copy replies under its own name. By "
            "default, a local server speaks the same protocol and really trains."
        ),
        (
            "Many dialogues (ten at least), a paid account that may still fine-tune, and consent for sending students' words to the "
            "service. Prompts stay short. The tutor is gone when the service shuts its model down."
        ),
    ),
    "adapter": (
        (
            "The base model stays as it is; small adapters beside its layers learn the teachers' turns. They are one small file that can "
            "be copied, compared and removed again."
        ),
        (
            "Many dialogues, the base model's files and a machine that runs while students work. There is no key, no price per token, and "
            "no word leaves the building."
        ),
    ),
    "weights": (
        "All weights of a copy of the base model learn the teachers' turns. The result is a model of the same size.",
        (
            "Many dialogues, the base model's files, several times their size in memory during training, and a machine that runs while "
            "students work. There is no key, no price per token, and no word leaves the building."
        ),
    ),
}
"""By what a method leaves in models/: how it is made, and what it needs."""
BY_PAIRS: tuple[str, str] = (
    (
        "The adapter of another tutor is trained further: of two replies to the same turn, the one that people prefer becomes likelier "
        "than the other. The tutor that it began with holds it back, so that it does not lose its language."
    ),
    (
        "Pairs of replies of which one is better, the base model's files and a machine that runs while students work. What the pairs "
        "were chosen by cannot measure it any more."
    ),
)
"""The same for a method that learns from pairs of replies."""


def overview(root: Path = Path(), tutors: Collection[str] = USUAL) -> list[Page]:
    """Return the walk: the dialogue, its three renderings, the methods of these `tutors`, and the last run.

    Raises:
        DataError: there is no dialogue that this module's small reader can read, and none was gathered by `validate`.

    """
    file, source, dialogue, count = _some_dialogue(root)
    methods = [name for name in METHODS if name in tutors]
    return [
        _dialogue_page(file, source, count),
        _rendering_page(dialogue),
        *(_method_page(number, name) for number, name in enumerate(methods, start=1)),
        _run_page(root, len(methods) + 3, tutors),
    ]


def markdown(pages: Sequence[Page]) -> str:
    """Return the walk as Markdown without its last page: the figures of a run are in the other reports."""
    return "\n\n".join(page.markdown() for page in pages[:-1]) + "\n"


def main() -> None:
    """Print the walk; in a terminal, wait for Enter between its pages."""
    pages = overview()
    if "--markdown" in sys.argv:
        print(markdown(pages), end="")
        return
    for number, page in enumerate(pages, start=1):
        print(page.text())
        if number < len(pages) and sys.stdin.isatty() and sys.stdout.isatty():
            input(f"\n[{number}/{len(pages)}] Enter continues ")
        print()


def _some_dialogue(root: Path) -> tuple[str, str, Dialogue, int]:
    """Return the file and text of the favourite dialogue, what it says, and out of how many it is.

    Where the favourite is gone it is the shortest that can be read plainly, else the shortest that `validate` gathered.
    """
    others = sorted((root / DIALOGUES).glob("*/*.yaml"), key=lambda path: (path.stat().st_size, path.name))
    for path in [root / FAVOURITE, *others]:
        if path.exists():
            try:
                source = decode(path.read_bytes())
                dialogue = read_plainly(source)
            except ValueError:  # beyond plain YAML, or not UTF-8
                continue
            if formats.dspy_rows(dialogue):
                return path.relative_to(root).as_posix(), source, dialogue, len(others)
    gathered = read_dialogues(root / GATHERED) if (root / GATHERED).exists() else []
    taught = [dialogue for dialogue in gathered if formats.dspy_rows(dialogue)]
    if not taught:
        raise DataError(f"{root / DIALOGUES} holds no dialogue that the overview can read; run `dvc repro validate` first.")
    shortest = min(taught, key=lambda dialogue: sum(len(turn.text) for turn in dialogue.turns))
    name, _, line = shortest.source.partition(".jsonl:")
    if not line:
        return shortest.source, (root / shortest.source).read_text(encoding="utf-8"), shortest, len(gathered)
    text = (root / f"{name}.jsonl").read_text(encoding="utf-8").split("\n")[int(line) - 1]
    return shortest.source, text, shortest, len(gathered)


def _dialogue_page(file: str, source: str, count: int) -> Page:
    said = (
        (
            "A teacher wrote down a lesson: who is taught what, what the student gets wrong, the answer that must not be given "
            "away, and what both say. Student turns can be labelled with what they show, teacher turns with the move they make."
        ),
        (
            f"This one is {file}, one of {count}. Each is checked, and goes as a whole into training, validation or test: "
            "the tutors are tested on lessons that they have never seen."
        ),
    )
    lines = [line for line in source.rstrip("\n").split("\n") if not line.startswith("#")]
    return Page("1 One dialogue", said, tuple(piece for line in lines for piece in folded(line)))


def _rendering_page(dialogue: Dialogue) -> Page:
    examples = formats.dspy_rows(dialogue)
    shown = [
        f"For DSPy, one example per teacher turn, {len(examples)} from this dialogue; the last one:",
        *as_json({key: examples[-1][key] for key in ("frame", "history", "said", "strategy", "reply")}),
        "",
        "For the OpenAI protocol, one line per dialogue:",
        *as_json(formats.openai_row(dialogue)),
        "",
        "For Hugging Face, the same messages with a strategy and a weight for each:",
        *as_json({key: formats.hugging_face_row(dialogue)[key] for key in ("strategies", "weights")}),
    ]
    said = "The same code writes all three formats and the prompts of the running tutors, so a tutor is asked in the form it learned from."
    return Page("2 The same dialogue, rendered three times", (said,), tuple(shown))


def _method_page(number: int, name: str) -> Page:
    how, needs = BY_PAIRS if METHODS[name].pairs else EXPLAINED[METHODS[name].opened]
    return Page(f"{number + 2} {name} {METHODS[name].title}", (how, f"It needs {needs[0].lower()}{needs[1:]}"))


def _run_page(root: Path, number: int, tutors: Collection[str]) -> Page:
    title = f"{number} What the last run cost and scored"
    more = "Next: `make repro` runs the pipeline, `make chat` opens a page to talk with the tutors, reports/index.html compares them."
    costs = _figures(root / METRICS / "costs.json")
    figures = _figures(root / SUMMARY)
    rows = [_row(name, costs.get(name), figures.get(name)) for name in TUTORS if name in tutors or name in figures]
    if not any(row[1:] != ["–"] * 4 for row in rows):
        nothing = "Nothing has run here yet. After `make repro`, which makes and compares all tutors, this page shows the figures."
        return Page(title, (nothing,), after=(more,))
    table = [["tutor", "to make", "1,000 conversations", "matching", "contrast"], *rows]
    widths = [max(len(row[column]) for row in table) + 2 for column in range(5)]
    lines = tuple("  " + "".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table)
    meaning = (
        "The baseline is the untrained model. Costs are estimated, for the service that params.yaml names; your own server is paid by "
        "the hour, used or not. Matching asks a tutor's model which of two replies belongs to which of two moments (chance is 0.50); "
        "contrast is how often its replies do what both moments ask. reports/comparison.md says whether a difference is more than chance."
    )
    return Page(title, (), lines, (meaning, more))


def _row(name: str, cost: Any, found: Any) -> list[str]:  # noqa: ANN401 - JSON holds anything
    made = [cost.get("making"), cost.get("conversation")] if isinstance(cost, dict) else [None, None]
    money = ["–" if value is None else f"{value * times / 1e6:.2f} USD" for value, times in zip(made, (1, 1000), strict=True)]
    shares = [found.get(figure) if isinstance(found, dict) else None for figure in ("matching", "contrast")]
    return [name, *money, *("–" if not isinstance(share, int | float) else f"{share:.2f}" for share in shares)]


def _figures(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError):
        return {}
