"""The line that says what answers here: which models, how large, and where they run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from three_tutors.language_model import base
from three_tutors.openai_client.addresses import listed
from three_tutors.pipeline.diagnostics import TutorError
from three_tutors.pipeline.records import read_json
from three_tutors.tutors.opening import BASE, DESCRIPTION, MODELS, model_files

BYTES_A_WEIGHT = 2
"""The base model is kept in bf16."""
HERE = "on this machine"


def answering(names: Sequence[str], models: Path = MODELS) -> str:
    """Return what answers under these tutors' names, as a sentence that ends in a warning."""
    found = list(dict.fromkeys(said for name in names if (said := _model(name, models))))
    if not found:
        return "No model was made yet; the command “tutors run” makes them."
    goes = "Nothing you write leaves this machine." if all(HERE in said for said in found) else "Services are sent what you write."
    return f"What answers here: {'; '.join(found)}. Facts may be wrong: check what a tutor says. {goes}"


def _model(name: str, models: Path) -> str:
    """Return the model behind a tutor in words; empty where it was not made."""
    try:
        files = model_files(name, models)
        if files is not None:
            return _local(files.weights, models / BASE)
        answers = dict(read_json(models / name / DESCRIPTION))
        return f"{answers['model']} at {', '.join(dict.fromkeys(str(urlsplit(url).hostname) for url in listed(answers['base_url'])))}"
    except (TutorError, OSError, KeyError):
        return ""


def _local(weights: Path, origin: Path) -> str:
    """Return the base model in `origin`, which these weights are or were trained from; empty where they are not there."""
    size = sum(path.stat().st_size for path in weights.glob(base.ANY_WEIGHTS)) / BYTES_A_WEIGHT
    if not size or base.lacking(origin):
        return ""
    described = base.description(origin)
    return f"{described.get('model') or described['source']}, {_rounded(size)} parameters, {HERE}"


def _rounded(count: float) -> str:
    return f"{count / 1e9:.1f} billion" if count >= 1e9 else f"{count / 1e6:.0f} million"  # noqa: PLR2004 - a billion
