"""Tutors have plain names wherever a page speaks of them."""

from __future__ import annotations

import pytest

from three_tutors.reporting.names import method_beside, named, plain_name, spoken
from three_tutors.tutoring.methods import TUTORS


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("lora is ahead of dspy.", "Small adapter · lora is ahead of Better prompt · dspy."),
        ("No difference from the baseline (46 %) is shown.", "No difference from the untrained model (46 %) is shown."),
        ("run `dvc repro answer@lora` and set lora.r", "run `dvc repro answer@lora` and set lora.r"),
        ("the OpenAI protocol", "the OpenAI protocol"),
        ("“My lora is wet”, said openai", "“My lora is wet”, said All weights tuned · openai protocol"),
    ],
)
def test_our_sentences_get_plain_names_and_what_others_wrote_stays(said: str, shown: str) -> None:
    """Commands, settings and quotations are not touched."""
    assert spoken(said) == shown


def test_on_a_page_the_method_stands_small_beside_the_name() -> None:
    """A page says the same with the method in small letters, and no markup gets in."""
    assert named("<b>lora</b> “lora”") == ('&lt;b&gt;<span class="named">Small adapter <small>· lora</small></span>&lt;/b&gt; “lora”')


def test_a_protocol_is_no_company() -> None:
    """A tutor that was tuned on this machine says so; every tutor of the table has a name."""
    assert method_beside("openai", {"openai": {"base_url": "local"}}) == "openai protocol, on this machine"
    assert method_beside("openai", {"openai": {"base_url": "https://api.openai.com/v1"}}) == "openai protocol, at a service"
    assert TUTORS["openai"].full_name == "All weights tuned · openai protocol"
    assert [name for name in TUTORS if plain_name(name) in ("", name)] == []
    assert len({plain_name(name) for name in TUTORS}) == len(TUTORS)
