from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Callable
from typing import Any

import openai
import pytest

from tests.openai_server.conftest import Running, examples


def test_an_upload_that_is_too_large_or_no_form_is_refused(start: Callable[..., Any]) -> None:
    """Limits and shape of uploads; nothing stays on the disk."""
    with start(file_bytes=1000) as running:
        with pytest.raises(openai.APIStatusError) as large:
            running.client.files.create(file=("t.jsonl", b"x" * 100_000), purpose="fine-tune")
        assert large.value.status_code == 413
        with pytest.raises(openai.BadRequestError) as purpose:
            running.client.files.create(file=("t.jsonl", b"x"), purpose="assistants")
        assert purpose.value.body["param"] == "purpose"
        with pytest.raises(openai.BadRequestError) as expires:
            running.client.files.create(
                file=("t.jsonl", b"x"), purpose="fine-tune", expires_after={"anchor": "created_at", "seconds": 3600}
            )
        assert expires.value.body["param"] == "expires_after"
        assert list((running.root / "files").iterdir()) == []


def test_a_full_disk_refuses_an_upload_and_the_server_goes_on(start: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """The client hears why; nothing half-written stays."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with start() as running:
        with monkeypatch.context() as patched:
            patched.setattr("three_tutors.openai_server.files._copy", full)
            with pytest.raises(openai.InternalServerError, match="No space left on device") as refused:
                running.client.files.create(file=("t.jsonl", examples()), purpose="fine-tune")
        assert refused.value.status_code == 507
        assert list((running.root / "files").iterdir()) == []
        assert running.client.files.create(file=("t.jsonl", examples()), purpose="fine-tune").status == "processed"


@pytest.mark.parametrize(
    ("error", "status", "told"),
    [
        (OSError(errno.EDQUOT, os.strerror(errno.EDQUOT)), 507, "could not keep this: Disk quota exceeded"),
        (PermissionError(errno.EACCES, os.strerror(errno.EACCES)), 500, "could not use its folder: Permission denied"),
        (OSError(errno.EIO, os.strerror(errno.EIO)), 500, "could not use its folder: Input/output error"),
        (sqlite3.OperationalError("database is locked"), 500, "could not use its folder: database is locked"),
        (sqlite3.DatabaseError("database disk image is malformed"), 500, "could not use its folder: database disk image is malformed"),
    ],
)
def test_only_a_full_disk_is_called_one(
    start: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, told: str
) -> None:
    """Whatever else is wrong with the server's folder is a 500 that says what."""

    def broken(*_: object) -> None:
        raise error

    with start() as running:
        monkeypatch.setattr("three_tutors.openai_server.files._copy", broken)
        with pytest.raises(openai.InternalServerError, match=told) as refused:
            running.client.files.create(file=("t.jsonl", examples()), purpose="fine-tune")
        assert refused.value.status_code == status
        assert list((running.root / "files").iterdir()) == []


def test_a_file_name_is_only_shown(running: Running) -> None:
    """Folders and invisible characters in a name go nowhere."""
    file = running.client.files.create(file=("../../etc/pass\u202ewd", examples()), purpose="fine-tune")
    assert file.filename == "passwd"
