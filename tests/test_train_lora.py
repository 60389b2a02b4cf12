from __future__ import annotations

import csv
import io
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from stages import train_lora
from tests.language_model.conftest import PROJECT, contents, embedded, rows, tiny
from three_tutors.language_model import adapters
from three_tutors.language_model.checkpoints import COMPLETE
from three_tutors.language_model.progress import Event, StepEvent
from three_tutors.pipeline.diagnostics import ParamsError, TutorError, explained
from three_tutors.pipeline.params import read
from three_tutors.pipeline.records import read_json, write_jsonl

__all__ = ["embedded", "tiny"]  # fixtures

PARAMS = """lora:
  supervision: weight
  r: 4
  alpha: 8
  dropout: 0.0
  target_modules: all-linear
  rslora: false
  dora: false
  init: default
  learning_rate: 1e-2
  schedule: cosine
  warmup: 0.1
  epochs: 2
  batch_size: 2
  max_length: 200
  early_stopping_patience: 1
  weight_decay: 0.0
  seed: 0
  device: cpu
  precision: bf16
  launcher: null
  processes: 1
"""


@pytest.fixture
def project(tmp_path: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a project with five dialogues and the tiny base model."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models").mkdir()
    (tmp_path / "models/base").symlink_to(tiny)
    (tmp_path / "params.yaml").write_text(PARAMS, encoding="utf-8")
    write_jsonl(train_lora.TRAIN, rows(5))
    write_jsonl(train_lora.VALIDATION, rows(7)[5:])
    return tmp_path


def test_the_stage_leaves_adapter_audit_card_metrics_and_curve(project: Path) -> None:
    """One run writes everything that the pipeline, peft and a reader need, and its scratch folder is gone."""
    train_lora.main()
    names = set(contents(project / train_lora.OUT))
    assert names == {"README.md", "adapter_config.json", "adapter_model.safetensors", "supervision.json", "trained_on.json"}
    assert read_json(project / train_lora.METRICS)["valid_loss"] < read_json(project / train_lora.METRICS)["valid_loss_before"]
    lines = list(csv.DictReader(io.StringIO((project / train_lora.CURVE).read_text(encoding="utf-8"))))
    assert [line["step"] for line in lines if line["valid_loss"]] == ["0", "3", "6"]
    assert not (project / train_lora.SCRATCH).exists()
    adapters.check(project / train_lora.OUT, project / "models/base")


def test_the_learning_rate_follows_the_base_unless_it_is_given(project: Path) -> None:
    """Metrics hold the rate that was used and the card also the rule's; `auto` is the rule's."""
    train_lora.main()
    assert read_json(project / train_lora.METRICS)["learning_rate"] == 1e-2
    assert "learning rate 0.01 (the rule for this base: 0.022)" in (project / train_lora.OUT / "README.md").read_text(encoding="utf-8")
    (project / "params.yaml").write_text(PARAMS.replace("1e-2", "auto"), encoding="utf-8")
    train_lora.main()
    assert read_json(project / train_lora.METRICS)["learning_rate"] == 0.022


def test_running_again_gives_the_same_bytes(project: Path) -> None:
    """Everything that others depend on repeats to the byte; seconds are kept apart."""
    train_lora.main()
    first = {**contents(project / train_lora.OUT), "metrics": (project / train_lora.METRICS).read_bytes()}
    train_lora.main()
    assert {**contents(project / train_lora.OUT), "metrics": (project / train_lora.METRICS).read_bytes()} == first


def losses(project: Path) -> list[float]:
    """Return every loss in the curve."""
    lines = csv.DictReader(io.StringIO((project / train_lora.CURVE).read_text(encoding="utf-8")))
    return [float(line[name]) for line in lines for name in ("train_loss", "valid_loss") if line[name]]


@pytest.mark.slow(12)
@pytest.mark.parametrize("launcher", ["torchrun", "accelerate"])
def test_two_processes_learn_what_one_learns(project: Path, monkeypatch: pytest.MonkeyPatch, launcher: str) -> None:
    """Under a launcher two processes share every step: the curve is that of one process but for rounding, and one set of files is left."""
    train_lora.main()
    alone, names = losses(project), set(contents(project / train_lora.OUT))
    shutil.rmtree(project / train_lora.OUT)
    together = PARAMS.replace("launcher: null", f"launcher: {launcher}").replace("processes: 1", "processes: 2")
    (project / "params.yaml").write_text(together, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(PROJECT))
    train_lora.main()
    assert losses(project) == pytest.approx(alone, rel=2e-3)
    assert set(contents(project / train_lora.OUT)) == names
    assert not (project / train_lora.SCRATCH).exists()
    adapters.check(project / train_lora.OUT, project / "models/base")


@pytest.mark.slow(10)
def test_a_failure_in_several_processes_is_one_sentence(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the processes fail, the stage fails too and points to what they said."""
    together = PARAMS.replace("launcher: null", "launcher: torchrun").replace("processes: 1", "processes: 2")
    (project / "params.yaml").write_text(together.replace("max_length: 200", "max_length: 16"), encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(PROJECT))
    with pytest.raises(TutorError, match="Training in 2 processes by torchrun failed"):
        train_lora.main()
    assert not (project / train_lora.OUT).exists()


@pytest.mark.slow(10)
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_killed_stage_goes_on_to_the_same_bytes(project: Path, number: signal.Signals) -> None:
    """Killed outright or stopped by Ctrl-C in the middle of training and run again, the stage ends with the bytes of an unbroken run."""
    (project / "params.yaml").write_text(PARAMS.replace("epochs: 2", "epochs: 20").replace("patience: 1", "patience: 0"), encoding="utf-8")
    train_lora.main()
    unbroken = contents(project / train_lora.OUT)
    shutil.rmtree(project / train_lora.OUT)
    command = [sys.executable, "-m", "stages.train_lora"]
    streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, cwd=project, env={**os.environ, "PYTHONPATH": str(PROJECT)}, **streams) as process:  # type: ignore[call-overload]
        while not list((project / train_lora.SCRATCH).glob(f"*/{COMPLETE}")) and process.poll() is None:
            time.sleep(0.005)
        process.send_signal(number)
        said = process.communicate()[1].decode()
    assert process.returncode == (130 if number == signal.SIGINT else -number)
    assert number == signal.SIGKILL or re.match(r"Stopping after this step.*\nStopped by Ctrl-C\. Nothing half-written", said)
    assert not (project / train_lora.OUT).exists()
    train_lora.main()
    assert contents(project / train_lora.OUT) == unbroken


def test_ctrl_c_leaves_a_state_to_go_on_from(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Stopped in the middle of an epoch the stage says so, leaves no adapter, and the next run ends with an unbroken run's bytes."""
    train_lora.main()
    unbroken = contents(project / train_lora.OUT)
    shutil.rmtree(project / train_lora.OUT)
    progress = train_lora.tell

    def interrupt(event: Event) -> None:
        progress(event)
        if isinstance(event, StepEvent) and event.step == 1:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(train_lora, "tell", interrupt)
    with pytest.raises(KeyboardInterrupt):
        train_lora.main()
    assert "Stopping after this step" in capsys.readouterr().err
    assert (
        sorted(path.name for path in (project / "models").iterdir()),
        len(list(project.glob(f"{train_lora.SCRATCH}/*/{COMPLETE}"))),
    ) == (["base"], 1)
    heard: list[int] = []
    monkeypatch.setattr(train_lora, "tell", lambda event: heard.append(event.step))
    train_lora.main()
    assert (heard[0], contents(project / train_lora.OUT)) == (2, unbroken)


def test_a_full_disk_ends_in_a_sentence(project: Path) -> None:
    """Where weights cannot be written, the stage says what the system said and leaves neither an adapter nor a state that is cut off."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        assert re.match(r"error: File too large \(.*safetensors\)\. Nothing half-written", explained(train_lora.main))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [path.name for path in (project / "models").iterdir()] == ["base"]
    assert list(project.rglob("*.safetensors")) == []
    train_lora.main()
    adapters.check(project / train_lora.OUT, project / "models/base")


def test_several_processes_need_a_launcher(project: Path) -> None:
    """Processes without something that starts them are an error, not one process in silence."""
    (project / "params.yaml").write_text(PARAMS.replace("processes: 1", "processes: 2"), encoding="utf-8")
    with pytest.raises(ParamsError, match=r"lora\.launcher"):
        train_lora.main()


def test_qlora_is_a_setting(project: Path) -> None:
    """`precision: nf4` trains an adapter beside a base in four bits, by which the card and the metrics go."""
    pytest.importorskip("bitsandbytes")
    (project / "params.yaml").write_text(PARAMS.replace("bf16", "nf4"), encoding="utf-8")
    train_lora.main()
    losses = read_json(project / train_lora.METRICS)
    assert losses["valid_loss"] < losses["valid_loss_before"]
    assert "nf4" in (project / train_lora.OUT / "README.md").read_text(encoding="utf-8")


def test_the_card_says_what_was_learned_from(project: Path) -> None:
    """The model card names base, data, settings, losses and limits."""
    train_lora.main()
    card = (project / train_lora.OUT / "README.md").read_text(encoding="utf-8")
    assert all(
        part in card for part in ("5 training dialogues, 10 learned turns", "rank 4, alpha 8", "validation loss", "a person must read")
    )


def test_params_become_settings(project: Path) -> None:
    """Every param reaches the training it names."""
    settings = read("lora", train_lora.Params, project / "params.yaml").settings(0.004)
    assert settings.lora is not None
    assert (settings.lora.r, settings.lora.alpha, settings.learning_rate, settings.max_length, settings.seed) == (4, 8, 1e-2, 200, 0)


def test_metrics_hold_no_time(project: Path) -> None:
    """Nothing in the metrics differs between two runs."""
    train_lora.main()
    metrics: dict[str, Any] = read_json(project / train_lora.METRICS)
    assert not [name for name in metrics if "second" in name]
