"""How likely a model finds the turns that a teacher really said."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from three_tutors.language_model import chat_template
from three_tutors.language_model.generate import Generator
from three_tutors.pipeline.records import Record
from three_tutors.tutoring.formats import Message


def likelihood(generator: Generator, rows: Sequence[Record], *, last_only: bool = False) -> list[Record]:
    """Return the mean negative log-likelihood of every assistant turn given everything before it.

    Args:
        generator: the model, with no conversation under way.
        rows: conversations as `formats.hugging_face_row` writes them: `id` and `messages`. The history may be any
            one: a shuffled or foreign history shows whether the model uses it.
        last_only: only the last assistant turn of each row.

    Returns:
        One record a turn: `item` (`<id>#<index of the turn before it in the dialogue>`, as questions are named),
        `tokens` (the turn's, its end-of-turn token included) and `nll` (mean over them, in nats).

    """
    records = []
    for row in rows:
        said = row["messages"]
        ids, spans = chat_template.encode_with_spans(generator.tokenizer, said)
        # A dialogue's turns are counted without the system message; a question is named after the turn it answers.
        offset = sum(message["role"] == "system" for message in said) + 1
        turns = [index - offset for index, message in enumerate(said) if message["role"] == "assistant"]
        pairs = list(zip(turns, spans, strict=True))
        wanted = [(turn, span) for turn, span in (pairs[-1:] if last_only else pairs) if turn >= 0]  # an opening answers nobody
        if not wanted:
            continue
        since = wanted[0][1][0] - 1
        states = generator.backend.states(ids, since)
        for turn, (start, end) in wanted:
            logits = generator.backend.logits(states[start - 1 - since : end - 1 - since])
            nll = torch.nn.functional.cross_entropy(logits.float(), torch.tensor(ids[start:end]))
            records.append({"item": f"{row['id']}#{turn}", "tokens": end - start, "nll": float(nll)})
    return records


def of_replies(generator: Generator, prompt: Sequence[Message], replies: Sequence[str]) -> list[tuple[float, int]]:
    """Return for each of `replies` to `prompt` its log-probability in nats and its tokens, the end of the turn included.

    The prompt is computed once where the backend keeps it (see `Backend.states`).
    """
    found = []
    for reply in replies:
        ids, spans = chat_template.encode_with_spans(generator.tokenizer, [*prompt, {"role": "assistant", "content": reply}])
        start, end = spans[-1]
        logits = generator.backend.logits(generator.backend.states(ids[:end], start - 1)[: end - start])
        nll = torch.nn.functional.cross_entropy(logits.float(), torch.tensor(ids[start:end]), reduction="sum")
        found.append((-float(nll), end - start))
    return found
