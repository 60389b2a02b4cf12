"""How likely a model finds the turns that a teacher really said."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from three_tutors.language_model import chat_template
from three_tutors.language_model.generate import Generator
from three_tutors.pipeline.records import Record
from three_tutors.tutoring.formats import Message


def likelihood(generator: Generator, rows: Sequence[Record]) -> list[Record]:
    """Return the mean negative log-likelihood of every assistant turn given everything before it.

    Args:
        generator: the model, with no conversation under way.
        rows: conversations as `formats.hugging_face_row` writes them: `id` and `messages`.

    Returns:
        One record a turn: `item` (`<id>#<index of the turn before it in the dialogue>`, as questions are named),
        `tokens` (the turn's, its end-of-turn token included) and `nll` (mean over them, in nats).

    """
    asked: list[list[tuple[str, int, int]]] = []
    texts = []
    for row in rows:
        said = row["messages"]
        ids, spans = chat_template.encode_with_spans(generator.tokenizer, said)
        # A dialogue's turns are counted without the system message; a question is named after the turn it answers.
        offset = sum(message["role"] == "system" for message in said) + 1
        turns = [index - offset for index, message in enumerate(said) if message["role"] == "assistant"]
        wanted = [(turn, span) for turn, span in zip(turns, spans, strict=True) if turn >= 0]  # an opening answers nobody
        if wanted:
            texts.append((ids, wanted[0][1][0] - 1))
            asked.append([(f"{row['id']}#{turn}", *span) for turn, span in wanted])
    records = []
    for (ids, since), turns_of, states in zip(texts, asked, generator.backend.states(texts), strict=True):
        for item, start, end in turns_of:
            logprob = _logprob(generator, states[start - 1 - since : end - 1 - since], ids[start:end])
            records.append({"item": item, "tokens": end - start, "nll": -logprob / (end - start)})
    return records


def of_replies(generator: Generator, prompts: Sequence[tuple[Sequence[Message], str]]) -> list[tuple[float, int]]:
    """Return for each reply to a prompt its log-probability in nats and its tokens, the end of the turn included.

    Put replies to one prompt side by side: what they share is then computed once.
    """
    texts = []
    for prompt, reply in prompts:
        ids, spans = chat_template.encode_with_spans(generator.tokenizer, [*prompt, {"role": "assistant", "content": reply}])
        start, end = spans[-1]
        texts.append((ids[:end], start - 1))
    return [
        (_logprob(generator, states[:-1], ids[since + 1 :]), len(ids) - since - 1)
        for (ids, since), states in zip(texts, generator.backend.states(texts), strict=True)
    ]


def _logprob(generator: Generator, states: Tensor, ids: Sequence[int]) -> float:
    """Return the log-probability of `ids`, each told by the state of the token before it."""
    logits = generator.backend.logits(states)
    return -float(torch.nn.functional.cross_entropy(logits.float(), torch.tensor(ids), reduction="sum"))
