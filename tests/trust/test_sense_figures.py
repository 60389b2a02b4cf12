"""Figures of the reading of sense are those of this reading on these replies, or are not told."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.written import LIMITS
from three_tutors.checking.gate import check
from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.records import write_jsonl, write_text
from three_tutors.scoring.measure import Measure
from three_tutors.scoring.replied import Replied
from three_tutors.scoring.score import Score
from three_tutors.scoring.sense import SENSE as BY_RULES
from three_tutors.trust import fitted_sense, sense_figures
from three_tutors.trust.faults import grading
from three_tutors.trust.graded import Graded
from three_tutors.trust.sense_figures import HELD_OUT, NAME, UNSEEN, SenseFigures, digest, digest_of, measured, read, rows_of, stale, write
from three_tutors.tutoring.dialogue import Lesson, Turn
from three_tutors.tutoring.splits import read_ledger

LESSON = Lesson("mathematics", 5, "fractions", "adds them")
AGAIN = "run `python -m three_tutors.trust.sense --measure` and commit what it writes"
READING = Measure(
    name=NAME,
    label="Makes sense",
    question="Does it?",
    happens="makes sense",
    of=lambda one: Score(float(len(one.reply)), "length"),
    about="the conversation",
)


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Graded]]:
    """Return the replies of both files as they are committed."""
    root = tmp_path_factory.mktemp("project")
    half = read_ledger(ROOT / "data/raw/moment_splits.csv")
    moments = check([ROOT / "data/raw/moments"], LIMITS).moments
    for name in ("train", "test"):
        write_jsonl(root / f"data/processed/moments/{name}.jsonl", (one.to_record() for one in moments if half.get(one.id) == name))
    (root / "data/raw").mkdir()
    shutil.copy(ROOT / sense_figures.RATED, root / sense_figures.RATED)
    return rows_of(root)


def test_the_committed_figures_are_of_the_committed_reading_and_replies(rows: dict[str, list[Graded]]) -> None:
    """Digests of weights and replies are those that were measured; otherwise the command has to be run again."""
    found, fitted = read(ROOT / sense_figures.FILE), fitted_sense.read(ROOT / fitted_sense.FILE)
    assert found is not None
    assert stale(found, fitted, rows) == ""


@pytest.mark.parametrize("name", [UNSEEN, HELD_OUT])
def test_the_rules_still_say_what_was_measured(rows: dict[str, list[Graded]], name: str) -> None:
    """The reading adds what the rules say: where they change, its figures are old, whatever the digests say."""
    found = read(ROOT / sense_figures.FILE)
    assert found is not None
    now = grading(rows[name], {BY_RULES.name: BY_RULES}).sees[BY_RULES.name]
    told = {kind: round(sees.within.value, 4) for kind, sees in now.items() if sees.within}
    assert told == {kind: sees.rules.value for kind, sees in found.files[name].sees.items()}, AGAIN


def row(group: str, kind: str, reply: str, writer: str = "", **labels: float) -> Graded:
    """Return one reply."""
    return Graded(group, group, writer, Replied(LESSON, (Turn("student", group),), reply), kind, 3.0 if kind else None, labels)


SOME = [
    row("a", "ideal", "Why is that so?"),
    row("a", "template", "What?"),
    row("b", "ideal", "Which one is bigger?"),
    row("b", "template", "Eh?"),
    *(
        row(group, "", "word " * number, writer, sense=float(number))
        for group in "cd"
        for writer in ("lora", "openai")
        for number in (1, 2)
    ),
]


def test_figures_are_told_by_kind_over_all_rows_and_by_writer() -> None:
    """A reading that counts letters orders these replies as people do: everywhere, within writers and in each."""
    found = measured(SOME, READING)
    assert (found.replies, found.groups, found.sees["template"].pairs) == (len(SOME), 4, 2)
    assert (found.sees["template"].read.value, found.sees["template"].read.low) == (1.0, 1.0)
    lines = {line.whose: line for line in found.follows["sense"]}
    assert list(lines) == ["", "within", "lora", "openai"]
    assert {name: line.read.value for name, line in lines.items() if line.read} == {"": 1.0, "within": 1.0, "lora": 1.0, "openai": 1.0}
    assert lines["lora"].rows == 4


def test_figures_are_read_as_they_were_written(tmp_path: Path) -> None:
    """A missing file is nothing measured; another one is refused with its place and what to do."""
    path = tmp_path / "figures.json"
    assert read(path) is None
    figures = SenseFigures("weights", {UNSEEN: measured(SOME, READING)})
    write(figures, path)
    assert read(path) == figures
    write_text(path, '{"fitted": "weights", "files": {"unseen": {"digest": 3}}}')
    with pytest.raises(DataError, match=r"figures\.json: files\.unseen\..*; run `python -m three_tutors\.trust\.sense --measure`"):
        read(path)


def test_other_weights_and_other_replies_make_figures_stale() -> None:
    """A word, a grade or a weight that changed is another digest; the order of the replies is not."""
    fitted = fitted_sense.FittedSense("base", 15, [0.5], 1.0, 2.0, {}, None, 12)
    figures = SenseFigures(digest_of(fitted), {UNSEEN: measured(SOME, READING)})
    assert stale(figures, fitted, {UNSEEN: SOME[::-1]}) == ""
    assert "another reading of sense" in stale(figures, replace(fitted, weights=[0.6]), {UNSEEN: SOME})
    assert "another reading of sense" in stale(figures, None, {UNSEEN: SOME})
    for other in (replace(SOME[0], grade=2.0), row("a", "ideal", "Why is that not so?")):
        assert "on other replies" in stale(figures, fitted, {UNSEEN: [other, *SOME[1:]]})
    assert digest(SOME) == digest(SOME[::-1])


def test_the_lower_of_both_files_counts() -> None:
    """An aim is reached where every file that measures it says so, and one that nothing measures is not."""
    good = measured(SOME, READING)
    low = replace(good, sees={"template": replace(good.sees["template"], read=replace(good.sees["template"].read, value=0.6))})
    assert SenseFigures("", {UNSEEN: good}).short == ["fluent_nonsense", "shuffled"]
    assert SenseFigures("", {UNSEEN: good, HELD_OUT: low}).reached == {"template": 0.6, "sense": 1.0}
    assert SenseFigures("", {UNSEEN: good, HELD_OUT: low}).short == ["fluent_nonsense", "template", "shuffled"]
