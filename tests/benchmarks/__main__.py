"""Run every benchmark in a process of its own, print what it measures, write reports/benchmarks.md.

    python -m tests.benchmarks [NAME ...]        e.g. generation training; without names all of them

Each measures ours and its peer in one run on the same cores: read the ratios, not the seconds of a shared machine.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
REPORT = Path("reports/benchmarks.md")


def lines(value: Any, name: str = "") -> list[str]:
    """Return the figures of a benchmark as rows of a table, nested names joined by a dot."""
    if isinstance(value, dict):
        return [line for key, inner in value.items() for line in lines(inner, f"{name}.{key}" if name else str(key))]
    shown = f"{value:.4g}" if isinstance(value, float) else json.dumps(value, ensure_ascii=False) if isinstance(value, list) else str(value)
    return [f"| {name} | {shown.replace('|', '/')} |"]


def main() -> None:
    """Run what the command line names, or everything, and say where it is written."""
    names = sys.argv[1:] or sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))
    parts = ["# Benchmarks", "", "Written by `make bench`. Ours and its peer ran one after the other on the same cores."]
    failed = []
    for name in names:
        print(f"bench: {name} ...", flush=True)
        done = subprocess.run([sys.executable, "-m", f"tests.benchmarks.bench_{name}"], stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            failed.append(name)
            continue
        text = done.stdout[done.stdout.index("{") :]
        print(text)
        parts += ["", f"## {name}", "", "| figure | value |", "|---|---|", *lines(json.loads(text))]
    REPORT.write_text("\n".join(parts) + "\n", encoding="utf-8")
    print(f"bench: written to {REPORT}")
    if failed:
        sys.exit(f"error: {', '.join(failed)} did not finish; what it printed stands above.")


if __name__ == "__main__":
    main()
