"""A model folder that is not there."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from three_tutors.language_model import base
from three_tutors.language_model.load import load_backend, load_learner
from three_tutors.language_model.settings import Settings
from three_tutors.pipeline.diagnostics import TutorError


@pytest.mark.parametrize(
    "load",
    [
        base.description,
        base.load_tokenizer,
        base.load_model,
        lambda folder: load_backend(folder, None, 1, 64),
        lambda folder: load_learner(folder, Settings(1e-3, 1)),
    ],
)
def test_a_folder_without_a_model_ends_in_a_sentence(load: Callable[[Path], object], tmp_path: Path) -> None:
    """Whoever loads it is told which stage makes it; its name is never looked up at a hub."""
    for folder in (tmp_path / "models/base", tmp_path):
        with pytest.raises(TutorError, match=rf"no model in {folder}: it has no .*\. Run `dvc repro prepare_base`"):
            load(folder)


def test_a_tokenizer_without_a_template_ends_in_a_sentence(tiny: Path, tmp_path: Path) -> None:
    """Without a template no prompt can be written, and that is said before anything is loaded."""
    folder = shutil.copytree(tiny, tmp_path / "base")
    (folder / "chat_template.jinja").unlink()
    with pytest.raises(TutorError, match=rf"tokenizer in {folder} has no chat template"):
        base.load_tokenizer(folder)
