"""A judge's figures stand beside those of the rules, with who judged and how far to believe it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests import small_run
from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.records import write_json
from three_tutors.reporting.evidence import gather
from three_tutors.reporting.judging import Judging, judging
from three_tutors.trust.verdicts import AGREEMENT, FOLDER, write_verdicts


def judged(root: Path, tutor: str = "lora", level: float | None = 0.5, judge: str = "wise") -> Path:
    """Let `judge` give every reply of `tutor` one level in actionability."""
    replies = {item: answer.reply for item, answer in gather(root).answers[tutor].items()}
    score: dict[str, Any] = {"unscored": "cannot be read"} if level is None else {"value": level, "reason": "“it”"}
    path = root / FOLDER / f"{tutor}.jsonl"
    write_verdicts(path, tutor, judge, replies, [{"item": item, "kind": "turn", "actionability": score} for item in replies])
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a small run that was judged by nobody."""
    return small_run.write_run(tmp_path, tutors=["lora"])


def told(root: Path) -> Judging:
    """Return what the reports tell."""
    found = judging(gather(root))
    assert found is not None
    return found


def test_without_verdicts_nothing_is_told(root: Path) -> None:
    """A judge is optional."""
    assert judging(gather(root)) is None


def test_judge_and_rules_stand_side_by_side(root: Path) -> None:
    """On the same replies: a lora that gives the answer away has nothing to do next by the rules, and half by the judge."""
    judged(root)
    found = told(root)
    assert (["wise"], [("lora", "actionability", 0.5, 0.0)]) == (
        found.judges,
        [(row.tutor, row.score, row.judge.value, row.rules.value) for row in found.rows],
    )


def test_a_judge_that_nobody_held_against_people_is_unvalidated(root: Path) -> None:
    """So is one whose kappa is low; figures of another judge do not count for this one."""
    judged(root)
    assert ["actionability"] == told(root).unvalidated
    figures = {
        "rows": 90,
        "unscored": 10,
        "macro_f1": {"value": 0.6},
        "kappa": {"value": 0.5},
        "bias_by_tutor": {"Expert": -0.2, "GPT4": 0.1},
    }
    write_json(root / FOLDER / AGREEMENT, {"judge": "another", "scores": {"actionability": figures}})
    assert ["actionability"] == told(root).unvalidated
    write_json(root / FOLDER / AGREEMENT, {"judge": "wise", "scores": {"actionability": figures}})
    assert (
        [],
        "macro-F1 0.60, Cohen's κ 0.50 over 90 ratings; bias by writer from −20 points for Expert to +10 points for GPT4; 10 % unscored",
    ) == (
        told(root).unvalidated,
        told(root).agreement[0].with_people,
    )
    write_json(root / FOLDER / AGREEMENT, {"judge": "wise", "scores": {"actionability": {**figures, "kappa": {"value": 0.3}}}})
    assert told(root).agreement[0].with_people.startswith("unvalidated: macro-F1")


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        ([], "scores.actionability"),
        ({"rows": 9, "unscored": 0}, "actionability has no macro_f1, kappa or bias_by_tutor"),
        ({"rows": "many", "unscored": 0}, "scores.actionability.rows"),
        ({"rows": 9, "unscored": 0, "macro_f1": 0.6}, "scores.actionability.macro_f1"),
    ],
)
def test_an_agreement_of_another_make_is_refused(root: Path, figures: Any, expected: str) -> None:
    """Figures of another type and missing ones end in a sentence that names the file."""
    write_json(root / FOLDER / AGREEMENT, {"judge": "wise", "scores": {"actionability": figures}})
    with pytest.raises(DataError, match=rf"agreement\.json: does not say how far .*{expected}"):
        gather(root)


def test_verdicts_that_cannot_be_read_are_counted(root: Path) -> None:
    """A tutor of whom no verdict could be read has no row, and no zero."""
    judged(root, level=None)
    assert judging(gather(root)) is None
    judged(root, "reference")
    assert ["reference"] == [row.tutor for row in told(root).rows]


def test_verdicts_on_earlier_replies_are_missing(root: Path) -> None:
    """When the tutor answers anew, what the judge said of its old replies is not shown and the report says what to run."""
    path = judged(root)
    header, *rows = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text(header.replace('"replies":"', '"replies":"0') + "".join(rows), encoding="utf-8")
    evidence = gather(root)
    assert judging(evidence) is None
    assert "The judge rated earlier replies of lora: run `python -m three_tutors.trust.judge lora`." in evidence.missing


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda lines: lines[:-1], r"lora\.jsonl:32: ends after 31 of 32 rows"),
        (lambda lines: [lines[0], lines[2], lines[1], *lines[3:]], r"lora\.jsonl:2: judges fractions-1#2 where fractions-1#0 was asked"),
        (lambda lines: lines[1:], r"lora\.jsonl:1: not a file of verdicts"),
        (lambda _: [], r"lora\.jsonl:1: not a file of verdicts"),
        (
            lambda lines: [lines[0], lines[1].replace('"value":0.5', '"value":"half"'), *lines[2:]],
            r"lora\.jsonl:2: actionability is neither",
        ),
        (lambda lines: [lines[0].replace('"lora"', '"dspy"'), *lines[1:]], r"lora\.jsonl:1: holds verdicts on dspy, not on lora"),
        (lambda lines: [lines[0].replace('"items":"', '"items":"0'), *lines[1:]], r"lora\.jsonl:1: judges the answers to other questions"),
    ],
)
def test_a_broken_file_of_verdicts_is_refused(root: Path, change: Any, expected: str) -> None:
    """Cut, reordered, beheaded, empty, another tutor's or of another split: the file and the line are named."""
    path = judged(root)
    path.write_text("".join(change(path.read_text(encoding="utf-8").splitlines(keepends=True))), encoding="utf-8")
    with pytest.raises(DataError, match=expected):
        gather(root)
