"""The one chat template: training, validation, likelihoods, live prompts and serving are all rendered by it.

ChatML as SmolLM2 was trained on, with two differences from the template it ships with: no identity is injected
where there is no system message, and `{% generation %}` marks what the assistant says, up to and including the
end-of-turn token. Text inside a message cannot forge a control token: `<|` is written `< |`.

Models that can think before they reply do not: the empty thought by which their own template turns thinking off stands before
each reply, in training as when they are asked, and is not learned.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from three_tutors.pipeline.diagnostics import DataError, TutorError
from three_tutors.tutoring.formats import Message

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

END_OF_TURN = "<|im_end|>"
REPLY = "<|im_start|>assistant\n"
EMPTY_THOUGHT = "<think>\n\n</think>\n\n"
SWITCHES = ("enable_thinking", "thinking")
"""Variables by which templates turn thinking on."""

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
        tokenizer.chat_template = chatml(_thought(tokenizer))
        tokenizer.eos_token = END_OF_TURN
    elif not tokenizer.chat_template:
        raise TutorError("The base model has no chat template; choose an instruction-tuned one in `base_model.source`.")
    elif isinstance(tokenizer.chat_template, str):
        tokenizer.chat_template = _switched_off(tokenizer.chat_template)
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


def chatml(thought: str) -> str:
    """Return our template with `thought`, which may be empty, before what the assistant says."""
    written = thought.replace("\n", "\\n")
    opened = CHATML.replace("{%- generation -%}", f"{{{{- '{written}' -}}}}{{%- generation -%}}") if thought else CHATML
    return opened.replace("assistant\\n' -}}", f"assistant\\n{written}' -}}}}")


def thinking(tokenizer: PreTrainedTokenizerFast) -> str:
    """Return in a sentence how thinking is turned off; empty for models that do not think."""
    template = str(tokenizer.chat_template)
    if shown := re.search(r"assistant\\n(<think>[^']*)' -}}", template):
        return f"Off: {shown[1]} stands before each reply, in training and when asked, and is not learned."
    if any(_off(name) in template for name in SWITCHES):
        return "Off: by the template's own switch, in training and when asked."
    return ""


def _off(name: str) -> str:
    return f"{{%- set {name} = false -%}}"


def _switched_off(template: str) -> str:
    """Return a template of another kind with its own switches for thinking off."""
    switches = [name for name in SWITCHES if re.search(rf"{{%[^}}]*\b{name}\b", template) and _off(name) not in template]
    return "".join(map(_off, switches)) + template


def _thought(tokenizer: PreTrainedTokenizerFast) -> str:
    """Return what the model's own template writes before a reply without thinking; empty if the model does not think."""
    import jinja2  # noqa: PLC0415 - see `render`

    if "<think>" not in str(tokenizer.chat_template or ""):
        return ""
    said = [{"role": "user", "content": "2 + 2?"}]
    try:
        text = tokenizer.apply_chat_template(said, tokenize=False, add_generation_prompt=True, enable_thinking=False)
    except (jinja2.TemplateError, TypeError):
        return ""
    opening = str(text).rpartition(REPLY)[2] if REPLY in text else ""
    if re.fullmatch(r"<think>\s*</think>\s*", opening):
        return opening
    return EMPTY_THOUGHT if "<think>" in opening else ""


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
