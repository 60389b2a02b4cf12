"""dvc.yaml, the table of contents: what each stage reads and writes, and which stage makes a file.

A `foreach` may name a list or mapping of params.yaml, `${tutors.asked}` for example: an item taken out there takes a stage out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CONTENTS = Path("dvc.yaml")
PARAMS = "params.yaml"
CODE = ("stages/", "three_tutors/")
"""Dependencies that are code, not something that a stage reads."""

_FIELD = re.compile(r"\$\{(key|item)(?:\.(\w+))?\}")
_NAMED = re.compile(r"\$\{([\w.]+)\}")


@dataclass(frozen=True)
class Entry:
    """One stage, or one of those that a `foreach` makes: `answer@lora` is the stage `answer` called with `lora`."""

    stage: str
    argument: str | None
    reads: tuple[str, ...]
    writes: tuple[str, ...]

    @property
    def name(self) -> str:
        """What `dvc repro` calls it."""
        return self.stage if self.argument is None else f"{self.stage}@{self.argument}"


def entries(path: Path = CONTENTS) -> list[Entry]:
    """Return every stage of `path`; what is missing or malformed is passed over, for DVC says that better than we could."""
    found = stages(_read(path), _read(path.with_name(PARAMS)))
    return [Entry(*_named(name), *_files(body)) for name, body in found.items()]


def stages(contents: object, sections: object) -> dict[str, Mapping[str, Any]]:
    """Return the stages of a read dvc.yaml by name, one for each item of a `foreach`: `answer@lora`.

    `sections` is what params.yaml holds.
    """
    return {
        name: body for stage, of in _mapping(_mapping(contents).get("stages")).items() for name, body in _each(str(stage), of, sections)
    }


def left_out(stage: str, path: Path = CONTENTS) -> Entry | None:
    """Return a stage that is repeated over an empty list, and so is not in the run, with its item left open; None where it is none."""
    body = _mapping(_mapping(_mapping(_read(path)).get("stages")).get(stage))
    return Entry(stage, None, *_files(_mapping(_filled(body["do"], {"key": "<key>", "item": "<item>"})))) if "do" in body else None


def maker(path: str, contents: Sequence[Entry]) -> str | None:
    """Return the stage that writes `path`, or the folder that holds it; None where a person does."""
    wanted = Path(path)
    return next((one.name for one in contents for made in one.writes if wanted.is_relative_to(made)), None)


def _read(path: Path) -> object:
    import yaml  # noqa: PLC0415 - `make overview` runs before anything is installed

    try:
        return yaml.CSafeLoader(path.read_bytes()).get_single_data()
    except (OSError, yaml.YAMLError, LookupError, ValueError):  # the last two: a value that its tag does not fit
        return None


def _each(name: str, stage: object, sections: object) -> Iterator[tuple[str, Mapping[str, Any]]]:
    body = _mapping(stage)
    items = body.get("foreach")
    if items is None:
        yield name, body
        return
    if isinstance(items, str) and (named := _NAMED.fullmatch(items)):
        items = sections
        for key in named[1].split("."):
            items = _mapping(items).get(key)
    for key, item in items.items() if isinstance(items, dict) else ((one, one) for one in _list(items)):
        yield f"{name}@{key}", _mapping(_filled(body.get("do"), {"key": str(key), "item": item}))


def _named(name: str) -> tuple[str, str | None]:
    stage, at, argument = name.partition("@")
    return stage, argument if at else None


def _files(stage: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what a stage reads, without its code, and what it writes."""
    reads = [dep for dep in _paths(stage.get("deps")) if not dep.startswith(CODE)]
    writes = [out for kind in ("outs", "metrics", "plots") for out in _paths(stage.get(kind))]
    return tuple(reads), tuple(writes)


def _paths(listed: object) -> list[str]:
    """Return the paths of a list of dvc.yaml, where an entry with options is a mapping of one key."""
    return [str(next(iter(one), "")) if isinstance(one, dict) else str(one) for one in _list(listed)]


def _mapping(found: object) -> Mapping[str, Any]:
    return found if isinstance(found, dict) else {}


def _list(found: object) -> list[Any]:
    return found if isinstance(found, list) else []


def _filled(found: Any, values: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a YAML tree holds anything
    """Return a part of a stage with the values of one item in all its texts."""

    def value(match: re.Match[str]) -> str:
        given = values.get(match[1])
        return str(given.get(match[2]) if match[2] and isinstance(given, dict) else given)

    if isinstance(found, dict):
        return {_filled(key, values): _filled(one, values) for key, one in found.items()}
    if isinstance(found, list):
        return [_filled(one, values) for one in found]
    return _FIELD.sub(value, found) if isinstance(found, str) else found
