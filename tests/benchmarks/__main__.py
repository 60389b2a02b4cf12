"""Run every benchmark in a process of its own, print what it measures, write reports/benchmarks.md.

    python -m tests.benchmarks [NAME ...]        e.g. generation training; without names all of them

The report keeps what an earlier run measured by benchmarks that are not run now. What it says of each is the benchmark's
docstring.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
REPORT = Path("reports/benchmarks.md")
HEAD = """# Benchmarks

Written by `make bench`. In each part ours and its peer ran one after the other on the same cores: read the ratios, not the
seconds of a shared machine."""


def lines(value: Any, name: str = "") -> list[str]:
    """Return the figures of a benchmark as rows of a table, nested names joined by a dot."""
    if isinstance(value, dict):
        return [line for key, inner in value.items() for line in lines(inner, f"{name}.{key}" if name else str(key))]
    shown = f"{value:.4g}" if isinstance(value, float) else json.dumps(value, ensure_ascii=False) if isinstance(value, list) else str(value)
    return [f"| {name} | {shown.replace('|', '/')} |"]


def sections(text: str) -> dict[str, str]:
    """Return the table of each benchmark in a report, by its name."""
    parts = (part.partition("\n") for part in text.split("\n## ")[1:])
    return {name.strip(): table[table.index("|") :].strip() for name, _, table in parts}


def about(name: str) -> str:
    """Return what a benchmark says of itself: its docstring without the command."""
    path = HERE / f"bench_{name}.py"
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) if path.exists() else None
    paragraphs = (text or "").split("\n\n")
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph and not paragraph.startswith(" "))


def report(found: Mapping[str, str]) -> str:
    """Return the report of these tables, by name."""
    parts = [HEAD, *(part for name, table in sorted(found.items()) for part in (f"## {name}", about(name), table))]
    return "\n\n".join(part for part in parts if part) + "\n"


def main() -> None:
    """Run what the command line names, or everything, and say where it is written."""
    names = sys.argv[1:] or sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))
    found = sections(REPORT.read_text(encoding="utf-8") if REPORT.exists() else "")
    failed = []
    for name in names:
        print(f"bench: {name} ...", flush=True)
        done = subprocess.run([sys.executable, "-m", f"tests.benchmarks.bench_{name}"], stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            failed.append(name)
            continue
        text = done.stdout[done.stdout.index("{") :]
        print(text)
        found[name] = "\n".join(["| figure | value |", "|---|---|", *lines(json.loads(text))])
        REPORT.write_text(report(found), encoding="utf-8")
    print(f"bench: written to {REPORT}")
    if failed:
        sys.exit(f"error: {', '.join(failed)} did not finish; what it printed stands above.")


if __name__ == "__main__":
    main()
