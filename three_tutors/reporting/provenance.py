"""Provenance: what a report was made from, so that anybody can repeat it or see why theirs differs."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from three_tutors.reporting.evidence import Evidence

PACKAGES = "dvc torch transformers peft dspy-ai openai tiktoken pandera scikit-learn scipy jinja2"

EMBEDDED = "SmolLM2-135M-Instruct"
"""The model that is installed with the project."""


@dataclass(frozen=True)
class Provenance:
    """Where the figures come from."""

    data: Mapping[str, str]
    """Digest of the dialogues, the scenarios and the held-out split."""
    params: str
    """The text of params.yaml."""
    base_model: str
    """The source of the base model in params.yaml; the embedded model by its name."""
    sections: Mapping[str, Any]
    """params.yaml, section by section."""
    versions: Mapping[str, str]
    machine: Mapping[str, str]
    times: Sequence[tuple[str, float, str]]
    """Step, seconds, and what was made in that time; these differ from run to run."""


def provenance(evidence: Evidence, params: Path, machine: Mapping[str, str]) -> Provenance:
    """Return the provenance of a report on `evidence`; `machine` comes from `this_machine`, not from a file."""
    text = params.read_text(encoding="utf-8")
    sections = YAML(typ="safe").load(text)
    source = (sections.get("base_model") or {}).get("source", "the base model")
    return Provenance(
        data={
            "dialogues": _digest([dialogue.to_record() for dialogue in evidence.dialogues]),
            "scenarios": _digest([scenario.to_record() for scenario in evidence.scenarios]),
            "held-out dialogues": _digest([dialogue.id for dialogue in evidence.test]),
        },
        params=text,
        base_model=str(EMBEDDED if source == "embedded" else source),
        sections=sections,
        versions=_versions(),
        machine=machine,
        times=[
            (name.removeprefix("timing_").replace("_", " "), float(timing["seconds"]), _made(timing))
            for name, timing in evidence.metrics.items()
            if name.startswith("timing_") and "seconds" in timing
        ],
    )


def this_machine() -> dict[str, str]:
    """Return the kind of machine, without its name."""
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "processor cores": str(os.cpu_count()),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
    }


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:16]


def _versions() -> dict[str, str]:
    found = {}
    for package in PACKAGES.split():
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _made(timing: Mapping[str, float]) -> str:
    return ", ".join(f"{value:,g} {name.replace('_', ' ')}" for name, value in timing.items() if name != "seconds")
