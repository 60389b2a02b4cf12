from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import dspy
from dspy.lm15 import request_from_openai_chat

from three_tutors.openai_client.endpoint import Sampling
from three_tutors.prompting.language_model import chat_messages, language_model
from three_tutors.prompting.meter import Meter, Model
from three_tutors.tutoring.formats import Message

SAID: list[Message] = [
    {"role": "system", "content": " Be brief.\n"},
    {"role": "user", "content": "Why?  "},
    {"role": "assistant", "content": "Look at it."},
    {"role": "user", "content": "And <|now|>?"},
]


def test_a_request_is_sent_word_for_word() -> None:
    """DSPy's own form of a conversation loses no white space and no turn on the way to the endpoint."""
    assert chat_messages(request_from_openai_chat({"model": "m", "messages": SAID})) == SAID


def test_rollouts_are_different_calls_and_repeat(new_meter: Callable[..., Meter], model: Model) -> None:
    """A rollout is asked anew, the same rollout is not."""
    meter = new_meter()
    lm = language_model(model, meter, Sampling(10, 0.0, 1))
    for rollout in (1, 2, 1):
        lm.copy(rollout_id=rollout, temperature=1.0)("Why?")
    assert meter.paid.calls == 2


def test_an_answer_that_was_cut_is_marked_so(new_meter: Callable[..., Meter], model: Model) -> None:
    """DSPy learns how the reply ended and what it took."""
    with dspy.context(disable_history=False):
        lm = language_model(model, new_meter(), Sampling(10, 0.0, 1))
        assert lm("Is it so?") == ["Great job! That is right."]
        assert lm.history[-1]["usage"]["completion_tokens"] == 5


def test_nothing_is_written_to_the_home_directory(tmp_path: Path, root: Path) -> None:
    """DSPy's caches stay off: a whole climb leaves the home directory empty."""
    code = (
        "import sys; sys.path[:0] = ['tests/prompting']\n"
        "import dspy, conftest\n"
        "from pathlib import Path\n"
        "from three_tutors.prompting.meter import *\n"
        "from three_tutors.openai_client.paid_replies import PaidReplies\n"
        "from three_tutors.prompting.language_model import language_model\n"
        "from three_tutors.openai_client.endpoint import Sampling\n"
        "from three_tutors.prompting.optimisers import off_the_disk\n"
        f"meter = Meter(PaidReplies(Path({str(tmp_path / 'ledger.jsonl')!r})), Budget(calls=9, tokens=9999, seconds=60, dollars=1))\n"
        "model = Model(conftest.ScriptedEndpoint(conftest.follows_examples), 'scripted')\n"
        "off_the_disk()\n"
        "dspy.configure(lm=language_model(model, meter, Sampling(10)))\n"
        "print(dspy.Predict('said -> reply').forward.__name__, dspy.settings.lm('Why?'))\n"
    )
    home = tmp_path / "home"
    home.mkdir()
    environment = {**os.environ, "HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([sys.executable, "-c", code], cwd=root, env=environment, check=True, capture_output=True)
    assert list(home.iterdir()) == []
