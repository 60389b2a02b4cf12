"""Share what was made: set a DVC remote up and push to it, so that colleagues pull instead of training again.

    python -m three_tutors.command.sharing s3://bucket/folder [--endpoint URL] [--runs]

The address goes into .dvc/config, which belongs in Git; keys stay in the environment (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY for
S3). With --runs, colleagues are also spared the settings that were only tried here. DVC alone cannot do that: it pushes the notes of its
run cache without the files they name, and never those outputs that are kept in Git, without which it runs the stage again.
"""

from __future__ import annotations

if __name__ == "__main__":
    from three_tutors.pipeline.starting import start

    start("three_tutors.command.sharing", reads_what_is_there=True)

import argparse
import contextlib
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

from three_tutors.pipeline.diagnostics import ParamsError, TutorError

NAME = "shared"
"""Of the remote."""
LAST_WORDS = 3
"""Lines of DVC's own error that are told."""


def share(remote: str, endpoint: str | None = None, *, runs: bool = False) -> int:
    """Set `remote` up as DVC's default one and push what the pipeline made.

    Args:
        remote: Any address that DVC knows: `s3://bucket/folder`, a path, …
        endpoint: Address of a service that speaks the protocol of S3 and is not Amazon's.
        runs: Whether to push what every kept run made, with all settings.

    Returns:
        Files that kept runs made and that were not on the remote yet; 0 without `runs`.

    Raises:
        ParamsError: an address holds a key.
        TutorError: DVC failed; says why.

    """
    for address in filter(None, (remote, endpoint)):
        if "@" in urlsplit(address).netloc and urlsplit(address).scheme != "ssh":
            raise ParamsError(
                "The address holds a key, and it would go into Git: leave it out and set AWS_ACCESS_KEY_ID and so on instead."
            )
    _dvc("remote", "add", "--default", "--force", NAME, remote)
    if endpoint:
        _dvc("remote", "modify", NAME, "endpointurl", endpoint)
    _dvc("push", *(["--run-cache"] if runs else []))
    return _push_runs() if runs else 0


def _push_runs() -> int:
    """Push every file that the notes in the run cache name; return how many were not there."""
    from dvc.exceptions import DvcException  # noqa: PLC0415 - a second that only this needs
    from dvc.repo import Repo, lock_repo  # noqa: PLC0415

    pushed = 0
    with Repo() as repo, lock_repo(repo):
        for note in sorted(Path(repo.stage_cache.cache_dir).glob("*/*/*")):
            with contextlib.suppress(DvcException):  # what this run made was removed from the cache
                for files in repo.stage_cache.get_used_objs([(note.parent.name, note.name)]).values():
                    done = repo.cloud.push(files)
                    pushed += len(done.transferred)
                    if done.failed:
                        raise TutorError(f"{len(done.failed)} files were not pushed; run the command again.")
    return pushed


def _dvc(*words: str) -> None:
    done = subprocess.run([sys.executable, "-m", "dvc", *words], stderr=subprocess.PIPE, text=True, check=False)  # noqa: S603 - our own words
    if done.returncode:
        raise TutorError("DVC: " + " ".join(done.stderr.strip().splitlines()[-LAST_WORDS:]))


def main() -> None:
    """Share as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m three_tutors.command.sharing", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("remote", help="where to, such as s3://bucket/folder or a folder that all can reach")
    parser.add_argument("--endpoint", metavar="URL", help="of a service that speaks the protocol of S3 and is not Amazon's")
    parser.add_argument("--runs", action="store_true", help="push what every run with other settings made, too; this may be many GB")
    given = parser.parse_args()
    pushed = share(given.remote, given.endpoint, runs=given.runs)
    print(f"Shared at {given.remote}." + (f" Runs with other settings added {pushed} files." if given.runs else ""))
    print("Now commit .dvc/config and dvc.lock and push them with Git. A colleague then runs, with keys in the environment:")
    print(f"  dvc pull{' --run-cache' if given.runs else ''} && {'tutors run' if not Path('Makefile').exists() else 'make repro'}")
