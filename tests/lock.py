"""Say whether dvc.lock is current: every committed input of every stage has the fingerprint that dvc.lock gives it.

Outputs are not in a fresh clone and trained bytes differ between processors, so only what Git holds is compared.
`python -m tests.lock` exits 1 with the stages that somebody changed without running `dvc repro`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

# `modified` is a committed file with other content, or params with other values; `deleted` is an output not made here.
STALE = {"modified", "new", "changed command"}


def stale(status: dict[str, Any]) -> list[str]:
    """Return one line for each stage whose committed inputs differ from dvc.lock, given `dvc status --json`."""
    lines = []
    for stage, changes in status.items():
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
    """Ask DVC and report."""
    answer = subprocess.run(["dvc", "status", "--json"], check=True, capture_output=True, text=True)
    lines = stale(json.loads(answer.stdout))
    if lines:
        sys.exit("\n".join([*lines, "dvc.lock is not current: run `dvc repro` and commit dvc.lock with the reports."]))
    print("dvc.lock is current.")


def _differs(state: str | dict[str, str]) -> bool:
    return state in STALE if isinstance(state, str) else bool(set(state.values()) & STALE)


if __name__ == "__main__":
    main()
