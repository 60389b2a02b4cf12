"""A service that fine-tunes by the OpenAI protocol: every call with its faults in words.

What can go wrong is told apart by what may have happened: `EndpointError` says that nothing more should be tried,
`BusyError` that the call was refused for now, `UnclearError` that nobody knows whether the service did what it was asked.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from three_tutors.openai_client.endpoint import NO_PROXY, transport_errors
from three_tutors.pipeline.diagnostics import EndpointError
from three_tutors.pipeline.json_values import MOST_DIGITS
from three_tutors.pipeline.records import Record
from three_tutors.pipeline.text import repaired

if TYPE_CHECKING:
    import openai

Dialect = Literal["openai", "azure", "nebius"]
STATUSES = ("validating_files", "queued", "running", "paused", "pausing", "resuming", "succeeded", "failed", "cancelled")
CALL_SECONDS = 60.0
UPLOAD_SECONDS = 600.0
MOST_JOBS = 500
"""How many of the newest jobs are looked through for one of ours."""
MOST_EVENTS = 100_000
MOST_LEVELS = 32
"""Levels of nesting that are kept as they are; our files are read to twice that."""
BOM = b"\xef\xbb\xbf"

CLOSED = (
    "This service has closed fine-tuning to your organisation (403 training_not_available). Nothing was spent. "
    "Use `openai.base_url: local` or another service that speaks the protocol, such as Azure AI Foundry or "
    "Nebius Token Factory: the README has params for both."
)


class BusyError(EndpointError):
    """The service refused for now; the call did nothing and may be repeated."""


class UnclearError(EndpointError):
    """The answer was lost or says that the service broke; whether the call did something is not known."""


@dataclass(frozen=True)
class JobService:
    """One account at one fine-tuning service."""

    base_url: str
    api_key: str = field(repr=False)
    key_name: str = "OPENAI_API_KEY"
    """The environment variable that holds the key, for sentences."""
    dialect: Dialect = "openai"
    """What differs between services: Azure wants a byte-order mark; Nebius takes hyperparameters at the top level."""
    call_seconds: float = CALL_SECONDS

    @cached_property
    def client(self) -> openai.OpenAI:
        """The official client; it repeats what it may repeat twice, with backoff."""
        import openai  # noqa: PLC0415 - half a second that only a caller pays

        http_client = openai.DefaultHttpxClient(mounts=NO_PROXY)
        return openai.OpenAI(base_url=self.base_url, api_key=self.api_key, timeout=self.call_seconds, http_client=http_client)

    def upload(self, name: str, data: bytes, key: str) -> str:
        """Upload a training or validation file; return its id."""
        content = BOM + data if self.dialect == "azure" else data
        client = self.client.with_options(timeout=UPLOAD_SECONDS)
        file = self._called(
            "upload",
            lambda: client.files.create(
                file=(name, content, "application/jsonl"), purpose="fine-tune", extra_headers={"Idempotency-Key": key}
            ),
        )
        return _id(file, "file")

    def find_file(self, name: str) -> str | None:
        """Return the id of an uploaded file of this name that can be trained on."""
        files = self._called("list of files", lambda: _pages(self.client.files.list(purpose="fine-tune"), MOST_JOBS))
        return next((_id(file, "file") for file in files if file.get("filename") == name and file.get("status") != "error"), None)

    def create(self, request: Record, key: str) -> Record:
        """Create a job, asking once: the client's own repetitions could create two.

        Raises:
            BusyError: it was refused for now.
            UnclearError: the job may or may not exist.

        """
        client = self.client.with_options(max_retries=0)
        body = _in_dialect(request, self.dialect)
        job = self._called("job", lambda: client.fine_tuning.jobs.create(**body, extra_headers={"Idempotency-Key": key}), request["model"])
        return _checked_job(job)

    def retrieve(self, job: str) -> Record:
        """Return the job as the service describes it now."""
        found = _checked_job(self._called("job", lambda: self.client.fine_tuning.jobs.retrieve(job)))
        if found["id"] != job:
            raise EndpointError(
                f"{self.base_url} was asked for job {job} and answered with {found['id']!r}; it does not keep the protocol."
            )
        return found

    def jobs(self) -> list[Record]:
        """Return the newest jobs."""
        found = self._called("list of jobs", lambda: _pages(self.client.fine_tuning.jobs.list(limit=100), MOST_JOBS))
        return [_checked_job(job) for job in found]

    def events(self, job: str) -> list[Record]:
        """Return every event of a job, oldest first."""
        found: list[Record] = self._called("events", lambda: _pages(self.client.fine_tuning.jobs.list_events(job, limit=100), MOST_EVENTS))
        return [{**event, **({"data": _mapping(event["data"])} if "data" in event else {})} for event in reversed(found)]

    def content(self, file: str) -> str:
        """Return the text of a result file; some services send it in base64."""
        data = self._called("result file", lambda: self.client.files.content(file).read())
        if b"," not in data.split(b"\n", 1)[0]:
            with contextlib.suppress(binascii.Error):
                data = base64.b64decode(data, validate=True)
        try:
            return repaired(data.removeprefix(BOM).decode("utf-8", "surrogatepass"))
        except UnicodeDecodeError:
            raise EndpointError(f"The result file of {self.base_url} is no text.") from None

    def _called(self, what: str, call: Callable[[], Any], model: str = "") -> Any:  # noqa: ANN401 - what the call returns
        with self._explained(what, model):
            answer = call()
            if hasattr(answer, "to_dict"):
                return _record(answer)
        if isinstance(answer, list | bytes):
            return answer
        raise UnclearError(f"{self.base_url} did not answer with the protocol's JSON when asked for the {what}; is the address right?")

    @contextlib.contextmanager
    def _explained(self, what: str, model: str) -> Iterator[None]:
        import openai  # noqa: PLC0415 - see `client`

        cut: tuple[type[Exception], ...] = (openai.APIConnectionError, *transport_errors())
        try:
            yield
        except openai.APIStatusError as error:
            code, message = repaired(str(error.code or "")), repaired(str(error.message))
            raise self._refusal(error.status_code, code, message, what, model) from error
        except openai.APITimeoutError as error:
            raise UnclearError(f"{self.base_url} did not answer within {self.call_seconds:g} s when asked for the {what}.") from error
        except cut as error:
            cause = error.__cause__ or error
            raise UnclearError(f"{self.base_url} cannot be reached or cut the connection when asked for the {what}: {cause}.") from error
        except (openai.OpenAIError, ValueError, RecursionError, AttributeError, TypeError) as error:
            # The client checks no types: where a service sends others, it stumbles over them in these ways. Reading JSON fails with
            # a ValueError, also on numbers of thousands of digits, or on its depth.
            raise UnclearError(f"{self.base_url} did not answer with the protocol's JSON when asked for the {what}: {error}.") from error

    def _refusal(self, status: int, code: str, message: str, what: str, model: str) -> EndpointError:
        here = f"{self.base_url} refused the {what} ({status}{' ' + code if code else ''})"
        if status == 401:  # noqa: PLR2004 - unauthorised
            return EndpointError(f"{here}: the key in {self.key_name} is not valid there. Put a valid one in the environment.")
        if code == "training_not_available":
            return EndpointError(CLOSED)
        if status == 404 and model:  # noqa: PLR2004 - not found
            return EndpointError(
                f"{here}: there is no model {model!r} to fine-tune, or no fine-tuning at this address. Mend `openai.model`."
            )
        if code == "insufficient_quota":
            return EndpointError(f"{here}: the account has no credit left; add some or use `openai.base_url: local`.")
        # What a proxy answers while the service behind it works on is no refusal, so only 429 is one.
        kind = BusyError if status == 429 else UnclearError if status in {408, 409} or status >= 500 else EndpointError  # noqa: PLR2004
        return kind(f"{here}: {message}")


def _pages(first: Any, most: int) -> list[Record]:  # noqa: ANN401 - the client's pages
    """Return up to `most` items, page by page; a service that pages in circles ends it."""
    found: dict[str, Record] = {}
    for item in first:
        record = _record(item)
        id_ = _id(record, "list")
        if id_ in found or len(found) == most:
            break
        found[id_] = record
    return list(found.values())


def _record(answer: Any) -> Record:  # noqa: ANN401 - the client's objects
    """Return what a service sent, as our files can hold it and be read again."""
    return dict(_kept(answer))


def _kept(value: Any, level: int = 1) -> Any:  # noqa: ANN401 - see `_id`
    """Return a value with its texts repaired; what is too deep, too large or not finite is kept as a text."""
    if hasattr(value, "model_fields_set"):  # by hand, because `to_dict` fails on half a character and warns of other types
        sent, aliases = value.model_fields_set | (value.model_extra or {}).keys(), type(value).model_fields
        value = {(name in aliases and aliases[name].alias) or name: one for name, one in value if name in sent}
    if isinstance(value, str):
        return repaired(value)
    if isinstance(value, dict | list) and level > MOST_LEVELS:
        return json.dumps(value)
    if isinstance(value, dict):
        return {repaired(str(key)): _kept(one, level + 1) for key, one in value.items()}
    if isinstance(value, list):
        return [_kept(one, level + 1) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return str(value) if isinstance(value, int) and abs(value) >= 10**MOST_DIGITS else value


def _mapping(value: object) -> Record | None:
    """Return an object of a job or event; nothing where a service sent something else in its place."""
    return value if isinstance(value, dict) else None if value is None else {}


def _id(answer: Any, what: str) -> str:  # noqa: ANN401 - whatever a service sends
    id_ = answer.get("id") if isinstance(answer, dict) else None
    if not isinstance(id_, str) or not id_:
        raise UnclearError(f"The service answered with a {what} that has no id; it does not keep the protocol.")
    return id_


def _checked_job(job: Any) -> Record:  # noqa: ANN401 - see `_id`
    _id(job, "job")
    if job.get("status") not in STATUSES:
        raise UnclearError(f"The service says that job {job['id']} is {job.get('status')!r}, which the protocol does not know.")
    named, files, error = job.get("fine_tuned_model"), job.get("result_files"), job.get("error")
    usual = {
        "error": {"message": error if isinstance(error, str) else json.dumps(error)} if error and not isinstance(error, dict) else error,
        "metadata": _mapping(job.get("metadata")),
        "hyperparameters": _mapping(job.get("hyperparameters")),
        "fine_tuned_model": named if isinstance(named, str) else None,
        "result_files": [file for file in files if isinstance(file, str) and file] if isinstance(files, list) else None,
    }
    return {key: usual.get(key, value) for key, value in job.items()}


def _in_dialect(request: Record, dialect: Dialect) -> Record:
    if dialect != "nebius":
        return request
    plain = {key: value for key, value in request.items() if key not in ("method", "metadata")}
    return {**plain, "hyperparameters": request["method"]["supervised"]["hyperparameters"]}
