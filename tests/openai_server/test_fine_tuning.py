from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from tests.openai_server.conftest import STORY, Running, create, examples, messages_of, strictly, wait_for
from three_tutors.openai_server.engine import ModelFiles
from three_tutors.openai_server.fine_tuning import FineTuning
from three_tutors.pipeline.diagnostics import TutorError


def test_every_answer_has_every_field_of_the_protocol(running: Running) -> None:
    """All calls, walked through the client's own types, strictly."""
    client = running.client
    raw_files, raw_jobs = client.files.with_raw_response, client.fine_tuning.jobs.with_raw_response
    file = strictly(raw_files.create(file=("train.jsonl", examples()), purpose="fine-tune"))
    assert (file.filename, file.bytes, file.purpose, file.status) == ("train.jsonl", len(examples()), "fine-tune", "processed")
    job = strictly(
        raw_jobs.create(model="base", training_file=file.id, validation_file=file.id, suffix="tutor", seed=7, metadata={"who": "me"})
    )
    assert (job.seed, job.metadata, job.training_file) == (7, {"who": "me"}, file.id)
    wait_for(client, job.id)
    done = strictly(raw_jobs.retrieve(job.id))
    assert (done.status, done.error, done.fine_tuned_model) == ("succeeded", None, f"ft:base:local:tutor:{job.id[6:14]}")
    assert (done.hyperparameters.n_epochs, done.hyperparameters.batch_size, done.trained_tokens) == (8, 1, 7 * 12 * 8)
    assert strictly(raw_jobs.list()).data[0].id == job.id
    assert strictly(raw_jobs.list_events(job.id)).data[0].message == "The job has successfully completed"
    checkpoints = strictly(client.fine_tuning.jobs.checkpoints.with_raw_response.list(job.id)).data
    assert [one.step_number for one in checkpoints] == [24, 21, 18]
    assert strictly(client.models.with_raw_response.retrieve(done.fine_tuned_model)).owned_by == "local"
    assert [model.id for model in strictly(client.models.with_raw_response.list()).data] == ["base", done.fine_tuned_model]
    assert strictly(raw_files.retrieve(done.result_files[0])).purpose == "fine-tune-results"
    assert len(strictly(raw_files.list()).data) == 2
    assert strictly(raw_files.delete(file.id)).deleted is True
    assert strictly(client.models.with_raw_response.delete(done.fine_tuned_model)).deleted is True


def test_what_has_no_value_and_may_not_be_null_is_left_out(running: Running) -> None:
    """The description of the protocol knows no null in these places; the client's types would let it pass."""
    client = running.client
    file = client.files.create(file=("t.jsonl", examples()), purpose="fine-tune").to_dict(exclude_unset=True)
    assert not {"expires_at", "status_details"} & set(file)
    said: Any = [{"role": "user", "content": "one"}]
    completion = client.chat.completions.create(model="base", messages=said).to_dict(exclude_unset=True)
    assert set(completion) == {"id", "object", "created", "model", "choices", "usage"}
    for chunk in client.chat.completions.create(model="base", messages=said, stream=True):
        assert set(chunk.to_dict(exclude_unset=True)) == {"id", "object", "created", "model", "choices"}
    none = httpx.get(f"{running.server.base_url}/files?purpose=vision", headers={"Authorization": f"Bearer {running.server.api_key}"})
    assert (none.json()["first_id"], none.json()["last_id"]) == ("", "")


def test_a_job_trains_and_its_models_chat(start: Callable[..., Any]) -> None:
    """The tuned model and the last checkpoints answer; the result file holds every step."""
    with start() as running:
        job = create(running.client)
        done = wait_for(running.client, job.id)
        assert messages_of(running.client, job.id)[2:12] == STORY
        first = running.client.fine_tuning.jobs.checkpoints.list(job.id).data[-1]
        for model in (done.fine_tuned_model, first.fine_tuned_model_checkpoint):
            answer = running.client.chat.completions.create(model=model, messages=[{"role": "user", "content": "Well?"}])
            assert answer.choices[0].message.content == "Well?"
        weights = [(engine.files.weights / "model.safetensors").read_text() for engine in running.engines]
        assert weights == ["1 2", "1 1"]
        lines = running.client.files.content(done.result_files[0]).text.splitlines()
        assert lines[0] == "step,train_loss,train_accuracy,valid_loss,valid_mean_token_accuracy"
        assert [line.split(",")[0] for line in lines[1:]] == ["1", "2", "3", "4", "5", "6"]


def test_a_deleted_model_is_gone_with_its_checkpoints(start: Callable[..., Any]) -> None:
    """Nobody can chat with it and its weights are off the disk; what the server was started with stays."""
    with start() as running:
        done = wait_for(running.client, create(running.client).id)
        running.client.models.delete(done.fine_tuned_model)
        for model in (done.fine_tuned_model, f"{done.fine_tuned_model}:ckpt-step-3"):
            with pytest.raises(openai.NotFoundError):
                running.client.chat.completions.create(model=model, messages=[{"role": "user", "content": "Well?"}])
        assert list(running.root.rglob("model.safetensors")) == []
        with pytest.raises(openai.PermissionDeniedError):
            running.client.models.delete("base")


def test_one_server_at_a_time_has_a_folder(running: Running) -> None:
    """A second one says so instead of mixing its jobs in."""
    with pytest.raises(TutorError, match="Another server works in"):
        FineTuning(running.root, {"base": ModelFiles(running.root)})


def test_what_the_server_writes_is_the_owners_alone(start: Callable[..., Any], tmp_path: Path) -> None:
    """Also in a folder that was there and that others may look into: uploads, database, models, logs."""
    root = tmp_path / "root"
    root.mkdir(mode=0o755)
    (root / "jobs").mkdir(mode=0o755)
    with start() as running:
        wait_for(running.client, create(running.client).id)
        modes = {str(path.relative_to(root)): path.stat().st_mode & 0o077 for path in root.rglob("*")}
    assert {name for name, mode in modes.items() if mode} == set()
    assert {"files", "jobs", "store.sqlite3", "lock"} <= set(modes)


def test_the_same_work_in_another_folder_gives_the_same_bytes(tmp_path: Path) -> None:
    """Ids stand for content, so a pipeline that runs again elsewhere writes what it wrote here."""
    from tests.openai_server.conftest import Limits, _serving  # noqa: PLC0415

    told = []
    for name in ("one", "two"):
        with _serving(tmp_path / name, Limits()) as running:
            done = wait_for(running.client, create(running.client).id)
            events = [event.id for event in running.client.fine_tuning.jobs.list_events(done.id)]
            told.append((done.id, done.training_file, done.result_files, done.fine_tuned_model, events))
    assert told[0] == told[1]
