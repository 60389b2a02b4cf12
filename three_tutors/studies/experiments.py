"""DVC's queue of experiments, in a copy of the project, so that nothing happens to the workspace.

DVC puts an experiment on its queue by stashing the changes of the working tree and resetting it, and keeps queue, results and failures
as references in Git. In a copy this touches nobody's files, a kill leaves nothing half-way, and experiments of one's own stay off the
queue. The copy holds the files that Git tracks or would track, as they are, committed or not, and shares DVC's cache with the project:
figures of finished experiments are read from there. DVC's experiments leave nothing in its run cache, so a run that is in no table is
trained, whatever was trained before.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from three_tutors.pipeline.diagnostics import TutorError
from three_tutors.pipeline.params import PARAMS_FILE

MARK = "study_run"
"""A param that no stage reads and every experiment sets: DVC keeps no experiment that changes nothing."""


@dataclass(frozen=True)
class Experiments:
    """The queue in one copy of the project."""

    folder: Path
    cache: Path
    """Where DVC keeps the files of all runs."""

    def queue(self, name: str, target: str, settings: Mapping[str, Any]) -> None:
        """Put an experiment on the queue: the stages up to `target` with these params."""
        sets = [f"++{key}={override(value)}" for key, value in {**settings, MARK: name}.items()]
        _dvc(self.folder, "exp", "run", "--quiet", "--queue", "--name", name, *(part for one in sets for part in ("-S", one)), target)

    def start(self, jobs: int) -> None:
        """Let so many workers take experiments from the queue; they end when it is empty.

        Several share the cores, unless OMP_NUM_THREADS says otherwise: two trainings that both want every core wait for each other's
        threads at each product, and take several times as long.
        """
        command = [sys.executable, "-m", "dvc", "queue", "start", "--quiet", "--jobs", str(jobs)]
        # No pipe: the workers would keep it open, and this would wait for them.
        quiet: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        if subprocess.run(command, cwd=self.folder, env=_environment(jobs), check=False, **quiet).returncode:  # noqa: S603 - our own words
            raise TutorError("`dvc queue start` failed; `dvc queue start -v` in the project says why.")

    def finished(self) -> dict[str, str]:
        """Return the commits of finished experiments by name."""
        refs = _git(self.folder, "for-each-ref", "--format=%(objectname) %(refname)", "refs/exps").decode().split("\n")
        rows = [ref.split(" ", 1) for ref in refs if ref]
        # refs/exps/<two digits>/<rest of the commit they change>/<name>; those of the queue itself are shorter
        return {ref.rpartition("/")[2]: commit for commit, ref in rows if ref.count("/") == 4}  # noqa: PLR2004 - see above

    def working(self) -> bool:
        """Return whether a worker is there."""
        return bool(_running_in(self.folder))

    def log(self, name: str) -> str:
        """Return what a failed experiment said, empty where DVC lost it."""
        try:
            return _dvc(self.folder, "queue", "logs", name).strip()
        except TutorError:
            return ""

    def forget_failed(self) -> None:
        """Take failed experiments off the queue."""
        _dvc(self.folder, "queue", "remove", "--quiet", "--failed")

    def read(self, commit: str, path: str) -> bytes | None:
        """Return a file of a finished experiment, from Git or from DVC's cache; None where it has none."""
        shown = subprocess.run(["git", "show", f"{commit}:{path}"], cwd=self.folder, capture_output=True, check=False)  # noqa: S603, S607 - our own words
        if shown.returncode == 0:
            return shown.stdout
        lock = YAML(typ="safe").load(_git(self.folder, "show", f"{commit}:dvc.lock"))
        for out in (out for stage in lock["stages"].values() for out in stage.get("outs", [])):
            if path == out["path"]:
                return self._cached(out["md5"])
            if path.startswith(f"{out['path']}/") and out["md5"].endswith(".dir"):
                inside = {row["relpath"]: row["md5"] for row in json.loads(self._cached(out["md5"]) or b"[]")}
                return self._cached(inside.get(path.removeprefix(f"{out['path']}/"), ""))
        return None

    def _cached(self, md5: str) -> bytes | None:
        path = self.cache / "files" / "md5" / md5[:2] / md5[2:]
        return path.read_bytes() if md5 and path.is_file() else None

    def stop(self) -> None:
        """End the workers and whatever they run; what was half trained is lost."""
        for kind in (signal.SIGTERM, signal.SIGKILL):
            for _ in range(50):
                if not (found := _running_in(self.folder)):
                    return
                for process in found:
                    with suppress(ProcessLookupError):
                        os.kill(process, kind)
                time.sleep(0.2)


@contextmanager
def experiments(root: Path, folder: Path) -> Iterator[Experiments]:
    """Yield an empty queue in a new copy of the project in `root`; workers are ended and the copy is removed afterwards.

    Raises:
        TutorError: the project is not in Git, or DVC does not work there.

    """
    cache = Path(_dvc(root, "cache", "dir").strip()).absolute()
    queue = Experiments(folder.absolute(), cache)
    try:
        _remove(queue)  # of a study that was killed
        _copy(root, queue)
        yield queue
    finally:
        _remove(queue)


def _remove(queue: Experiments) -> None:
    if queue.folder.exists():
        queue.stop()
        shutil.rmtree(queue.folder, ignore_errors=True)  # a process on its way out may still write there


def _copy(root: Path, queue: Experiments) -> None:
    names = _git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard").decode().split("\0")
    for name in filter(None, names):
        if (root / name).is_file():
            (queue.folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, queue.folder / name)
    with (queue.folder / PARAMS_FILE).open("a", encoding="utf-8") as file:
        file.write(f"\n{MARK}: none\n")
    # Links where they can be made: a copy of each model for each experiment would fill the disk.
    local = f"[cache]\n    dir = {queue.cache}\n    type = reflink,hardlink,symlink,copy\n"
    (queue.folder / ".dvc" / "config.local").write_text(local, encoding="utf-8")
    _git(queue.folder, "init", "--quiet")
    _git(queue.folder, "config", "user.name", "study")
    _git(queue.folder, "config", "user.email", "study@localhost")
    _git(queue.folder, "add", "--all")
    _git(queue.folder, "commit", "--quiet", "--no-verify", "--message", "The project as it is")


def override(value: object) -> str:
    """Return a value as `dvc exp run -S ++name=value` takes it (Hydra's grammar): a text that has signs in it stands in quotes.

    With `++` a mapping is added to what is there; without, a key that is not there yet is refused.
    """
    if isinstance(value, str):
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    if isinstance(value, list | tuple):
        return f"[{','.join(map(override, value))}]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{key}:{override(one)}" for key, one in value.items()) + "}"
    return json.dumps(value)


def _running_in(folder: Path) -> list[int]:
    """Return the processes that were started in `folder` or below; Linux tells where each one is."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (process / "cwd").readlink().is_relative_to(folder) and int(process.name) != os.getpid():
                found.append(int(process.name))
    return found


def _environment(jobs: int = 1) -> dict[str, str]:
    """Return the environment of DVC: stages call `python` and its workers `dvc`, which are beside the Python that runs this."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    shared = {"OMP_NUM_THREADS": str(max(1, (os.cpu_count() or 1) // jobs))} if jobs > 1 else {}
    return {**shared, **os.environ, "PATH": path, "DVC_NO_ANALYTICS": "1"}


def _dvc(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "dvc", *arguments]
    done = subprocess.run(command, cwd=folder, env=_environment(), capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).split("\n")
        raise TutorError(f"`dvc {' '.join(arguments[:2])}` failed: {' '.join(said[-3:])}")
    return done.stdout


def _git(folder: Path, *arguments: str) -> bytes:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, check=False)  # noqa: S603, S607 - our own words
    if done.returncode:
        raise TutorError(f"`git {arguments[0]}` failed in {folder}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout
