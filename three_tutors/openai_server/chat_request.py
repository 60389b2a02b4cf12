"""Read a chat request: every parameter is honoured or refused by name, none is silently ignored."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from three_tutors.openai_server.errors import ApiError, invalid, unsupported
from three_tutors.tutoring.formats import Message

ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}

# What changes nothing may be sent: clients write defaults out, and hand back the messages they got.
NEUTRAL: dict[str, tuple[Any, ...]] = {
    "audio": (None,),
    "frequency_penalty": (None, 0),
    "function_call": (None, "none"),
    "functions": (None, []),
    "logit_bias": (None, {}),
    "metadata": (None, {}),
    "modalities": (None, ["text"]),
    "parallel_tool_calls": (None, True, False),
    "prediction": (None,),
    "presence_penalty": (None, 0),
    "reasoning_effort": (None,),
    "response_format": (None, {"type": "text"}),
    "service_tier": (None, "auto", "default"),
    "store": (None, False),
    "tool_choice": (None, "none", "auto"),
    "tools": (None, []),
    "verbosity": (None,),
    "web_search_options": (None,),
}
# Names of the caller, of no consequence to the answer.
INFORMATION = {"user", "safety_identifier", "prompt_cache_key", "prompt_cache_retention", "prompt_cache_options"}
OWN = {
    "model",
    "messages",
    "max_tokens",
    "max_completion_tokens",
    "temperature",
    "top_p",
    "seed",
    "stop",
    "n",
    "logprobs",
    "top_logprobs",
    "stream",
    "stream_options",
}
NEUTRAL_IN_MESSAGE = {"name", "refusal", "annotations", "audio", "function_call", "tool_calls"}


@dataclass(frozen=True)
class ChatRequest:
    """A chat request that this server can answer."""

    model: str
    messages: tuple[Message, ...]
    max_tokens: int | None
    """Most tokens of a reply; None is as many as the model's window takes."""
    temperature: float
    top_p: float
    seed: int
    stop: tuple[str, ...]
    n: int
    logprobs: bool
    top_logprobs: int
    stream: bool
    include_usage: bool


def read_chat(body: Mapping[str, Any], most_choices: int) -> ChatRequest:
    """Return the request in `body`.

    Raises:
        ApiError: 400 that names the parameter: missing, of the wrong type or range, unknown or not supported.

    """
    for key, value in body.items():
        if key in NEUTRAL:
            if value not in NEUTRAL[key]:
                raise unsupported(key)
        elif key not in OWN | INFORMATION:
            raise invalid(f"Unrecognized request argument supplied: {key}", key, "unknown_parameter")
    stream = _flag(body, "stream")
    include_usage = _include_usage(body.get("stream_options"), stream=stream)
    logprobs = _flag(body, "logprobs")
    top_logprobs = _whole(body, "top_logprobs", 0, 20)
    if top_logprobs is not None and not logprobs:
        raise invalid("`top_logprobs` needs `logprobs` to be true.", "top_logprobs")
    limits = [_whole(body, name, 1, 2**31 - 1) for name in ("max_completion_tokens", "max_tokens")]
    seed = _whole(body, "seed", -(2**63), 2**63 - 1)
    return ChatRequest(
        model=read_text(body, "model"),
        messages=_messages(body.get("messages")),
        max_tokens=min((one for one in limits if one is not None), default=None),
        temperature=_number(body, "temperature", 1.0, 0.0, 2.0),
        top_p=_number(body, "top_p", 1.0, 0.0, 1.0),
        seed=secrets.randbits(31) if seed is None else seed % 2**63,
        stop=_stop(body.get("stop")),
        n=_whole(body, "n", 1, most_choices) or 1,
        logprobs=logprobs,
        top_logprobs=top_logprobs or 0,
        stream=stream,
        include_usage=include_usage,
    )


def read_text(body: Mapping[str, Any], name: str) -> str:
    """Return a required, non-empty text."""
    value = body.get(name)
    if value is None:
        raise invalid(f"You must provide the parameter `{name}`.", name, "missing_required_parameter")
    if not isinstance(value, str) or not value:
        raise _wrong(name, "a non-empty text", value)
    return value


def _messages(value: Any) -> tuple[Message, ...]:  # noqa: ANN401 - a JSON body holds anything
    if not isinstance(value, list) or not value:
        raise _wrong("messages", "a list of at least one message", value)
    return tuple(_message(f"messages[{index}]", one) for index, one in enumerate(value))


def _message(name: str, value: Any) -> Message:  # noqa: ANN401 - see `_messages`
    if not isinstance(value, dict):
        raise _wrong(name, "an object", value)
    role = value.get("role")
    if role not in ROLES:
        raise invalid(f"`{name}.role` is system, developer, user or assistant here, not {role!r}.", f"{name}.role", "unsupported_value")
    for key in value.keys() - {"role", "content"}:
        if key not in NEUTRAL_IN_MESSAGE or value[key] not in (None, []):
            raise unsupported(f"{name}.{key}")
    return {"role": ROLES[role], "content": _content(f"{name}.content", value.get("content"))}  # type: ignore[typeddict-item]


def _content(name: str, value: Any) -> str:  # noqa: ANN401 - see `_messages`
    if isinstance(value, list):
        parts = []
        for index, part in enumerate(value):
            if not isinstance(part, dict) or part.get("type") != "text" or not isinstance(part.get("text"), str):
                raise unsupported(f"{name}[{index}]", "send text only")
            parts.append(part["text"])
        value = "".join(parts)
    if not isinstance(value, str):
        raise _wrong(name, "a text", value)
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise invalid(f"`{name}` holds half of a character pair and is no Unicode text.", name, "invalid_value")
    return value


def _stop(value: Any) -> tuple[str, ...]:  # noqa: ANN401 - see `_messages`
    if value is None:
        return ()
    given = [value] if isinstance(value, str) else value
    if not isinstance(given, list) or len(given) > 4 or not all(isinstance(one, str) and one for one in given):  # noqa: PLR2004
        raise _wrong("stop", "a text or up to four of them", value)
    return tuple(given)


def _include_usage(options: Any, *, stream: bool) -> bool:  # noqa: ANN401 - see `_messages`
    if options is None:
        return False
    if not stream or not isinstance(options, dict):
        raise invalid("`stream_options` must be an object and is only allowed with `stream`.", "stream_options", "invalid_value")
    for key in options.keys() - {"include_usage"}:
        if key != "include_obfuscation" or _flag(options, key):
            raise unsupported(f"stream_options.{key}")
    return _flag(options, "include_usage")


def _flag(body: Mapping[str, Any], name: str) -> bool:
    value = body.get(name)
    if value not in (None, True, False) or (isinstance(value, int | float) and not isinstance(value, bool)):
        raise _wrong(name, "true or false", value)
    return bool(value)


def _whole(body: Mapping[str, Any], name: str, least: int, most: int) -> int | None:
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise _wrong(name, f"a whole number from {least} to {most}", value)
    return value


def _number(body: Mapping[str, Any], name: str, default: float, least: float, most: float) -> float:
    value = body.get(name)
    if value is None:
        return default
    if not isinstance(value, int | float) or isinstance(value, bool) or not least <= value <= most:
        raise _wrong(name, f"a number from {least:g} to {most:g}", value)
    return float(value)


def _wrong(name: str, wanted: str, value: object) -> ApiError:
    shown = repr(value)
    return invalid(f"`{name}` must be {wanted}, not {shown if len(shown) < 80 else shown[:80] + '…'}.", name, "invalid_value")  # noqa: PLR2004
