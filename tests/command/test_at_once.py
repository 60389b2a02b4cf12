"""Independent stages run at once, and nothing else changes: the files, dvc.lock and what `dvc status` says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from three_tutors.command.at_once import chosen, read_dot
from three_tutors.pipeline.diagnostics import TutorError

ROOT = Path(__file__).parents[2]
DOT = """strict digraph {
"a";
"b@x";
"b@y";
"c";
"a" -> "b@x";
"a" -> "b@y";
"b@x" -> "c";
"b@y" -> "c";
}
"""
GRAPH = {"a": set[str](), "b@x": {"a"}, "b@y": {"a"}, "c": {"b@x", "b@y"}}

# Each branch writes that it began and waits until the other has: one after the other, the first would wait in vain.
MEET = """
import pathlib, sys, time
name, other = sys.argv[1:]
pathlib.Path(f"met/{name}").write_text("")
end = time.monotonic() + 300
while other != "nobody" and not pathlib.Path(f"met/{other}").exists():
    if time.monotonic() > end:
        sys.exit(f"{name} waited for {other} in vain")
    time.sleep(0.05)
print(f"step 1 of 1 of {name}")
pathlib.Path(f"{name}.txt").write_text(pathlib.Path("a.txt").read_text() + name)
"""
PIPELINE = """
stages:
  a:
    cmd: python -c "import pathlib; pathlib.Path('a.txt').write_text('a')"
    outs: [a.txt]
  b:
    foreach: {x: {other: y}, y: {other: x}}
    do:
      cmd: python meet.py ${key} ${item.other}
      deps: [a.txt]
      outs: ["${key}.txt"]
  c:
    cmd: python -c "import pathlib; pathlib.Path('c.txt').write_text(pathlib.Path('x.txt').read_text() + pathlib.Path('y.txt').read_text())"
    deps: [x.txt, y.txt]
    outs: [c.txt]
"""
ENVIRONMENT = {
    **os.environ,
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    "PYTHONPATH": str(ROOT),
    **{f"GIT_{who}_{what}": "a@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
}


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command in `folder`."""
    return subprocess.run(words, capture_output=True, text=True, check=False, cwd=folder, env=ENVIRONMENT)


def tutors_run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the pipeline in `folder`."""
    return run(folder, sys.executable, "-m", "three_tutors.command.run", *words)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a small project: one stage, two that wait for each other, and one that needs both."""
    (tmp_path / "dvc.yaml").write_text(PIPELINE, encoding="utf-8")
    (tmp_path / "meet.py").write_text(MEET, encoding="utf-8")
    (tmp_path / "met").mkdir()
    (tmp_path / ".gitignore").write_text("/a.txt\n/x.txt\n/y.txt\n/c.txt\n/met\n/.cache\n", encoding="utf-8")
    for command in (["git", "init", "-q"], [sys.executable, "-m", "dvc", "init", "-q"]):
        assert run(tmp_path, *command).returncode == 0
    return tmp_path


def test_the_graph_is_read_from_dvc() -> None:
    """Each stage with what it needs, in the order of dvc.yaml."""
    assert read_dot(DOT) == GRAPH


def test_a_named_stage_brings_what_it_needs() -> None:
    """The name of a `foreach` stands for all its items; options of `dvc repro` are told apart."""
    assert chosen(GRAPH, ["b@x", "--force"]) == ({"a": set(), "b@x": {"a"}}, ["--force"])
    assert list(chosen(GRAPH, ["b"])[0]) == ["a", "b@x", "b@y"]
    assert chosen(GRAPH, [])[0] == GRAPH


@pytest.mark.parametrize(("word", "said"), [("d", "no stage 'd'"), ("--dry", "--dry cannot be passed on")])
def test_a_word_that_means_nothing_here_is_refused(word: str, said: str) -> None:
    """A sentence says what can be given."""
    with pytest.raises(TutorError, match=said):
        chosen(GRAPH, [word])


@pytest.mark.slow
def test_independent_stages_run_at_once_and_leave_what_one_by_one_leaves(project: Path) -> None:
    """Both branches meet; files and dvc.lock are those of `dvc repro`, `dvc status` is clean, and a second run runs nothing."""
    done = tutors_run(project, "--jobs", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert {"x | step 1 of 1 of x", "y | step 1 of 1 of y"} <= {re.sub(r"^b@", "", line) for line in done.stdout.splitlines()}
    kept = {name: (project / name).read_bytes() for name in ("c.txt", "dvc.lock", ".gitignore")}
    assert run(project, sys.executable, "-m", "dvc", "status").stdout == "Data and pipelines are up to date.\n"
    assert "Running stage" not in tutors_run(project, "--jobs", "3").stdout
    assert "c | " in (project / ".cache/repro.log").read_text(encoding="utf-8")

    for name in ("dvc.lock", "a.txt", "x.txt", "y.txt", "c.txt"):
        (project / name).unlink()
    assert run(project, sys.executable, "-m", "dvc", "repro", "--no-run-cache").returncode == 0  # both have met
    stages = re.compile(r"^  \S+:\n(?:    .*\n)+", re.MULTILINE)
    lock = (project / "dvc.lock").read_text(encoding="utf-8")
    assert sorted(stages.findall(lock)) == sorted(stages.findall(kept["dvc.lock"].decode()))
    assert {name: (project / name).read_bytes() for name in ("c.txt", ".gitignore")} == {
        name: kept[name] for name in ("c.txt", ".gitignore")
    }


@pytest.mark.slow
def test_after_a_failure_no_other_stage_is_started(project: Path) -> None:
    """Stages under way are finished; the last lines of the one that failed are told, and the status says so."""
    for name in "xy":  # neither waits
        (project / f"met/{name}").touch()
    (project / "meet.py").write_text("import sys\nif sys.argv[1] == 'x':\n    sys.exit('no disk')\n" + MEET, encoding="utf-8")
    done = tutors_run(project, "--jobs", "2", "c")
    assert done.returncode == 1
    assert "b@x | no disk" in done.stderr
    assert ((project / "y.txt").exists(), (project / "c.txt").exists()) == (True, False)
