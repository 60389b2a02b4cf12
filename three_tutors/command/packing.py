"""Pack the small tutors of this workspace into one file: the DSPy program and the adapter, without the base model.

The archive is a zip without compression and without dates, so the same tutors give the same bytes on every machine. Its
`manifest.json` says which base the tutors need, what they scored while they were made, under which licences they stand, and the
size and SHA-256 of every other file. `tutors unpack` reads it.
"""

from __future__ import annotations

if __name__ == "__main__":
    from three_tutors.pipeline.starting import start

    start("three_tutors.command.packing")

import argparse
import hashlib
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from three_tutors.command import material
from three_tutors.language_model import base
from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.records import read_json, read_jsonl, replacing
from three_tutors.tutoring.methods import METHODS, TUTORS, Method
from three_tutors.tutors.opening import BASE, DESCRIPTION, MODELS

DEFAULT = Path("dist/small-tutors.zip")
MANIFEST = "manifest.json"
DIALOGUES_LICENCE = "LICENSE-dialogues"
"""In the archive: what data/raw/LICENSE says, for worked examples are turns of the dialogues."""
FORMAT = 1
NEEDED = {"program": ("program.json", DESCRIPTION), "adapter": ("adapter_config.json", "adapter_model.safetensors", "trained_on.json")}
"""By what lies in a tutor's folder: the files without which it cannot reply. Tutors of other kinds are not small."""
SUFFIXES = {".json", ".jsonl", ".safetensors", ".md"}
"""Files of these kinds are data. No other kind is packed or unpacked."""
_DIALOGUES = Path("data/processed/splits/train.jsonl")
_LICENCE = Path("data/raw/LICENSE")
_METRICS = Path("reports/metrics")
_WHENEVER = (1980, 1, 1, 0, 0, 0)


class Kept(BaseModel):
    """One file of an archive."""

    model_config = ConfigDict(extra="forbid", strict=True)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    bytes: int = Field(ge=0, le=500_000_000)


class Manifest(BaseModel):
    """What an archive holds."""

    model_config = ConfigDict(extra="forbid", strict=True)
    format: int
    library: str
    """The version of three-tutors that packed it."""
    base: dict[str, Any]
    """What `models/base/source.json` says of the base model; `digest` is the fingerprint of its weights."""
    licences: dict[str, list[str]]
    """Of the `base` and of the `dialogues` that were learned from: SPDX names, or the file that holds the text."""
    tutors: dict[str, dict[str, Any]]
    """Tutor → what its stage measured on the validation dialogues."""
    files: dict[str, Kept]
    """Path in the archive → its size and digest."""


def pack(to: Path = DEFAULT, models: Path = MODELS) -> tuple[Manifest, dict[str, str]]:
    """Write the small tutors to the file `to`; return its manifest, and why each other tutor is not in it.

    Raises:
        DataError: there is no small tutor, or no base model.

    """
    origin = models / BASE
    if lacking := base.lacking(origin):
        raise DataError(f"There is no base model in {origin} to name in the archive (no {lacking}): run `tutors run prepare_base`.")
    methods = {name: row for name, row in METHODS.items() if row.is_usual or (models / row.folder).exists()}
    left_out = {name: why for name, row in methods.items() if (why := _unfit(row, models))}
    names = [name for name in methods if name not in left_out]
    if not names:
        raise DataError("There is nothing to pack. " + " ".join(f"{name}: {why}." for name, why in left_out.items()))
    paths = {f"{name}/{path.name}": path for name in names for path in _files(models / TUTORS[name].folder)}
    if _LICENCE.exists():
        paths[DIALOGUES_LICENCE] = _LICENCE
    manifest = Manifest(
        format=FORMAT,
        library=material.library_version(),
        base=base.description(origin) | {"digest": base.digest(origin)},
        licences={"base": [str(base.description(origin).get("licence", "unknown"))], "dialogues": _licences()},
        tutors={name: _measured(name) for name in names},
        files={name: Kept(sha256=file_digest(path), bytes=path.stat().st_size) for name, path in sorted(paths.items())},
    )
    with replacing(to) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(_entry(MANIFEST), json.dumps(manifest.model_dump(), indent=2, sort_keys=True, ensure_ascii=False) + "\n")
        for name, path in sorted(paths.items()):
            archive.writestr(_entry(name), path.read_bytes())
    return manifest, left_out


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _unfit(row: Method, models: Path) -> str:
    """Return why a tutor cannot be packed; empty if it can."""
    folder = models / row.folder
    if not folder.is_dir():
        return f"it was not made yet (`tutors run {row.stage}`)"
    if row.opened not in NEEDED:
        return "its weights are as large as the base model, or at a service"
    lacking = [name for name in NEEDED[row.opened] if not (folder / name).exists()]
    if lacking:
        return f"{folder} has no {lacking[0]} (`tutors run {row.stage}`)"
    if row.opened == "program" and dict(read_json(folder / DESCRIPTION))["base_url"] != "local":
        return "its model answers at a service, whose address is nobody else's business"
    if row.opened == "adapter" and read_json(folder / "trained_on.json")["base_digest"] != base.digest(models / BASE):
        return f"it was trained on another base than {models / BASE} (`tutors run {row.stage}`)"
    return ""


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file() and path.suffix in SUFFIXES)


def _licences() -> list[str]:
    named = {str(row.get("licence") or DIALOGUES_LICENCE) for row in read_jsonl(_DIALOGUES)} if _DIALOGUES.exists() else {DIALOGUES_LICENCE}
    return sorted(named)


def _measured(name: str) -> dict[str, Any]:
    path = _METRICS / f"{TUTORS[name].stage}.json"
    return dict(read_json(path)) if path.exists() else {}


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _WHENEVER)
    entry.create_system = 3  # otherwise Python writes which system it ran on
    entry.external_attr = 0o644 << 16
    return entry


def main() -> None:
    """Pack the small tutors and say what is in the file."""
    parser = argparse.ArgumentParser(prog="python -m three_tutors.command.packing", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--to", type=Path, default=DEFAULT, metavar="FILE", help=f"where to write it (default: {DEFAULT})")
    parser.add_argument("--json", action="store_true", help="for a program instead of a person")
    words = parser.parse_args(sys.argv[1:])
    manifest, left_out = pack(words.to)
    sha256 = file_digest(words.to)
    if words.json:
        print(json.dumps({"file": str(words.to), "sha256": sha256, "left_out": left_out, **manifest.model_dump()}, indent=2))
        return
    print(f"{words.to}: {', '.join(manifest.tutors)} in {words.to.stat().st_size / 1e6:.1f} MB, SHA-256 {sha256}")
    for name, why in left_out.items():
        print(f"Left out: {name}, because {why}.")
