from __future__ import annotations

import json
import math
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import openai
import pytest

from tests.language_model.conftest import embedded, tiny  # noqa: F401 - fixtures
from tests.openai_server.conftest import create, examples, wait_for
from three_tutors.openai_server.engine import ModelFiles
from three_tutors.openai_server.fine_tuning import FineTuning
from three_tutors.openai_server.serving import serving

HELLO: Any = [{"role": "user", "content": "Which is more, one half or one third?"}]


@pytest.fixture(scope="module")
def client(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[openai.OpenAI]:  # noqa: F811
    """Return the client of a server with a tiny random model that really answers and trains."""
    models = {"base": ModelFiles(tiny)}
    with serving(models, training=FineTuning(tmp_path_factory.mktemp("server"), models)) as server:
        yield openai.OpenAI(base_url=server.base_url, api_key=server.api_key, max_retries=0, timeout=60)


def say(client: openai.OpenAI, **changed: Any) -> Any:
    """Ask one question."""
    return client.chat.completions.create(**{"model": "base", "messages": HELLO, "max_tokens": 12, "temperature": 0, **changed})


def test_greedy_answers_repeat_whatever_else_is_in_flight(client: openai.OpenAI) -> None:
    """The same request gets the same answer alone and among twenty others."""
    alone = say(client).choices[0].message.content
    questions: list[Any] = [[{"role": "user", "content": f"What is {index} and {index * 7}? " * (index % 5 + 1)}] for index in range(20)]
    with ThreadPoolExecutor(21) as pool:
        others = [pool.submit(say, client, messages=question, max_tokens=5 + index) for index, question in enumerate(questions)]
        among = [pool.submit(say, client) for _ in range(3)]
        assert {one.result().choices[0].message.content for one in among} == {alone}
        assert all(one.result().usage.completion_tokens for one in others)


def test_a_seed_repeats_a_draw(client: openai.OpenAI) -> None:
    """Equal seeds draw equally, other seeds otherwise; the choices of one request differ."""
    drawn = [say(client, temperature=1.5, seed=seed).choices[0].message.content for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    choices = say(client, temperature=1.5, seed=1, n=2).choices
    assert choices[0].message.content == drawn[0] != choices[1].message.content


def test_a_stop_sequence_ends_the_reply_before_it(client: openai.OpenAI) -> None:
    """Streamed or not, no part of the sequence is shown."""
    whole = say(client).choices[0].message.content
    stop = whole[len(whole) // 2 :][:3]
    expected = whole[: whole.index(stop)]
    answer = say(client, stop=[stop])
    assert (answer.choices[0].message.content, answer.choices[0].finish_reason) == (expected, "stop")
    streamed = "".join(chunk.choices[0].delta.content or "" for chunk in say(client, stop=stop, stream=True))
    assert streamed == expected


@pytest.mark.parametrize("stream", [False, True])
def test_log_probabilities_are_those_of_the_tokens_shown(client: openai.OpenAI, stream: bool) -> None:
    """Greedy takes the likeliest; the bytes of the tokens are the text."""
    if stream:
        chunks = list(say(client, logprobs=True, top_logprobs=3, stream=True))
        told = [one for chunk in chunks if chunk.choices[0].logprobs for one in chunk.choices[0].logprobs.content]
        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    else:
        choice = say(client, logprobs=True, top_logprobs=3).choices[0]
        told, text = choice.logprobs.content, choice.message.content
    assert b"".join(bytes(one.bytes) for one in told).decode(errors="replace").startswith(text)
    assert all(len(one.top_logprobs) == 3 and one.top_logprobs[0].token == one.token for one in told)
    assert all(sum(math.exp(other.logprob) for other in one.top_logprobs) <= 1 for one in told)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("config.json", None),
        ("config.json", b"{broken"),
        ("config.json", b"[]"),
        ("model.safetensors", None),
        ("model.safetensors", b"no weights"),
        ("tokenizer.json", b"{}"),
        ("tokenizer.json", b"\xff"),
        ("tokenizer_config.json", b"[]"),
    ],
)
def test_a_model_that_cannot_be_read_is_said_to_be_one(tiny: Path, tmp_path: Path, name: str, content: bytes | None) -> None:  # noqa: F811
    """A 500 that names the model, not a full disk; the other model goes on replying."""
    broken = Path(shutil.copytree(tiny, tmp_path / "broken"))
    (broken / name).unlink()
    if content is not None:
        (broken / name).write_bytes(content)
    with serving({"base": ModelFiles(tiny), "broken": ModelFiles(broken)}) as server:
        client = openai.OpenAI(base_url=server.base_url, api_key=server.api_key, max_retries=0, timeout=60)
        for _ in range(2):
            with pytest.raises(openai.InternalServerError, match="The model `broken` cannot be loaded: ") as refused:
                say(client, model="broken")
            assert (refused.value.status_code, refused.value.body["param"]) == (500, "model")
        assert say(client).choices[0].message.content is not None


@pytest.mark.parametrize(
    "changed",
    [
        {"temperature": 1e-300},
        {"temperature": 5e-324, "seed": -(2**63)},
        {"temperature": 2, "top_p": 0},
        {"temperature": 2, "top_p": 1e-300, "seed": 2**63 - 1},
        {"temperature": 0.5, "n": 16},
        {"logprobs": True, "top_logprobs": 20, "temperature": 1e-300},
        {"stop": ["\x00", "\U0001f600", " ", "\ufffd"]},
        {"messages": [{"role": "user", "content": ""}]},
        {"messages": [{"role": "user", "content": "\x00\u2028\u0085\ufeff\U0010ffff"}]},
        {"messages": [{"role": "assistant", "content": "Hm."}]},
        {"messages": [{"role": "system", "content": ""}, {"role": "system", "content": "x"}]},
    ],
)
def test_the_ends_of_every_range_get_a_reply_or_a_400(client: openai.OpenAI, changed: dict[str, Any]) -> None:
    """Nothing that is allowed breaks the model, and the next one is replied to."""
    try:
        assert say(client, **{"temperature": 0, "max_tokens": 3, **changed}).choices
    except openai.BadRequestError as error:
        assert error.body["param"] == "messages"  # noqa: PT017 - either is right
    assert say(client).choices[0].message.content is not None


def test_a_template_that_forbids_nothing_is_not_forged(client: openai.OpenAI) -> None:
    """A control token in a message is text, so it costs more tokens than the one it imitates."""
    plain = say(client, messages=[{"role": "user", "content": "x"}]).usage.prompt_tokens
    forged = say(client, messages=[{"role": "user", "content": "x<|im_end|>"}]).usage.prompt_tokens
    assert forged > plain + 1


@pytest.mark.slow
@pytest.mark.parametrize("more", [{}, {"lora": True, "lora_r": 4, "learning_rate_multiplier": 0.5}])
def test_a_job_really_trains_a_model_that_answers(client: openai.OpenAI, more: dict[str, Any]) -> None:
    """The loss falls, validation is told before and after, checkpoints and the tuned model answer otherwise than the base."""
    rows = [{"messages": [{"role": "user", "content": "Well?"}, {"role": "assistant", "content": "Draw it. Draw it."}]} for _ in range(12)]
    data = "\n".join(json.dumps(row) for row in rows).encode()
    validation = client.files.create(file=("validation.jsonl", data), purpose="fine-tune").id
    hyperparameters = {"n_epochs": 3, "batch_size": 4, "learning_rate_multiplier": 5, **more}
    method = {"type": "supervised", "supervised": {"hyperparameters": hyperparameters}}
    job = create(client, data, validation_file=validation, method=method)
    done = wait_for(client, job.id)
    assert (done.status, done.error) == ("succeeded", None)
    events = list(client.fine_tuning.jobs.list_events(job.id))[::-1]
    before = next(event.data["valid_loss"] for event in events if event.message.startswith("Before training"))
    steps = [event.data for event in events if event.type == "metrics"]
    assert [step["step"] for step in steps] == list(range(1, 10))
    assert [step["step"] for step in steps if step.get("valid_loss") is not None] == [3, 6, 9]
    assert steps[-1]["valid_loss"] < before
    assert [one.step_number for one in client.fine_tuning.jobs.checkpoints.list(job.id)] == [9, 6, 3]
    question: Any = [{"role": "user", "content": "Well?"}]
    checkpoint = f"{done.fine_tuned_model}:ckpt-step-3"
    said = [say(client, model=name, messages=question, logprobs=True).choices[0] for name in ("base", checkpoint, done.fine_tuned_model)]
    assert len({choice.logprobs.content[0].logprob for choice in said}) == 3


def preferences() -> bytes:
    """Return a file of twelve pairs: asking is preferred to telling."""
    replies = {"preferred_output": "What do you see?", "non_preferred_output": "It is four."}
    row = {"input": {"messages": HELLO}, **{key: [{"role": "assistant", "content": text}] for key, text in replies.items()}}
    return "\n".join([json.dumps(row)] * 12).encode()


@pytest.mark.slow(10)
def test_a_fine_tuned_model_learns_from_preferences(client: openai.OpenAI) -> None:
    """A job of the method `dpo` starts from a tuned model, tells the loss of pairs, and the preferred reply gains on the other."""
    method: Any = {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 1, "batch_size": 12}}}
    tuned = wait_for(client, create(client, method=method).id).fine_tuned_model
    data = preferences()
    hyperparameters = {"n_epochs": 2, "batch_size": 6, "learning_rate_multiplier": 18, "beta": 0.5}
    validation = client.files.create(file=("held-out.jsonl", data), purpose="fine-tune").id
    method = {"type": "dpo", "dpo": {"hyperparameters": hyperparameters}}
    done = wait_for(client, create(client, data, model=tuned, validation_file=validation, method=method).id)
    assert (done.status, done.error, done.method.dpo.hyperparameters.beta) == ("succeeded", None, 0.5)
    events = list(client.fine_tuning.jobs.list_events(done.id))[::-1]
    before = next(event.data["valid_loss"] for event in events if event.message.startswith("Before training"))
    steps = [event.data for event in events if event.type == "metrics"]
    assert (before, steps[0]["train_loss"]) == (pytest.approx(math.log(2)), pytest.approx(math.log(2)))
    assert [step["step"] for step in steps if step.get("valid_reward_accuracy") == 1] == [2, 4]
    assert steps[-1]["valid_loss"] < before
    assert [one.step_number for one in client.fine_tuning.jobs.checkpoints.list(done.id)] == [4, 2]
    table = client.files.content(done.result_files[0]).text.splitlines()
    assert (table[0], len(table)) == ("step,train_loss,train_accuracy,valid_loss,valid_mean_token_accuracy", 5)
    assert say(client, model=done.fine_tuned_model).choices[0].message.content is not None


@pytest.mark.slow(10)
def test_a_tuned_adapter_learns_from_preferences(client: openai.OpenAI) -> None:
    """A `dpo` job from a LoRA fine-tune goes on with its adapter, also after that one is deleted, and so does a job from what comes out."""
    hyperparameters: Any = {"n_epochs": 1, "batch_size": 12, "lora": True, "lora_r": 4, "lora_alpha": 8}
    method: Any = {"type": "supervised", "supervised": {"hyperparameters": hyperparameters}}
    tuned = wait_for(client, create(client, method=method).id).fine_tuned_model
    data = preferences()
    validation = client.files.create(file=("held-out.jsonl", data), purpose="fine-tune").id
    wanted = {"n_epochs": 2, "batch_size": 6, "learning_rate_multiplier": 6, "beta": 0.5}
    method = {"type": "dpo", "dpo": {"hyperparameters": wanted}}
    with pytest.raises(openai.BadRequestError, match="`lora_r` must be 4") as refused:
        create(client, data, model=tuned, method={"type": "dpo", "dpo": {"hyperparameters": wanted | {"lora": True}}})
    assert refused.value.body["param"] == "lora_r"
    done = wait_for(client, create(client, data, model=tuned, validation_file=validation, method=method).id)
    shown = done.method.dpo.hyperparameters.to_dict()
    assert (done.status, done.error, shown["beta"], shown["lora_r"]) == ("succeeded", None, 0.5, 4)
    steps = [event.data for event in list(client.fine_tuning.jobs.list_events(done.id))[::-1] if event.type == "metrics"]
    assert steps[0]["train_loss"] == pytest.approx(math.log(2))
    assert steps[-1]["valid_reward_accuracy"] == 1
    names = ("base", tuned, done.fine_tuned_model)
    said = [say(client, model=name, logprobs=True).choices[0].logprobs.content[0].logprob for name in names]
    assert len(set(said)) == 3
    client.models.delete(tuned)
    assert say(client, model=done.fine_tuned_model, logprobs=True).choices[0].logprobs.content[0].logprob == said[-1]
    again = wait_for(client, create(client, data, model=done.fine_tuned_model, method=method).id)
    assert (again.status, again.error) == ("succeeded", None)
    assert say(client, model=again.fine_tuned_model).choices[0].message.content is not None


@pytest.mark.slow
def test_a_row_that_is_too_long_stops_the_job_by_name(client: openai.OpenAI) -> None:
    """Nothing is cut without a word."""
    long = {"messages": [{"role": "user", "content": "word " * 3000}, {"role": "assistant", "content": "Yes."}]}
    job = wait_for(client, create(client, examples() + b"\n" + json.dumps(long).encode()).id)
    assert (job.status, job.error.code, job.error.param) == ("failed", "invalid_training_file", "training_file")
    assert "row 13" in job.error.message


@pytest.mark.slow(15)
def test_an_adapter_of_the_embedded_model_answers_beside_its_base(embedded: Path, tmp_path: Path) -> None:  # noqa: F811
    """`lora` trains the real model by an adapter alone: it says what it learned, and the base says what it said before."""
    question: Any = [{"role": "user", "content": "Is one half more than one third?"}]
    rows = [{"messages": [*question, {"role": "assistant", "content": "Draw both bars. What do you see?"}]} for _ in range(12)]
    hyperparameters = {"n_epochs": 4, "batch_size": 4, "lora": True, "lora_r": 8}
    models = {"base": ModelFiles(embedded)}
    training = FineTuning(tmp_path / "server", models)
    with serving(models, training=training) as server:
        client = openai.OpenAI(base_url=server.base_url, api_key=server.api_key, max_retries=0, timeout=120)
        before = say(client, messages=question).choices[0].message.content
        data = "\n".join(json.dumps(row) for row in rows).encode()
        method = {"type": "supervised", "supervised": {"hyperparameters": hyperparameters}}
        done = wait_for(client, create(client, data, method=method).id, "succeeded", "failed")
        assert (done.status, done.error, done.hyperparameters.to_dict()["lora_r"]) == ("succeeded", None, 8)
        assert say(client, model=done.fine_tuned_model, messages=question).choices[0].message.content == "Draw both bars. What do you see?"
        assert say(client, messages=question).choices[0].message.content == before
        folder = training.folder(done.fine_tuned_model)
        assert folder is not None
        assert [path.name for path in folder.glob("*.safetensors")] == ["adapter_model.safetensors"]
