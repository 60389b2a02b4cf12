"""dvc.yaml, the table of contents: what each stage reads and writes, and which stage makes a file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CONTENTS = Path("dvc.yaml")
CODE = ("stages/", "three_tutors/")
"""Dependencies that are code, not something that a stage reads."""

_FIELD = re.compile(r"\$\{(key|item)(?:\.(\w+))?\}")


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
    import yaml  # noqa: PLC0415 - `make overview` runs before anything is installed

    try:
        loader = yaml.CSafeLoader(path.read_bytes())
        tree = loader.get_single_data()
    except (OSError, yaml.YAMLError, LookupError, ValueError):  # the last two: a value that its tag does not fit
        return []
    stages = _mapping(_mapping(tree).get("stages"))
    return [entry for name, stage in stages.items() for entry in _entries(str(name), _mapping(stage))]


def maker(path: str, contents: Sequence[Entry]) -> str | None:
    """Return the stage that writes `path`, or the folder that holds it; None where a person does."""
    wanted = Path(path)
    return next((one.name for one in contents for made in one.writes if wanted.is_relative_to(made)), None)


def _entries(name: str, stage: Mapping[str, Any]) -> Iterator[Entry]:
    items = stage.get("foreach")
    if items is None:
        yield Entry(name, None, *_files(stage, {}))
    else:
        for key, item in items.items() if isinstance(items, dict) else ((one, one) for one in _list(items)):
            yield Entry(name, str(key), *_files(_mapping(stage.get("do")), {"key": str(key), "item": item}))


def _files(stage: Mapping[str, Any], values: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what a stage reads, without its code, and what it writes."""
    reads = [_filled(dep, values) for dep in _paths(stage.get("deps")) if not dep.startswith(CODE)]
    writes = [_filled(out, values) for kind in ("outs", "metrics", "plots") for out in _paths(stage.get(kind))]
    return tuple(reads), tuple(writes)


def _paths(listed: object) -> list[str]:
    """Return the paths of a list of dvc.yaml, where an entry with options is a mapping of one key."""
    return [str(next(iter(one), "")) if isinstance(one, dict) else str(one) for one in _list(listed)]


def _mapping(found: object) -> Mapping[str, Any]:
    return found if isinstance(found, dict) else {}


def _list(found: object) -> list[Any]:
    return found if isinstance(found, list) else []


def _filled(path: str, values: Mapping[str, Any]) -> str:
    def value(match: re.Match[str]) -> str:
        found = values.get(match[1])
        return str(found.get(match[2]) if match[2] and isinstance(found, dict) else found)

    return _FIELD.sub(value, path)
