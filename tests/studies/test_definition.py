"""A study says which settings are run; what cannot be run is refused before anything is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from three_tutors.pipeline.diagnostics import ParamsError
from three_tutors.studies.definition import runs, studies
from three_tutors.studies.identity import identity

ROOT = Path(__file__).parent.parent.parent


def written(folder: Path, **changed: object) -> Path:
    """Return the project's params with one study `tried` in them."""
    params: dict[str, Any] = YAML(typ="safe").load(ROOT / "params.yaml")
    study = {"until": "train", "figures": ["validation"], "always": {}, "runs": [{"tutor": "lora", "lora.seed": [1, 2]}]}
    params["studies"] = {"tried": study | changed}
    path = folder / "params.yaml"
    YAML().dump(params, path)
    return path


def test_the_studies_of_this_project_can_be_run() -> None:
    """Every study of params.yaml names tutors, params and stages that are there; seeds are five trainings a method."""
    defined = {name: runs(name, study) for name, study in studies(ROOT / "params.yaml").items()}
    assert {"seeds", "data_size", "bases", "rank_and_rate"} <= defined.keys()
    assert [run.said for run in defined["seeds"] if run.tutor == "lora"] == [f"lora.seed={seed}" for seed in range(1, 6)]
    assert defined["rank_and_rate"][0].said == "lora.r=4; lora.alpha=8; lora.learning_rate=0.002"
    for of in defined.values():
        assert identity(ROOT, of[0]).code


def test_a_grid_is_every_combination_and_a_run_ends_where_the_study_says(tmp_path: Path) -> None:
    """Lists are multiplied, equal runs are one, and the target is the stage of dvc.yaml."""
    grids = [{"tutor": ["lora", "openai"], "lora.r": [4, 8], "lora.alpha": 16}, {"tutor": "lora", "lora.r": 8, "lora.alpha": 16}]
    path = written(tmp_path, until="evaluate", runs=grids)
    found = runs("tried", studies(path)["tried"], path)
    assert [(run.target, run.said) for run in found] == [
        ("evaluate@lora", "lora.r=4; lora.alpha=16"),
        ("evaluate@lora", "lora.r=8; lora.alpha=16"),
        ("evaluate@openai", "lora.r=4; lora.alpha=16"),
        ("evaluate@openai", "lora.r=8; lora.alpha=16"),
    ]


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"until": "report"}, "studies.tried.until"),
        ({"runs": [{"lora.seed": 1}]}, "there is no tutor None"),
        ({"runs": [{"tutor": "lora", "lora.rank": 1}]}, "params.yaml has no 'lora.rank'"),
        ({"always": {"answer": 1}}, "params.yaml has no 'answer'"),
        ({"runs": [{"tutor": "lora", "base_model.source": "/no/such.gguf"}]}, "there is no model at /no/such.gguf"),
        ({"always": {"openai.base_url": "https://api.openai.com/v1"}, "runs": [{"tutor": "openai"}]}, "studies train on this machine only"),
    ],
)
def test_what_cannot_be_run_is_a_sentence(tmp_path: Path, changed: dict[str, Any], problem: str) -> None:
    """An unknown stage, tutor or param, a model that is not there and a paid service are refused with the place."""
    path = written(tmp_path, **changed)
    with pytest.raises(ParamsError, match=problem):
        runs("tried", studies(path)["tried"], path)
