from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ADVICE = "Nothing half-written was kept; `dvc repro` goes on from here."
STAGES = sorted(path.stem for path in (ROOT / "stages").glob("*.py") if path.stem != "__init__")
COMMANDS = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in (ROOT / "three_tutors").rglob("*.py")
    if re.search(r"^def main\(", path.read_text(encoding="utf-8"), re.MULTILINE)
)
ELSEWHERE = {
    "three_tutors.openai_server.job",  # by the server alone, which talks with it over standard input
    "three_tutors.command.__main__",  # the installed command calls its `main`, which starts `three_tutors.command.app`
    "three_tutors.command.app",
}
"""Started in another way, and for a reason."""

STAGE = '''"""Wait for a signal."""

from __future__ import annotations

if __name__ == "__main__":
    from three_tutors.pipeline.starting import start

    start("stages.waiting")

import threading
import time

{importing}


def main() -> None:
    """Wait, at an end that a signal does not reach."""
    try:
        print("working", flush=True)
        time.sleep(60)
    finally:
        {cleaning}
'''
IMPORTING = """print("importing", flush=True)
try:
    time.sleep(60)
except BaseException:
    raise ImportError("a library that is interrupted fails in its own way") from None
"""


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a module of the project in `folder`."""
    environment = {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}
    return subprocess.run([sys.executable, "-m", *words], capture_output=True, text=True, cwd=folder, env=environment, check=False)


def interrupted(folder: Path, signals: list[int], importing: str = "", cleaning: str = "print('cleaned')") -> tuple[int, str, str]:
    """Run a stage that waits, send it signals, one for each line it prints; return its status and what it printed."""
    (folder / "stages").mkdir()
    (folder / "stages/__init__.py").touch()
    (folder / "stages/waiting.py").write_text(STAGE.format(importing=importing, cleaning=cleaning), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}
    command = [sys.executable, "-m", "stages.waiting"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder, env=environment) as process:
        assert process.stdout
        for number in signals:
            process.stdout.readline()
            process.send_signal(number)
        out, error = process.communicate(timeout=20)
    return process.returncode, out, error


@pytest.mark.parametrize("module", [*(f"stages.{stage}" for stage in STAGES), *COMMANDS])
def test_what_is_run_starts_before_it_imports(module: str) -> None:
    """The first statement after the docstring starts the module under its own name, so that nothing is loaded before."""
    if module in ELSEWHERE:
        return
    text = (ROOT / module.replace(".", "/")).with_suffix(".py").read_text(encoding="utf-8")
    _, _, code = text.partition("from __future__ import annotations\n\n")
    first = 'if __name__ == "__main__":\n    from three_tutors.pipeline.starting import start\n\n    start("' + module + '"'
    assert code.startswith(first)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_while_a_stage_imports_is_one_line(tmp_path: Path, number: int, status: int) -> None:
    """Whatever the library that is being imported would make of it."""
    name = "Ctrl-C" if number == signal.SIGINT else "SIGTERM"
    assert interrupted(tmp_path, [number], IMPORTING) == (status, "", f"Stopped by {name}. {ADVICE}\n")


@pytest.mark.parametrize("cleaning", ["print('cleaned')", "print('cleaned'); raise OSError('a connection broke')"])
def test_a_signal_while_a_stage_works_lets_it_clean_up(tmp_path: Path, cleaning: str) -> None:
    """One line, whatever fails while it cleans up."""
    assert interrupted(tmp_path, [signal.SIGINT], cleaning=cleaning) == (130, "cleaned\n", f"Stopped by Ctrl-C. {ADVICE}\n")


def test_a_stage_that_hears_signals_itself_ends_in_the_same_words(tmp_path: Path) -> None:
    """Training stops after its step, and then says by KeyboardInterrupt that it was stopped."""
    importing = "import signal\nfor number in (signal.SIGINT, signal.SIGTERM):\n    signal.signal(number, lambda *_: None)\n"
    cleaning = "raise KeyboardInterrupt"
    waiting = importing + "time.sleep = lambda _: threading.Event().wait(1)\n"
    assert interrupted(tmp_path, [signal.SIGINT], waiting, cleaning) == (130, "", f"Stopped by Ctrl-C. {ADVICE}\n")


def test_a_second_signal_ends_a_stage_that_does_not_stop(tmp_path: Path) -> None:
    """Whoever presses Ctrl-C twice does not wait."""
    cleaning = "print('cleaning', flush=True); time.sleep(60)"
    assert interrupted(tmp_path, [signal.SIGINT] * 2, cleaning=cleaning) == (130, "", f"Stopped by Ctrl-C. {ADVICE}\n")


def test_ctrl_c_after_the_work_changes_nothing(tmp_path: Path) -> None:
    """All is written; what Python and its libraries tidy up may take a second."""
    importing = (
        "import atexit\ntime.sleep = lambda _: None\natexit.register(lambda: (print('ending', flush=True), threading.Event().wait(0.5)))"
    )
    done = interrupted(tmp_path, [0, signal.SIGINT], importing, cleaning="pass")
    assert done == (0, "", "")


def test_threads_do_not_hold_an_interrupted_stage(tmp_path: Path) -> None:
    """Python itself would wait for them."""
    cleaning = "threading.Thread(target=time.sleep, args=(60,)).start()"
    assert interrupted(tmp_path, [signal.SIGINT], cleaning=cleaning)[0] == 130


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_answers_help_and_does_nothing(stage: str, tmp_path: Path) -> None:
    """What it does, reads and writes, from another folder too; nothing heavy is loaded."""
    code = (
        f"import sys; sys.argv = ['x', '--help']; from three_tutors.pipeline.usage import check\n"
        f"try: check('stages.{stage}', sys.argv[1:])\n"
        "except SystemExit as end: print(end.code, sorted({'torch', 'dspy', 'transformers', 'pydantic', 'openai'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True
    )
    said = done.stdout.splitlines()
    first = (ROOT / f"stages/{stage}.py").read_text(encoding="utf-8").splitlines()[0].strip('"')
    assert (said[0], said[-1], list(tmp_path.iterdir())) == (first, "0 []", [])
    assert {"Reads", "Writes"} - set(said) <= ({"Reads"} if stage == "prepare_base" else set())


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["stages.split", "--hepl"], "stages.split takes no arguments, and it was given `--hepl`; `--help` says what it does."),
        (
            ["stages.train_lora", "now"],
            "stages.train_lora takes no arguments, and it was given `now`; `--help` says what it does.",
        ),
        (["stages.answer"], "stages.answer takes one of baseline, dspy, openai, lora; it was given none."),
        (["stages.answer", "lora", "dspy"], "stages.answer takes one of baseline, dspy, openai, lora; it was given `lora dspy`."),
        (["stages.evaluate", "me"], "stages.evaluate takes one of baseline, dspy, openai, lora, reference; it was given `me`."),
    ],
)
def test_arguments_that_cannot_be_meant_are_refused(tmp_path: Path, words: list[str], sentence: str) -> None:
    """A sentence with what it takes, and status 2."""
    done = run(tmp_path, *words)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"error: {sentence}\n")


@pytest.mark.parametrize(
    ("words", "path", "stage"),
    [
        (["stages.split"], "data/processed/dialogues.jsonl", "validate"),
        (["stages.train_lora"], "data/processed/lora/train.jsonl", "render"),
        (["stages.evaluate", "lora"], "data/processed/splits", "split"),
    ],
)
def test_what_is_missing_names_the_stage_that_makes_it(tmp_path: Path, words: list[str], path: str, stage: str) -> None:
    """Before anything of the stage is loaded."""
    done = run(tmp_path, *words)
    assert (done.returncode, done.stderr) == (1, f"error: {path} is missing; run `dvc repro {stage}`, which makes it.\n")


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_leaves_is_no_error(unbuffered: str) -> None:
    """`… --help | head -1`: what nobody reads any more is dropped without a word, on the way and at the end."""
    command = f"{sys.executable} -m stages.validate --help | true; exit ${{PIPESTATUS[0]}}"
    environment = os.environ | {"PYTHONUNBUFFERED": unbuffered}
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, cwd=ROOT, env=environment)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 128 + signal.SIGPIPE)
