from __future__ import annotations

import random
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from three_tutors.language_model import base, chat_template
from three_tutors.language_model.generate import Generator
from three_tutors.language_model.replies import Event, Options
from three_tutors.language_model.sampling import choose
from three_tutors.language_model.transformers_backend import TransformersBackend
from three_tutors.pipeline.diagnostics import TutorError
from three_tutors.tutoring.formats import Message


def conversation(number: int) -> list[Message]:
    """Return a conversation whose length depends on its number."""
    said: list[Message] = [{"role": "system", "content": "You are a patient tutor. " * (1 + number % 7 * 5)}]
    return [*said, {"role": "user", "content": f"Why is {number} + {number} the same as 2 · {number}?"}]


@pytest.fixture(scope="module")
def generator(tiny: Path) -> Generator:
    """Return the tiny model in 18 slots: four groups of 4 and one of 2."""
    return Generator(tiny, slots=18, context=512)


def drain(generator: Generator) -> list[Event]:
    """Step until nothing is under way."""
    events = []
    while generator.busy:
        events += generator.step()
    return events


def test_the_embedded_model_answers_as_transformers_does(embedded: Path) -> None:
    """A well-known question gets the very reply that transformers' own greedy generation gives."""
    said: list[Message] = [{"role": "user", "content": "What is the capital of France?"}]
    reply = Generator(embedded, slots=4, context=256).replies([said], Options(max_tokens=20))[0]
    model, tokenizer = base.load_model(embedded), base.load_tokenizer(embedded)
    ids = torch.tensor([chat_template.prompt_ids(tokenizer, said)])
    theirs = model.generate(ids, max_new_tokens=20, do_sample=False)[0, ids.shape[1] :]
    assert (reply.text, reply.finish_reason) == (tokenizer.decode(theirs, skip_special_tokens=True), "stop")


def test_answers_do_not_depend_on_what_else_is_answered(generator: Generator) -> None:
    """Alone, among many, in another order and asked again: a conversation's tokens and log-probabilities are the same."""
    options = Options(max_tokens=12, logprobs=2)
    said = [conversation(number) for number in range(30)]
    together = generator.replies(said, options)
    assert [generator.replies([one], options)[0] for one in said[:5]] == together[:5]
    assert generator.replies(said[::-1], options)[::-1] == together


def test_a_conversation_may_join_and_leave_at_any_time(generator: Generator) -> None:
    """Conversations that come later, and one that is cancelled, change nothing for the one under way."""
    options = Options(max_tokens=10)
    alone = generator.replies([conversation(3)], options)[0]
    number = generator.add(conversation(3), options)
    events = generator.step()
    other = generator.add(conversation(6), options)
    events += generator.step()
    generator.cancel(other)
    events += drain(generator)
    assert "".join(event.text for event in events if event.number == number) == alone.text
    assert [event.number for event in events[-3:]] == [number] * 3


def test_a_seed_makes_drawing_repeat(generator: Generator) -> None:
    """The same seed draws the same reply in any company, another seed another one."""
    said = [conversation(number) for number in range(3)]
    options = Options(max_tokens=8, temperature=1.0, top_p=0.9, seed=7)
    first = generator.replies(said, options)
    assert generator.replies(said[1:2], options)[0] == first[1]
    assert generator.replies(said, Options(max_tokens=8, temperature=1.0, top_p=0.9, seed=8)) != first


def test_a_stop_string_ends_the_reply_before_it(generator: Generator) -> None:
    """Nothing of the stop string is ever shown, even where it comes in several tokens."""
    whole = generator.replies([conversation(1)], Options(max_tokens=12))[0].text
    stop = whole[len(whole) // 2 : len(whole) // 2 + 5]
    number = generator.add(conversation(1), Options(max_tokens=12, stop=("never said", stop)))
    events = [event for event in drain(generator) if event.number == number]
    assert ("".join(event.text for event in events), events[-1].finish_reason) == (whole[: whole.find(stop)], "stop")


def test_length_ends_a_reply_that_does_not_end_itself(generator: Generator) -> None:
    """A reply of `max_tokens` tokens is cut and says so, with its tokens counted."""
    reply = generator.replies([conversation(2)], Options(max_tokens=3))[0]
    assert (reply.finish_reason, reply.completion_tokens) == ("length", 3)


def test_a_full_context_ends_a_reply(tiny: Path) -> None:
    """Where prompt and reply fill the context, the reply ends there."""
    short = Generator(tiny, slots=1, context=64)
    reply = short.replies([conversation(0)], Options(max_tokens=500))[0]
    assert (reply.finish_reason, reply.prompt_tokens + reply.completion_tokens) == ("length", 64)


def test_a_prompt_that_leaves_no_room_is_refused(tiny: Path) -> None:
    """A conversation longer than the context is an error that says how long it is."""
    with pytest.raises(TutorError, match=r"has \d+ tokens; at most 31"):
        Generator(tiny, slots=2, context=32).add(conversation(6), Options())


def test_logprobs_are_those_of_the_model(generator: Generator) -> None:
    """Greedy tokens are the likeliest ones, and their bytes spell the reply."""
    reply = generator.replies([conversation(4)], Options(max_tokens=6, logprobs=3))[0]
    number = generator.add(conversation(4), Options(max_tokens=6, logprobs=3))
    events = [event for event in drain(generator) if event.number == number]
    assert b"".join(one.raw for one in reply.logprobs).decode(errors="replace") == reply.text
    assert all(event.logprob == event.top_logprobs[0] for event in events)
    assert all(one.logprob < 0 for one in reply.logprobs)


def test_other_architectures_answer_through_transformers(tiny: Path) -> None:
    """What our engine does not compute is answered by transformers, with the same independence."""
    general = Generator(tiny, slots=4, context=512)
    general.backend = TransformersBackend(tiny, None, 4, 512)
    said = [conversation(number) for number in range(6)]
    together = general.replies(said, Options(max_tokens=5))
    assert [general.replies([one], Options(max_tokens=5))[0] for one in said] == together


@settings(max_examples=60, deadline=None)
@given(top_p=st.floats(0.05, 1.0), temperature=st.floats(0.1, 3.0), seed=st.integers(0, 10_000))
def test_drawn_tokens_come_from_the_nucleus(top_p: float, temperature: float, seed: int) -> None:
    """A drawn token is never less likely than the last one that is needed to reach `top_p`."""
    logits = torch.randn(1, 50, generator=torch.Generator().manual_seed(seed))
    token = choose(logits, [(Options(temperature=temperature, top_p=top_p), random.Random(seed))])[0].token
    probabilities = torch.softmax(logits[0] / temperature, -1)
    likelier = probabilities[probabilities > probabilities[token]].sum()
    assert likelier < top_p + 1e-6


def test_draws_follow_the_distribution() -> None:
    """Over many draws each token comes as often as its probability says."""
    logits = torch.tensor([[0.0, 1.0, 2.0]])
    draw = random.Random(0)
    counts = torch.zeros(3)
    for _ in range(3000):
        counts[choose(logits, [(Options(temperature=1.0), draw)])[0].token] += 1
    assert (counts / 3000).tolist() == pytest.approx(torch.softmax(logits[0], -1).tolist(), abs=0.03)
