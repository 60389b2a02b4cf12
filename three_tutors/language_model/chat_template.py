"""The one chat template: training, validation, likelihoods, live prompts and serving are all rendered by it.

ChatML as SmolLM2 was trained on, with two differences from the template it ships with: no identity is injected
where there is no system message, and `{% generation %}` marks what the assistant says, up to and including the
end-of-turn token. Text inside a message cannot forge a control token: `<|` is written `< |`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from three_tutors.pipeline.diagnostics import DataError, TutorError
from three_tutors.tutoring.formats import Message

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

END_OF_TURN = "<|im_end|>"

CHATML = r"""{%- for message in messages -%}
{%- if message['role'] not in ['system', 'user', 'assistant'] -%}
{{- raise_exception('a message is by system, user or assistant, not by ' + message['role']) -}}
{%- endif -%}
{%- set content = message['content'] | replace('<|', '< |') -%}
{{- '<|im_start|>' + message['role'] + '\n' -}}
{%- if message['role'] == 'assistant' -%}
{%- generation -%}{{- content + '<|im_end|>' -}}{%- endgeneration -%}
{%- else -%}
{{- content + '<|im_end|>' -}}
{%- endif -%}
{{- '\n' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\n' -}}{%- endif -%}
"""


def adopt(tokenizer: PreTrainedTokenizerFast) -> None:
    """Give `tokenizer` our template where it knows ChatML; otherwise check that its own one can be learned from.

    Raises:
        TutorError: it has no template, or one whose later turns change how earlier ones are written.

    """
    if {"<|im_start|>", END_OF_TURN} <= set(tokenizer.get_vocab()):
        tokenizer.chat_template = CHATML
        tokenizer.eos_token = END_OF_TURN
    elif not tokenizer.chat_template:
        raise TutorError("The base model has no chat template; choose an instruction-tuned one in `base_model.source`.")
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    said: list[Message] = [
        {"role": "user", "content": "2 + 2?"},
        {"role": "assistant", "content": "What do you think?"},
        {"role": "user", "content": "4."},
        {"role": "assistant", "content": "How do you know?"},
    ]
    try:
        spans = assistant_spans(tokenizer, said)
    except DataError as error:
        raise TutorError(f"The base model's own chat template cannot be learned from: {error}") from None
    text = render(tokenizer, said)
    if any(not text[start:end].endswith(tokenizer.eos_token) for start, end in spans):
        raise TutorError(
            f"The base model's own chat template does not end a reply with {tokenizer.eos_token}, so it would never learn to stop; "
            "choose another one in `base_model.source`."
        )


def render(tokenizer: PreTrainedTokenizerFast, said: Sequence[Message], *, reply: bool = False) -> str:
    """Return the conversation as the model reads it; with `reply`, up to where the assistant's next words begin."""
    import jinja2  # noqa: PLC0415 - transformers loads it with the first template

    # Only role and content reach the template: `weight` and the like are ours.
    plain = [{"role": message["role"], "content": message["content"]} for message in said]
    try:
        return str(tokenizer.apply_chat_template(plain, tokenize=False, add_generation_prompt=reply))
    except (jinja2.TemplateError, TypeError) as error:
        raise DataError(f"The chat template refuses this conversation: {error}.") from None


def encode(tokenizer: PreTrainedTokenizerFast, text: str) -> list[int]:
    """Return the token ids of rendered text; nothing is put before or after it."""
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


def prompt_ids(tokenizer: PreTrainedTokenizerFast, said: Sequence[Message]) -> list[int]:
    """Return the token ids of a live prompt: the conversation and the opening of the assistant's reply."""
    return encode(tokenizer, render(tokenizer, said, reply=True))


def assistant_spans(tokenizer: PreTrainedTokenizerFast, said: Sequence[Message]) -> list[tuple[int, int]]:
    """Return for each assistant message where its words begin and where its end-of-turn token ends, in characters.

    A turn begins where the live prompt for it would end, so what is learned is what will be asked for.

    Raises:
        DataError: the template writes a turn differently once others follow it.

    """
    whole = render(tokenizer, said)
    spans = []
    for index, message in enumerate(said):
        if message["role"] != "assistant":
            continue
        before = render(tokenizer, said[:index], reply=True)
        upto = render(tokenizer, said[: index + 1])
        if not (upto.startswith(before) and whole.startswith(upto)):
            raise DataError("its template writes a turn differently once others follow it.")
        end = upto.rfind(str(tokenizer.eos_token), len(before))
        spans.append((len(before), len(upto) if end < 0 else end + len(str(tokenizer.eos_token))))
    return spans


def encode_with_spans(tokenizer: PreTrainedTokenizerFast, said: Sequence[Message]) -> tuple[list[int], list[tuple[int, int]]]:
    """Return the token ids of a whole conversation and, for each assistant message, its range of tokens.

    Raises:
        DataError: a token lies across the beginning or end of a turn, so that the live prompt would differ from
            what is learned (a turn that begins with white space does that).

    """
    encoded: Any = tokenizer(render(tokenizer, said), add_special_tokens=False, return_offsets_mapping=True)
    starts = {start: index for index, (start, end) in reversed(list(enumerate(encoded["offset_mapping"]))) if end > start}
    ends = {end: index + 1 for index, (start, end) in enumerate(encoded["offset_mapping"]) if end > start}
    ranges = []
    for turn, (start, end) in enumerate(assistant_spans(tokenizer, said), start=1):
        if start not in starts or end not in ends:
            raise DataError(
                f"Assistant turn {turn} does not begin and end with its own token; remove white space and control characters there."
            )
        ranges.append((starts[start], ends[end]))
    return list(encoded["input_ids"]), ranges
