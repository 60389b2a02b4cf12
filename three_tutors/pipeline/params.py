"""Read one section of params.yaml into a frozen dataclass; an unknown or missing key is an error with its line.

A stage declares what it takes:

    @params
    class Params:
        seed: Annotated[int, Field(ge=0)]
        \"\"\"Order in which new dialogues are dealt.\"\"\"

    settings = read("split", Params)
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, TypeVar, dataclass_transform

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.constructor import ConstructorError, RoundTripConstructor
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.nodes import Node
from ruamel.yaml.reader import ReaderError

from three_tutors.pipeline.diagnostics import ParamsError
from three_tutors.pipeline.json_values import DEEPEST, MOST_DIGITS, depth
from three_tutors.pipeline.text import UnreadableError, decode

PARAMS_FILE = Path("params.yaml")
LONGEST_SHOWN = 80
"""Characters of a value in an error."""
_KINDS = {"bool": "true or false", "float": "number", "int": "whole number", "timestamp": "date that exists"}
"""What YAML takes a value for, by its tag or its look."""
_ENDLESS = re.compile(rf"[0-9A-Fa-f_]{{{MOST_DIGITS + 1},}}")

T = TypeVar("T")


@dataclass_transform(frozen_default=True, kw_only_default=True)
def params(cls: type[T]) -> type[T]:
    """Make `cls` a frozen dataclass that refuses unknown keys and values of another type: `"16"` and `true` are no numbers."""
    config = ConfigDict(extra="forbid", use_attribute_docstrings=True, strict=True, allow_inf_nan=False)
    return dataclass(frozen=True, kw_only=True, config=config)(cls)  # type: ignore[return-value]


def read(section: str, cls: type[T], path: Path = PARAMS_FILE, absent: T | None = None) -> T:
    """Return section `section` of `path` as a `cls`; `absent` is what a file without that section means, an error by default.

    YAML 1.2 is read as DVC reads it, so that `5e-4` is a number here as it is there.

    Raises:
        ParamsError: the file, the section or a key is missing, unknown or of the wrong type; every problem is listed.

    """
    tree = _tree(path)
    if section not in tree:
        if absent is not None:
            return absent
        raise ParamsError(f"{path}: section `{section}` is missing; add it (the committed {path} shows every key).")
    node = tree[section]
    try:
        # As JSON, for only there a strict dataclass is made of a mapping.
        return TypeAdapter(cls).validate_json(json.dumps(_plain(node), default=str))
    except ValidationError as error:
        lines = [_sentence(path, section, node, problem) for problem in error.errors(include_url=False)]
        raise ParamsError("\n".join(lines)) from None


class _Constructor(RoundTripConstructor):
    """Says where a value stands that is none of its kind; ruamel itself only fails, in several ways."""

    def construct_object(self, node: Node, deep: bool = False) -> Any:  # noqa: ANN401 - as the library has it
        try:
            return super().construct_object(node, deep)
        except (AttributeError, LookupError, TypeError, ValueError):
            kind = str(node.tag).rpartition(":")[2]
            value = _shown(node.value) if isinstance(node.value, str) else "this"
            problem = f"{value} is no {_KINDS.get(kind, kind)}; mend it, or put it in quotes without a tag."
            raise ConstructorError(None, None, problem, node.start_mark) from None


def _tree(path: Path) -> CommentedMap:
    try:
        text = decode(path.read_bytes())
        endless = _ENDLESS.search(text)
        if endless:
            line = text.count("\n", 0, endless.start()) + 1
            raise ParamsError(f"{path}:{line}: a number of {len(endless.group())} digits is more than a computer keeps.")
        if depth(text) > DEEPEST:  # the parser takes a second for a thousand brackets, a minute for ten thousand
            raise ParamsError(f"{path}: nested more than {DEEPEST} levels deep.")
        reader = YAML(typ="rt")
        reader.Constructor = _Constructor
        tree = reader.load(text)
    except FileNotFoundError:
        raise ParamsError(f"{path} is missing; run from the project's folder or restore it from Git.") from None
    except UnreadableError as error:
        raise ParamsError(f"{path}:{error.line}:{error.column}: {error}.") from None
    except MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        raise ParamsError(f"{where}: not valid YAML: {error.problem}") from None
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise ParamsError(f"{path}:{line}: not valid YAML: U+{ord(text[error.position]):04X} is not allowed.") from None
    except RecursionError:
        raise ParamsError(f"{path}: not valid YAML: nested too deeply.") from None
    except (OverflowError, ValueError):
        raise ParamsError(f"{path}: not valid YAML: an escape such as \\UFFFFFFFF names no character.") from None
    if not isinstance(tree, CommentedMap):
        raise ParamsError(f"{path}: expected sections such as `lora:` at the top level.")
    return tree


def _plain(node: Any) -> Any:  # noqa: ANN401 - a YAML tree holds anything
    """Strip the round-trip types: dataclass validation wants dict, list and scalars."""
    if isinstance(node, dict):
        plain = {str(key): _plain(value) for key, value in node.items()}
        if len(plain) < len(node):
            raise ParamsError(f"two keys read the same, once in quotes and once without: {', '.join(plain)}.")
        return plain
    if isinstance(node, list):
        return [_plain(value) for value in node]
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node


def _sentence(path: Path, section: str, node: Any, problem: Any) -> str:  # noqa: ANN401 - see `_plain`
    location = [str(part) for part in problem["loc"]]
    line = _line(node, problem["loc"])
    name = ".".join([section, *location])
    kind = problem["type"]
    if kind in {"unexpected_keyword_argument", "extra_forbidden"}:
        advice = "is not a known key; remove it or mend its spelling"
    elif kind in {"missing", "missing_argument", "missing_keyword_only_argument"}:
        advice = f"is missing; add it (the committed {path.name} shows every key)"
    else:
        advice = f"{problem['msg'][0].lower()}{problem['msg'][1:]}, not {_shown(problem['input'])}"
    return f"{path}:{line}: {name}: {advice}."


def _shown(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= LONGEST_SHOWN else f"{shown[: LONGEST_SHOWN - 1]}…"


def _line(node: Any, location: tuple[Any, ...]) -> int:  # noqa: ANN401 - see `_plain`
    """Return the line of the deepest key of `location` that the file has."""
    line = int(node.lc.line) if hasattr(node, "lc") else 0
    for key in location:
        if not isinstance(node, CommentedMap) or key not in node:
            break
        line = int(node.lc.key(key)[0])
        node = node[key]
    return line + 1
