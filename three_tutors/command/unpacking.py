"""Put packed tutors where `tutors chat` finds them, from a file or an address.

Nothing is written before everything is checked: what `tutors pack` made is a list of data files, each with its size and SHA-256, for
one base model. A tutor that is there already stays unless `--force` is given.
"""

from __future__ import annotations

if __name__ == "__main__":
    from three_tutors.pipeline.starting import start

    start("three_tutors.command.unpacking")

import argparse
import hashlib
import json
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from pydantic import ValidationError

from three_tutors.command.packing import DIALOGUES_LICENCE, FORMAT, MANIFEST, NEEDED, SUFFIXES, Manifest, file_digest
from three_tutors.language_model import base
from three_tutors.pipeline.diagnostics import DataError, EndpointError
from three_tutors.pipeline.file_names import is_file_name
from three_tutors.pipeline.json_values import parse
from three_tutors.pipeline.records import read_json, replacing
from three_tutors.pipeline.text import UnreadableError
from three_tutors.tutoring.methods import METHODS, TUTORS
from three_tutors.tutors.opening import BASE, DESCRIPTION, MODELS

MOST_BYTES = 500_000_000
"""Of an archive; a larger one is not read to its end."""
_LONGEST_MANIFEST = 1_000_000
_HERE = {"127.0.0.1", "localhost", "::1"}
_PIECE = 1 << 20


def unpack(archive: Path, name: str, models: Path = MODELS, *, force: bool = False) -> Manifest:
    """Put the tutors in `archive`, which messages call `name`, into `models`; return its manifest.

    Raises:
        DataError: the archive is damaged, unsafe, or for another base, or a tutor is there already and not to be replaced.

    """
    try:
        with zipfile.ZipFile(archive) as opened:
            manifest = _manifest(opened, name)
            _check_base(manifest, name, models)
            _check_room(manifest, models, force=force)
            with tempfile.TemporaryDirectory(prefix=".unpacking.", dir=models) as scratch:
                _copy(opened, manifest, Path(scratch), name)
                for tutor in manifest.tutors:
                    _check_tutor(tutor, Path(scratch), str(manifest.base["digest"]), name)
                for tutor in manifest.tutors:
                    with replacing(models / TUTORS[tutor].folder) as folder:
                        shutil.move(Path(scratch) / tutor, folder)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:  # RuntimeError: it wants a password
        raise DataError(f"{name} is not an archive that `tutors pack` wrote: {error}.") from None
    return manifest


@contextmanager
def fetched(source: str) -> Iterator[Path]:
    """Yield the file that `source` names: a path, or an address, from which it is downloaded first.

    Raises:
        DataError: there is no such file, or it is too large.
        EndpointError: the address cannot be read, or is not https.

    """
    if "://" not in source:
        if not Path(source).is_file():
            raise DataError(f"There is no file {source}; name an archive that `tutors pack` wrote, or its https address.")
        yield Path(source)
        return
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "tutors.zip"
        _download(source, path)
        yield path


def _download(address: str, path: Path) -> None:
    here = urlsplit(address).hostname in _HERE

    def stay_safe(request: httpx.Request) -> None:
        if request.url.scheme != "https" and request.url.host not in _HERE:
            raise EndpointError(f"{request.url} is not https, so anybody on the way could change what arrives. Nothing was read.")

    try:
        with (
            httpx.Client(follow_redirects=True, timeout=30, trust_env=not here, event_hooks={"request": [stay_safe]}) as client,
            client.stream("GET", address) as response,
        ):
            if response.status_code != httpx.codes.OK:
                raise EndpointError(f"{address} answers {response.status_code} {response.reason_phrase}; look the address up again.")
            with path.open("wb") as file:
                for piece in response.iter_bytes(_PIECE):
                    file.write(piece)
                    if file.tell() > MOST_BYTES:
                        raise DataError(f"{address} is larger than {MOST_BYTES / 1e6:.0f} MB, which no archive of small tutors is.")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise EndpointError(
            f"{address} cannot be read: {error or type(error).__name__}. Download it elsewhere and name the file."
        ) from None


def _manifest(opened: zipfile.ZipFile, name: str) -> Manifest:
    """Return the manifest, which lists exactly the files of the archive, all of them safe to write."""
    entries = opened.infolist()
    names = [entry.filename for entry in entries]
    if MANIFEST not in names:
        raise DataError(f"{name} has no {MANIFEST}, so it is not an archive that `tutors pack` wrote.")
    with opened.open(MANIFEST) as file:
        text = file.read(_LONGEST_MANIFEST)
    try:
        manifest = Manifest.model_validate(parse(text))
    except (UnreadableError, ValidationError) as error:
        told = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise DataError(f"{name}: {MANIFEST} cannot be read: {told}. Another version of `tutors` may have written it.") from None
    if manifest.format != FORMAT:
        raise DataError(f"{name} has the format {manifest.format}, and this version of `tutors` reads {FORMAT}: install its version.")
    unknown = [tutor for tutor in manifest.tutors if tutor not in METHODS or METHODS[tutor].opened not in NEEDED]
    if unknown or not manifest.tutors:
        raise DataError(f"{name} has {ascii(unknown[0]) if unknown else 'no tutor'}, which this version of `tutors` cannot open.")
    unsafe = [one for one in {*names, *manifest.files} if one not in (MANIFEST, DIALOGUES_LICENCE) and not _is_safe(one, manifest)]
    if unsafe:
        raise DataError(f"{name} has a file {min(unsafe)!a}, which is not one of a tutor. Nothing was written.")
    if sorted(names) != sorted([MANIFEST, *manifest.files]):
        raise DataError(f"{name} holds other files than its {MANIFEST} says. Nothing was written; get it again.")
    return manifest


def _is_safe(path: str, manifest: Manifest) -> bool:
    """Return whether a path is that of one data file in the folder of a tutor of this archive."""
    tutor, _, file = path.partition("/")
    return tutor in manifest.tutors and is_file_name(file) and Path(file).suffix in SUFFIXES


def _check_base(manifest: Manifest, name: str, models: Path) -> None:
    origin = models / BASE
    if lacking := base.lacking(origin):
        raise DataError(f"The tutors need a base model, and {origin} has no {lacking}. Run `tutors run prepare_base`, then this again.")
    wanted, found = str(manifest.base.get("digest")), base.digest(origin)
    if wanted != found:
        model = manifest.base.get("model") or manifest.base.get("source")
        raise DataError(
            f"{name} is for the base model {model!a} with the digest {wanted!a}, and {origin} has {found}: "
            "set base_model.source in params.yaml to that model, or make tutors for yours with `tutors run`."
        )


def _check_room(manifest: Manifest, models: Path, *, force: bool) -> None:
    taken = [str(models / TUTORS[tutor].folder) for tutor in manifest.tutors if (models / TUTORS[tutor].folder).exists()]
    if taken and not force:
        raise DataError(f"{' and '.join(taken)} would be replaced, so nothing was written. --force replaces them.")


def _copy(opened: zipfile.ZipFile, manifest: Manifest, to: Path, name: str) -> None:
    """Write each file of a tutor below `to` and hold it against its size and digest."""
    for path, kept in manifest.files.items():
        digest, size = hashlib.sha256(), 0
        target = to / path
        target.parent.mkdir(exist_ok=True)
        with opened.open(path) as source, target.open("wb") as file:
            while piece := source.read(_PIECE):
                size += len(piece)
                if size > min(kept.bytes, MOST_BYTES):  # a small archive may unpack to terabytes
                    break
                digest.update(piece)
                file.write(piece)
        if (size, digest.hexdigest()) != (kept.bytes, kept.sha256):
            raise DataError(f"{name}: {path} is not what {MANIFEST} says: it was damaged or changed. Nothing was written; get it again.")


def _check_tutor(tutor: str, folder: Path, digest: str, name: str) -> None:
    """Refuse a tutor that lacks a file, answers at somebody's service, or was trained on another base than its archive says."""
    opened = TUTORS[tutor].opened
    lacking = [file for file in NEEDED[opened] if not (folder / tutor / file).exists()]
    if lacking:
        raise DataError(f"{name}: the tutor {tutor} has no {lacking[0]}. Nothing was written; get it again.")
    if opened == "program" and dict(read_json(folder / tutor / DESCRIPTION)).get("base_url") != "local":
        raise DataError(f"{name}: the tutor {tutor} would send conversations, and your key, to a service. Nothing was written.")
    if opened == "adapter" and dict(read_json(folder / tutor / "trained_on.json")).get("base_digest") != digest:
        raise DataError(f"{name}: the tutor {tutor} was trained on another base model than the archive says. Nothing was written.")


def main() -> None:
    """Unpack an archive and say what is there now."""
    parser = argparse.ArgumentParser(prog="python -m three_tutors.command.unpacking", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("source", metavar="FILE_OR_ADDRESS", help="what `tutors pack` wrote, here or at an https address")
    parser.add_argument("--sha256", metavar="DIGEST", help="refuse any other file than the one with this SHA-256, as SHA256SUMS lists it")
    parser.add_argument("--force", action="store_true", help="replace tutors that are there already")
    parser.add_argument("--json", action="store_true", help="for a program instead of a person")
    words = parser.parse_args(sys.argv[1:])
    with fetched(words.source) as archive:
        sha256 = file_digest(archive)
        if words.sha256 and words.sha256.lower() != sha256:
            raise DataError(f"{words.source} has the SHA-256 {sha256}, not {words.sha256.lower()}. Nothing was written; get it again.")
        manifest = unpack(archive, words.source, force=words.force)
    if words.json:
        print(json.dumps({"sha256": sha256, **manifest.model_dump()}, indent=2))
        return
    for tutor, measured in manifest.tutors.items():
        row = METHODS[tutor]
        value = measured.get(row.chosen_by)
        told = f" (validation {'loss' if row.is_trained else 'score'} {value:.3g})" if isinstance(value, int | float) else ""
        print(f"{MODELS / row.folder}: {tutor}, which {row.title}{told}.")
    print(f"Packed by three-tutors {manifest.library}; SHA-256 {sha256}{'' if words.sha256 else ', which --sha256 would have compared'}.")
    print("Talk with them: tutors chat. `tutors run` makes tutors from the dialogues here and replaces these.")
