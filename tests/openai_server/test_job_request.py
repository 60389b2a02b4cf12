from __future__ import annotations

from typing import Any

import openai
import pytest

from tests.openai_server.conftest import Running, create, wait_for


@pytest.mark.parametrize(
    ("param", "changed"),
    [
        ("model", {"model": "gpt-5"}),
        ("training_file", {"training_file": "file-none"}),
        ("validation_file", {"validation_file": "../lock"}),
        ("suffix", {"suffix": "a/b"}),
        ("suffix", {"suffix": "x" * 65}),
        ("seed", {"seed": -1}),
        ("metadata", {"metadata": {f"k{index}": "v" for index in range(17)}}),
        ("metadata", {"metadata": {"k": "v" * 513}}),
        ("integrations", {"integrations": [{"type": "wandb", "wandb": {"project": "p"}}]}),
        ("method.type", {"method": {"type": "reinforcement", "reinforcement": {}}}),
        ("method.supervised", {"method": {"type": "dpo", "supervised": {"hyperparameters": {"n_epochs": 1}}}}),
        ("method.dpo.hyperparameters.beta", {"method": {"type": "dpo", "dpo": {"hyperparameters": {"beta": 2.5}}}}),
        ("method.dpo.hyperparameters.beta", {"method": {"type": "dpo", "dpo": {"hyperparameters": {"beta": 0}}}}),
        ("method.dpo.hyperparameters.method", {"method": {"type": "dpo", "dpo": {"hyperparameters": {"method": "dpo"}}}}),
        (
            "method.supervised.hyperparameters.n_epochs",
            {"method": {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 51}}}},
        ),
        ("method.supervised.hyperparameters.beta", {"method": {"type": "supervised", "supervised": {"hyperparameters": {"beta": 1}}}}),
        (
            "method.supervised.hyperparameters.learning_rate_multiplier",
            {"method": {"type": "supervised", "supervised": {"hyperparameters": {"learning_rate_multiplier": 0}}}},
        ),
        ("hyperparameters", {"hyperparameters": {"n_epochs": 1}}),
        ("made_up", {"extra_body": {"made_up": 1}}),
    ],
)
def test_what_a_job_cannot_do_is_refused_by_name(running: Running, param: str, changed: dict[str, Any]) -> None:
    """A 400 or 404 names the parameter, and no job is created."""
    before = [job.id for job in running.client.fine_tuning.jobs.list()]
    with pytest.raises((openai.BadRequestError, openai.NotFoundError)) as refused:
        create(running.client, **changed)
    assert refused.value.body["param"] == param
    assert [job.id for job in running.client.fine_tuning.jobs.list()] == before


def test_hyperparameters_at_the_old_place_are_honoured(running: Running) -> None:
    """Scripts from before `method` keep working."""
    job = create(running.client, method=openai.omit, hyperparameters={"n_epochs": 3, "batch_size": "auto"})
    assert wait_for(running.client, job.id).hyperparameters.n_epochs == 3
