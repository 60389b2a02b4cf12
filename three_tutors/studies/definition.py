"""What a study is: settings to run, how far each run goes, which figures are kept. Read from the section `studies` of params.yaml."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field
from ruamel.yaml import YAML

from three_tutors.pipeline.diagnostics import ParamsError
from three_tutors.pipeline.params import PARAMS_FILE, params, read
from three_tutors.tutoring.methods import BASELINE, TUTORS

SECTION = "studies"
TUTOR = "tutor"
SOURCE = "base_model.source"
LOCAL = "local"


@params
class Study:
    """One study."""

    until: Literal["train", "answer", "evaluate"]
    """The last stage of each run."""
    figures: Annotated[list[str], Field(min_length=1)]
    """Kept of each run: `validation` (what its best epoch or prompt was chosen by), `matching` and `ranking` (after `answer`),
    `contrast` and the mean of any score of replies (after `evaluate`), `sense_read` where models/base is the model that sense is read off
    (after `answer`; see `trust.sense`), or a key of reports/metrics/<tutor>.json or train_<tutor>.json, such as `learning_rate`."""
    always: dict[str, Any]
    """Params that every run changes."""
    runs: Annotated[list[dict[str, Any]], Field(min_length=1)]
    """Grids: each maps `tutor` and params to a value or to a list, of which every combination is run."""


@dataclass(frozen=True)
class Run:
    """One tutor with one setting."""

    tutor: str
    settings: Mapping[str, Any]
    """The params by which the runs of a study differ."""
    always: Mapping[str, Any]
    until: str

    @property
    def target(self) -> str:
        """The last stage, as dvc.yaml names it."""
        return TUTORS[self.tutor].target if self.until == "train" else f"{self.until}@{self.tutor}"

    @property
    def said(self) -> str:
        """The settings as the table has them; of a model's path only its name."""
        return "; ".join(f"{name}={told(name, value)}" for name, value in self.settings.items())

    @property
    def label(self) -> str:
        """The tutor with its settings."""
        return f"{self.tutor} {self.said}".strip()


def told(name: str, value: object) -> str:
    """Return a value of a param as one reads it."""
    if isinstance(value, str):
        return Path(value).name if name == SOURCE else value
    return json.dumps(value)


def studies(path: Path = PARAMS_FILE) -> Mapping[str, Study]:
    """Return the studies that params.yaml defines by name.

    Raises:
        ParamsError: the section is missing or says something else.

    """
    return read(SECTION, dict[str, Study], path)


def runs(name: str, study: Study, path: Path = PARAMS_FILE) -> list[Run]:
    """Return all runs of a study in the order of its grids.

    Raises:
        ParamsError: a grid names no tutor, a tutor or a param that is not there, a model that is not there, or a paid service.

    """
    sections: dict[str, Any] = YAML(typ="safe").load(path)
    where = f"{path}: {SECTION}.{name}"
    found: dict[tuple[str, str], Run] = {}
    for grid in study.runs:
        for point in _points(grid):
            tutor = point.pop(TUTOR, None)
            if tutor not in TUTORS:
                raise ParamsError(f"{where}: there is no tutor {tutor!r}; each of `runs` names one of {', '.join(TUTORS)}.")
            _check(where, tutor, {**study.always, **point}, sections)
            run = Run(tutor, point, study.always, study.until)
            found.setdefault((run.tutor, run.said), run)
    return list(found.values())


def _points(grid: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    choices: list[Sequence[Any]] = [value if isinstance(value, list) else [value] for value in grid.values()]
    for values in itertools.product(*choices):
        yield dict(zip(grid, values, strict=True))


def _check(where: str, tutor: str, settings: Mapping[str, Any], sections: Mapping[str, Any]) -> None:
    for name in settings:
        section, _, key = name.partition(".")
        if section == SECTION or not key or key not in (sections.get(section) or {}):
            raise ParamsError(f"{where}: params.yaml has no {name!r}; write `section.key` as it stands there.")
    source = settings.get(SOURCE, "")
    if source.startswith(("/", "./", "../", "~")) and not Path(source).expanduser().exists():
        raise ParamsError(f"{where}: there is no model at {source}; put its folder or file there, or take it out of the study.")
    # What is paid for is kept in .cache of the project, which a run in a copy does not reach: after a kill it would be paid again.
    address = settings.get(f"{tutor}.base_url", (sections.get(tutor) or {}).get("base_url", LOCAL))
    if tutor != BASELINE and address != LOCAL:
        raise ParamsError(
            f"{where}: {tutor}.base_url is {address}; studies train on this machine only, so that no service bills every run."
        )
