"""A study of rates says whether the rule's is the best one found, and that tuning cost sense only where that may be believed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from three_tutors.reporting.studies import studied
from three_tutors.reporting.study_sense import Senses
from three_tutors.studies.replies import Replies
from three_tutors.studies.table import READ, SENSE, Row

BASE = "SmolLM2"
ITEMS = [f"d{number}#1" for number in range(40)]
GOOD: dict[str, list[str]] = {SENSE: ["sense", "template"], READ: []}


def row(tutor: str, settings: str, figure: str, value: float) -> Row:
    """Return one row of a table."""
    return Row(tutor, settings, figure, value, "100", BASE, "d", "c", tutor, "EPYC", "2026-11-29")


def rates(*losses: tuple[str, float]) -> list[Row]:
    """Return trainings with these rates and losses; `auto` was 0.004."""
    rows = [row("baseline", "", SENSE, 0.6)]
    for asked, loss in losses:
        settings = f"lora.learning_rate={asked}"
        rows += [
            row("lora", settings, "validation", loss),
            row("lora", settings, "learning_rate", 0.004 if asked == "auto" else float(asked)),
        ]
    return rows


def replies(tutor: str, settings: str, values: Sequence[float], figure: str = READ) -> Replies:
    """Return what the replies of one run got."""
    reader = "fe45d498" if figure == READ else ""
    return Replies(tutor, settings, figure, reader, BASE, "d", "c", tutor, dict(zip(ITEMS, values, strict=True)))


def said(name: str, rows: list[Row], runs: list[Replies], short: dict[str, list[str]] = GOOD) -> str:
    """Return the sentences of a study."""
    return " ".join(studied(name, rows, data="d", train=164, sections={}, senses=Senses(runs, short)).sentences)


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        (
            [("auto", 3.2), ("0.002", 3.1)],
            "best validation loss 3.100 of 2 rates at 0.002, and the rule's 0.004 is not the best one found (3.200)",
        ),
        ([("auto", 3.1), ("0.002", 3.2)], "best validation loss 3.100 of 2 rates at 0.004, which is the rule's"),
        ([("0.001", 3.1), ("0.002", 3.2)], "best validation loss 3.100 of 2 rates at 0.001, the rule's rate was not tried"),
    ],
)
def test_the_rule_is_held_against_what_was_tried(losses: list[tuple[str, float]], expected: str) -> None:
    """The rule's rate is named as not the best, as the best, or as not tried; rates are printed as they were used."""
    assert f"lora on {BASE}: {expected}" in said("rates", rates(*losses), [])


def test_a_rate_in_the_table_is_no_picture() -> None:
    """The rate that was used is a column and not something to draw."""
    study = studied("rates", rates(("auto", 3.2), ("0.002", 3.1)), data="d", train=164, sections={})
    assert [cells.get("learning_rate") for _, _, cells, _ in study.table] == [None, "0.004", "0.002"]
    assert all("learning_rate" not in picture.name for picture in study.pictures)


@pytest.mark.parametrize(
    ("tuned", "expected"),
    [
        (
            0.3,
            "Tuning cost sense: lora on SmolLM2 at the rate 0.004 makes 30 points less of it than the untrained model on the same 40",
        ),
        (0.9, "Tuning brought sense: lora on SmolLM2 at the rate 0.004 makes 30 points more of it"),
        (0.6, "No difference in sense from the untrained model is shown for lora on SmolLM2 at the rate 0.004."),
    ],
)
def test_lost_sense_is_told_where_a_test_says_so(tuned: float, expected: str) -> None:
    """Lower on the same replies is a loss with its interval and whose states were read; level values are no loss."""
    wave = [0.05 * (-1) ** number for number in range(len(ITEMS))]
    runs = [
        replies("baseline", "", [0.6 + one for one in wave]),
        replies("lora", "lora.learning_rate=auto", [tuned + one / 2 for one in wave]),
    ]
    text = said("rates", rates(("auto", 3.2), ("0.002", 3.1)), runs)
    assert expected in text
    assert ("read off the states of fe45d498" in text) == (tuned != 0.6)


def test_a_figure_that_misses_its_aims_says_nothing() -> None:
    """However low the wording's score falls, a score that does not follow ratings enters no sentence, and the report says why."""
    runs = [replies("baseline", "", [0.9] * 40, SENSE), replies("lora", "lora.learning_rate=auto", [0.1] * 40, SENSE)]
    text = said("rates", rates(("auto", 3.2), ("0.002", 3.1)), runs)
    assert "cost sense:" not in text
    assert "Whether tuning cost sense is not said" in text
    assert "the score of wording misses its aims in ratings of tutors' replies and template." in text


def test_voices_are_compared_over_the_same_replies() -> None:
    """Seeds are averaged, the voice with more sense is named, and that voices were not dealt by lot stands beside it."""
    settings = {voice: f"render.voices={voice}; lora.seed={{}}" for voice in ('["plain"]', '["brisk", "witty"]')}
    runs = [
        replies("lora", text.format(seed), [value + 0.01 * seed] * 40)
        for (text, value) in zip(settings.values(), (0.7, 0.5), strict=True)
        for seed in (1, 2)
    ]
    rows = [row("lora", text.format(seed), "matching", 0.6) for text in settings.values() for seed in (1, 2)]
    text = said("voices", rows, runs)
    assert "Matching: lora plain 60.0 %, lora brisk and witty 60.0 %." in text
    assert "lora on SmolLM2 makes more sense after plain dialogues than after brisk and witty ones, by 20 points" in text
    assert "means of 2 and 2 seeds" in text
    other = [replace(one, settings=f"base_model.source=x; {one.settings}") for one in rows]
    assert "lora SmolLM2, brisk and witty 60.0 %" in said("voices", other, [])
    assert "Voices were not dealt to situations by lot" in text
