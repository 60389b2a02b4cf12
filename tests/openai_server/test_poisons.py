from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openai
import pytest

from tests.openai_server.conftest import Running, create, examples, lists, messages_of, wait_for
from three_tutors.openai_server.fine_tuning import FineTuning
from three_tutors.pipeline.diagnostics import TutorError

Poison = Callable[[Path, Any], None]


def sql(root: Path, statement: str, *values: Any) -> None:
    """Edit the database as another hand would."""
    database = sqlite3.connect(root / "store.sqlite3", isolation_level=None)
    assert database.execute(statement, values).rowcount > 0
    database.close()


def document(text: Any) -> Poison:
    """Put something else in place of a job's document."""
    return lambda root, job: sql(root, "UPDATE objects SET document = ? WHERE id = ?", text, job.id)


def changed(part: str, **fields: Any) -> Poison:
    """Change some fields of a job's document or private part."""

    def poison(root: Path, job: Any) -> None:
        for name, value in fields.items():
            statement = f"UPDATE objects SET {part} = json_set({part}, ?, json(?)) WHERE id = ?"  # noqa: S608 - ours
            sql(root, statement, f"$.{name}", json.dumps(value), job.id)

    return poison


def file_row(text: str, part: str) -> Poison:
    """Put something else in place of a part of the training file's row."""
    statement = f"UPDATE objects SET {part} = ? WHERE id = ?"  # noqa: S608 - ours
    return lambda root, job: sql(root, statement, text, job.training_file)


def instead_of(name: str) -> Poison:
    """Put a folder where a file should be, or a file where a folder should be, of the job's own folder."""

    def poison(root: Path, job: Any) -> None:
        place = root / "jobs" / job.id
        if not name:
            place.write_text("a file")
            return
        place.mkdir()
        if name in ("log.txt", "lock"):
            (place / name).mkdir()
        else:
            (place / name).write_text("a file")

    return poison


def bytes_of_file(change: Callable[[Path], Any]) -> Poison:
    """Do something to the bytes of the training file."""
    return lambda root, job: change(root / "files" / job.training_file)


def folder_instead(path: Path) -> None:
    """Put a folder in place of a file."""
    path.unlink()
    path.mkdir()


POISONS: dict[str, Poison] = {
    "no JSON": document("{broken"),
    "another value": document("null"),
    "a number": document(5),
    "bytes that are no text": document(b'{"id": "\xff"}'),
    "half a character": changed("document", metadata={"a": "\ud800"}),
    "an endless number": document('{"seed": ' + "9" * 5000 + "}"),
    "deep nesting": document('{"metadata": ' + "[" * 100_000),
    "a status of another world": changed("document", status="meditating"),
    "a seed that is text": changed("document", seed="seven"),
    "a seed that is huge": changed("document", seed=10**400),
    "a model that is a list": changed("document", model=["base"]),
    "a model that is gone": changed("document", model="ft:gone:local::12345678"),
    "no training file": changed("document", training_file=None),
    "another training file": changed("document", training_file="file-none"),
    "another validation file": changed("document", validation_file="file-none"),
    "no private part": lambda root, job: sql(root, "UPDATE objects SET private = 'null' WHERE id = ?", job.id),
    "epochs that are text": changed("private", hyperparameters={"n_epochs": "many"}),
    "a step that is text": changed("private", step="first"),
    "an id that is a path": lambda root, job: sql(root, "UPDATE objects SET id = '../../elsewhere' WHERE id = ?", job.id),
    "a file's row that is no JSON": file_row("{broken", "document"),
    "a file that lies elsewhere": file_row('{"path": "../../../etc/passwd", "sha256": ""}', "private"),
    "a file's row that is gone": lambda root, job: sql(root, "DELETE FROM objects WHERE id = ?", job.training_file),
    "a file's bytes that are gone": bytes_of_file(Path.unlink),
    "a file's bytes that are others": bytes_of_file(lambda path: path.write_bytes(b"\xff\x00" * 100)),
    "a folder in place of a file": bytes_of_file(folder_instead),
    "a file in place of the job's folder": instead_of(""),
    "a folder in place of its log": instead_of("log.txt"),
    "a folder in place of its lock": instead_of("lock"),
    "a file in place of its work": instead_of("work"),
}


def victims(running: Running) -> dict[str, Any]:
    """Create one job for each poison, none of which runs before the first job is released."""
    (running.root / "script.txt").write_text("1 sleep")
    first = create(running.client, seed=1)
    wait_for(running.client, first.id, "running")
    made = {name: create(running.client, examples(12 + index), seed=2) for index, name in enumerate(POISONS)}
    for job in made.values():
        wait_for(running.client, job.id, "queued")
    return made


@pytest.mark.slow(20)
@pytest.mark.parametrize("restarted", [False, True])
def test_a_poisoned_job_fails_with_a_sentence_and_the_others_run(start: Callable[..., Any], restarted: bool) -> None:
    """Each poison fails its own job, at once or after a restart; a job behind all of them succeeds, and every list answers."""
    with start() as running:
        root = running.root
        made = victims(running)
        last = create(running.client, seed=3)
        if not restarted:
            _poison(root, made)
            (root / "script.txt").write_text("")
            _hold(running.client, made, last)
    if restarted:
        _poison(root, made)
        (root / "script.txt").write_text("")
    with start() as again:
        _hold(again.client, made, last)


def _poison(root: Path, made: dict[str, Any]) -> None:
    for name, poison in POISONS.items():
        poison(root, made[name])


def _hold(client: openai.OpenAI, made: dict[str, Any], last: Any) -> None:
    assert wait_for(client, last.id).status == "succeeded"
    jobs = lists(client)
    told = {name: jobs.get(job.id, jobs.get("../../elsewhere")) for name, job in made.items()}
    assert {name: job.status for name, job in told.items() if job.status != "failed"} == {}
    assert {name: job.error.message for name, job in told.items() if len(job.error.message.split()) < 3} == {}


def test_damaged_events_checkpoints_and_counts_stop_nothing(start: Callable[..., Any]) -> None:
    """What a job said before stays readable around the damage; the job behind trains, though ids are counted anew."""
    with start() as running:
        job = create(running.client)
        done = wait_for(running.client, job.id)
        for kind in ("event", "checkpoint", "issued", "key"):
            database = sqlite3.connect(running.root / "store.sqlite3", isolation_level=None)
            database.execute("UPDATE objects SET document = '{broken' WHERE kind = ?", (kind,))
            database.close()
        assert all("damaged" in message for message in messages_of(running.client, job.id))
        assert list(running.client.fine_tuning.jobs.checkpoints.list(job.id))
        assert wait_for(running.client, create(running.client).id).status == "succeeded"
        running.client.models.delete(done.fine_tuned_model)
        lists(running.client)


def test_a_checkpoint_whose_model_is_unknown_takes_no_folder_with_it(start: Callable[..., Any]) -> None:
    """Old checkpoints are deleted; where the row of one's model is lost, nothing else is deleted in its place."""
    with start() as running:
        (running.root / "script.txt").write_text("4 sleep")
        method = {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 4, "batch_size": 4}}}
        job = create(running.client, method=method)
        while not running.client.fine_tuning.jobs.checkpoints.list(job.id).data:
            pass
        sql(running.root, "DELETE FROM objects WHERE kind = 'model'")
        (running.root / "script.txt").write_text("")
        assert wait_for(running.client, job.id).status == "succeeded"
        assert (running.root / "store.sqlite3").exists()


def test_a_job_on_a_deleted_model_fails_and_the_next_one_runs(start: Callable[..., Any]) -> None:
    """Also where the server comes back without the model's name."""
    with start() as running:
        tuned = wait_for(running.client, create(running.client).id).fine_tuned_model
        (running.root / "script.txt").write_text("1 sleep")
        wait_for(running.client, create(running.client, seed=2).id, "running")
        orphan, other = create(running.client, model=tuned), create(running.client, seed=3)
        running.client.models.delete(tuned)
        (running.root / "script.txt").write_text("")
        failed = wait_for(running.client, orphan.id)
        assert (failed.status, failed.error.code, failed.error.param) == ("failed", "model_not_found", "model")
        assert f"The model {tuned} is no longer there" in failed.error.message
        assert wait_for(running.client, other.id).status == "succeeded"


def test_a_job_whose_base_has_another_name_now_fails_and_the_next_one_runs(start: Callable[..., Any]) -> None:
    """A server that comes back with `--name` changed trains what is asked for under the new name."""
    with start() as running:
        (running.root / "script.txt").write_text("1 sleep")
        jobs = [create(running.client, seed=seed).id for seed in (1, 2)]
        wait_for(running.client, jobs[0], "running")
    (running.root / "script.txt").write_text("")
    with start(name="renamed") as again:
        for id_ in jobs:
            failed = wait_for(again.client, id_)
            assert (failed.status, failed.error.message.startswith("The model base is no longer there")) == ("failed", True)
        assert wait_for(again.client, create(again.client, model="renamed").id).status == "succeeded"


def test_a_model_whose_folder_is_gone_is_one_sentence_in_chat(start: Callable[..., Any]) -> None:
    """Deleting it still works."""
    with start() as running:
        done = wait_for(running.client, create(running.client).id)
        sql(running.root, "UPDATE objects SET private = '{}' WHERE kind = 'model' AND id = ?", done.fine_tuned_model)
        with pytest.raises(openai.NotFoundError):
            running.client.chat.completions.create(model=done.fine_tuned_model, messages=[{"role": "user", "content": "Well?"}])
        running.client.models.delete(done.fine_tuned_model)
        shutil.rmtree(running.root / "jobs")
        assert list(running.client.models.list())


@pytest.mark.parametrize("content", [b"no database" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_database_that_is_none_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    """The server does not start, and touches nothing."""
    path = tmp_path / "store.sqlite3"
    path.write_bytes(content)
    with pytest.raises(TutorError, match=r"The database in .* cannot be used"):
        FineTuning(tmp_path, {})
    assert path.read_bytes() == content
