"""How likely the teachers' own replies are to a model: one pass over a dialogue gives all of its turns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from stages.language_model import base, chat_template
from stages.local_openai.engine import ModelFiles
from stages.tutoring.dialogue import Dialogue
from stages.tutoring.formats import messages


@dataclass(frozen=True)
class Likelihood:
    """One teacher turn as the model sees it, given everything before it."""

    item: str
    tokens: int
    nll: float


def dialogue_likelihoods(files: ModelFiles, dialogues: Sequence[Dialogue]) -> list[Likelihood]:
    """Return the likelihood of the reply to every student turn, in the order of `questions`."""
    import torch  # noqa: PLC0415

    model: Any = base.load_model(files.weights)
    if files.adapter is not None:
        from peft import PeftModel  # noqa: PLC0415

        model = PeftModel.from_pretrained(model, files.adapter).merge_and_unload()
    tokenizer = base.load_tokenizer(files.weights)
    found = []
    for dialogue in dialogues:
        ids, spans = chat_template.encode_with_spans(tokenizer, messages(dialogue.lesson, dialogue.turns))
        with torch.inference_mode():
            logprobs = model(input_ids=torch.tensor([ids])).logits[0, :-1].float().log_softmax(-1)
        chosen = logprobs.gather(1, torch.tensor(ids[1:])[:, None])[:, 0]
        teacher = [index for index, turn in enumerate(dialogue.turns) if turn.speaker == "teacher"]
        for index, (start, end) in zip(teacher, spans, strict=True):
            if index:
                nll = -float(chosen[start - 1 : end - 1].double().sum())
                found.append(Likelihood(f"{dialogue.id}#{index - 1}", end - start, nll))
    return found
