from __future__ import annotations

from typing import Any

import pytest

from tests.lock import stale


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({}, []),
        ({"train_lora": [{"changed deps": {"stages/train_lora.py": "modified"}}]}, ["train_lora: stages/train_lora.py modified"]),
        ({"train_lora": [{"changed deps": {"params.yaml": {"lora": "modified"}}}]}, ["train_lora: params.yaml {'lora': 'modified'}"]),
        ({"train_lora": ["changed command"]}, ["train_lora: changed command"]),
        ({"train_lora": [{"changed deps": {"models/base": "deleted"}}, {"changed outs": {"models/lora": "deleted"}}]}, []),
        ({"report": [{"changed outs": {"reports/index.html": "modified"}}]}, []),
    ],
)
def test_only_what_git_holds_makes_the_lock_stale(status: dict[str, Any], expected: list[str]) -> None:
    """Changed code, params or commands are reported; outputs that a fresh clone does not have are not."""
    assert expected == stale(status, {"train_lora", "report"})


def test_a_stage_that_was_never_run_has_nothing_stale() -> None:
    """A stage that dvc.lock does not record is run by the next `make repro`; it is not reported."""
    assert [] == stale({"train_lora": [{"changed deps": {"stages/train_lora.py": "new"}}]}, {"report"})
