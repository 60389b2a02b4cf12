"""What people rated stands in the report, and "not compared" goes where somebody has compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stages.report import Params, report
from tests import small_run
from three_tutors.pipeline.records import Record, write_jsonl
from three_tutors.rating.form import rows
from three_tutors.rating.sheets import read_sheets
from three_tutors.reporting.evidence import gather
from three_tutors.reporting.provenance import provenance
from three_tutors.reporting.ratings import ratings
from three_tutors.trust.ratings import RATINGS


def rated(root: Path, raters: tuple[str, ...] = ("AB", "CD")) -> list[Record]:
    """Let raters rate every reply of every other sheet: dspy, which asks, well; whoever gives the answer away badly."""
    made = []
    for sheet in read_sheets(root)[::2]:
        names = {writer: writer for writer in ("dspy", "lora", "reference", "bot")}
        for shift, rater in enumerate(raters):
            form: dict[str, list[str]] = {"best": ["none"]}
            for writer in names:
                good = writer == "dspy"
                form |= {f"sense-{writer}": [str(2 + 2 * good + shift)], f"teaching-{writer}": ["4" if good else "1"]}
                form |= {f"actionability-{writer}": ["Yes" if good else "No"]}
            made += rows(form, sheet, names, rater)
    return made


def page(root: Path) -> str:
    """Return index.html."""
    evidence = gather(root)
    machine: Any = {"system": "Linux", "processor cores": "2", "memory": "8 GiB"}
    settings = Params(conversations=5, class_size=25, tolerated_failures=0.05)
    return str(report(evidence, provenance(evidence, root / "params.yaml", machine), settings)["index.html"])


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a small run."""
    return small_run.write_run(tmp_path_factory.mktemp("run"), tutors=["dspy", "lora"])


def test_ratings_stand_in_the_report(root: Path) -> None:
    """Each writer's means, the raters' agreement, the scores; ratings of replies that are no longer given count for the scores only."""
    (root / RATINGS).unlink(missing_ok=True)
    before = page(root)
    made = rated(root)
    old = {**made[0], "id": "old", "rater": "EF", "tutor": "lora", "reply": "An earlier reply."}
    write_jsonl(root / RATINGS, [*made, old])
    found = ratings(gather(root))
    assert found
    means = {one.name: (round(one.means["sense"].value, 1), one.means["teaching"].value) for one in found.writers}
    assert {"dspy": (4.5, 4.0), "lora": (2.5, 1.0), "reference": (2.5, 1.0), "bot": (2.5, 1.0)} == means
    assert (3, 1, len(made) + 1) == (found.raters, found.earlier, found.count)
    assert {"sense", "teaching", "actionability"} == {one.asked for one in found.agreed}
    assert next(one.alpha.value for one in found.agreed if one.asked == "teaching") == 1.0
    assert found.follows["score"]["teaching"].everyone
    after = page(root)
    assert ("Nobody has rated" in before, "Nobody has rated" in after) == (True, False)
    assert "At 100 % of the moments no reply shown was found to help" in after.replace("\u00a0", " ")
    assert ("rubric score" in not_compared(before), "rubric score" in not_compared(after)) == (True, False)


def test_raters_who_do_not_agree_are_named_and_those_who_do_are_not(root: Path) -> None:
    """Where two raters say the opposite of each other, the page says which question that concerns, and no other one."""
    (root / RATINGS).unlink(missing_ok=True)
    made = rated(root)
    opposite = [{**one, "labels": {**one["labels"], "sense": 6 - one["labels"]["sense"]}} if one["rater"] == "CD" else one for one in made]
    told = {}
    for name, some in (("level", made), ("opposite", opposite)):
        write_jsonl(root / RATINGS, some)
        told[name] = page(root).partition("he advises against any conclusion")[2].partition("</p>")[0]
    assert "teaching" not in told["level"] + told["opposite"]
    assert ", which concerns sense here" in told["opposite"]
    assert ("sense" in told["level"]) == (min(one.alpha.value for one in _agreed(root, made) if one.asked == "sense") < 0.67)


def _agreed(root: Path, made: list[Record]) -> Any:
    write_jsonl(root / RATINGS, made)
    found = ratings(gather(root))
    assert found
    return found.agreed


def not_compared(html: str) -> str:
    """Return the sentence that lists what nobody has compared with people; empty where there is none."""
    return html.partition("Not compared with people's ratings:")[2].partition("</p>")[0]
