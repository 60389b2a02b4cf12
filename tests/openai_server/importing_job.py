"""A job process that is still importing: it holds the interpreter's lock, as loading torch does, and runs no Python."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

if __name__ == "__main__":
    (Path(sys.argv[1]) / "pid.txt").write_text(f"{os.getpid()}\n")
    ctypes.PyDLL(None).sleep(60)
