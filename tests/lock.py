"""Say whether dvc.lock is current: every committed input of every stage has the fingerprint that dvc.lock gives it.

Outputs are not in a fresh clone and trained bytes differ between processors, so only what Git holds is compared.
`python -m tests.lock` exits 1 with the stages that somebody changed without running `dvc repro`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

DVC_LOCK = Path("dvc.lock")

# `modified` is a committed file with other content, or params with other values; `deleted` is an output not made here.
STALE = {"modified", "new", "changed command"}


def stale(status: dict[str, Any], recorded: Collection[str]) -> list[str]:
    """Return one line for each stage in `recorded` whose committed inputs differ from dvc.lock, given `dvc status --json`.

    A stage that dvc.lock does not record was never run, so there is no result of it that could be stale.
    """
    lines = []
    for stage, changes in status.items():
        if stage not in recorded:
            continue
        for change in changes:
            if isinstance(change, str):
                lines.append(f"{stage}: {change}")
                continue
            for kind, entries in change.items():
                if kind == "changed outs":
                    continue
                lines += [f"{stage}: {path} {state}" for path, state in entries.items() if _differs(state)]
    return sorted(lines)


def main() -> None:
    """Ask the DVC beside this Python, which need not be on the PATH, and report."""
    answer = subprocess.run([sys.executable, "-m", "dvc", "status", "--json"], check=True, capture_output=True, text=True)
    recorded = YAML(typ="safe").load(DVC_LOCK)["stages"] if DVC_LOCK.exists() else {}
    lines = stale(json.loads(answer.stdout), recorded)
    if lines:
        sys.exit("\n".join([*lines, "dvc.lock is not current: run `dvc repro` and commit dvc.lock with the reports."]))
    print(f"dvc.lock is current; it records {len(recorded)} stages.")


def _differs(state: str | dict[str, str]) -> bool:
    return state in STALE if isinstance(state, str) else bool(set(state.values()) & STALE)


if __name__ == "__main__":
    main()
