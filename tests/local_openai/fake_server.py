"""A server in a process of its own, to be killed: its training is the fake one, its folder stands on the command line."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from stages.local_openai.engine import ModelFiles
from stages.local_openai.fine_tuning import FineTuning
from stages.local_openai.serving import serving

if __name__ == "__main__":
    root = Path(sys.argv[1])
    base = {"base": ModelFiles(root)}
    with serving(base, training=FineTuning(root, base, "tests.local_openai.fake_job")) as server:
        print(f"{server.base_url}\n{server.api_key}", flush=True)
        threading.Event().wait()
