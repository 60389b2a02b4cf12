"""From a choice on the page to a tutor that learned from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from stages import train_preference
from tests.chat.site import Site
from tests.language_model.conftest import embedded, tiny
from tests.test_train_preference import PARAMS, project, supervised
from three_tutors.chat.roster import EMPTY
from three_tutors.language_model.pairing import CHOICES
from three_tutors.openai_client.endpoint import Sampling
from three_tutors.openai_client.tutor import Conversation
from three_tutors.pipeline.records import read_json, read_jsonl, write_text
from three_tutors.tutoring.dialogue import Turn
from three_tutors.tutors.opening import open_tutor

__all__ = ["embedded", "project", "supervised", "tiny"]  # fixtures


@pytest.mark.slow(10)
def test_choices_are_exported_learned_from_and_the_tutor_replies(page: Site, project: Path) -> None:
    """A person chooses blindly and agrees; the file of the page, put where the docs say, becomes pairs, an adapter and a reply."""
    for said in ("My sum is 2/5, because I added both.", "Why does ice float on water at all?"):
        talk = page.start(blind="yes", tutor=["dspy", "lora"])
        page.say(talk, said, ask=["a", "b"])
        page.finished(talk)
        exchange = str(max(page.conversations.store.exchanges(talk)))
        page.client.post(f"/conversations/{talk}/choice", data={"exchange": exchange, "preferred": "a"})
        page.client.post(f"/conversations/{talk}/reveal")
        form = {"at": exchange, "format": "choices", "consent": "yes"}
        write_text(project / CHOICES / f"{talk}.jsonl", page.client.post(f"/conversations/{talk}/export", data=form).text)
    write_text(project / "params.yaml", PARAMS.replace("[moments]", "[moments, choices]"))
    train_preference.main()
    pairs = [one for name in ("train", "validation") for one in read_jsonl(train_preference.PAIRS / f"{name}.jsonl")]
    chosen = [one for one in pairs if one["source"] == "choices"]
    assert sorted(one["input"]["messages"][-1]["content"][:2] for one in chosen) == ["My", "Wh"]
    assert not {"dspy", "lora"} & {word for one in chosen for word in str(one).split()}
    assert read_json(train_preference.METRICS)["pairs"] == len(read_jsonl(train_preference.PAIRS / "train.jsonl"))
    with open_tutor("preference", project / "models") as tutor:
        assert tutor.reply(Conversation(EMPTY, (Turn("student", "Is 2/5 right?"),)), Sampling(max_tokens=4)).completion_tokens > 0
