"""What one person made, a colleague pulls and does not run again; keys stay in the environment."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from three_tutors.command.sharing import share
from three_tutors.pipeline.diagnostics import ParamsError

ROOT = Path(__file__).parents[2]
KEY, SECRET = "AKIA0TESTONLY00000AA", "only-a-test-secret-0123456789"
ENVIRONMENT = {
    **os.environ,
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    "PYTHONPATH": os.pathsep.join([str(ROOT), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]),
    "AWS_ACCESS_KEY_ID": KEY,
    "AWS_SECRET_ACCESS_KEY": SECRET,
    "AWS_DEFAULT_REGION": "us-east-1",
    **{f"GIT_{who}_{what}": "a@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
}
TRAIN = "import pathlib, yaml; r = yaml.safe_load(open('params.yaml'))['r']; pathlib.Path('model').mkdir(exist_ok=True); "
TRAIN += "pathlib.Path('model/weights').write_text(f'weights of {r}'); pathlib.Path('loss.json').write_text(f'{{\"loss\": {r}}}')"
PIPELINE = """
stages:
  train:
    cmd: python train.py
    deps: [train.py]
    params: [r]
    outs: [model]
    metrics: [loss.json: {cache: false}]
"""


def run(folder: Path, *words: str) -> str:
    """Run a command in `folder` and return what it prints; it has to succeed."""
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=folder, env=ENVIRONMENT)
    assert done.returncode == 0, f"{' '.join(words)}: {done.stdout}{done.stderr}"
    return done.stdout


def dvc(folder: Path, *words: str) -> str:
    """Run DVC in `folder`."""
    return run(folder, sys.executable, "-m", "dvc", *words)


@pytest.fixture
def s3() -> Iterator[str]:
    """Yield the address of an S3 server on loopback with a bucket."""
    pytest.importorskip("dvc_s3", reason="sharing at S3 needs the extra `share`")
    server = pytest.importorskip("moto.server", reason="an S3 server on loopback needs the extra `share-test`")
    running = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    running.start()
    try:
        address = "http://{}:{}".format(*running.get_host_and_port())
        httpx.put(f"{address}/school").raise_for_status()  # makes a bucket
        yield address
    finally:
        running.stop()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project whose stage trained with two settings; the first one is in Git."""
    folder = tmp_path / "mine"
    folder.mkdir()
    for name, text in {"dvc.yaml": PIPELINE, "train.py": TRAIN, ".gitignore": "/model\n", "params.yaml": "r: 1\n"}.items():
        (folder / name).write_text(text, encoding="utf-8")
    run(folder, "git", "init", "-q", "-b", "main")
    dvc(folder, "init", "-q")
    dvc(folder, "repro", "-q")
    run(folder, "git", "add", ".")
    run(folder, "git", "commit", "-qm", "Train")
    (folder / "params.yaml").write_text("r: 2\n", encoding="utf-8")
    dvc(folder, "repro", "-q")
    run(folder, "git", "checkout", "-q", ".")
    dvc(folder, "checkout", "-q")
    return folder


@pytest.mark.slow
def test_a_colleague_pulls_and_runs_nothing(project: Path, s3: str, tmp_path: Path) -> None:
    """Neither the setting in Git nor one that was only tried is trained again; no key is in any file of the project or its clones."""
    words = ["s3://school/tutors", "--endpoint", s3, "--runs"]
    said = run(project, sys.executable, "-m", "three_tutors.command.sharing", *words)
    assert "dvc pull --run-cache" in said
    run(project, "git", "commit", "-qam", "Share")
    run(tmp_path, "git", "clone", "-q", "--bare", "mine", "origin.git")
    run(tmp_path, "git", "clone", "-q", "origin.git", "theirs")

    theirs = tmp_path / "theirs"
    dvc(theirs, "pull", "--run-cache")
    assert "Stage 'train' didn't change, skipping" in dvc(theirs, "repro")
    assert (theirs / "model/weights").read_text(encoding="utf-8") == "weights of 1"
    (theirs / "params.yaml").write_text("r: 2\n", encoding="utf-8")
    said = dvc(theirs, "repro", "--pull")
    assert ("is cached - skipping run" in said, "Running stage" in said) == (True, False)
    assert (theirs / "model/weights").read_text(encoding="utf-8") == "weights of 2"
    assert (theirs / "loss.json").read_text(encoding="utf-8") == '{"loss": 2}'

    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [str(path) for path in files for key in (KEY, SECRET) if key.encode() in path.read_bytes()] == []


@pytest.mark.slow
def test_without_the_keys_dvc_says_so(project: Path, s3: str) -> None:
    """The command ends with DVC's own sentence."""
    nobody = {name: value for name, value in ENVIRONMENT.items() if not name.startswith("AWS_")}
    nobody |= {"HOME": str(project), "AWS_EC2_METADATA_DISABLED": "true"}
    words = [sys.executable, "-m", "three_tutors.command.sharing", "s3://school/tutors", "--endpoint", s3]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=project, env=nobody)
    assert (done.returncode, "credentials" in done.stderr) == (1, True)


@pytest.mark.slow
def test_a_folder_that_all_can_reach_will_do(project: Path, tmp_path: Path) -> None:
    """Without --runs only what the present setting made is pushed."""
    run(project, sys.executable, "-m", "three_tutors.command.sharing", str(tmp_path / "disk"))
    pushed = [path.read_bytes() for path in (tmp_path / "disk").rglob("*") if path.is_file()]
    assert (b"weights of 1" in pushed, b"weights of 2" in pushed) == (True, False)


def test_a_key_in_the_address_is_refused() -> None:
    """It would be committed; nothing is written."""
    with pytest.raises(ParamsError, match="it would go into Git"):
        share(f"s3://{KEY}:{SECRET}@school/tutors")
