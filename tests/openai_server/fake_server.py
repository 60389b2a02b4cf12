"""A server in a process of its own, to be killed. Its folder, and perhaps another job than the fake one, stand on the command line."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from three_tutors.openai_server.engine import ModelFiles
from three_tutors.openai_server.fine_tuning import FineTuning
from three_tutors.openai_server.serving import serving

if __name__ == "__main__":
    root, module = Path(sys.argv[1]), (*sys.argv[2:], "tests.openai_server.fake_job")[0]
    base = {"base": ModelFiles(root)}
    with serving(base, training=FineTuning(root, base, module)) as server:
        print(f"{server.base_url}\n{server.api_key}", flush=True)
        threading.Event().wait()
