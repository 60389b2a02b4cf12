"""Small tutors go into one file with digests, and nothing else does."""

from __future__ import annotations

import hashlib
import os
import zipfile
from pathlib import Path

import pytest

from tests.command.small_tutors import workspace, write
from three_tutors.command.packing import MANIFEST, file_digest, pack
from three_tutors.language_model import base
from three_tutors.pipeline.diagnostics import DataError
from three_tutors.tutoring.methods import METHODS


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the models of the workspace that the test stands in."""
    monkeypatch.chdir(tmp_path)
    return workspace(tmp_path)


def test_the_archive_holds_programs_and_adapters_without_the_base(models: Path) -> None:
    """Data files of both small tutors are there with their digests; neither code nor the base model is."""
    manifest, left_out = pack(Path("out/tutors.zip"))
    with zipfile.ZipFile("out/tutors.zip") as archive:
        names = archive.namelist()
        digests = {name: hashlib.sha256(archive.read(name)).hexdigest() for name in names if name != MANIFEST}
    assert names == [
        MANIFEST,
        "LICENSE-dialogues",
        "dspy/program.json",
        "dspy/tutor.json",
        "lora/README.md",
        "lora/adapter_config.json",
        "lora/adapter_model.safetensors",
        "lora/trained_on.json",
    ]
    assert {name: kept.sha256 for name, kept in manifest.files.items()} == digests
    assert set(left_out) == {name for name, row in METHODS.items() if row.is_usual} - {"dspy", "lora"}
    assert (models / "lora/notes.py").exists()


def test_the_manifest_names_base_licences_and_what_was_measured(models: Path) -> None:
    """Whoever gets the file knows which base it needs and under which licences it stands."""
    manifest, _ = pack(Path("tutors.zip"))
    assert manifest.base["model"] == "Tiny"
    assert manifest.base["digest"] == base.digest(models / "base")
    assert manifest.licences == {"base": ["apache-2.0"], "dialogues": ["CC0-1.0", "LICENSE-dialogues"]}
    assert manifest.tutors == {"dspy": {}, "lora": {"valid_loss": 3.05}}


def test_the_same_tutors_give_the_same_bytes(models: Path) -> None:
    """Neither the time of a file nor the time of packing is in the archive."""
    pack(Path("one.zip"))
    os.utime(models / "lora/README.md", (1, 1))
    pack(Path("two.zip"))
    assert file_digest(Path("one.zip")) == file_digest(Path("two.zip"))


@pytest.mark.parametrize(
    ("file", "text", "name", "why"),
    [
        ("dspy/tutor.json", '{"base_url": "https://school.example/v1"}', "dspy", "answers at a service"),
        ("lora/trained_on.json", '{"base_digest": "0000000000000000"}', "lora", "trained on another base"),
        ("openai/tutor.json", "{}", "openai", "as large as the base model"),
    ],
)
def test_a_tutor_that_nobody_else_could_use_is_left_out(models: Path, file: str, text: str, name: str, why: str) -> None:
    """The reason is told, and the others are packed."""
    write(models / file, text)
    manifest, left_out = pack(Path("tutors.zip"))
    assert why in left_out[name]
    assert name not in manifest.tutors
    assert manifest.tutors


def test_without_a_tutor_there_is_no_archive(models: Path) -> None:
    """An empty archive would look like a success."""
    (models / "dspy/program.json").unlink()
    (models / "lora/adapter_config.json").unlink()
    with pytest.raises(DataError, match=r"nothing to pack.*dspy has no program.json.*lora has no adapter_config.json"):
        pack(Path("tutors.zip"))
    assert not Path("tutors.zip").exists()


def test_without_a_base_nothing_is_packed(models: Path) -> None:
    """The archive has to say which base its tutors need."""
    (models / "base/model.safetensors").unlink()
    with pytest.raises(DataError, match="tutors run prepare_base"):
        pack(Path("tutors.zip"))
