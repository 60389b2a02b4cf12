"""A sweep: its table, what is chosen and lowest in it, and whether it favours a tutor."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import small_run
from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.records import read_csv, write_json, write_text
from three_tutors.reporting import sweep as sweeping
from three_tutors.reporting.comparison import Setting, texts
from three_tutors.reporting.evidence import gather
from three_tutors.reporting.index_page import index_page
from three_tutors.reporting.provenance import provenance
from three_tutors.reporting.scorecard import findings_of
from three_tutors.reporting.sweep import COLUMNS, digest, sweep, table_text, tries, with_row

SECTIONS = {"lora": {"epochs": 1, "r": 8, "learning_rate": 1e-3}}
DIGESTS = {"dialogues.jsonl": "1", "splits.csv": "2"}


def row(r: int, rate: str, loss: float, **more: str) -> dict[str, str]:
    """Return one line of the table."""
    said = {
        "method": "lora",
        "epochs": "1",
        "r": str(r),
        "learning_rate": rate,
        "valid_loss": str(loss),
        "valid_accuracy": "0.5",
        "seconds": "60.0",
    }
    return {**said, "base": "SmolLM2", "data": digest(DIGESTS), "date": "2026-11-22", **more}


def test_a_sweep_knows_what_is_chosen_and_what_is_lowest() -> None:
    """The setting of params.yaml and the one with the lowest loss are found, though they need not be the same."""
    found = sweep([row(4, "0.001", 2.5), row(8, "0.001", 2.25), row(8, "0.002", 2.125)], SECTIONS, DIGESTS)
    assert found is not None
    chosen = found.chosen("lora")
    assert chosen is not None
    assert (chosen.r, chosen.learning_rate, found.lowest("lora").learning_rate) == (8, 1e-3, 2e-3)
    assert (found.same_data, found.dates) == (True, ["2026-11-22"])


def test_more_epochs_are_another_setting() -> None:
    """The same rank and rate with more passes over the data is a row of its own, and not the chosen one."""
    table = [row(8, "0.001", 2.5, epochs="1"), row(8, "0.001", 2.25, epochs="2")]
    found = sweep(table, SECTIONS, DIGESTS)
    assert found is not None
    assert [(one.epochs, one.mark) for one in found.tried] == [(1, "chosen"), (2, "lowest")]


def test_no_sweep_and_other_data_are_said() -> None:
    """Without a table there is no sweep; one of other dialogues is marked, and a setting that was not tried is not chosen."""
    other = sweep([row(4, "0.001", 2.5, date="2026-11-20", data="old"), row(8, "0.001", 2.5, data="old")], {}, DIGESTS)
    assert sweep([], {}, DIGESTS) is None
    assert other is not None
    assert (other.same_data, other.chosen("lora"), other.dates) == (False, None, ["2026-11-20", "2026-11-22"])


def test_the_writer_only_ever_adds() -> None:
    """Rows of the same setting, of other data and with other code stay as they are, and the new one stands at the end."""
    old = table_text([row(8, "0.001", 2.25), row(2, "0.001", 9.0, data="old"), row(2, "0.001", 9.0, base="other")])
    new = row(8, "0.001", 2.5)
    assert with_row(old, new) == old + table_text([new]).split("\n", 1)[1]
    assert with_row(old.rstrip("\n"), new) == with_row(old, new)
    assert with_row("", new) == table_text([new])
    with pytest.raises(DataError, match=r"sweep\.csv:1: the columns are not method, epochs"):
        with_row("r,learning_rate\n8,0.001\n", new)


def test_a_setting_trained_twice_is_shown_twice() -> None:
    """The later training is the chosen one, and the lowest loss of either is known; other data is counted and left out."""
    found = sweep([row(8, "0.001", 2.25), row(4, "0.001", 1.0, data="old"), row(8, "0.001", 2.5)], SECTIONS, DIGESTS)
    assert found is not None
    chosen = found.chosen("lora")
    assert ([one.valid_loss for one in found.tried], found.others) == ([2.25, 2.5], 1)
    assert (chosen.valid_loss if chosen else None, found.lowest("lora").valid_loss) == (2.5, 2.25)


def test_a_rate_is_found_though_its_text_differs() -> None:
    """0.1 + 0.2 in params.yaml is the 0.3 of the table."""
    found = sweep([row(8, "0.3", 2.5)], {"lora": {"epochs": 1, "r": 8, "learning_rate": 0.1 + 0.2}}, DIGESTS)
    assert found is not None
    assert found.chosen("lora") is not None


def test_the_committed_table_keeps_every_row(root: Path) -> None:
    """The log begins with the first four trainings, one of which has a lower loss than all that were chosen later."""
    rows = read_csv(root / sweeping.SWEEP)
    assert [one["valid_loss"] for one in rows[:4]] == ["3.2367", "3.1787", "3.164", "3.1874"]


def openai(multiplier: str, loss: float) -> dict[str, str]:
    """Return one line about the full fine-tune."""
    return row(0, multiplier, loss) | {"method": "openai", "r": ""}


def test_each_method_has_its_own_choice() -> None:
    """Losses are compared within a method; openai's row is known by its setting, and `auto` is once the service's own rate."""
    table = [row(8, "0.004", 2.25), openai("1", 2.75), openai("2", 2.5)]
    given = {"n_epochs": 1, "learning_rate_multiplier": "auto", "extra_hyperparameters": {}}
    found = sweep(table, {"lora": {"epochs": 1, "r": 8, "learning_rate": 4e-3}, "openai": given}, DIGESTS)
    assert found is not None
    assert [(one.method, one.r, one.rate, one.mark) for one in found.tried] == [
        ("lora", 8, "0.004", "chosen, lowest"),
        ("openai", None, "×1", "chosen"),
        ("openai", None, "×2", "lowest"),
    ]


@pytest.mark.parametrize(
    ("given", "chosen"),
    [
        ({"n_epochs": "auto", "learning_rate_multiplier": 2}, 2.0),
        ({"n_epochs": 3, "learning_rate_multiplier": 2}, None),
        ({"n_epochs": 1, "learning_rate_multiplier": 2, "extra_hyperparameters": {"lora_r": 16}}, None),
        ({"n_epochs": 1, "learning_rate_multiplier": 0.25}, None),
    ],
)
def test_a_service_s_setting_is_found_by_what_params_say(given: dict[str, Any], chosen: float | None) -> None:
    """Passes, rank and multiplier have to be those of the row; passes that the service chooses may be any."""
    found = sweep([openai("1", 2.75), openai("2", 2.5)], {"openai": given}, DIGESTS)
    assert found is not None
    one = found.chosen("openai")
    assert (one.learning_rate if one else None) == chosen


def test_a_table_of_another_version_is_an_error() -> None:
    """A table without one of our columns is not read half: the column is named, with what to do."""
    old = {name: value for name, value in row(4, "0.001", 2.5).items() if name not in {"method", "epochs"}}
    with pytest.raises(DataError, match=r"there is no column method and epochs; give the old rows that column, or move the file"):
        sweep([old], {}, DIGESTS)


@pytest.mark.parametrize("name", ["qlora", "dspy", ""])
def test_a_row_of_no_trained_method_is_an_error(name: str) -> None:
    """The line is named, and the methods that have settings to try are listed."""
    with pytest.raises(DataError, match=rf"sweep\.csv:3: there is no method '{name}'; name one of openai or lora"):
        sweep([row(4, "0.001", 2.5), row(4, "0.001", 2.5, method=name)], {}, DIGESTS)


@pytest.mark.parametrize(
    ("table", "prompts", "said"),
    [
        ([], 0, "1 training of openai and 1 training of lora. No setting of openai or lora was chosen by a sweep."),
        ([row(4, "0.001", 2.5), row(8, "0.001", 2.5)], 0, "lora was chosen from more trainings than openai, which favours it"),
        (
            [openai("1", 2.5), openai("2", 2.5), openai("4", 2.5), row(4, "0.001", 2.5)],
            14,
            "openai was chosen from more trainings than lora",
        ),
        ([openai("1", 2.5), openai("2", 2.5), row(4, "0.001", 2.5), row(8, "0.001", 2.5)], 14, "so the search favours neither"),
        (
            [row(rank, "0.001", 2.5) for rank in (4, 8, 16)],
            14,
            "14 prompts of dspy, 1 training of openai and 3 trainings of lora.",
        ),
    ],
)
def test_the_text_says_whom_the_search_favours(table: list[dict[str, str]], prompts: int, said: str) -> None:
    """How many settings each tutor was chosen from decides what the sentence says."""
    assert said in tries(table, ["dspy", "openai", "lora"], prompts)


def test_three_trained_tutors_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever was chosen from most settings is favoured over all others; equal numbers favour none."""
    third = [row(rank, "0.001", 2.5, method="third") for rank in (4, 8)]
    monkeypatch.setattr(sweeping, "TRAINED", ["openai", "lora", "third"])
    tutors = ["openai", "lora", "third"]
    assert "No setting of openai, lora or third was chosen" in tries([], tutors, 0)
    assert (
        "third was chosen from more trainings than openai and lora, which favours it: part of the difference between these tutors"
        in tries(third, tutors, 0)
    )
    lora = [row(4, "0.001", 2.5), row(8, "0.001", 2.5)]
    assert "lora and third were chosen from more trainings than openai, which favours them" in tries([*lora, *third], tutors, 0)
    assert "so the search favours none" in tries([*lora, *third, openai("1", 2.5), openai("2", 2.5)], tutors, 0)


def test_nothing_is_said_of_tutors_that_are_not_there() -> None:
    """With one trained tutor there is no pair to favour, and without any there is no sentence."""
    assert tries([row(4, "0.001", 2.5)], ["lora"], 14) == "Tried on the validation dialogues: 1 training of lora."
    assert tries([], ["baseline"], 14) == ""
    assert tries([], ["dspy"], 14) == "Tried on the validation dialogues: 14 prompts of dspy."


def test_a_search_is_not_called_blind() -> None:
    """Where settings were chosen among several trainings, held-out scores could be seen; nothing says it came first."""
    searched = tries([row(4, "0.001", 2.5), row(8, "0.001", 2.5)], ["openai", "lora"], 0)
    assert "Scores of earlier runs on the held-out dialogues could be seen while settings were being chosen." in searched
    assert "could be seen" not in tries([row(4, "0.001", 2.5)], ["openai", "lora"], 0)
    assert "before anything was compared" not in searched


def test_the_comparison_turns_round_with_the_sweep(tmp_path: Path) -> None:
    """Two rows of lora favour lora; with two of openai beside them nobody is favoured."""
    root = small_run.write_run(tmp_path)
    lora = [row(4, "0.001", 2.5), row(8, "0.002", 2.25)]
    write_text(root / sweeping.SWEEP, table_text(lora))
    assert "lora was chosen from more trainings than openai" in comparison(root)
    write_text(root / sweeping.SWEEP, table_text([*lora, openai("1", 2.5), openai("2", 2.25)]))
    text = comparison(root)
    assert ("chosen from more trainings" in text, "the search favours neither" in text) == (False, True)


def test_the_command_records_the_last_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Params, metrics and seconds of the run become a row of the table in Git."""
    small_run.write_run(tmp_path)
    monkeypatch.chdir(tmp_path)
    write_text(Path("params.yaml"), "lora: {epochs: 3, r: 4, learning_rate: 1e-3}\n")
    write_json(Path("reports/metrics/train_lora.json"), {"valid_loss": 2.25, "valid_accuracy": 0.5})
    write_json(Path("reports/metrics/timing_train_lora.json"), {"seconds": 61.5})
    write_json(sweeping.BASE, {"model": "SmolLM2"})
    monkeypatch.setattr(sys, "argv", ["sweep", "lora"])
    sweeping.main()
    [made] = read_csv(sweeping.SWEEP)
    assert tuple(made) == COLUMNS
    assert [made[name] for name in ("epochs", "r", "learning_rate", "valid_loss", "seconds")] == ["3", "4", "0.001", "2.25", "61.5"]
    assert made["data"] == digest(gather().digests)


def test_the_command_records_a_job_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The multiplier behind `auto` comes from the job, the accuracy from the step with the lowest loss."""
    small_run.write_run(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["sweep", "openai"])
    write_text(Path("reports/plots/openai_curve.csv"), "step,valid_loss,valid_accuracy\n0,3.5,0.25\n1,,\n2,2.5,0.5\n3,2.75,0.75\n")
    write_json(Path("reports/metrics/train_openai.json"), {"validation_loss": 2.5})
    write_json(Path("reports/metrics/timing_train_openai.json"), {"seconds": 61.5})
    write_json(sweeping.MODELS / "openai/job.json", {"hyperparameters": {"n_epochs": 2, "batch_size": 8, "learning_rate_multiplier": 1.0}})
    write_json(sweeping.BASE, {"model": "SmolLM2"})
    sweeping.main()
    [made] = read_csv(sweeping.SWEEP)
    assert [made[name] for name in COLUMNS[:7]] == ["openai", "2", "", "1", "2.5", "0.5000", "61.5"]


def index(root: Path) -> str:
    """Return the page on the run below `root`."""
    evidence = gather(root)
    made = provenance(evidence, root / "params.yaml", {"system": "Linux", "processor cores": "2", "memory": "24 GiB"})
    return index_page(evidence, findings_of(evidence), [], made, texts=[], most_conversations=1, tolerated=0.05)


def comparison(root: Path) -> str:
    """Return the comparison on the run below `root`."""
    evidence = gather(root)
    made = provenance(evidence, root / "params.yaml", {"system": "Linux", "processor cores": "2", "memory": "24 GiB"})
    return texts(evidence, findings_of(evidence), [], made, Setting(25, 0.05))["comparison.md"]


def test_the_page_shows_the_sweep_and_works_without(tmp_path: Path) -> None:
    """The table marks the chosen row and says on which dialogues and when; without a sweep nothing is said of one."""
    root = small_run.write_run(tmp_path)
    assert "Settings tried" not in index(root)
    write_text(root / sweeping.SWEEP, table_text([row(4, "0.001", 2.5, data="old"), row(8, "0.002", 2.25, data="old")]))
    params = (root / "params.yaml").read_text(encoding="utf-8")
    write_text(root / "params.yaml", params + "lora: {epochs: 1, r: 4, learning_rate: 0.001}\n")
    text = index(root)
    cells = [
        re.findall(r">([^<>]+)</t[hd]>", line) for line in text.split("\n") if '<th scope="row">lora</th><td class="figure">1</td>' in line
    ]
    assert cells == [
        ["lora", "1", "4", "0.001", "2.500", "50 %", "60", "chosen"],
        ["lora", "1", "8", "0.002", "2.250", "50 %", "60", "lowest"],
    ]
    assert "other dialogues than this report" in text
    assert "The chosen setting of lora is 0.250 nats above the lowest." in text
    write_text(root / "params.yaml", params + "lora: {epochs: 1, r: 8, learning_rate: 0.0020000000000000001}\n")
    assert "nats above the lowest" not in index(root)
    assert "is not among them" not in index(root)
    write_text(root / "params.yaml", params + "lora: {epochs: 1, r: 16, learning_rate: 0.002}\n")
    assert "The setting of lora in <code>params.yaml</code> is not among them." in index(root)


def test_the_comparison_tells_when_training_stopped(tmp_path: Path) -> None:
    """How many epochs were trained, which one was kept and why it ended are in the text."""
    root = small_run.write_run(tmp_path)
    metrics: dict[str, Any] = {"best_epoch": 2, "epochs": 4, "stopped_early": True, "valid_loss": 2.25, "valid_loss_before": 3.5}
    write_json(root / "reports/metrics/train_lora.json", metrics)
    assert "4 epochs" in comparison(root)
    assert "stopped early" in comparison(root)
    write_json(root / "reports/metrics/train_lora.json", {**metrics, "stopped_early": False})
    assert "stopped early" not in comparison(root)
