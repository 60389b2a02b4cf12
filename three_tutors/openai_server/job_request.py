"""Read the request to create a fine-tuning job: every parameter is honoured or refused by name."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, get_args, get_type_hints

from pydantic import TypeAdapter, ValidationError

from three_tutors.openai_server.chat_request import read_text, read_whole
from three_tutors.openai_server.errors import invalid, unsupported
from three_tutors.openai_server.hyperparameters import Hyperparameters, MethodType

KNOWN = {"model", "training_file", "validation_file", "suffix", "seed", "metadata", "integrations", "method", "hyperparameters"}
SUFFIX = re.compile(r"[A-Za-z0-9_.-]{1,64}")
MOST_PAIRS = 16
ALLOWED = {name: TypeAdapter(kind) for name, kind in get_type_hints(Hyperparameters, include_extras=True).items()}
"""What each hyperparameter may be."""
METHODS: tuple[MethodType, ...] = get_args(MethodType)


@dataclass(frozen=True)
class JobRequest:
    """A job that this server can run."""

    model: str
    training_file: str
    validation_file: str | None
    suffix: str
    seed: int
    metadata: dict[str, str] | None
    hyperparameters: Hyperparameters


def read_job(body: Mapping[str, Any]) -> JobRequest:
    """Return the request in `body`.

    Raises:
        ApiError: 400 that names the parameter.

    """
    for key in body:
        if key not in KNOWN:
            raise invalid(f"Unrecognized request argument supplied: {key}", key, "unknown_parameter")
    if body.get("integrations") not in (None, []):
        raise unsupported("integrations")
    seed = read_whole(body, "seed", 0, 2**31 - 1)
    validation = body.get("validation_file")
    return JobRequest(
        model=read_text(body, "model"),
        training_file=read_text(body, "training_file"),
        validation_file=None if validation is None else read_text(body, "validation_file"),
        suffix=_suffix(body.get("suffix")),
        seed=secrets.randbits(31) if seed is None else seed,
        metadata=_metadata(body.get("metadata")),
        hyperparameters=_hyperparameters(body),
    )


def going_on(asked: Hyperparameters, adapter: Mapping[str, Any]) -> Hyperparameters:
    """Return what was asked for a model that is an adapter: training goes on with it, so its shape is that of the adapter.

    Raises:
        ApiError: another shape was asked for.

    """
    shape = {"lora_r": adapter["r"], "lora_alpha": round(adapter["lora_alpha"])}
    for name, value in shape.items():
        if asked.lora and getattr(asked, name) != value:
            sentence = f"`{name}` must be {value}, as that of the adapter which training goes on with, or be left out together with `lora`."
            raise invalid(sentence, name, "invalid_value")
    return replace(asked, lora=True, **shape)


def _suffix(value: Any) -> str:  # noqa: ANN401 - a JSON body holds anything
    if value is None:
        return ""
    if not isinstance(value, str) or SUFFIX.fullmatch(value) is None:
        raise invalid("`suffix` must be 1 to 64 letters, digits, `-`, `_` or `.`.", "suffix", "invalid_value")
    return value


def _metadata(value: Any) -> dict[str, str] | None:  # noqa: ANN401 - see `_suffix`
    if value is None:
        return None
    fits = isinstance(value, dict) and len(value) <= MOST_PAIRS
    if not fits or not all(isinstance(one, str) and len(key) <= 64 and len(one) <= 512 for key, one in value.items()):  # noqa: PLR2004
        raise invalid(
            "`metadata` must be up to 16 pairs of a key of up to 64 and a text of up to 512 characters.", "metadata", "invalid_value"
        )
    return dict(value)


def _hyperparameters(body: Mapping[str, Any]) -> Hyperparameters:
    method = body.get("method")
    if method is None:
        return _read_hyperparameters("hyperparameters", body.get("hyperparameters"))
    if body.get("hyperparameters") is not None:
        raise invalid("Give `hyperparameters` in `method`, not beside it as well.", "hyperparameters", "invalid_value")
    if not isinstance(method, dict) or "type" not in method:
        raise invalid("`method` must be an object with a `type`.", "method", "invalid_value")
    kind = next((one for one in METHODS if one == method["type"]), None)
    if kind is None:
        raise unsupported("method.type", f"this server trains with {' and '.join(f'`{one}`' for one in METHODS)} only")
    for key in method.keys() - {"type", kind}:
        if method[key] is not None:
            raise unsupported(f"method.{key}")
    own = {} if method.get(kind) is None else method[kind]
    if not isinstance(own, dict) or own.keys() - {"hyperparameters"}:
        raise invalid(f"`method.{kind}` takes `hyperparameters` only.", f"method.{kind}", "invalid_value")
    return _read_hyperparameters(f"method.{kind}.hyperparameters", own.get("hyperparameters"), kind)


def _read_hyperparameters(name: str, value: Any, kind: MethodType = "supervised") -> Hyperparameters:  # noqa: ANN401 - see `_suffix`
    if value is None:
        return Hyperparameters(method=kind)
    if not isinstance(value, dict):
        raise invalid(f"`{name}` must be an object.", name, "invalid_value")
    read: dict[str, Any] = {}
    for key, one in value.items():
        if key not in ALLOWED or key == "method" or (key == "beta" and kind != "dpo"):
            raise unsupported(f"{name}.{key}")
        if one is None:
            continue
        try:
            read[key] = ALLOWED[key].validate_python(one, strict=True)
        except ValidationError as error:
            wanted = " or ".join(problem["msg"].removeprefix("Input should be ") for problem in error.errors(include_url=False))
            raise invalid(f"`{name}.{key}` must be {wanted}.", f"{name}.{key}", "invalid_value") from None
    return Hyperparameters(**read, method=kind)
