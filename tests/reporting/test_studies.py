"""Studies are told in figures; a sentence that compares appears where a test says so, and not where it does not."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from stages.report import Params, report
from tests import small_run
from three_tutors.reporting.evidence import Evidence, gather
from three_tutors.reporting.exam import exam_of
from three_tutors.reporting.names import spoken
from three_tutors.reporting.provenance import provenance
from three_tutors.reporting.studies import Studied, studied
from three_tutors.reporting.study_sentences import exact_p, trend_p
from three_tutors.scoring.choice import Choice
from three_tutors.studies.table import FOLDER, Row, add_rows, data_digest, read_rows


def row(tutor: str, settings: str, value: float, figure: str = "matching", **more: str) -> Row:
    """Return one row of a table."""
    known = {"seconds": "100", "base": "SmolLM2", "data": "d", "code": "c", "params": tutor, "processor": "EPYC", "date": "2026-11-28"}
    return Row(tutor, settings, figure, value, **{**known, **more})


def seeds(tutor: str, *values: float, figure: str = "matching") -> list[Row]:
    """Return trainings of one tutor with other seeds."""
    return [row(tutor, f"{tutor}.seed={seed}", value, figure) for seed, value in enumerate(values, start=1)]


def shown(name: str, rows: list[Row], sections: dict[str, Any] | None = None, data: str = "d") -> Studied:
    """Return a study of these rows."""
    return studied(name, rows, data=data, train=164, sections=sections or {})


def written(evidence: Evidence, root: Path) -> Mapping[str, str]:
    """Return every report on the evidence of a small run."""
    made = provenance(evidence, root / "params.yaml", {"memory": "24 GiB"})
    return report(evidence, made, Params(conversations=1, class_size=25, tolerated_failures=0.05))


def test_a_reward_is_told_and_not_compared() -> None:
    """In ranking, by which its pairs were made, the tutor is in no sentence but the one that says so; in matching it is tested."""
    rows = [
        *seeds("lora", 0.5, 0.51, 0.52, 0.5, 0.49),
        *seeds("preference", 0.7, 0.71, 0.72, 0.7, 0.69),
        *seeds("lora", 0.5, 0.51, 0.52, figure="ranking"),
        *seeds("preference", 0.9, 0.91, 0.92, figure="ranking"),
    ]
    text = " ".join(shown("preference", rows).sentences)
    assert "preference is ahead by 20 points" in text
    assert "Ranking was the reward of preference: what is won there measures nothing." in text
    assert "Ranking with other seeds: lora" in text
    assert "preference 91" not in text


def test_seeds_compare_where_no_training_overlaps() -> None:
    """Five trainings apart are ahead; where they mix, another seed may turn the order round; losses are never compared."""
    apart = seeds("openai", 0.5, 0.51, 0.52, 0.5, 0.49) + seeds("lora", 0.7, 0.71, 0.72, 0.7, 0.69)
    text = " ".join(shown("seeds", apart).sentences)
    assert "Matching with other seeds: openai 50.4 % (49.0 % – 52.0 %, 5 trainings, standard deviation 1.1 %)" in text
    assert "Training again does not turn lora and openai round in matching: lora is ahead by 20 points (p 0.008, exact test)." in text
    mixed = " ".join(shown("seeds", seeds("openai", 0.5, 0.7, 0.6) + seeds("lora", 0.7, 0.5, 0.65)).sentences)
    assert "is ahead" not in mixed
    assert "Training again may turn these round, as no difference between seeds is shown: openai and lora in matching." in mixed
    losses = seeds("openai", 3.0, 3.0, 3.0, 3.0, 3.0, figure="validation") + seeds("lora", 2.0, 2.0, 2.0, 2.0, 2.0, figure="validation")
    assert "ahead" not in " ".join(shown("seeds", losses).sentences)


@pytest.mark.parametrize(
    ("rise", "said"), [(0.04, "More dialogues helped: lora in matching"), (0.0, "No effect of the number of dialogues")]
)
def test_a_trend_is_told_only_where_it_is_shown(rise: float, said: str) -> None:
    """Six sizes that rise are a trend; six that go up and down are none. All is the number of training dialogues."""
    sizes = ("5", "10", "20", "44", "88", "null")
    wave = (0.01, -0.02, 0.02, 0.0, -0.01, 0.01)
    rows = [
        row("lora", f"render.dialogues={size}; lora.seed={seed}", 0.5 + rise * place + wave[place] * (-1) ** seed)
        for place, size in enumerate(sizes)
        for seed in (1, 2)
    ]
    study = shown("data_size", rows)
    assert any(said in sentence for sentence in study.sentences)
    assert any("with 88 and" in sentence and "with 164." in sentence for sentence in study.sentences)
    assert [setting for _, setting, _, _ in study.table] == ["5", "10", "20", "44", "88", "164"]
    fallen = [replace(one, figure="validation", value=4 - one.value) for one in rows]
    assert any("helped: lora in validation" in sentence for sentence in shown("data_size", fallen).sentences) == (rise > 0)


def test_bases_tell_orders_without_claiming_them() -> None:
    """The order of tutors is told by base, and that one training each is no test; one base has no order to hold."""
    rows = [
        row(tutor, f"base_model.source={base}", value, base=base)
        for tutor, values in (("dspy", (0.5, 0.9)), ("lora", (0.6, 0.8)))
        for base, value in zip(("small", "large"), values, strict=True)
    ]
    text = " ".join(shown("bases", rows).sentences)
    assert "By matching the order is not the same on 2 bases (small: lora, dspy; large: dspy, lora)." in text
    assert "another seed may turn an order round" in text
    assert "order" not in " ".join(shown("bases", rows[::2]).sentences)


def test_a_search_names_the_lowest_and_the_chosen_setting() -> None:
    """The gap between params.yaml and the lowest loss is told; `auto` is a service's own rate once."""
    rows = [row("lora", f"lora.r={r}; lora.learning_rate=0.004", loss, "validation") for r, loss in ((8, 3.2), (16, 3.1))]
    rows += [row("openai", f"openai.learning_rate_multiplier={rate}", 3.2 - rate / 10, "validation") for rate in (0.5, 1.0)]
    sections = {"lora": {"r": 8, "learning_rate": 4e-3}, "openai": {"learning_rate_multiplier": "auto"}}
    text = " ".join(shown("rank_and_rate", rows, sections).sentences)
    assert "lora: lowest validation loss 3.100 of 2 settings, with r 16, learning_rate 0.004." in text
    assert "The setting of params.yaml is 0.100 nats above it." in text
    assert "with learning_rate_multiplier 1.0. It is the setting of params.yaml." in text
    assert "is not among them" in " ".join(shown("rank_and_rate", rows, {}).sentences)


def test_runs_that_cannot_be_compared_are_left_out_and_counted() -> None:
    """Other data and other settings are not mixed in; another version of the code and a report on other data are said."""
    rows = [row("lora", "lora.seed=9", 0.1, data="old"), row("lora", "lora.seed=9", 0.1, params="other"), *seeds("lora", 0.5, 0.6)]
    study = shown("seeds", [*rows, row("lora", "lora.seed=3", 0.55, code="new")], data="e")
    assert study.table == [("lora", "", {"matching": "55.0 %"}, "100")]
    assert study.notes == [
        "These runs had other dialogues or moments than this report.",
        "2 rows of other data, other settings or an earlier repetition are not shown.",
        "The runs were made by 2 versions of the code.",
    ]


def test_tests_are_exact() -> None:
    """Five against five apart is 2 of 252 deals; equal values and constant sizes show nothing."""
    assert exact_p([1, 2, 3, 4, 5], [6, 7, 8, 9, 10]) == pytest.approx(2 / 252)
    assert exact_p([1, 1], [1, 1]) == 1
    assert trend_p([(5, 0.5), (5, 0.6), (5, 0.7)]) == (0.0, 1.0)
    assert trend_p([(float(size), size / 10) for size in range(12)])[1] < 0.001


def test_the_reports_show_studies_and_widen_the_verdict(tmp_path: Path) -> None:
    """studies.md has sentence, picture and table; the comparison names the study; seeds enter the exam only with this data."""
    root = small_run.write_run(tmp_path)
    rows = [replace(one, data=data_digest(root)) for one in seeds("lora", 0.5, 0.7, 0.6)]
    add_rows(root / FOLDER / "seeds.csv", [replace(rows[0], data="old", value=0.0), *rows])
    evidence = gather(root)
    assert [one["value"] for one in evidence.seeds] == ["0.5", "0.7", "0.6"]
    made = written(evidence, root)
    assert "## What does training again change? (`seeds`)" in made["studies.md"]
    assert "| lora | – | 60.0 % | 100 |" in made["studies.md"]
    assert "(figures/study_seeds_matching.svg)" in made["studies.md"]
    assert "in matching for lora (3 seeds) also training with other seeds" in made["comparison.md"]
    assert "[The studies](studies.md) have every training." in made["comparison.md"]
    assert ET.fromstring(made["figures/study_seeds_matching.svg"]).tag.endswith("svg")  # noqa: S314 - ours


def test_five_seeds_a_method_stand_in_every_verdict(tmp_path: Path) -> None:
    """Intervals cover moments and seeds, the made tutors are tested directly, few differing pairs exactly, and level ones are called so."""
    root = small_run.write_run(tmp_path)
    found = {"dspy": (0.5, 0.5, 0.5, 0.5, 0.5), "openai": (0.9, 0.95, 0.92, 0.88, 0.9), "lora": (0.9, 0.85, 0.95, 0.9, 0.92)}
    rows = [row for tutor, values in found.items() for figure in ("matching", "ranking") for row in seeds(tutor, *values, figure=figure)]
    add_rows(root / FOLDER / "seeds.csv", [replace(one, data=data_digest(root)) for one in rows])
    half, most = [0.0, 1.0] * 11 + [0.0] * 2, [1.0] * 22 + [0.0] * 2
    chosen = {"baseline": half, "dspy": half, "openai": most, "lora": [*most[2:], 1.0, 1.0]}
    choices = {
        name: Choice({}, {}, {}, {}, {f"pair {number}": [value] for number, value in enumerate(values)}) for name, values in chosen.items()
    }
    evidence = replace(gather(root), choices=choices)
    once, exam = exam_of(replace(evidence, seeds=[])), exam_of(evidence)
    made = written(evidence, root)

    tested = {(one.tutor, one.other): one for one in exam.comparisons if one.figure == "matching"}
    assert [tested[pair].shown for pair in (("lora", "openai"), ("openai", "dspy"))] == [False, True]
    # Eleven pairs differ between openai and dspy, all the same way: two of all patterns of signs are as far apart.
    assert tested["openai", "dspy"].difference.p == pytest.approx(2 / 2**11)
    for tutor in found:
        narrow, wide = (one.shares["matching"][tutor].interval for one in (once, exam))
        assert (wide.low or 0) < (narrow.low or 0) or tutor == "dspy"
    low, high = tested["openai", "dspy"].difference.low, tested["openai", "dspy"].difference.high
    assert low is not None
    assert high is not None
    points = f"{low * 100:.0f} to {high * 100:.0f}"
    sentences = [
        f"openai is ahead of dspy by 46 points ({points}, p 0.0",
        "no difference shown between lora and openai",
        "points would be found four times in five",
        "Intervals cover the draw of moments, and in matching for dspy, openai and lora (5 seeds each) also training with other seeds.",
        "In contrast other seeds are not covered.",
    ]
    shown = html.unescape(re.sub(r"<[^<>]*>", "", made["index.html"])).replace("\u00a0", " ")
    for sentence in sentences:
        assert sentence in made["comparison.md"]
        assert spoken(sentence) in shown
    study = made["studies.md"]
    assert "Training again does not turn" in made["comparison.md"]
    assert "Training again does not turn dspy and openai round in matching" in study.replace("openai and dspy", "dspy and openai")
    assert "Training again may turn these round, as no difference between seeds is shown: openai and lora in matching" in study


def test_the_committed_tables_can_be_read(root: Path) -> None:
    """Every table in Git is one; the first search begins with its four trainings, one of them the lowest of all."""
    for path in (root / FOLDER).glob("*.csv"):
        assert read_rows(path)
    first = [one.value for one in read_rows(root / FOLDER / "rank_and_rate.csv") if one.figure == "validation"]
    assert first[:4] == [3.2367, 3.1787, 3.164, 3.1874]
