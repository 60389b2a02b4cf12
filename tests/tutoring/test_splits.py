from __future__ import annotations

import dataclasses
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from three_tutors.pipeline.diagnostics import DataError
from three_tutors.tutoring.splits import SPLITS, Row, Shares, Split, deal, drawn, halve, parse_ledger, read_ledger, together, write_ledger

SHARES = Shares(train=0.7, validation=0.1, test=0.2, seed=1)


subjects = st.dictionaries(st.text("abcdefgh", min_size=1, max_size=4), st.sampled_from(["maths", "art", "music"]), min_size=3, max_size=40)
pairs = st.lists(st.tuples(st.integers(0, 39), st.integers(0, 39)), max_size=6)


def named(numbers: list[tuple[int, int]], names: list[str]) -> list[tuple[str, str]]:
    """Return pairs of different names for pairs of numbers."""
    found = [(names[one % len(names)], names[other % len(names)]) for one, other in numbers]
    return [pair for pair in found if pair[0] != pair[1]]


def splits_of(rows: list[Row]) -> dict[str, Split]:
    """Return split by id."""
    return {row.id: row.split for row in rows}


@given(subjects, subjects, st.integers(0, 3), pairs)
def test_adding_dialogues_never_moves_another(
    before: dict[str, str], more: dict[str, str], seed: int, numbers: list[tuple[int, int]]
) -> None:
    """Whatever is added, on whatever subject, every dialogue that was dealt stays where it was."""
    ledger = splits_of(deal(before, {}, dataclasses.replace(SHARES, seed=seed), named(numbers, list(before))))
    after = more | before
    dealt = splits_of(deal(after, ledger, dataclasses.replace(SHARES, seed=seed), named(numbers, list(after))))
    assert {name: dealt[name] for name in before} == ledger


@given(subjects, st.dictionaries(st.text("abcdefgh", min_size=1, max_size=4), st.sampled_from(SPLITS)), pairs)
def test_no_split_is_ever_empty(corpus: dict[str, str], ledger: dict[str, Split], numbers: list[tuple[int, int]]) -> None:
    """Three dialogues are enough for three splits, whatever the ledger says and whatever was removed."""
    rows = deal(corpus, ledger, SHARES, named(numbers, list(corpus)))
    assert {row.split for row in rows} == set(SPLITS)
    assert [row.id for row in rows] == sorted(corpus)


@given(subjects, st.integers(0, 3))
def test_dealing_does_not_depend_on_the_order_of_files(corpus: dict[str, str], seed: int) -> None:
    """The same dialogues are dealt alike in whatever order they are read."""
    backwards = dict(reversed(corpus.items()))
    assert deal(corpus, {}, dataclasses.replace(SHARES, seed=seed)) == deal(backwards, {}, dataclasses.replace(SHARES, seed=seed))


def test_each_subject_gets_its_share_of_each_split() -> None:
    """Of ten subjects with twelve dialogues each, every one has 7–9 in train, 1–2 in validation and 2–3 in test."""
    corpus = {f"{subject}-{index}": f"subject_{subject}" for subject in range(10) for index in range(12)}
    rows = deal(corpus, {}, SHARES)
    assert Counter(row.split for row in rows) == {"train": 84, "validation": 12, "test": 24}
    by_subject = {subject: Counter(row.split for row in rows if row.subject == subject) for subject in set(corpus.values())}
    assert {count["train"] for count in by_subject.values()} <= {7, 8, 9}
    assert {count["validation"] for count in by_subject.values()} <= {1, 2}
    assert {count["test"] for count in by_subject.values()} <= {2, 3}


def test_many_subjects_of_one_dialogue_still_fill_the_test() -> None:
    """Where no subject could fill a split by itself, the whole is balanced."""
    rows = deal({f"d-{index}": f"s{index}" for index in range(40)}, {}, SHARES)
    assert Counter(row.split for row in rows) == {"train": 28, "validation": 4, "test": 8}


def test_dialogues_of_one_problem_share_a_split() -> None:
    """A new dialogue follows the one it is like, so that none teaches what the other examines."""
    corpus = {f"d-{index}": "maths" for index in range(30)}
    ledger = splits_of(deal(corpus, {}, SHARES))
    examined = next(name for name, split in ledger.items() if split == "test")
    dealt = splits_of(deal(corpus | {"new": "maths", "newer": "art"}, ledger, SHARES, [("new", examined), ("newer", "new")]))
    assert (dealt["new"], dealt["newer"]) == ("test", "test")


@pytest.mark.parametrize("seed", range(6))
def test_dialogues_that_are_alike_through_a_third_share_a_split(seed: int) -> None:
    """A chain of dialogues stays together, in whatever order its links are dealt."""
    chain = ["a", "b", "c", "d"]
    corpus = {f"d-{index}": "maths" for index in range(30)} | dict.fromkeys(chain, "maths")
    dealt = splits_of(deal(corpus, {}, dataclasses.replace(SHARES, seed=seed), list(pairwise(chain))))
    assert len({dealt[name] for name in chain}) == 1


def test_two_dialogues_cannot_fill_three_splits() -> None:
    """Too few dialogues are an error that says how many are needed."""
    with pytest.raises(DataError, match="write at least 3"):
        deal({"a": "x", "b": "x"}, {}, SHARES)


def test_the_ledger_is_read_back(tmp_path: Path) -> None:
    """What was written is what is read; no file is an empty ledger."""
    rows = deal({"a": "x", "b": "x", "c": "y"}, {}, SHARES)
    assert read_ledger(tmp_path / "splits.csv") == {}
    write_ledger(tmp_path / "splits.csv", rows)
    assert read_ledger(tmp_path / "splits.csv") == splits_of(rows)
    assert (tmp_path / "splits.csv").read_text().splitlines()[0] == "id,subject,split"


@pytest.mark.parametrize("line", ["a,x,exam", "a,x", "b,x,train", "<<<<<<< HEAD"])
def test_a_spoilt_ledger_is_an_error_with_its_line(line: str, tmp_path: Path) -> None:
    """An unknown split, a missing column, an id twice or a merge conflict is told with its line."""
    (tmp_path / "splits.csv").write_text(f"id,subject,split\nb,x,train\n{line}\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"splits\.csv:3: expected a new id"):
        read_ledger(tmp_path / "splits.csv")


def test_a_ledger_that_a_spreadsheet_saved_is_read(tmp_path: Path) -> None:
    """A byte order mark and carriage returns change nothing."""
    (tmp_path / "splits.csv").write_bytes(b"\xef\xbb\xbfid,subject,split\r\nb,x,train\r\n")
    assert read_ledger(tmp_path / "splits.csv") == {"b": "train"}


@given(
    st.binary(max_size=20) | st.lists(st.sampled_from(["b", ",", '"', "train", "\n", "\r", "x"]), max_size=9).map("".join).map(str.encode)
)
def test_any_bytes_are_a_ledger_or_refused_with_their_line(data: bytes) -> None:
    """Quotes that are not closed, other encodings and half rows end in one sentence."""
    try:
        ledger = parse_ledger(b"id,subject,split\n" + data, Path("splits.csv"))
    except DataError as error:
        refused = str(error)
    else:
        assert set(ledger.values()) <= set(SPLITS)
        return
    assert re.match(r"splits\.csv:[0-9]+:", refused)


def test_a_changed_subject_moves_nothing() -> None:
    """A dialogue whose subject was mended keeps its split."""
    ledger = splits_of(deal({"a": "x", "b": "x", "c": "y"}, {}, SHARES))
    assert splits_of(deal(dict.fromkeys("abc", "z"), ledger, SHARES)) == ledger


@given(subjects, st.integers(0, 3))
def test_each_stratum_is_halved(strata: dict[str, str], seed: int) -> None:
    """Of whatever a moment is about, one half is learned from and the other examined, give or take one."""
    rows = halve(strata, {}, seed)
    assert [row.id for row in rows] == sorted(strata)
    for stratum in set(strata.values()):
        counts = Counter(row.split for row in rows if row.subject == stratum)
        assert abs(counts["train"] - counts["test"]) <= 1
        assert counts["validation"] == 0


@given(subjects, subjects, st.integers(0, 3), pairs)
def test_adding_moments_never_moves_another(
    before: dict[str, str], more: dict[str, str], seed: int, numbers: list[tuple[int, int]]
) -> None:
    """Whatever is added, and whatever it is like, every moment that was dealt stays in its half."""
    ledger = splits_of(halve(before, {}, seed, named(numbers, list(before))))
    after = more | before
    assert splits_of(halve(after, ledger, seed, named(numbers, list(after)))).items() >= ledger.items()


@given(subjects, st.integers(0, 3), pairs)
def test_what_is_alike_goes_to_one_half(strata: dict[str, str], seed: int, numbers: list[tuple[int, int]]) -> None:
    """No moment is examined of which something alike was learned, also where one is like another through a third."""
    alike = named(numbers, list(strata))
    dealt = splits_of(halve(strata, {}, seed, alike))
    assert [(one, other) for one, other in alike if dealt[one] != dealt[other]] == []


@given(subjects, st.integers(0, 3))
def test_halves_do_not_depend_on_the_order_of_files(strata: dict[str, str], seed: int) -> None:
    """The same moments are halved alike in whatever order they are read."""
    assert halve(strata, {}, seed) == halve(dict(reversed(strata.items())), {}, seed)


def test_a_large_corpus_is_drawn_in_its_shares() -> None:
    """The hash of an id says its split: each gets its share, and another seed draws others."""
    names = [f"d-{number}" for number in range(20_000)]
    counts = Counter(drawn(name, SHARES) for name in names)
    assert [round(counts[split] / len(names), 2) for split in SPLITS] == [0.7, 0.1, 0.2]
    assert sum(drawn(name, SHARES) != drawn(name, dataclasses.replace(SHARES, seed=2)) for name in names) > 5000


def test_in_a_large_corpus_only_those_alike_are_kept_together() -> None:
    """Who is alike shares the split of the one that was dealt before, or of the first by id; the ledger's rows stay."""
    alike = [("d-7", "d-3"), ("d-3", "d-900"), ("new", "old")]
    dealt = together(alike, {"old": "validation", "other": "test"}, SHARES)
    first = drawn("d-3", SHARES)
    assert dealt == {"d-3": first, "d-7": first, "d-900": first, "new": "validation", "old": "validation", "other": "test"}
