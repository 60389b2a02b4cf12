"""Packed tutors are put in their place only when everything about them was checked."""

from __future__ import annotations

import hashlib
import http.server
import json
import shutil
import threading
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.command.small_tutors import workspace
from three_tutors.command import unpacking
from three_tutors.command.packing import MANIFEST, file_digest, pack
from three_tutors.command.unpacking import fetched, unpack
from three_tutors.pipeline.diagnostics import DataError, EndpointError

Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an archive of two tutors; the workspace that the test stands in has their base and no tutor."""
    monkeypatch.chdir(tmp_path)
    models = workspace(tmp_path)
    pack(Path("tutors.zip"))
    shutil.rmtree(models / "dspy")
    shutil.rmtree(models / "lora")
    return Path("tutors.zip")


def changed(archive: Path, change: Change, data: dict[str, bytes] | None = None, more: dict[str, bytes] | None = None) -> Path:
    """Return a copy of the archive with a changed manifest, other `data` of files that it has, and `more` files."""
    copy = archive.with_name("changed.zip")
    with zipfile.ZipFile(archive) as source, zipfile.ZipFile(copy, "w") as target:
        manifest = json.loads(source.read(MANIFEST))
        change(manifest)
        target.writestr(MANIFEST, json.dumps(manifest))
        for name in source.namelist():
            if name != MANIFEST:
                target.writestr(name, (data or {}).get(name, source.read(name)))
        for name, content in (more or {}).items():
            target.writestr(name, content)
    return copy


def nothing(_: object) -> None:
    """Change nothing."""


def listed(name: str, content: bytes) -> Change:
    """Return what lists a file in the manifest."""
    kept = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    return lambda manifest: manifest["files"].update({name: kept})


def test_the_tutors_come_out_as_they_went_in(archive: Path) -> None:
    """Program and adapter lie where tutors are opened, and nothing of the work is left beside them."""
    manifest = unpack(archive, "tutors.zip")
    assert list(manifest.tutors) == ["dspy", "lora"]
    assert sorted(path.name for path in Path("models").iterdir()) == ["base", "dspy", "lora"]
    assert Path("models/lora/adapter_model.safetensors").read_bytes() == b"adapter"
    assert sorted(path.name for path in Path("models/dspy").iterdir()) == ["program.json", "tutor.json"]


def test_a_tutor_that_is_there_stays_unless_forced(archive: Path) -> None:
    """Training takes long; nothing that was trained is lost by mistake."""
    Path("models/lora").mkdir()
    Path("models/lora/mine.txt").touch()
    with pytest.raises(DataError, match=r"models/lora would be replaced.*--force"):
        unpack(archive, "tutors.zip")
    assert not Path("models/dspy").exists()
    unpack(archive, "tutors.zip", force=True)
    assert not Path("models/lora/mine.txt").exists()


def test_another_base_is_refused(archive: Path) -> None:
    """An adapter on another base would reply nonsense without a word."""
    Path("models/base/model.safetensors").write_bytes(b"another")
    with pytest.raises(DataError, match=r"is for the base model 'Tiny'.*base_model.source"):
        unpack(archive, "tutors.zip")
    Path("models/base/model.safetensors").unlink()
    with pytest.raises(DataError, match="tutors run prepare_base"):
        unpack(archive, "tutors.zip")


@pytest.mark.parametrize(
    ("change", "data", "more", "told"),
    [
        (nothing, {"lora/README.md": b"B tutor.\n"}, {}, "README.md is not what manifest.json says"),
        (nothing, {"lora/README.md": b"A tutor. And more.\n"}, {}, "README.md is not what manifest.json says"),
        (nothing, {}, {"lora/more.json": b"{}"}, "holds other files"),
        (nothing, {}, {"../../escaped.json": b"{}"}, "which is not one of a tutor"),
        (listed("../escaped.json", b"{}"), {}, {"../escaped.json": b"{}"}, "which is not one of a tutor"),
        (listed("lora/../../escaped.json", b"{}"), {}, {"lora/../../escaped.json": b"{}"}, "which is not one of a tutor"),
        (listed("/escaped.json", b"{}"), {}, {"/escaped.json": b"{}"}, "which is not one of a tutor"),
        (listed("base/config.json", b"{}"), {}, {"base/config.json": b"{}"}, "which is not one of a tutor"),
        (listed("lora/code.py", b"1"), {}, {"lora/code.py": b"1"}, "which is not one of a tutor"),
        (listed("lora/model.pkl", b"1"), {}, {"lora/model.pkl": b"1"}, "which is not one of a tutor"),
        (lambda manifest: manifest["files"].pop("lora/trained_on.json"), {}, {}, "holds other files"),
        (lambda manifest: manifest["tutors"].update(base={}), {}, {}, "'base', which this version"),
        (lambda manifest: manifest["tutors"].clear(), {}, {}, "no tutor"),
        (lambda manifest: manifest.update(format=2), {}, {}, "has the format 2"),
        (lambda manifest: manifest.pop("library"), {}, {}, "cannot be read"),
    ],
)
def test_what_was_changed_on_the_way_is_refused(
    archive: Path, change: Change, data: dict[str, bytes], more: dict[str, bytes], told: str
) -> None:
    """Neither another byte, nor another file, nor a path out of the folder gets anything written."""
    with pytest.raises(DataError, match=told):
        unpack(changed(archive, change, data, more), "tutors.zip")
    assert [path.name for path in Path("models").iterdir()] == ["base"]
    assert not list(Path().rglob("escaped*"))


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("dspy/tutor.json", b'{"base_url": "https://evil.example/v1"}', "your key, to a service"),
        ("lora/trained_on.json", b'{"base_digest": "0"}', "another base model than the archive says"),
    ],
)
def test_a_manifest_that_fits_does_not_make_a_tutor_harmless(archive: Path, name: str, content: bytes, told: str) -> None:
    """Whoever writes an archive writes its digests, too: a tutor that sends conversations elsewhere is refused."""
    with pytest.raises(DataError, match=told):
        unpack(changed(archive, listed(name, content), {name: content}), "tutors.zip")
    assert [path.name for path in Path("models").iterdir()] == ["base"]


def test_any_other_file_is_refused_in_a_sentence(archive: Path) -> None:
    """A page that says 404, or an archive of something else."""
    Path("page.zip").write_text("<html>Not found</html>", encoding="utf-8")
    with pytest.raises(DataError, match="not an archive that `tutors pack` wrote"):
        unpack(Path("page.zip"), "page.zip")
    with zipfile.ZipFile("other.zip", "w") as other:
        other.writestr("a.txt", "a")
    with pytest.raises(DataError, match=r"has no manifest.json"):
        unpack(Path("other.zip"), "other.zip")
    with pytest.raises(DataError, match="There is no file"), fetched("nowhere.zip"):
        pass
    assert archive.exists()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    """Yield the address of a server on this machine that serves the folder of the test."""
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_an_address_is_downloaded(archive: Path, site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bytes arrive as they are; a missing page and an endless file are told in a sentence."""
    with fetched(f"{site}/tutors.zip") as path:
        assert file_digest(path) == file_digest(archive)
    assert not path.exists()
    with pytest.raises(EndpointError, match="answers 404"), fetched(f"{site}/nowhere.zip"):
        pass
    monkeypatch.setattr(unpacking, "MOST_BYTES", 100)
    with pytest.raises(DataError, match="is larger than"), fetched(f"{site}/tutors.zip"):
        pass


@pytest.mark.parametrize("address", ["http://example.org/tutors.zip", "ftp://example.org/tutors.zip", "file:///etc/passwd"])
def test_only_https_is_read(address: str) -> None:
    """Whoever stands on the way of anything else could change tutors and digests together."""
    with pytest.raises(EndpointError), fetched(address):
        pass


def test_the_digest_that_was_named_is_compared(archive: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`--sha256` refuses any other file; the right one is unpacked, in capitals too."""
    monkeypatch.setattr("sys.argv", ["unpack", str(archive), "--sha256", "0" * 64])
    with pytest.raises(DataError, match="has the SHA-256"):
        unpacking.main()
    monkeypatch.setattr("sys.argv", ["unpack", str(archive), "--sha256", file_digest(archive).upper()])
    unpacking.main()
    assert "models/lora: lora, which adds a few small matrices to your own model (validation loss 3.05)." in capsys.readouterr().out
