"""How long the gate takes over 10,000 YAML files and 100,000 lines of JSON, and over hostile files, beside check-jsonschema.

    python -m tests.benchmarks.bench_validate

The dialogues are made of exchanges of our own ones, drawn at random within a subject, some words replaced, so that words, lengths
and labels are real. Each run is a process of its own, interpreter and libraries included. check-jsonschema gets the same YAML files and our
JSON Schema; it checks neither across files nor beyond structure, and tells no lines.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from tests.synthetic import ROOT, dialogues
from three_tutors.authoring.dialogue_file import as_yaml

FILES, LINES = 10_000, 100_000
OF_PEER = 1_000
"""Files that the peer gets: it takes as long for each."""
HOSTILE = {
    "brackets.yaml": b"[" * 2_000_000,
    "nested.yaml": b"a: " + b"{a: " * 50_000,
    "line.yaml": b"id: " + b"a" * 1_000_000,
    "aliases.yaml": b"a: &a [x, x]\n" + b"".join(b"%c: &%c [*%c, *%c]\n" % (c + 1, c + 1, c, c) for c in range(97, 117)),
    "nul.yaml": b"id: a\0b\n",
}


def measure() -> dict[str, Any]:
    """Return seconds and peak memory (MB) of each, and milliseconds a file of ours and of the peer."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        written = dialogues()
        for _ in range(FILES):
            record = next(written)
            path = folder / "yaml/dialogues" / record["subject"] / f"{record['id']}.yaml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(as_yaml(record), encoding="utf-8")
        (folder / "lines/dialogues").mkdir(parents=True)
        with (folder / "lines/dialogues/all.jsonl").open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(next(written), ensure_ascii=False) + "\n" for _ in range(LINES))
        for bad, data in HOSTILE.items():
            (folder / bad).write_bytes(data)
        yaml, lines = (run("stages.validate", str(folder / part)) for part in ("yaml", "lines"))
        hostile = [run("stages.validate", str(folder / bad)) for bad in HOSTILE]
        some = sorted(map(str, (folder / "yaml").rglob("*.yaml")))[:OF_PEER]
        peer = run("check_jsonschema", "--schemafile", str(ROOT / "data/raw/dialogue.schema.json"), *some)
    return {
        f"{FILES}_yaml_files": yaml,
        f"{LINES}_lines": lines,
        "slowest_hostile_file": {key: max(one[key] for one in hostile) for key in ("seconds", "memory_mb")},
        "milliseconds_a_file": round(1000 * yaml["seconds"] / FILES, 2),
        f"check-jsonschema {version('check-jsonschema')} milliseconds_a_file": round(1000 * peer["seconds"] / OF_PEER, 2),
    }


def run(*command: str) -> dict[str, float]:
    """Return wall seconds of one process, and the most memory that it and those it started held together."""
    started, most = time.perf_counter(), 0
    process = psutil.Popen([sys.executable, "-m", *command], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None:
        with contextlib.suppress(psutil.Error):
            # Shared pages are counted once: the others began as copies of the first.
            most = max(most, sum(one.memory_full_info().pss for one in [process, *process.children(recursive=True)]))
        time.sleep(0.25)  # asking costs the process time
    return {"seconds": round(time.perf_counter() - started, 2), "memory_mb": round(most / 2**20)}


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
