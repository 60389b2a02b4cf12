from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.language_model.conftest import embedded, tiny
from three_tutors.openai_server.engine import ModelFiles
from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.records import write_json
from three_tutors.tutors.opening import model_id
from three_tutors.tutors.serving import commands

__all__ = ["embedded", "tiny"]  # fixtures


def test_each_folder_of_weights_is_served_once_under_the_names_that_are_asked_for(tiny: Path, tmp_path: Path) -> None:
    """Adapters are served over their base by one command, which expects the largest rank."""
    models = tmp_path / "models"
    shutil.copytree(tiny, models / "base")
    write_json(models / "lora/adapter_config.json", {"r": 24})
    base, lora = model_id(ModelFiles(models / "base")), model_id(ModelFiles(models / "base", models / "lora"))
    served = f"vllm serve {models}/base --served-model-name {base}"
    assert commands(["baseline"], models) == [served]
    assert commands(["baseline", "lora"], models) == [f"{served} --enable-lora --max-lora-rank 32 --lora-modules {lora}={models}/lora"]
    with pytest.raises(DataError, match="run `dvc repro train_openai`"):
        commands(["openai"], models)
