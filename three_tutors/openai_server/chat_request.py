"""Read a chat request: every parameter is honoured or refused by name, none is silently ignored."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from three_tutors.openai_server.errors import ApiError, invalid, unsupported
from three_tutors.tutoring.formats import Message
from three_tutors.tutoring.messages import not_read, protocol_role, text_of

Read = TypeVar("Read")

# What changes nothing may be sent: clients write defaults out.
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
# Names of the caller and of its caches, of no consequence to the reply.
INFORMATION = {"user": str, "safety_identifier": str, "prompt_cache_key": str, "prompt_cache_retention": str, "prompt_cache_options": dict}
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


@dataclass(frozen=True)
class ChatRequest:
    """A chat request that this server can reply to."""

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
            if not _is_one_of(value, NEUTRAL[key]):
                raise unsupported(key)
        elif key in INFORMATION:
            if value is not None and not isinstance(value, INFORMATION[key]):
                raise _wrong(key, "a text" if INFORMATION[key] is str else "an object", value)
        elif key not in OWN:
            raise invalid(f"Unrecognized request argument supplied: {key}", key, "unknown_parameter")
    stream = _flag(body, "stream")
    include_usage = _include_usage(body.get("stream_options"), stream=stream)
    logprobs = _flag(body, "logprobs")
    top_logprobs = read_whole(body, "top_logprobs", 0, 20)
    if top_logprobs is not None and not logprobs:
        raise invalid("`top_logprobs` needs `logprobs` to be true.", "top_logprobs")
    limits = [read_whole(body, name, 1, 2**31 - 1) for name in ("max_completion_tokens", "max_tokens")]
    seed = read_whole(body, "seed", -(2**63), 2**63 - 1)
    return ChatRequest(
        model=read_text(body, "model"),
        messages=_messages(body.get("messages")),
        max_tokens=min((one for one in limits if one is not None), default=None),
        temperature=_number(body, "temperature", 1.0, 0.0, 2.0),
        top_p=_number(body, "top_p", 1.0, 0.0, 1.0),
        seed=secrets.randbits(31) if seed is None else seed % 2**63,
        stop=_stop(body.get("stop")),
        n=read_whole(body, "n", 1, most_choices) or 1,
        logprobs=logprobs,
        top_logprobs=top_logprobs or 0,
        stream=stream,
        include_usage=include_usage,
    )


def _is_one_of(value: object, allowed: Sequence[object]) -> bool:
    """Return whether `value` is allowed; for Python, False is 0 as well."""
    return any(value == one and isinstance(value, bool) == isinstance(one, bool) for one in allowed)


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
    role = _read(f"{name}.role", protocol_role, value.get("role"), "unsupported_value")
    for key in not_read(value, "role", "content"):
        raise unsupported(f"{name}.{key}")
    return {"role": role, "content": _read(f"{name}.content", text_of, value.get("content"), "invalid_value")}


def _read(name: str, reader: Callable[[object], Read], value: object, code: str) -> Read:
    try:
        return reader(value)
    except ValueError as error:
        raise invalid(f"`{name}` {error}.", name, code) from None


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
        if key != "include_obfuscation" or _flag(options, key, "stream_options."):
            raise unsupported(f"stream_options.{key}")
    return _flag(options, "include_usage", "stream_options.")


def _flag(body: Mapping[str, Any], key: str, inside: str = "") -> bool:
    value = body.get(key)
    if value is not None and not isinstance(value, bool):
        raise _wrong(f"{inside}{key}", "true or false", value)
    return bool(value)


def read_whole(body: Mapping[str, Any], name: str, least: int, most: int) -> int | None:
    """Return a whole number in a range; None where there is none."""
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
    return invalid(f"`{name}` must be {wanted}, not {_short(value)}.", name, "invalid_value")


def _short(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) < 80 else f"{shown[:80]}…"  # noqa: PLR2004
