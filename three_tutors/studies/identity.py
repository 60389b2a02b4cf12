"""When two runs would be the same: same tutor and settings, and same data, code and other settings of the stages that are run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from three_tutors.pipeline import contents
from three_tutors.pipeline.diagnostics import ParamsError
from three_tutors.pipeline.params import PARAMS_FILE
from three_tutors.studies.definition import Run, told
from three_tutors.studies.table import data_digest, digest


@dataclass(frozen=True)
class Identity:
    """Fingerprints of what a run is made of, besides its settings."""

    data: str
    code: str
    params: str


def identity(root: Path, run: Run) -> Identity:
    """Return what `run` would be made of now."""
    sections: dict[str, Any] = YAML(typ="safe").load(root / PARAMS_FILE)
    made = _changed(sections, {**run.always, **run.settings})
    stages = contents.stages(YAML(typ="safe").load(root / contents.CONTENTS), made)
    if run.target not in stages:
        raise ParamsError(f"dvc.yaml has no stage {run.target}; give {run.tutor} its stages, or take it out of the study.")
    needed = _needed(stages, run.target)
    code = sorted({dep for name in needed for dep in stages[name].get("deps", []) if dep.startswith(contents.CODE)})
    values = {
        f"{section}.{key}": value
        for section in sorted({section for name in needed for section in stages[name].get("params", [])})
        for key, value in sections.get(section, {}).items()
    }
    others = {name: told(name, value) for name, value in {**values, **run.always}.items() if name not in run.settings}
    return Identity(data_digest(root), digest(root, code), hashlib.sha256(json.dumps(others, sort_keys=True).encode()).hexdigest()[:16])


def _changed(sections: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return params with those that a run changes; a mapping is added to, as DVC does it."""
    found = {name: dict(section) if isinstance(section, dict) else section for name, section in sections.items()}
    for name, value in changes.items():
        section, _, key = name.partition(".")
        old = found[section][key]
        found[section][key] = {**old, **value} if isinstance(old, dict) and isinstance(value, dict) else value
    return found


def _needed(stages: Mapping[str, Any], target: str) -> list[str]:
    """Return `target` and all stages that it needs."""
    makers = {_path(out): name for name, stage in stages.items() for out in stage.get("outs", [])}
    found, waiting = [target], [target]
    while waiting:
        for dep in stages[waiting.pop()].get("deps", []):
            for out, name in makers.items():
                if (dep == out or dep.startswith(f"{out}/") or out.startswith(f"{dep}/")) and name not in found:
                    found.append(name)
                    waiting.append(name)
    return found


def _path(out: str | Mapping[str, Any]) -> str:
    return out if isinstance(out, str) else next(iter(out))
