from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.openai_server.conftest import FINAL, create, lists, wait_for
from tests.openai_server.description import description

REQUESTS = 2000
LEFT_OUT = "positive_data_acceptance"
"""What the description allows may still be refused: a page after an unknown id, a conversation that is too long."""


@pytest.mark.slow(40)
def test_thousands_of_odd_requests_break_nothing(start: Callable[..., Any], tmp_path: Path) -> None:
    """Whatever a schema-driven fuzzer sends is answered as described, never with a 500; lists answer afterwards and jobs train."""
    with start() as running:
        client = running.client
        job = wait_for(client, create(client).id)
        (running.root / "script.txt").write_text("1 sleep")  # the jobs that are created wait behind this one
        wait_for(client, create(client, seed=2).id, "running")
        schema = tmp_path / "openapi.json"
        schema.write_text(json.dumps(description(job.training_file, job.id)))
        command = [str(Path(sys.executable).with_name("schemathesis")), "--no-color", "run", str(schema), "--url", running.server.base_url]
        command += ["--header", f"Authorization: Bearer {running.server.api_key}", "--checks", "all", "--exclude-checks", LEFT_OUT]
        command += ["--phases", "examples,coverage,fuzzing", "--max-examples", "110", "--seed", "1", "--no-shrink", "--continue-on-failure"]
        told = subprocess.run([*command, "--request-timeout", "20"], capture_output=True, text=True, check=False, cwd=tmp_path)
        assert told.returncode == 0, told.stdout[-20_000:] + told.stderr
        assert int(re.search(r"(\d+) generated", told.stdout)[1]) >= REQUESTS
        (running.root / "script.txt").write_text("")
        for id_ in [id_ for id_, one in lists(client).items() if one.status not in FINAL]:
            client.fine_tuning.jobs.cancel(id_)
        assert wait_for(client, create(client, seed=5).id).status == "succeeded"
