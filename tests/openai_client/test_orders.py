from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.openai_client.fake_service import KEY, RESULT, Service, service
from three_tutors.openai_client.orders import Ledger, Order, Patience, fine_tune
from three_tutors.openai_client.outputs import curve, curve_csv, metrics, write_tutor
from three_tutors.openai_client.service import JobService
from three_tutors.pipeline.diagnostics import EndpointError
from three_tutors.pipeline.records import read_json, read_jsonl, write_json

ORDER = Order("somewhere", "gpt-4.1-mini", b'{"messages": []}\n', b"{}\n", {"n_epochs": 2}, "tutor", 1)


class KilledError(BaseException):
    """The process ended here."""


class Mortal(JobService):
    """A service whose caller is killed before or after its n-th call."""

    def dies(self, at: int, *, after: bool) -> None:
        """Say when."""
        object.__setattr__(self, "left", at)
        object.__setattr__(self, "after", after)

    def _called(self, *arguments: Any) -> Any:
        object.__setattr__(self, "left", self.left - 1)
        if self.left == 0 and not self.after:
            raise KilledError
        answer = super()._called(*arguments)
        if self.left == 0:
            raise KilledError
        return answer


@pytest.fixture(autouse=True)
def no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client's own repetitions follow at once."""
    monkeypatch.setattr("openai._base_client.BaseClient._calculate_retry_timeout", lambda *_, **__: 0.0)


@pytest.fixture
def remote() -> Iterator[Service]:
    """Return a service that keeps the protocol."""
    with service() as one:
        yield one


def order(remote: Service, tmp_path: Path, *, deadline: float = 30.0, kind: type[JobService] = JobService, key: str = KEY) -> Any:
    """Order the training as the stage does."""
    there = kind(remote.base_url, key, dialect=remote.dialect, call_seconds=0.7)  # type: ignore[arg-type]
    return fine_tune(there, ORDER, Ledger(tmp_path / "ledger.json"), Patience(0.01, deadline), lambda _: None)


def test_a_job_is_ordered_waited_for_and_collected(remote: Service, tmp_path: Path) -> None:
    """Files go up once, the job is created once, everything about it comes back."""
    done = order(remote, tmp_path)
    assert (done.job["status"], done.job["fine_tuned_model"], done.result) == ("succeeded", "ft:gpt-4.1-mini:org::1", RESULT)
    assert [event["message"] for event in done.events] == [f"Event {index}" for index in range(150)]
    assert [remote.calls.count(call) for call in ("upload", "create")] == [2, 1]
    assert remote.contents["file-1"] == ORDER.training


def test_a_second_run_finds_the_job_in_the_ledger(remote: Service, tmp_path: Path) -> None:
    """Nothing is uploaded or created again."""
    first = order(remote, tmp_path)
    again = order(remote, tmp_path)
    assert (again.job["id"], again.events, again.result) == (first.job["id"], first.events, first.result)
    assert [remote.calls.count(call) for call in ("upload", "create")] == [2, 1]


def test_a_lost_ledger_is_made_up_for_by_the_service(remote: Service, tmp_path: Path) -> None:
    """The job carries the order's key."""
    first = order(remote, tmp_path / "one")
    assert order(remote, tmp_path / "two").job["id"] == first.job["id"]
    assert remote.calls.count("create") == 1


def test_another_order_is_another_job() -> None:
    """Any difference in data, model, hyperparameters, suffix, seed or place makes another key."""
    others = [
        Order("elsewhere", "gpt-4.1-mini", ORDER.training, ORDER.validation, ORDER.hyperparameters, "tutor", 1),
        Order("somewhere", "gpt-4.1", ORDER.training, ORDER.validation, ORDER.hyperparameters, "tutor", 1),
        Order("somewhere", "gpt-4.1-mini", b"x", ORDER.validation, ORDER.hyperparameters, "tutor", 1),
        Order("somewhere", "gpt-4.1-mini", ORDER.training, b"x", ORDER.hyperparameters, "tutor", 1),
        Order("somewhere", "gpt-4.1-mini", ORDER.training, ORDER.validation, {"n_epochs": 3}, "tutor", 1),
        Order("somewhere", "gpt-4.1-mini", ORDER.training, ORDER.validation, ORDER.hyperparameters, "other", 1),
        Order("somewhere", "gpt-4.1-mini", ORDER.training, ORDER.validation, ORDER.hyperparameters, "tutor", 2),
        dataclasses.replace(ORDER, method="dpo"),
    ]
    assert len({ORDER.key, *(other.key for other in others)}) == 9


@pytest.mark.parametrize("dialect", ["openai", "azure", "nebius"])
def test_preferences_are_ordered_where_a_service_offers_it(tmp_path: Path, dialect: Any) -> None:
    """The job's method is `dpo`; a service that documents none is asked nothing at all."""
    preferring = dataclasses.replace(ORDER, method="dpo", hyperparameters={"n_epochs": 1, "beta": 0.1})
    with service(dialect=dialect) as remote:
        there, ledger = JobService(remote.base_url, KEY, dialect=dialect), Ledger(tmp_path / "ledger.json")
        if dialect == "nebius":
            with pytest.raises(EndpointError, match="no training by preferences"):
                fine_tune(there, preferring, ledger, Patience(0.01, 30), lambda _: None)
            assert remote.calls == []
            return
        assert fine_tune(there, preferring, ledger, Patience(0.01, 30), lambda _: None).job["status"] == "succeeded"
        assert remote.requests[0]["method"] == {"type": "dpo", "dpo": {"hyperparameters": preferring.hyperparameters}}


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", range(1, 13))
def test_a_kill_at_any_call_never_creates_a_second_job(remote: Service, tmp_path: Path, at: int, after: bool) -> None:
    """Killed before or after each call of the exchange, the next run ends with the one job there is."""
    there = Mortal(remote.base_url, KEY)
    there.dies(at, after=after)
    with pytest.raises(KilledError):
        fine_tune(there, ORDER, Ledger(tmp_path / "ledger.json"), Patience(0.01, 30), lambda _: None)
    assert order(remote, tmp_path).job["status"] == "succeeded"
    assert list(remote.jobs) == ["ftjob-1"]
    assert [file["filename"].split("-")[1] for file in remote.files.values()] == ["training.jsonl", "validation.jsonl"]


@pytest.mark.parametrize("call", ["upload", "create", "retrieve"])
def test_a_process_killed_while_it_waits_is_gone_on_from(remote: Service, tmp_path: Path, call: str) -> None:
    """Kill -9 in the middle of a request that the service honours."""
    remote.faults[call] = ["after silence"]
    code = (
        "import sys; from pathlib import Path; from tests.openai_client.test_orders import *; "
        "fine_tune(JobService(sys.argv[1], KEY), ORDER, Ledger(Path(sys.argv[2])), Patience(0.01, 30), print)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, remote.base_url, str(tmp_path / "ledger.json")], stdout=subprocess.DEVNULL
    ) as process:
        while call not in remote.calls:
            time.sleep(0.01)
            assert process.poll() is None
        os.kill(process.pid, signal.SIGKILL)
    assert order(remote, tmp_path).job["status"] == "succeeded"
    assert (len(remote.jobs), len(remote.files)) == (1, 2)


@pytest.mark.parametrize("fault", ["after cut", "after half", "after 500", "after 502", "after silence", "after malformed", "after html"])
def test_a_lost_answer_to_the_order_is_looked_for(remote: Service, tmp_path: Path, fault: str) -> None:
    """The service created the job although its answer says otherwise: it is found, not created again."""
    remote.faults["create"] = [fault]
    assert order(remote, tmp_path).job["id"] == "ftjob-1"
    assert remote.calls.count("create") == 1


@pytest.mark.parametrize("dialect", ["openai", "azure", "nebius"])
def test_a_lost_answer_is_found_at_every_kind_of_service(tmp_path: Path, dialect: str) -> None:
    """Also where jobs carry no metadata: the training file belongs to this order alone."""
    with service(dialect=dialect, faults={"create": ["after cut"]}) as remote:
        assert order(remote, tmp_path).job["id"] == "ftjob-1"
        assert remote.calls.count("create") == 1
        assert remote.contents["file-1"].startswith(b"\xef\xbb\xbf") is (dialect == "azure")
        assert ("method" in remote.requests[0]) is (dialect != "nebius")


def test_an_order_that_may_have_arrived_is_not_repeated(remote: Service, tmp_path: Path) -> None:
    """Where the service does not list the job yet, the run stops; the next one finds it."""
    remote.faults["create"] = ["after cut"]
    remote.hidden = True
    with pytest.raises(EndpointError, match="none was created twice"):
        order(remote, tmp_path)
    remote.hidden = False
    assert order(remote, tmp_path).job["id"] == "ftjob-1"
    assert remote.calls.count("create") == 1


@pytest.mark.parametrize(
    ("call", "fault", "sentence"),
    [
        ("create", "403 training_not_available", "closed fine-tuning to your organisation .* `openai.base_url: local`"),
        ("create", "404 model_not_found", "no model 'gpt-4.1-mini' to fine-tune"),
        ("create", "400 invalid_hyperparameter", "refused the job"),
        ("create", "429*", "refused the job .429"),
        ("create", "429 insufficient_quota*", "no credit left"),
        ("upload", "413", "refused the upload .413"),
        ("upload", "cut*", "cut the connection when asked for the upload"),
        ("files", "503*", "refused the list of files .503"),
        ("files", "html*", "did not answer with the protocol's JSON"),
        ("jobs", "500*", "refused the list of jobs .500"),
        ("jobs", "silence*", "did not answer within 0.7 s"),
        ("retrieve", "malformed*", "did not answer with the protocol's JSON"),
        ("retrieve", "list*", "has no id"),
        ("retrieve", "other id", "answered with 'ftjob-of-somebody-else'"),
        ("retrieve", "no id*", "has no id"),
        ("retrieve", "odd status*", "meditating"),
        ("retrieve", "digits*", "did not answer with the protocol's JSON"),
        ("retrieve", "deep*", "did not answer with the protocol's JSON"),
        ("retrieve", "400 5", "refused the job .400 5"),
        ("events", "deep", "did not answer with the protocol's JSON"),
        ("retrieve", "half*", "cut the connection"),
        ("retrieve", "404 fine_tune_not_found", "refused the job .404"),
        ("events", "500*", "refused the events .500"),
        ("content", "404", "refused the result file .404"),
    ],
)
def test_every_fault_ends_in_one_sentence(remote: Service, tmp_path: Path, call: str, fault: str, sentence: str) -> None:
    """None hangs, none creates a second job, and when the service is well again the next run ends."""
    remote.faults[call] = [fault]
    with pytest.raises(EndpointError, match=sentence) as failed:
        order(remote, tmp_path)
    assert "\n" not in str(failed.value)
    assert len(remote.jobs) <= 1
    remote.faults.clear()
    assert order(remote, tmp_path).job["status"] == "succeeded"
    assert list(remote.jobs) == ["ftjob-1"]


@pytest.mark.parametrize(
    ("call", "faults"),
    [
        ("create", ["429", "429"]),
        ("retrieve", ["500", "cut", "silence", "malformed"]),
        ("upload", ["500", "429"]),
        ("files", ["503"]),
        ("jobs", ["cut"]),
        ("events", ["429", "502"]),
    ],
)
def test_a_passing_fault_is_waited_out(remote: Service, tmp_path: Path, call: str, faults: list[str]) -> None:
    """A few bad answers end nothing."""
    remote.faults[call] = faults
    assert order(remote, tmp_path).job["status"] == "succeeded"
    assert list(remote.jobs) == ["ftjob-1"]


def test_a_wrong_key_is_named_and_nothing_is_sent(remote: Service, tmp_path: Path) -> None:
    """The sentence names the environment variable and never the key."""
    with pytest.raises(EndpointError, match="key in OPENAI_API_KEY is not valid") as failed:
        order(remote, tmp_path, key="sk-secret")
    assert "sk-secret" not in str(failed.value)
    assert (remote.files, remote.jobs) == ({}, {})


def test_a_service_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    """Nobody listens at the address."""
    with service() as gone:
        pass
    with pytest.raises(EndpointError, match="cannot be reached"):
        order(gone, tmp_path)


@pytest.mark.parametrize(
    ("ending", "reason"), [("failed", "invalid_training_file: line 3 is no example"), ("cancelled", "no reason given")]
)
def test_a_job_that_ends_badly_says_why_and_is_ordered_anew(remote: Service, tmp_path: Path, ending: str, reason: str) -> None:
    """The next run creates another job, under another idempotency key."""
    remote.ending = ending
    with pytest.raises(EndpointError, match=f"{ending} .{reason}"):
        order(remote, tmp_path)
    remote.ending = "succeeded"
    assert order(remote, tmp_path).job["id"] == "ftjob-2"


@pytest.mark.parametrize(("error", "reason"), [("boom", "boom"), (["boom"], "boom"), (5, "5"), ({"code": ["x"]}, "no reason given")])
def test_a_job_that_failed_for_an_odd_reason_says_it(remote: Service, tmp_path: Path, error: object, reason: str) -> None:
    """A text in place of the protocol's object, say."""
    remote.ending, remote.job = "failed", {"error": error}
    with pytest.raises(EndpointError, match=f"failed .*{reason}"):
        order(remote, tmp_path)


def test_a_foreign_job_may_say_anything(remote: Service, tmp_path: Path) -> None:
    """One odd job in the account keeps nobody from ordering."""
    order(remote, tmp_path / "one")
    foreign = {**remote.jobs["ftjob-1"], "id": "ftjob-2", "metadata": [1], "training_file": {}, "status": "cancelled"}
    remote.jobs["ftjob-2"] = foreign
    assert order(remote, tmp_path / "two").job["id"] == "ftjob-1"


HALF = "\ud83d"
DEEP = json.loads("[" * 80 + "1" + "]" * 80)
ODD = [None, "auto", HALF, "", 5, True, 10**400, 0.5, float("nan"), float("inf"), [], [1], {}, {HALF: HALF}, {"step": 10**400}, DEEP]
JOB = ["error", "metadata", "hyperparameters", "fine_tuned_model", "trained_tokens", "model", "integrations", "extra"]
EVENT = ["data", "message", "level", "created_at", "extra"]


@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
def test_whatever_a_service_says_of_a_job_that_succeeded_it_is_collected(
    remote: Service, tmp_path: Path, odd: object, recwarn: pytest.WarningsRecorder
) -> None:
    """Half a character, a type that the protocol does not know, a number without end: what was paid for is kept, and read again."""
    order(remote, tmp_path)
    remote.job = {**dict.fromkeys(JOB, odd), "result_files": []}
    remote.event = {**dict.fromkeys(EVENT, odd), "type": "metrics"}
    for _ in range(2):
        done = order(remote, tmp_path)
        write_tutor(tmp_path / "out", done, {"model": "named"}, None)
        rows = curve(done)
        assert (curve_csv(rows).count("\n"), len(done.events)) == (1 + len(rows), 150)
        write_json(tmp_path / "metrics.json", metrics(done, rows))
        assert (read_json(tmp_path / "out/job.json"), read_jsonl(tmp_path / "out/events.jsonl")) == (done.job, done.events)
    assert [str(one.message) for one in recwarn if "Pydantic" in str(one.message)] == []


@pytest.mark.parametrize("files", ["file-result", {"a": 1}, [5], [None, "file-result"], HALF])
def test_a_list_of_result_files_may_be_none(remote: Service, tmp_path: Path, files: object) -> None:
    """The first name in a list is the file; anything else is no file."""
    remote.job = {"result_files": files}
    assert order(remote, tmp_path).result == (RESULT if files == [None, "file-result"] else "")


@pytest.mark.parametrize(
    "result", [RESULT.encode().replace(b"2.5", b"\xed\xa0\xbd"), b"step\r1\r" + b"9" * 400, b"step\n" + b"9" * 200_000]
)
def test_a_result_file_may_hold_anything(remote: Service, tmp_path: Path, result: bytes) -> None:
    """Half a character is repaired; what is no number is no point of the curve."""
    remote.result = result
    done = order(remote, tmp_path)
    write_tutor(tmp_path / "out", done, {"model": "named"}, None)
    assert all(row["train_loss"] != 2.5 for row in curve(done))


def test_the_deadline_ends_waiting_and_not_the_job(remote: Service, tmp_path: Path) -> None:
    """The next run goes on waiting for the same job."""
    remote.polls = 10_000
    with pytest.raises(EndpointError, match="run again to go on waiting"):
        order(remote, tmp_path, deadline=0.1)
    remote.polls = 0
    assert order(remote, tmp_path).job["id"] == "ftjob-1"


def test_a_result_file_in_base64_is_read(tmp_path: Path) -> None:
    """OpenAI may send it so."""
    with service(base64_result=True) as remote:
        assert order(remote, tmp_path).result == RESULT


def test_a_ledger_of_another_account_is_not_forgotten_silently(remote: Service, tmp_path: Path) -> None:
    """Where the service does not know the ledger's job, a person decides."""
    order(remote, tmp_path)
    remote.jobs.clear()
    with pytest.raises(EndpointError, match="is this another account"):
        order(remote, tmp_path)
    assert remote.calls.count("create") == 1
