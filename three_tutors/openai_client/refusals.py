"""What a model does not take, learned from its own refusals.

Reasoning models refuse `temperature: 0`, older services `max_completion_tokens`, others `seed` or `stream_options`. Which ones do
changes from month to month, so no list is kept: the service says it, and from then on the model is asked without.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import openai

REPLACEMENTS: Mapping[str, str | None] = {
    "temperature": None,
    "seed": None,
    "stream_options": None,
    "max_completion_tokens": "max_tokens",
}
"""What a model can be asked without, and under which other name the limit of a reply may be known."""
REFUSING = (400, 422)
"""Status codes that refuse an argument."""
FILTERS = ("content_filter", "content_policy_violation")
"""Codes of a service that refuses a prompt for what it says."""

_UNSUPPORTED = re.compile(
    r"unsupported|not support|not accept|unrecogni[sz]ed|unknown|unexpected|extra|not permitted|not allowed|not available|deprecated"
    r"|only the default|no longer|invalid (parameter|argument|field)|cannot find field",
    re.IGNORECASE,
)


class Refusals:
    """Arguments that one model refused. Any thread may learn or look."""

    def __init__(self) -> None:
        """Begin with what the protocol describes."""
        self._names: frozenset[str] = frozenset()

    def __str__(self) -> str:
        """Return what was refused, as a sentence; empty where nothing was."""
        return f"The model does not take {' or '.join(sorted(self._names))}; it was asked without." if self._names else ""

    def fitted(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return the request as the model takes it."""
        fitted = dict(request)
        for name in self._names & fitted.keys():
            value, other = fitted.pop(name), REPLACEMENTS[name]
            if other is not None:
                fitted[other] = value
        return fitted

    def learn(self, error: openai.APIStatusError, request: Mapping[str, Any]) -> bool:
        """Return whether `error` refuses an argument of `request` that the model can be asked without; remember which."""
        name = _refused(error, request)
        if name is None:
            return False
        self._names |= {name}
        return True


def _refused(error: openai.APIStatusError, request: Mapping[str, Any]) -> str | None:
    if error.status_code not in REFUSING:
        return None
    words = _words(error)
    named = _named(error, words, request)
    if named is None:
        return None
    greedy = named == "temperature" and request["temperature"] == 0  # whatever is said of 0, the model does not take it
    return named if greedy or _UNSUPPORTED.search(words) else None


def _named(error: openai.APIStatusError, words: str, request: Mapping[str, Any]) -> str | None:
    """Return the argument that the service names: as `param`, or else the first one in its words."""
    sent = [name for name in REPLACEMENTS if name in request]
    if error.param in sent:
        return error.param
    found = {name: match.start() for name in sent if (match := re.search(rf"\b{name}\b", words))}
    return min(found, key=lambda name: found[name], default=None)


def filtered(error: openai.APIStatusError) -> bool:
    """Whether the service filtered this one prompt. Only this reply is affected, not the run."""
    return error.status_code in REFUSING and any(f'"{code}"' in _words(error) for code in FILTERS)


def _words(error: openai.APIStatusError) -> str:
    """Return what the service says, without the request that some services repeat under `input`."""
    return json.dumps(_without_echo(error.body), default=str) if error.body else error.message


def _without_echo(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_echo(one) for key, one in value.items() if key != "input"}
    return [_without_echo(one) for one in value] if isinstance(value, list) else value
