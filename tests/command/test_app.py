"""`tutors` lists its commands at once and hands words to the modules that read them."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from tests.conftest import ROOT
from three_tutors.command import app, handing, workspace


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Return where the module and the words of each start are noted; nothing is started."""
    notes: list[Any] = []
    monkeypatch.setattr(handing, "start", lambda module, **_: notes.append((module, sys.argv[1:])))
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "argv", ["pytest"])
    return notes


def test_the_help_lists_every_command_and_loads_nothing_for_it() -> None:
    """`tutors --help` answers in a fraction of a second: no library that takes long to load is loaded."""
    code = (
        "import sys; from three_tutors.command.app import tutors\n"
        "try: tutors.main(['--help'], prog_name='tutors')\n"
        "except SystemExit: print(*sorted({'torch', 'numpy', 'pydantic', 'yaml', 'dvc', 'jinja2'} & set(sys.modules)), file=sys.stderr)"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    listed = {line.split()[0] for line in answer.stdout.splitlines() if line.startswith("  ")}
    assert set(app.tutors.list_commands(click.Context(app.tutors))) <= listed
    assert answer.stderr.strip() == ""


@pytest.mark.parametrize("name", app.HANDED)
def test_every_command_has_its_module_and_an_example(name: str) -> None:
    """The module exists, and the example is a line that begins with the command."""
    assert find_spec(app.HANDED[name].module) is not None
    assert app.HANDED[name].example.startswith(f"tutors {name}")


@pytest.mark.parametrize("name", sorted(app.tutors.commands))
def test_every_own_command_has_an_example(name: str) -> None:
    """`--help` ends with one."""
    assert "Example: " in CliRunner().invoke(app.tutors, [name, "--help"]).output


def test_words_are_handed_over_as_they_are(started: list[Any]) -> None:
    """Options, order and values reach the module."""
    CliRunner().invoke(app.tutors, ["agreement", "rated.jsonl", "--json"])
    assert started == [("three_tutors.trust.agreement", ["rated.jsonl", "--json"])]


def test_a_command_that_needs_a_workspace_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, started: list[Any]) -> None:
    """Elsewhere one sentence says what to do; help is given anywhere."""
    monkeypatch.chdir(tmp_path)
    assert str(CliRunner().invoke(app.tutors, ["floor"]).exception) == workspace.NO_WORKSPACE
    assert str(CliRunner().invoke(app.tutors, ["run"]).exception) == workspace.NO_WORKSPACE
    assert str(CliRunner().invoke(app.tutors, ["validate"]).exception) == workspace.NO_WORKSPACE
    CliRunner().invoke(app.tutors, ["floor", "--help"])
    assert started == [("three_tutors.trust.floor", ["--help"])]


def test_an_error_names_commands_that_work_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """A workspace has no Makefile, and whoever installed `tutors` as a tool has no `dvc` on the PATH."""
    told = "error: a is missing; run `dvc repro split`, which makes it. There is nothing yet: run `make repro`."

    def start(*_: object, **__: object) -> None:
        sys.exit(told)

    monkeypatch.setattr(handing, "start", start)
    monkeypatch.setattr(sys, "argv", ["pytest"])
    with pytest.raises(SystemExit) as end:
        handing.hand_over("three_tutors.trust.floor", [], "tutors floor")
    assert end.value.code == "error: a is missing; run `tutors run split`, which makes it. There is nothing yet: run `tutors run`."


def test_help_and_completion_ask_the_modules_own_parser() -> None:
    """Help names the command that was typed and ends with its example; options and choices are completed."""
    parser = handing._parser("three_tutors.trust.judge")
    assert parser is not None
    handing._introduce(parser, "tutors judge", "tutors judge lora")
    assert (parser.format_usage()[:19], parser.format_help().strip()[-26:]) == ("usage: tutors judge", "Example: tutors judge lora")
    complete = ShellComplete(app.tutors, {}, "tutors", "_TUTORS_COMPLETE")
    assert [item.value for item in complete.get_completions(["judge"], "--r")] == ["--rated"]
    assert "lora" in [item.value for item in complete.get_completions(["judge"], "l")]
    assert [item.type for item in complete.get_completions(["judge", "--rated"], "r")] == ["file"]
    assert [item.value for item in complete.get_completions([], "overv")] == ["overview"]


def test_a_stage_is_completed_and_an_unknown_one_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """DVC would say that the name is not inside dvc.yaml; which names are there is what somebody wants to know."""
    monkeypatch.chdir(ROOT)
    complete = ShellComplete(app.tutors, {}, "tutors", "_TUTORS_COMPLETE")
    assert [item.value for item in complete.get_completions(["run"], "tr")] == ["train_dspy", "train_openai", "train_lora"]
    refused = CliRunner().invoke(app.tutors, ["run", "trian_lora"])
    assert (refused.exit_code, "There is no stage 'trian_lora'; the stages are validate, split" in refused.output) == (2, True)


def test_the_gate_checks_files_anywhere_with_few_packages(tmp_path: Path) -> None:
    """`.ci/gate`, which hooks and actions call, needs no workspace and only the packages that it names, and what those need."""
    text = (ROOT / "data/raw/template.yaml").read_text(encoding="utf-8")
    (tmp_path / "template.yaml").write_text(text.replace("student: 60 and", "studnt: 60 and"), encoding="utf-8")
    named = re.findall(r'"([\w.]+)(?:\[\w+\])?>=', (ROOT / ".ci/gate").read_text(encoding="utf-8").split("import sys")[0])
    assert named == ["click", "numpy", "pandera", "pydantic", "PyYAML", "ruamel.yaml"]
    heavy = {
        "torch",
        "transformers",
        "peft",
        "datasets",
        "dspy",
        "openai",
        "dvc",
        "sklearn",
        "starlette",
        "jinja2",
        "scipy",
        "tiktoken",
    }
    code = (
        f"import runpy, sys\nfor name in {sorted(heavy)}: sys.modules[name] = None\n"
        f"sys.argv = ['gate', 'template.yaml', '--format', 'github']\nrunpy.run_path({str(ROOT / '.ci/gate')!r}, run_name='__main__')"
    )
    answer = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (answer.returncode, "::error file=template.yaml,line=15" in answer.stdout) == (1, True), answer.stderr
