"""Run the server by itself: `python -m three_tutors.openai_server --root DIR [--port N] [--base MODEL_DIR]`."""

from __future__ import annotations

if __name__ == "__main__":
    from three_tutors.pipeline.starting import start

    start("three_tutors.openai_server.__main__")

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from three_tutors.language_model import base
from three_tutors.openai_server.engine import ModelFiles
from three_tutors.openai_server.fine_tuning import FineTuning
from three_tutors.openai_server.guard import LOOPBACK
from three_tutors.openai_server.serving import KEY, serving
from three_tutors.pipeline.diagnostics import ParamsError, TutorError


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    made = argparse.ArgumentParser(prog="python -m three_tutors.openai_server", description=__doc__)
    made.add_argument("--root", type=Path, required=True, help="folder for files, jobs and tuned models")
    made.add_argument("--port", type=int, default=0, help="port to listen on; 0 takes a free one (default)")
    made.add_argument("--base", type=Path, default=Path("models/base"), help="folder of the base model (default: models/base)")
    made.add_argument("--name", default="base", help="id of the base model (default: base)")
    made.add_argument("--host", default="127.0.0.1", help="address to listen on; any but loopback needs --allow-remote")
    made.add_argument(
        "--allow-remote", metavar="NAME", action="append", default=[], help="host name under which others may call; repeatable"
    )
    return made


def serve(arguments: Sequence[str]) -> None:
    """Serve until interrupted.

    Raises:
        TutorError: the folder, the model or the address cannot be used.

    """
    given = parser().parse_args(arguments)
    if given.host not in LOOPBACK and not given.allow_remote:
        raise ParamsError(f"--host {given.host} lets other machines in; say under which name with --allow-remote NAME if you mean it.")
    if not (given.base / "config.json").exists():
        raise TutorError(f"There is no model in {given.base}; run `dvc repro prepare_base` or name another folder with --base.")
    models = {given.name: ModelFiles(given.base)}
    hosts = (*LOOPBACK, *(name.lower() for name in given.allow_remote))
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    training = FineTuning(given.root, models)
    with serving(models, training=training, address=(given.host, given.port), hosts=hosts, warm=given.name) as server:
        print(f"OPENAI_BASE_URL={server.base_url}\nOPENAI_API_KEY={server.api_key}", flush=True)
        print(
            f"Serving {given.name} ({base.description(given.base).get('model', given.base.name)}); set {KEY} to choose the key.", flush=True
        )
        ended.wait()


def main() -> None:
    """Serve as the command line says."""
    serve(sys.argv[1:])
