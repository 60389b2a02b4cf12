"""The data set for machines: mlcroissant validates it offline and reads back the rows that are in the files."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import mlcroissant
import pytest
from mlcroissant._src.core.rdf import make_context

from stages.report import Params, report
from tests import small_run
from three_tutors.reporting.croissant import CONTEXT, VERSION, croissant
from three_tutors.reporting.evidence import gather
from three_tutors.reporting.provenance import provenance

DIGESTS = dict.fromkeys(("dialogues.jsonl", "scenarios.jsonl", "moments.jsonl", "splits.csv"), "0" * 64)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> mlcroissant.Dataset:
    """Return the small run's croissant.json, where the report stage puts it, as mlcroissant opens it."""
    root = small_run.write_run(tmp_path_factory.mktemp("run"))
    evidence = gather(root)
    path = root / "reports" / "croissant.json"
    described = croissant(evidence.dialogues, evidence.scenarios, evidence.every_moment, evidence.ledger, evidence.digests)
    path.write_text(json.dumps(described), encoding="utf-8")
    return mlcroissant.Dataset(path)


def rows(dataset: mlcroissant.Dataset, name: str) -> list[dict[str, Any]]:
    """Return the rows of a record set as text and numbers."""
    return [plain(dict(row)) for row in dataset.records(name)]


def plain(value: Any) -> Any:
    """Return what mlcroissant reads without the names of record sets in its keys, and bytes as text."""
    if isinstance(value, dict):
        return {key.rsplit("/", 1)[-1]: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return value.decode() if isinstance(value, bytes) else value


def test_it_is_valid(dataset: mlcroissant.Dataset) -> None:
    """There is no error, and no warning but that an unreleased data set has no date of release."""
    issues = dataset.metadata.ctx.issues
    assert (set(), 1) == (set(issues.errors), len(issues.warnings))
    assert "datePublished" in next(iter(issues.warnings))


def test_its_rows_are_the_dialogues(dataset: mlcroissant.Dataset) -> None:
    """Every dialogue comes back with its head, its answer and its turns in order."""
    expected = [dialogue.to_record() for dialogue in small_run.dialogues()]
    found = rows(dataset, "dialogues")
    for row in found:
        row["turns"] = [{key: value for key, value in turn.items() if value is not None} for turn in row["turns"]]
    assert [record | {"answer": list(record["answer"])} for record in expected] == found


def test_its_rows_are_the_scenarios(dataset: mlcroissant.Dataset) -> None:
    """Every scripted turn comes back with what is expected of the reply to it."""
    found = [(row["id"], row["kind"], [turn["text"] for turn in row["turns"]]) for row in rows(dataset, "scenarios")]
    assert [(one.id, one.kind, [turn.text for turn in one.turns]) for one in small_run.scenarios()] == found
    assert rows(dataset, "scenarios")[0]["turns"][0]["expect.must_not"] == ["reveal_answer"]


def test_its_rows_are_the_heads_of_moments(dataset: mlcroissant.Dataset) -> None:
    """Every moment and contrast pair comes back with what it is about."""
    expected = [(one.id, one.pair, one.theme, one.lesson.subject) for one in small_run.moments()]
    assert expected == [(row["id"], row["pair"], row["theme"], row["subject"]) for row in rows(dataset, "moments")]


def test_its_rows_are_the_splits(dataset: mlcroissant.Dataset) -> None:
    """The split of each dialogue comes back from the ledger."""
    expected = [(one.id, one.lesson.subject, "test") for one in small_run.dialogues()]
    assert expected == [(row["id"], row["subject"], row["split"]) for row in rows(dataset, "splits")]


def test_a_changed_file_is_noticed(tmp_path: Path) -> None:
    """A file that is not the one described is refused by its digest."""
    described = croissant(small_run.dialogues(), small_run.scenarios(), small_run.moments(), {}, DIGESTS)
    root = small_run.write_run(tmp_path)
    path = root / "reports" / "croissant.json"
    path.write_text(json.dumps(described), encoding="utf-8")
    with pytest.raises(mlcroissant.GenerationError) as refused:
        rows(mlcroissant.Dataset(path), "dialogues")
    assert "is not identical with the reference" in str(refused.value.__cause__)


def test_its_figures_are_those_of_the_dialogues() -> None:
    """The description counts dialogues, subjects, scenarios, moments and their replies."""
    described = croissant(small_run.dialogues(), small_run.scenarios(), small_run.moments(), {}, DIGESTS)
    assert described["description"].startswith("12 one-to-one teaching dialogues in 3 subjects")
    assert "2 scripted students to examine a tutor with" in described["description"]
    graded = sum(len(one.replies) for one in small_run.moments())
    assert described["description"].endswith(f"and {len(small_run.moments())} moments with {graded} graded replies.")


def test_the_context_is_the_standard_one(dataset: mlcroissant.Dataset) -> None:
    """The JSON-LD context is the one of Croissant 1.1, key by key."""
    assert make_context(dataset.metadata.ctx) == CONTEXT


def test_its_version_is_the_projects() -> None:
    """The data set carries the version in pyproject.toml."""
    assert tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]["version"] == VERSION


def test_the_report_stage_writes_both(tmp_path: Path) -> None:
    """The stage's reports hold the card with its pictures beside it and a croissant.json with the files' own digests."""
    root = small_run.write_run(tmp_path, tutors=[])
    evidence = gather(root)
    reports = report(
        evidence, provenance(evidence, root / "params.yaml", {}), Params(conversations=1, class_size=25, tolerated_failures=0.05)
    )
    described = json.loads(reports["croissant.json"])
    assert evidence.digests == {one["name"]: one["sha256"] for one in described["distribution"] if "sha256" in one}
    assert [f"](figures/{name}.svg)" in reports["data_card.md"] and f"figures/{name}.svg" in reports for name in ("coverage", "moves")] == [
        True,
        True,
    ]
