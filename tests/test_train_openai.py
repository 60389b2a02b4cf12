from __future__ import annotations

import functools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from stages import train_openai
from tests.openai_client.fake_service import KEY, service
from tests.openai_server.conftest import examples
from three_tutors.openai_server.trainer import local_trainer
from three_tutors.pipeline.diagnostics import DataError, EndpointError, ParamsError
from three_tutors.pipeline.records import read_json, read_jsonl, write_jsonl
from three_tutors.tutoring.pairs import for_service, row

LOCAL: dict[str, Any] = {
    "base_url": "local",
    "model": "base",
    "api_key_env": "OPENAI_API_KEY",
    "dialect": "openai",
    "answer_model": None,
    "n_epochs": 2,
    "batch_size": 4,
    "learning_rate_multiplier": 1.0,
    "extra_hyperparameters": {},
    "suffix": "tutor",
    "seed": 1,
    "max_cost_usd": 0,
    "price": None,
    "poll_seconds": 0.05,
    "deadline_minutes": 1,
}
# The ready-made params of docs/models.md, each against a fake that differs as its service does.
OPENAI = {**LOCAL, "base_url": "https://api.openai.com/v1", "model": "gpt-4.1-mini", "max_cost_usd": 1}
AZURE = {
    **OPENAI,
    "base_url": "https://RESOURCE.openai.azure.com/openai/v1/",
    "api_key_env": "AZURE_OPENAI_API_KEY",
    "dialect": "azure",
    "answer_model": "my-deployment",
    "price": "azure/gpt-4.1-mini",
}
NEBIUS = {
    **OPENAI,
    "base_url": "https://api.tokenfactory.nebius.com/v1/",
    "model": "meta-llama/Meta-Llama-3.1-8B-Instruct",
    "api_key_env": "NEBIUS_API_KEY",
    "dialect": "nebius",
    "learning_rate_multiplier": 0.0002,
    "extra_hyperparameters": {"lora": True, "lora_r": 16},
    "price": "nebius/meta-llama/Meta-Llama-3.1-8B-Instruct",
}

Folder = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """Return a function that makes a project with these params, in which the local service trains in no time."""
    monkeypatch.setattr(train_openai, "local_trainer", functools.partial(local_trainer, module="tests.openai_server.fake_job"))
    monkeypatch.setenv("OPENAI_API_KEY", KEY)

    def made(name: str = "project", **changed: Any) -> Path:
        project = tmp_path / name
        (project / "data/processed/openai").mkdir(parents=True, exist_ok=True)
        (project / "data/raw").mkdir(exist_ok=True)
        (project / "models/base").mkdir(parents=True, exist_ok=True)
        (project / "models/base/source.json").write_text('{"digest": "0123456789abcdef"}')
        (project / "models/base/config.json").write_text('{"model_type": "llama", "hidden_size": 576}')
        (project / "models/base/model.safetensors").touch()
        shutil.copy(root / "data/raw/prices.yaml", project / "data/raw")
        for split in ("train", "validation"):
            (project / f"data/processed/openai/{split}.jsonl").write_bytes(examples(20))
        with (project / "params.yaml").open("w") as file:
            YAML().dump({"openai": {**LOCAL, **changed}}, file)
        monkeypatch.chdir(project)
        return project

    return made


def outputs(project: Path) -> dict[str, bytes]:
    """Return every output but the timing."""
    paths = [*(project / "models/openai").rglob("*"), *(project / "reports").rglob("*")]
    return {str(path.relative_to(project)): path.read_bytes() for path in paths if path.is_file() and not path.name.startswith("timing")}


def test_the_local_service_leaves_a_tutor(folder: Folder) -> None:
    """The job as it was, its events, curve, result file, model id and weights; nothing stays in the cache."""
    project = folder()
    train_openai.main()
    out = project / "models/openai"
    tutor = read_json(out / "tutor.json")
    assert (tutor["base_url"], tutor["weights"], tutor["api_key_env"]) == ("local", "weights", None)
    assert tutor["model"].startswith("ft:base:local:tutor:")
    assert (out / "weights/model.safetensors").read_text() == "1 2"
    assert read_json(out / "job.json")["status"] == "succeeded"
    assert read_jsonl(out / "events.jsonl")[-1]["message"] == "The job has successfully completed"
    curve = (project / "reports/plots/openai_curve.csv").read_text().splitlines()
    assert curve[0] == "step,train_loss,train_accuracy,valid_loss,valid_accuracy"
    assert [line.split(",")[0] for line in curve[1:]] == ["0", "1", "2", "3", "4", "5", "6"]
    assert read_json(project / "reports/metrics/train_openai.json") == {
        "epochs": 2,
        "learning_rate": 2e-4,
        "steps": 6,
        "train_loss": 0.5,
        "trained_tokens": 280,
        "validation_loss": 0.6667,
        "validation_loss_first": 8.0,
    }
    assert list((project / ".cache/train_openai").iterdir()) == []


def test_running_again_gives_the_same_bytes(folder: Folder) -> None:
    """By force in the same folder, and in another one."""
    first = folder()
    train_openai.main()
    before = outputs(first)
    train_openai.main()
    assert outputs(first) == before
    other = folder("another")
    train_openai.main()
    assert outputs(other) == before


@pytest.mark.parametrize("step", [1, 3, 5])
def test_a_killed_stage_goes_on_and_ends_with_the_same_bytes(folder: Folder, root: Path, step: int) -> None:
    """Kill -9 of the stage while its job trains: the job dies with it and is gone on with, not begun again."""
    whole = folder("whole")
    train_openai.main()
    project = folder("killed")
    code = (
        "import functools; from stages import train_openai; from three_tutors.openai_server.trainer import local_trainer; "
        "train_openai.local_trainer = functools.partial(local_trainer, module='tests.openai_server.fake_job'); train_openai.main()"
    )
    environment = {**os.environ, "PYTHONPATH": str(root)}
    cache = project / ".cache/train_openai"
    with subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.DEVNULL) as process:
        while not list(cache.glob("*.server")):
            time.sleep(0.005)
        server = next(cache.glob("*.server"))
        (server / "script.txt").write_text(f"{step} sleep")
        while not list(server.glob("jobs/*/lock")):
            time.sleep(0.005)
        time.sleep(1)
        os.kill(process.pid, signal.SIGKILL)
    assert not (project / "models/openai").exists()
    jobs = list(server.glob("jobs/*"))
    (server / "script.txt").write_text("")
    train_openai.main()
    assert outputs(project) == outputs(whole)
    assert len(jobs) == 1


def test_preferences_are_ordered_from_an_earlier_fine_tune(folder: Folder, capsys: pytest.CaptureFixture[str]) -> None:
    """`method: dpo` sends the pairs, estimates both replies of each, and says how to make pairs where there are none."""
    with service() as remote:
        tuned = "ft:gpt-4.1-mini:org::1"
        project = folder(**{**OPENAI, "base_url": remote.base_url, "model": tuned, "method": "dpo", "extra_hyperparameters": {"beta": 0.1}})
        with pytest.raises(DataError, match=r"three_tutors\.language_model\.pairing"):
            train_openai.main()
        prompt: list[Any] = [{"role": "user", "content": "Is it 5/6?"}]
        for split in ("train", "validation"):
            write_jsonl(
                project / f"data/processed/pairs/{split}.service.jsonl", for_service([row("a#1", "moments", prompt, "How?", "Yes.")])
            )
        train_openai.main()
        (request,) = remote.requests
        assert (request["model"], request["method"]["type"], request["method"]["dpo"]["hyperparameters"]["beta"]) == (tuned, "dpo", 0.1)
        assert remote.contents["file-1"] == (project / "data/processed/pairs/train.service.jsonl").read_bytes()
        assert "train.service.jsonl" in capsys.readouterr().out


@pytest.mark.parametrize(("given", "dialect"), [(OPENAI, "openai"), (AZURE, "azure"), (NEBIUS, "nebius")])
def test_ready_made_params_work_at_a_service_of_their_kind(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, given: dict[str, Any], dialect: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Training is ordered in the service's dialect; what comes back is a tutor without local weights."""
    monkeypatch.setenv(given["api_key_env"], KEY)
    prices = YAML(typ="safe").load(Path(__file__).parent.parent / "data/raw/prices.yaml")
    with service(dialect=dialect, base64_result=dialect == "openai") as remote:
        project = folder(**{**given, "base_url": remote.base_url})
        if not prices["models"][given["price"] or given["model"]].get("training"):
            with pytest.raises(ParamsError, match="no training price"):
                train_openai.main()
            assert remote.calls == []
            prices["models"][given["price"]]["training"] = prices["models"]["gpt-4.1-mini"]["training"]
            with (project / "data/raw/prices.yaml").open("w") as file:
                YAML().dump(prices, file)
        train_openai.main()
        tutor = read_json(project / "models/openai/tutor.json")
        assert tutor == {
            "base_url": remote.base_url,
            "model": given["answer_model"] or f"ft:{given['model']}:org::1",
            "api_key_env": given["api_key_env"],
            "weights": None,
        }
        curve = (project / "reports/plots/openai_curve.csv").read_text().splitlines()
        assert curve[1:] == ["1,2.5,0.4,,", "2,1.5,0.5,2,0.45"]
        sent = capsys.readouterr().out
        assert f"These files go to {remote.base_url}: data/processed/openai/train.jsonl" in sent
        train_openai.main()
        assert remote.calls.count("create") == 1


def test_nothing_leaves_the_machine_before_its_price_is_allowed(folder: Folder) -> None:
    """The default allows nothing; the sentence says how much it would be."""
    with service() as remote:
        folder(**{**OPENAI, "base_url": remote.base_url, "max_cost_usd": 0})
        with pytest.raises(ParamsError, match=r"would cost about 0.\d\d USD, more than the 0.00 allowed; nothing was sent"):
            train_openai.main()
        assert remote.calls == []


def test_a_missing_key_is_named(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is counted or sent."""
    monkeypatch.delenv("OPENAI_API_KEY")
    folder(**OPENAI)
    with pytest.raises(ParamsError, match="OPENAI_API_KEY is not set"):
        train_openai.main()


def test_a_refused_service_leaves_the_old_tutor(folder: Folder) -> None:
    """Closed training says what to do instead; what an earlier run made stays."""
    with service(faults={"create": ["403 training_not_available"]}) as remote:
        project = folder(**{**OPENAI, "base_url": remote.base_url})
        (project / "models/openai").mkdir()
        (project / "models/openai/tutor.json").write_text("{}")
        with pytest.raises(EndpointError, match="Nothing was spent"):
            train_openai.main()
        assert json.loads((project / "models/openai/tutor.json").read_text()) == {}
