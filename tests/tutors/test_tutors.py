from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.chat_server import completion, running
from tests.language_model.conftest import embedded, tiny  # noqa: F401 - fixtures
from three_tutors.language_model import base
from three_tutors.openai_client.endpoint import Sampling
from three_tutors.openai_client.paid_replies import PaidReplies
from three_tutors.openai_client.tutor import ChatTutor, Conversation
from three_tutors.openai_server.engine import ModelFiles
from three_tutors.pipeline.diagnostics import DataError, ParamsError
from three_tutors.pipeline.records import write_json
from three_tutors.tutoring.dialogue import Dialogue
from three_tutors.tutoring.methods import TUTORS
from three_tutors.tutoring.questions import questions
from three_tutors.tutors import opening
from three_tutors.tutors.opening import Service, likelihoods, model_files, model_id, open_tutor, open_tutors

SAMPLING = Sampling(6)


@pytest.fixture
def models(tiny: Path, tmp_path: Path) -> Path:  # noqa: F811
    """Return a models folder with a base and an openai tutor whose weights lie here."""
    folder = tmp_path / "models"
    for name in ("base", "openai/weights"):
        shutil.copytree(tiny, folder / name)
    description: dict[str, Any] = {"base_url": "local", "model": "ft:base:local:tutor:1", "api_key_env": None, "weights": "weights"}
    write_json(folder / "openai/tutor.json", description)
    return folder


def test_two_tutors_share_a_server(models: Path, fractions: Dialogue) -> None:
    """Both answer; equal weights give equal replies, streamed or not."""
    talk = Conversation(fractions.lesson, fractions.turns[:1])
    with open_tutors(["baseline", "openai"], models) as tutors:
        replies = {name: [tutor.reply(talk, SAMPLING) for _ in range(2)] for name, tutor in tutors.items()}
        streamed = "".join(tutors["openai"].stream(talk, SAMPLING))
        addresses = {tutor.endpoint.base_url for tutor in tutors.values() if isinstance(tutor, ChatTutor)}
    assert replies["baseline"] == replies["openai"]
    assert replies["openai"][0].text == replies["openai"][1].text == streamed
    assert len(addresses) == 1


def test_a_remote_tutor_needs_no_local_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the description names a service, that service is asked, with the key from the environment."""
    write_json(
        tmp_path / "openai/tutor.json", {"base_url": "https://service/v1", "model": "ft:x", "api_key_env": "SOME_KEY", "weights": None}
    )
    monkeypatch.setenv("SOME_KEY", "sk-some")
    with open_tutor("openai", tmp_path) as tutor:
        assert isinstance(tutor, ChatTutor)
        assert (tutor.endpoint.base_url, tutor.endpoint.model, tutor.endpoint.api_key) == ("https://service/v1", "ft:x", "sk-some")
    assert likelihoods("openai", [], tmp_path) == []


def test_a_model_trained_again_behind_the_same_id_is_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fractions: Dialogue
) -> None:
    """A deployment keeps its name when another job's model is put behind it; the replies that were kept are the old one's."""
    monkeypatch.setenv("SOME_KEY", "sk-some")
    talk = Conversation(fractions.lesson, fractions.turns[:1])
    with running(lambda _: (200, completion(f"Reply {len(server.asked)}"))) as server:
        description = {"base_url": server.base_url, "model": "my-deployment", "api_key_env": "SOME_KEY", "weights": None}
        write_json(tmp_path / "openai/tutor.json", description)
        replies = []
        for job in ("ftjob-1", "ftjob-1", "ftjob-2"):
            write_json(tmp_path / "openai/job.json", {"id": job})
            with open_tutor("openai", tmp_path, PaidReplies(tmp_path / "paid.jsonl")) as tutor:
                replies.append(tutor.reply(talk, SAMPLING).text)
    assert replies == ["Reply 1", "Reply 1", "Reply 2"]


def test_a_model_that_lies_here_may_answer_on_other_machines(models: Path, tmp_path: Path, fractions: Dialogue) -> None:
    """It is asked for under the digest of its weights, and what it replied is kept by that, whatever the machines are called."""
    talk, paid = Conversation(fractions.lesson, fractions.turns[:1]), tmp_path / "paid.jsonl"
    with running(lambda _: (200, completion("From afar."))) as server, running(lambda _: (200, completion("Another."))) as second:
        for urls in ((server.base_url,), (second.base_url, server.base_url)):
            with open_tutor("openai", models, PaidReplies(paid), Service(urls, "key")) as tutor:
                assert tutor.reply(talk, SAMPLING).text == "From afar."
                assert tutor.at_once == 32 * len(urls)
    assert [request["model"] for request in server.asked] == [model_id(ModelFiles(models / "openai/weights"))]
    assert second.asked == []


def test_a_missing_tutor_says_which_stage_makes_it(models: Path) -> None:
    """A tutor that was not made and one that does not exist are told apart."""
    with pytest.raises(DataError, match=r"lora was not made yet; run `dvc repro train_lora`"), open_tutor("lora", models):
        pass
    with pytest.raises(ParamsError, match=r"no tutor 'gpt'; the tutors are baseline, dspy, openai, lora"), open_tutor("gpt", models):
        pass


def remove(path: Path) -> None:
    """Take a file or a folder away."""
    shutil.rmtree(path) if path.is_dir() else path.unlink()


@pytest.mark.parametrize(
    ("name", "gone", "said"),
    [
        ("baseline", "base", r"models/base is missing: the tutor baseline was not made yet; run `dvc repro prepare_base`"),
        ("baseline", "base/config.json", r"no model in .*models/base, .*; run `dvc repro prepare_base`"),
        ("baseline", "base/model.safetensors", r"no model in .*models/base, .*: it has no \*\.safetensors; run `dvc repro prepare_base`"),
        ("baseline", "base/tokenizer.json", r"no model in .*models/base, .*: it has no tokenizer\.json; run `dvc repro prepare_base`"),
        (
            "dspy",
            "base",
            r"no model in .*models/base, which the tutor dspy answers with: it has no config.json; run `dvc repro prepare_base`",
        ),
        (
            "lora",
            "base",
            r"no model in .*models/base, which the tutor lora answers with: it has no config.json; run `dvc repro prepare_base`",
        ),
        ("lora", "lora/adapter_config.json", r"no adapter in .*models/lora, .*; run `dvc repro train_lora`"),
        ("openai", "openai/weights", r"no model in .*models/openai/weights, .*; run `dvc repro train_openai`"),
        ("openai", "openai/tutor.json", r"tutor\.json is missing, which says where the tutor openai answers; run `dvc repro train_openai`"),
    ],
)
def test_what_a_tutor_is_made_of_and_is_gone_ends_in_a_sentence(models: Path, name: str, gone: str, said: str) -> None:
    """Nothing is loaded, and no hub is asked, where the base or a part of the tutor is not there: the stage that makes it is named."""
    (models / "dspy").mkdir()
    write_json(models / "lora/adapter_config.json", {})
    remove(models / gone)
    with pytest.raises(DataError, match=said), open_tutor(name, models):
        pass


def test_weights_trained_here_are_opened_by_themselves(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A method whose folder holds whole weights needs no base."""
    monkeypatch.setattr(opening, "TUTORS", {"lora": replace(TUTORS["lora"], opened="weights")})
    assert model_files("lora", models) == ModelFiles(models / "lora")


def test_an_adapter_lies_over_the_base(models: Path) -> None:
    """The lora tutor always, the openai tutor where its job trained one."""
    assert model_files("lora", models) == ModelFiles(models / "base", models / "lora")
    assert model_files("openai", models) == ModelFiles(models / "openai/weights")
    (models / "openai/weights/adapter_config.json").write_text("{}")
    assert model_files("openai", models) == ModelFiles(models / "base", models / "openai/weights")


def test_a_model_is_named_by_its_weights(models: Path) -> None:
    """A cache that goes by names never takes one model's answers for another's."""
    own = model_id(ModelFiles(models / "base"))
    assert own == f"local-{base.digest(models / 'base')}"
    assert model_id(ModelFiles(models / "base", models / "openai/weights")) != own


def test_every_question_has_a_likelihood(models: Path, fractions: Dialogue) -> None:
    """The rows stand in the order of the questions; a random model finds every token about equally unlikely."""
    rows = likelihoods("baseline", [fractions], models)
    assert [row["item"] for row in rows] == [question.item for question in questions([fractions])]
    assert all(8 < row["nll"] < 13 and row["tokens"] > 5 for row in rows)
    assert likelihoods("openai", [fractions], models) == rows
    assert likelihoods("dspy", [fractions], models) == []
