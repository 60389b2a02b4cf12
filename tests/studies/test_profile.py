"""A profile sets only what the stages take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from stages import answer, prepare_base, train_dspy, train_lora, train_openai, train_preference
from three_tutors.chat import __main__ as chat
from three_tutors.pipeline.diagnostics import ParamsError
from three_tutors.pipeline.params import read
from three_tutors.studies import profile
from three_tutors.studies.profile import settings
from three_tutors.tutoring.taking_part import TakingPart

ROOT = Path(__file__).parent.parent.parent
PROFILES = sorted((ROOT / "profiles").glob("*.yaml"))
READERS: dict[str, Any] = {
    "base_model": prepare_base.Params,
    "dspy": train_dspy.Params,
    "openai": train_openai.Params,
    "lora": train_lora.Params,
    "preference": train_preference.Params,
    "answer": answer.Params,
    "tutors": TakingPart,
    "chat": chat.Params,
}


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.stem)
def test_the_stages_accept_every_profile(path: Path, tmp_path: Path) -> None:
    """Put into params.yaml, each setting is read by those whose section it is in; the file and the documentation say whom it is for."""
    params: dict[str, Any] = YAML(typ="safe").load(ROOT / "params.yaml")
    changed = settings(path, ROOT / "params.yaml")
    for name, value in changed.items():
        section, _, key = name.partition(".")
        old = params[section][key]
        params[section][key] = {**old, **value} if isinstance(old, dict) else value
    YAML().dump(params, tmp_path / "params.yaml")
    for section in {name.partition(".")[0] for name in changed}:
        read(section, READERS[section], tmp_path / "params.yaml")
    text = path.read_text(encoding="utf-8")
    assert all(word in text for word in ("# For ", "Time:", "Memory:", "# Expect:"))
    assert f"| `make repro PROFILE={path.stem}` |" in (ROOT / "docs/models.md").read_text(encoding="utf-8")


def test_a_dry_run_shows_what_is_set_and_runs_nothing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """What it is for and each setting as DVC gets it are printed."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr("sys.argv", ["profile", "laptop", "--dry"])
    profile.main()
    printed = capsys.readouterr().out
    assert printed.startswith("For a laptop")
    assert "  ++base_model.source='Qwen/Qwen2.5-0.5B-Instruct'\n" in printed
    assert "  ++openai.extra_hyperparameters={lora:true,lora_r:8,lora_alpha:16}\n" in printed


def test_a_profile_that_is_not_there_or_sets_what_is_not_there_is_refused(tmp_path: Path) -> None:
    """The sentence names the profiles there are, and the setting that is none."""
    with pytest.raises(ParamsError, match=r"There is no profile 'phone'; .* has api, laptop, preference, workstation"):
        settings(ROOT / "profiles/phone.yaml", ROOT / "params.yaml")
    (tmp_path / "mine.yaml").write_text("lora: {rank: 8}\n", encoding="utf-8")
    with pytest.raises(ParamsError, match=r"params\.yaml has no lora\.rank"):
        settings(tmp_path / "mine.yaml", ROOT / "params.yaml")
