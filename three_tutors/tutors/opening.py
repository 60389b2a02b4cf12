"""Open a tutor by its name, whether its model lies in models/ or answers somewhere else."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from three_tutors.language_model import base
from three_tutors.openai_client.addresses import listed
from three_tutors.openai_client.endpoint import Endpoint, api_key
from three_tutors.openai_client.paid_replies import PaidEndpoint, PaidReplies, identity
from three_tutors.openai_client.tutor import ChatTutor, Tutor
from three_tutors.openai_server.engine import ModelFiles
from three_tutors.openai_server.serving import serving
from three_tutors.pipeline.diagnostics import DataError, ParamsError
from three_tutors.pipeline.file_names import inside
from three_tutors.pipeline.records import Record, read_json
from three_tutors.tutoring.choosing import Likely, exam, likely
from three_tutors.tutoring.dialogue import Dialogue, Lesson, Turn
from three_tutors.tutoring.formats import Message, hugging_face_row, messages
from three_tutors.tutoring.methods import BASELINE, TUTORS
from three_tutors.tutoring.moment import Moment
from three_tutors.tutoring.questions import questions

MODELS = Path("models")
BASE = TUTORS[BASELINE].folder
DESCRIPTION = "tutor.json"
"""In the folder of a tutor whose model may answer elsewhere: where it does, and under which id."""
JOB = "job.json"
"""Beside it, where the model was fine-tuned at a service: the job that made it."""


@dataclass(frozen=True)
class Service:
    """A service that has the models of models/, each under its `model_id`: `vllm serve` on other machines, for example."""

    urls: tuple[str, ...]
    """Where it answers, up to and including `/v1`; several addresses share the requests."""
    api_key: str = field(repr=False)


@contextlib.contextmanager
def open_tutor(name: str, models: Path = MODELS, paid: PaidReplies | None = None, service: Service | None = None) -> Iterator[Tutor]:
    """Yield one tutor; a server it needs runs as long as the block does.

    Args:
        name: Which one.
        models: Where tutors lie.
        paid: Where the replies of a tutor that answers elsewhere are kept; None keeps none.
        service: Who answers with the models that lie here; this machine where it is None.

    Raises:
        ParamsError: there is no such tutor.
        DataError: it was not made yet.

    """
    with open_tutors([name], models, paid, service) as tutors:
        yield tutors[name]


@contextlib.contextmanager
def open_tutors(
    names: Sequence[str], models: Path = MODELS, paid: PaidReplies | None = None, service: Service | None = None
) -> Iterator[dict[str, Tutor]]:
    """Yield tutors by name, all local models behind one server, so that a model that two tutors use is loaded once."""
    for name in names:
        _check(name, models)
    local = {name: files for name in names if (files := model_files(name, models)) is not None}
    with contextlib.ExitStack() as stack:
        endpoints: dict[str, Endpoint] = {}
        ids = {name: model_id(files) for name, files in local.items()}
        if service is not None:  # an id says which weights answer, so replies are kept by it alone
            endpoints = {name: _endpoint(service.urls, ids[name], service.api_key, paid, ids[name]) for name in local}
        elif local:
            server = stack.enter_context(serving({ids[name]: files for name, files in local.items()}))
            endpoints = {name: server.endpoint(ids[name]) for name in local}
        yield {name: _tutor(name, endpoints.get(name) or _remote(name, models, paid), models) for name in names}


def model_files(name: str, models: Path = MODELS) -> ModelFiles | None:
    """Return where the model behind a tutor lies; None where it answers at a remote endpoint."""
    base, own, opened = models / BASE, models / name, TUTORS[name].opened
    if opened == "adapter":
        return ModelFiles(base, own)
    if opened == "weights":
        return ModelFiles(own)
    description = _description(name, models)
    if opened == "base" or (opened == "program" and description["base_url"] == "local"):
        return ModelFiles(base)
    if description["base_url"] != "local":
        return None
    own = inside(own, str(description["weights"]), f"{own / DESCRIPTION}: weights")
    return ModelFiles(base, own) if (own / "adapter_config.json").exists() else ModelFiles(own)


def model_id(files: ModelFiles) -> str:
    """Return an id that says which weights answer, so that caches by model name never mix two of them."""
    parts = [base.description(files.weights)["digest"]]
    if files.adapter is not None:
        parts.append(base.digest(files.adapter))
    return "local-" + "-".join(parts)


def likelihoods(name: str, dialogues: Sequence[Dialogue], models: Path = MODELS) -> list[Record]:
    """Return for every held-out question how likely the teacher's own reply is to this tutor's model.

    A row holds `item`, `tokens` (of the reply, its end included) and `nll` (mean negative log-likelihood of a token, in nats).
    Empty where the model is remote, and for a program, whose prompt is not what the rows were rendered as.
    """
    files = None if TUTORS[name].opened == "program" else model_files(name, models)
    if files is None:
        return []
    from three_tutors.language_model.generate import Generator  # noqa: PLC0415 - torch, for local models only
    from three_tutors.language_model.likelihood import likelihood  # noqa: PLC0415

    generator = Generator(files.weights, files.adapter)
    asked = {one.item: one.turn for one in questions(dialogues)}
    needed = [
        replace(one, turns=one.turns[: max(turns) + 2])
        for one in dialogues
        if (turns := [asked[at] for at in asked if at.startswith(f"{one.id}#")])
    ]
    return [row for row in likelihood(generator, [hugging_face_row(dialogue) for dialogue in needed]) if row["item"] in asked]


def likely_replies(name: str, moments: Sequence[Moment], models: Path = MODELS) -> list[Likely]:
    """Return how likely this tutor's model finds the graded replies of the exam (see `scoring.choice`), asked as the tutor is asked.

    Empty where the model is remote, since chat endpoints do not tell how likely a given reply is.
    """
    files = model_files(name, models)
    if files is None:
        return []
    from three_tutors.language_model.generate import Generator  # noqa: PLC0415 - see `likelihoods`
    from three_tutors.language_model.likelihood import of_replies  # noqa: PLC0415

    prompt = _prompt(name, models)
    generator = Generator(files.weights, files.adapter)
    return likely(exam(moments), lambda asked: of_replies(generator, [(prompt(lesson, turns), reply) for lesson, turns, reply in asked]))


def _prompt(name: str, models: Path) -> Callable[[Lesson, Sequence[Turn]], list[Message]]:
    """Return what writes a tutor's prompt: the plain frame of the lesson, or its program's first draft."""
    if TUTORS[name].opened != "program":
        return messages
    from three_tutors.prompting.examples import inputs_of  # noqa: PLC0415 - dspy takes seconds to load
    from three_tutors.prompting.program import read_program  # noqa: PLC0415

    program = read_program(models / name)
    return lambda lesson, turns: program.messages(inputs_of(lesson, tuple(turns)), 0)


def _check(name: str, models: Path) -> None:
    if name not in TUTORS:
        raise ParamsError(f"There is no tutor {name!r}; the tutors are {', '.join(TUTORS)}.")
    method = TUTORS[name]
    if not (models / method.folder).is_dir():
        raise DataError(f"{models / method.folder} is missing: the tutor {name} was not made yet; run `dvc repro {method.target}`.")
    files = model_files(name, models)
    if files is None:
        return
    if part := base.lacking(files.weights):
        stage = TUTORS[BASELINE].stage if files.weights == models / BASE else method.target
        raise DataError(
            f"There is no model in {files.weights}, which the tutor {name} answers with: it has no {part}; run `dvc repro {stage}`."
        )
    if files.adapter is not None and not (files.adapter / "adapter_config.json").exists():
        raise DataError(f"There is no adapter in {files.adapter}, which the tutor {name} answers with; run `dvc repro {method.target}`.")


def _description(name: str, models: Path) -> Record:
    """Return where a tutor's model answers; a program without a description has the local base model."""
    path, method = models / name / DESCRIPTION, TUTORS[name]
    if path.exists():
        return dict(read_json(path))
    if method.opened == "service":
        raise DataError(f"{path} is missing, which says where the tutor {name} answers; run `dvc repro {method.target}`.")
    return {"base_url": "local"}


def _remote(name: str, models: Path, paid: PaidReplies | None) -> Endpoint:
    description = _description(name, models)
    urls, model, key = listed(description["base_url"]), str(description["model"]), api_key(str(description["api_key_env"]))
    job = models / name / JOB
    training = str(dict(read_json(job)).get("id", "")) if job.exists() else ""
    return _endpoint(urls, model, key, paid, identity(urls, model, training))


def _endpoint(urls: Sequence[str], model: str, key: str, paid: PaidReplies | None, filed_as: str) -> Endpoint:
    others = tuple(urls[1:])
    if paid is None:
        return Endpoint(urls[0], model, key, others=others)
    return PaidEndpoint(urls[0], model, key, others=others, paid=paid, filed_as=filed_as)


def _tutor(name: str, endpoint: Endpoint, models: Path) -> Tutor:
    if TUTORS[name].opened != "program":
        return ChatTutor(name, endpoint)
    from three_tutors.prompting.tutor import ProgramTutor  # noqa: PLC0415 - dspy takes seconds to load

    tutor: Tutor = replace(ProgramTutor.load(models / name, endpoint), name=name)
    return tutor
