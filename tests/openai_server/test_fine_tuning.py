from __future__ import annotations

import errno
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from tests.openai_server.conftest import Running, create, examples, messages_of, wait_for
from three_tutors.openai_server.engine import ModelFiles
from three_tutors.openai_server.fine_tuning import FineTuning
from three_tutors.openai_server.supervisor import Supervisor
from three_tutors.pipeline.diagnostics import TutorError

STORY = [
    "Files validated, moving job to queued state",
    "Fine-tuning job started",
    "Step 1/6: training loss=3.0000",
    "Step 2/6: training loss=1.5000",
    "Step 3/6: training loss=1.0000",
    "Checkpoint created at step 3",
    "Step 4/6: training loss=0.7500",
    "Step 5/6: training loss=0.6000",
    "Step 6/6: training loss=0.5000",
    "Checkpoint created at step 6",
]


def strictly(answer: Any) -> Any:
    """Return the client's object for a raw answer after checking every required field and type, which the client skips."""
    parsed = answer.parse()
    items = json.loads(answer.text).get("data") if hasattr(parsed, "data") else None
    if items is not None:
        for one, raw in zip(parsed.data, items, strict=True):
            type(one).model_validate_json(json.dumps(raw), strict=True)
        return parsed
    return type(parsed).model_validate_json(answer.text, strict=True)


def script(root: Path, *lines: str) -> None:
    """Say what happens in training."""
    (root / "script.txt").write_text("\n".join(lines))


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


def test_lists_come_in_pages_newest_first(running: Running) -> None:
    """The client's own paging gives every item once."""
    jobs = [create(running.client, seed=seed).id for seed in range(5)]
    listed = [job.id for job in running.client.fine_tuning.jobs.list(limit=2)][:5]
    assert listed == jobs[::-1]
    wait_for(running.client, jobs[0])
    events = [event.message for event in running.client.fine_tuning.jobs.list_events(jobs[0], limit=3)]
    assert events[::-1][2:12] == STORY
    assert len(running.client.fine_tuning.jobs.list_events(jobs[0]).data) == min(20, len(events))
    names = [file.id for file in running.client.files.list(order="asc", limit=2)]
    assert names == sorted(names, key=names.index)
    for bad in ({"limit": 0}, {"limit": 101}, {"after": "ftjob-none"}):
        with pytest.raises(openai.BadRequestError) as refused:
            running.client.fine_tuning.jobs.list(**bad)
        assert refused.value.body["param"] == next(iter(bad))


def test_jobs_are_found_by_metadata(running: Running) -> None:
    """The filter that the client sends is honoured."""
    jobs = running.client.fine_tuning.jobs
    job = create(running.client, metadata={"lesson": "fractions", "our-id": "7"})
    other = create(running.client, metadata={"lesson": "commas"})
    bare = create(running.client)
    assert [one.id for one in jobs.list(extra_query={"metadata[lesson]": "fractions"})] == [job.id]
    assert [one.id for one in jobs.list(metadata={"our-id": "7"})] == [job.id]
    without = [one.id for one in jobs.list(extra_query={"metadata": "null"})]
    assert bare.id in without
    assert not {job.id, other.id} & set(without)


@pytest.mark.parametrize(
    ("param", "query"),
    [
        ("foo", {"foo": "1"}),
        ("order", {"order": "newest"}),
        ("limit", {"limit": 0}),
        ("limit", {"limit": "ten"}),
        ("limit", {"limit": 10_001}),
        ("limit", {"limit": ["1", "2"]}),
        ("after", {"after": "unknown"}),
    ],
)
@pytest.mark.parametrize("listing", ["files", "jobs", "events", "checkpoints", "models"])
def test_what_a_list_does_not_take_is_refused_by_name(running: Running, listing: str, param: str, query: dict[str, Any]) -> None:
    """A filter that would be ignored, or a page that is none, is a 400 that names it; the list of models has no parameters at all."""
    client, jobs = running.client, running.client.fine_tuning.jobs
    job = next(iter(jobs.list()), None) or create(client)
    calls: dict[str, Callable[..., Any]] = {
        "files": client.files.list,
        "jobs": jobs.list,
        "events": lambda **more: jobs.list_events(job.id, **more),
        "checkpoints": lambda **more: jobs.checkpoints.list(job.id, **more),
        "models": client.models.list,
    }
    with pytest.raises(openai.BadRequestError) as refused:
        calls[listing](extra_query=query)
    assert refused.value.body["param"].removesuffix("[]") == param
    assert param in refused.value.body["message"]


def test_no_address_takes_a_parameter_that_it_does_not_know(running: Running) -> None:
    """Every call is strict about what stands behind the question mark."""
    client, jobs = running.client, running.client.fine_tuning.jobs
    file = client.files.create(file=("t.jsonl", examples()), purpose="fine-tune")
    job = create(client)
    query: Any = {"extra_query": {"foo": "1"}}
    said: Any = [{"role": "user", "content": "one"}]
    calls: list[Callable[[], Any]] = [
        lambda: client.chat.completions.create(model="base", messages=said, **query),
        lambda: client.files.create(file=("t.jsonl", examples()), purpose="fine-tune", **query),
        lambda: client.files.retrieve(file.id, **query),
        lambda: client.files.content(file.id, **query),
        lambda: client.files.delete(file.id, **query),
        lambda: jobs.create(model="base", training_file=file.id, **query),
        lambda: jobs.retrieve(job.id, **query),
        lambda: jobs.cancel(job.id, **query),
        lambda: jobs.pause(job.id, **query),
        lambda: jobs.resume(job.id, **query),
        lambda: client.models.retrieve("base", **query),
        lambda: client.models.delete("base", **query),
    ]
    for call in calls:
        with pytest.raises(openai.BadRequestError) as refused:
            call()
        assert refused.value.body["param"] == "foo"
    assert client.files.retrieve(file.id).id == file.id
    wait_for(client, job.id)


@pytest.mark.parametrize(
    ("param", "changed"),
    [
        ("model", {"model": "gpt-5"}),
        ("training_file", {"training_file": "file-none"}),
        ("validation_file", {"validation_file": "../lock"}),
        ("suffix", {"suffix": "a/b"}),
        ("suffix", {"suffix": "x" * 65}),
        ("seed", {"seed": -1}),
        ("metadata", {"metadata": {f"k{index}": "v" for index in range(17)}}),
        ("metadata", {"metadata": {"k": "v" * 513}}),
        ("integrations", {"integrations": [{"type": "wandb", "wandb": {"project": "p"}}]}),
        ("method.type", {"method": {"type": "dpo", "dpo": {"hyperparameters": {"beta": 0.1}}}}),
        (
            "method.supervised.hyperparameters.n_epochs",
            {"method": {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 51}}}},
        ),
        ("method.supervised.hyperparameters.beta", {"method": {"type": "supervised", "supervised": {"hyperparameters": {"beta": 1}}}}),
        (
            "method.supervised.hyperparameters.learning_rate_multiplier",
            {"method": {"type": "supervised", "supervised": {"hyperparameters": {"learning_rate_multiplier": 0}}}},
        ),
        ("hyperparameters", {"hyperparameters": {"n_epochs": 1}}),
        ("made_up", {"extra_body": {"made_up": 1}}),
    ],
)
def test_what_a_job_cannot_do_is_refused_by_name(running: Running, param: str, changed: dict[str, Any]) -> None:
    """A 400 or 404 names the parameter, and no job is created."""
    before = [job.id for job in running.client.fine_tuning.jobs.list()]
    with pytest.raises((openai.BadRequestError, openai.NotFoundError)) as refused:
        create(running.client, **changed)
    assert refused.value.body["param"] == param
    assert [job.id for job in running.client.fine_tuning.jobs.list()] == before


def test_hyperparameters_at_the_old_place_are_honoured(running: Running) -> None:
    """Scripts from before `method` keep working."""
    job = create(running.client, method=openai.omit, hyperparameters={"n_epochs": 3, "batch_size": "auto"})
    assert wait_for(running.client, job.id).hyperparameters.n_epochs == 3


@pytest.mark.parametrize(
    ("data", "code", "told"),
    [
        (examples(3), "invalid_n_examples", "Training file has 3 example(s), but must have at least 10 examples"),
        (examples() + b"\n{broken", "invalid_training_file", "line 13, column 2: not valid JSON"),
        (examples() + b"\n\xff\xfe", "invalid_training_file", "line 13, column 1: is UTF-16, not UTF-8"),
        (examples() + b"\n" + b"[" * 100_000, "invalid_training_file", "line 13, column 65: nested more than 64 levels deep"),
        (examples() + b'\n{"messages": []}', "invalid_training_file", "line 13: `messages` is missing or no list"),
        (examples() + b'\n{"messages": [{"role": "user", "content": "q"}]}', "invalid_training_file", "line 13: no assistant message"),
        (
            examples() + b'\n{"messages": [{"role": "assistant", "content": "a"}, {"role": "user", "content": "q"}]}',
            "invalid_training_file",
            "line 13: the last message is not the assistant's",
        ),
        (
            b'{"messages": [{"role": "user", "content": "q", "weight": 1}, {"role": "assistant", "content": "a"}]}\n' + examples(),
            "invalid_training_file",
            "line 1: `messages[0].weight`",
        ),
        (
            b'{"messages": [{"role": "assistant", "content": "a", "weight": 0}]}\n' + examples(),
            "invalid_training_file",
            "line 1: no assistant message that is learned",
        ),
        (
            b'{"messages": [{"role": "human", "content": "q"}]}\n' + examples(),
            "invalid_training_file",
            "line 1: `messages[0].role` is system, developer, user, assistant here, not 'human'; did you mean user?",
        ),
        (b'{"messages": [], "tools": []}\n' + examples(), "invalid_training_file", "line 1: `tools` is not supported"),
    ],
)
def test_a_training_file_that_is_none_fails_the_job(running: Running, data: bytes, code: str, told: str) -> None:
    """The job's error names the line; the server goes on."""
    job = wait_for(running.client, create(running.client, data).id)
    assert (job.status, job.error.code, job.error.param) == ("failed", code, "training_file")
    assert told in job.error.message


def test_a_byte_order_mark_and_weights_are_fine(running: Running) -> None:
    """Files as Azure wants them train here too."""
    row = b'{"messages": [{"role": "assistant", "content": "a", "weight": 0}, {"role": "assistant", "content": "b", "weight": 1}]}\n'
    assert wait_for(running.client, create(running.client, b"\xef\xbb\xbf" + row + examples()).id).status == "succeeded"


def test_the_same_key_gets_the_first_answer_again(running: Running) -> None:
    """A repeated upload or job is the first one; the same key with other parameters is an error."""
    client = running.client
    once = {"extra_headers": {"Idempotency-Key": "a-key"}}
    files = [client.files.create(file=("t.jsonl", examples()), purpose="fine-tune", **once) for _ in range(2)]
    assert files[0] == files[1]
    with pytest.raises(openai.BadRequestError) as other:
        client.files.create(file=("t.jsonl", examples(13)), purpose="fine-tune", **once)
    assert other.value.body["code"] == "idempotency_error"
    jobs = [client.fine_tuning.jobs.create(model="base", training_file=files[0].id, **once).id for _ in range(2)]
    assert jobs[0] == jobs[1]
    with pytest.raises(openai.BadRequestError):
        client.fine_tuning.jobs.create(model="base", training_file=files[0].id, suffix="other", **once)
    assert client.fine_tuning.jobs.create(model="base", training_file=files[0].id).id != jobs[0]


def test_a_job_is_paused_resumed_and_cancelled(start: Callable[..., Any]) -> None:
    """Paused it waits as `queued` and lets others pass; resumed it goes on from its last checkpoint; asking twice is fine."""
    with start() as running:
        jobs = running.client.fine_tuning.jobs
        script(running.root, "5 sleep")
        job = create(running.client)
        while "Step 4/6: training loss=0.7500" not in messages_of(running.client, job.id):
            time.sleep(0.02)
        assert strictly(jobs.with_raw_response.pause(job.id)).status == jobs.pause(job.id).status == "queued"
        script(running.root)
        assert wait_for(running.client, create(running.client, seed=2).id).status == "succeeded"
        assert jobs.retrieve(job.id).status == "queued"
        assert strictly(jobs.with_raw_response.resume(job.id)).id == job.id
        assert wait_for(running.client, job.id).status == "succeeded"
        told = messages_of(running.client, job.id)
        assert [one for one in told if one.startswith("Step")] == [one for one in STORY if one.startswith("Step")]
        assert told.count("Fine-tuning job paused") == 1
        script(running.root, "2 sleep")
        other = create(running.client, seed=3)
        wait_for(running.client, other.id, "running")
        assert strictly(jobs.with_raw_response.cancel(other.id)).status == jobs.cancel(other.id).status == "cancelled"
        script(running.root)
        with pytest.raises(openai.BadRequestError, match="already succeeded"):
            jobs.cancel(job.id)
        with pytest.raises(openai.BadRequestError, match="already cancelled"):
            jobs.resume(other.id)
        assert wait_for(running.client, create(running.client, seed=4).id).status == "succeeded"


@pytest.mark.parametrize(
    ("misfortune", "told"),
    [
        ("4 crash", "Training crashed: ZeroDivisionError: a bug in training"),
        ("4 full", "Training failed: No space left on device."),
        ("4 dead", "killed 3 times without reaching another checkpoint"),
    ],
)
def test_a_failure_in_training_fails_that_job_alone(start: Callable[..., Any], misfortune: str, told: str) -> None:
    """The error says what happened, and the next job trains."""
    with start() as running:
        script(running.root, misfortune)
        job = wait_for(running.client, create(running.client).id)
        assert (job.status, job.error.code) == ("failed", "server_error")
        assert told in job.error.message
        script(running.root)
        assert wait_for(running.client, create(running.client, seed=2).id).status == "succeeded"


def test_a_killed_job_goes_on_from_its_last_checkpoint(start: Callable[..., Any]) -> None:
    """No step is told twice and the result is that of an unbroken job."""
    with start() as running:
        script(running.root, "2 gone", "5 gone")
        job = wait_for(running.client, create(running.client).id)
        assert job.status == "succeeded"
        told = messages_of(running.client, job.id)
        assert [one for one in told if one.startswith(("Step", "Checkpoint"))] == STORY[2:]
        assert (running.root / "jobs" / job.id / "model" / "model.safetensors").read_text() == "1 2"


def test_a_closed_server_goes_on_when_it_opens_again(start: Callable[..., Any]) -> None:
    """Jobs, files and ids are as they were."""
    with start() as running:
        script(running.root, "5 sleep")
        job = create(running.client)
        wait_for(running.client, job.id, "running")
    script(running.root)
    with start() as again:
        done = wait_for(again.client, job.id)
        assert done.status == "succeeded"
        assert done.created_at == job.created_at


def test_one_server_at_a_time_has_a_folder(running: Running) -> None:
    """A second one says so instead of mixing its jobs in."""
    with pytest.raises(TutorError, match="Another server works in"):
        FineTuning(running.root, {"base": ModelFiles(running.root)})


@pytest.mark.parametrize("id_", ["..%2f..%2flock", "%2e%2e", "file-none", "a" * 5000, "%00", "store.sqlite3"])
@pytest.mark.parametrize("path", ["/files/{}", "/files/{}/content", "/fine_tuning/jobs/{}", "/fine_tuning/jobs/{}/events", "/models/{}"])
def test_ids_are_looked_up_and_never_opened(running: Running, path: str, id_: str) -> None:
    """Whatever stands in place of an id, the answer is 404."""
    answer = httpx.get(running.server.base_url + path.format(id_), headers={"Authorization": f"Bearer {running.server.api_key}"})
    assert answer.status_code == 404


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


def test_jobs_wait_while_nothing_can_be_written(start: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk under the database stops no job for good."""
    monkeypatch.setattr("three_tutors.openai_server.supervisor.AGAIN_SECONDS", 0.05)
    real = Supervisor._validate_new
    faults = [sqlite3.OperationalError("database or disk is full")] * 2

    def failing(self: Supervisor) -> None:
        if faults:
            raise faults.pop()
        real(self)

    monkeypatch.setattr(Supervisor, "_validate_new", failing)
    with start() as running:
        assert wait_for(running.client, create(running.client).id).status == "succeeded"


def test_a_file_name_is_only_shown(running: Running) -> None:
    """Folders and invisible characters in a name go nowhere."""
    file = running.client.files.create(file=("../../etc/pass\u202ewd", examples()), purpose="fine-tune")
    assert file.filename == "passwd"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a thread of the job notices, as soon as Python runs")
def test_a_job_that_is_still_importing_ends_with_its_server(tmp_path: Path) -> None:
    """Kill -9 of the server: nothing of it stays behind, though the job runs no Python yet."""
    command = [sys.executable, "-m", "tests.openai_server.fake_server", str(tmp_path), "tests.openai_server.importing_job"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        base_url, api_key = (process.stdout.readline().strip() for _ in range(2))
        with openai.OpenAI(base_url=base_url, api_key=api_key) as client:
            create(client)
        told = tmp_path / "pid.txt"
        while not told.exists() or not told.read_text().endswith("\n"):
            time.sleep(0.01)
        assert process.poll() is None
        os.kill(process.pid, signal.SIGKILL)
    deadline = time.monotonic() + 2
    while running_process(int(told.read_text())):
        assert time.monotonic() < deadline, "the job outlives its server"
        time.sleep(0.01)


def running_process(pid: int) -> bool:
    """Return whether a process runs; one that ended and that nobody asked about yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


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


@pytest.mark.parametrize("step", [1, 3, 4])
def test_a_killed_server_loses_nothing_and_goes_on(tmp_path: Path, start: Callable[..., Any], step: int) -> None:
    """Kill -9 of the server while it trains: its job dies with it, and the next server finishes the job."""
    root = tmp_path / "root"
    root.mkdir()
    script(root, f"{step} sleep")
    command = [sys.executable, "-m", "tests.openai_server.fake_server", str(root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        base_url, api_key = (process.stdout.readline().strip() for _ in range(2))
        with openai.OpenAI(base_url=base_url, api_key=api_key) as client:
            job = create(client)
            wait_for(client, job.id, "running")
            while len(messages_of(client, job.id)) < 3 + step:
                time.sleep(0.02)
            uploaded = [client.files.create(file=(f"{index}.jsonl", examples()), purpose="fine-tune").id for index in range(3)]
        os.kill(process.pid, signal.SIGKILL)
    script(root)
    with start() as again:
        assert wait_for(again.client, job.id).status == "succeeded"
        assert [one for one in messages_of(again.client, job.id) if one.startswith(("Step", "Checkpoint"))] == STORY[2:]
        assert {file.id for file in again.client.files.list(purpose="fine-tune")} >= set(uploaded)
        assert again.client.files.content(uploaded[1]).read() == examples()


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
