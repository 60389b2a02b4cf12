from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import openai
import pytest

from tests.openai_server.conftest import STORY, Running, create, messages_of, script, strictly, wait_for


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
